"""The panel: conflict first, then checklist and marks, then the signature that freezes a sheet."""

from collections.abc import Mapping

from django.db import transaction

from jiangxin.core.kernel.canonical import digest
from jiangxin.core.kernel.errors import Invalid, NotFound, NotPermitted, WrongState
from jiangxin.core.workflow import AcceptanceState, Role
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.actions import tell_office
from jiangxin.records.ledger.actions import append
from jiangxin.stages.acceptance.choices import Tick
from jiangxin.stages.acceptance.models import Acceptance, Sheet
from jiangxin.stages.acceptance.queries import assigned
from jiangxin.stages.acceptance.rules import rubric_of
from jiangxin.stages.construction.reading import words
from jiangxin.stages.review import signing
from jiangxin.stages.review.choices import Conflict

NOTE = 500
CLAUSE, VERB = "4.3", "评价"


@transaction.atomic
def declare(*, viewer: Viewer, sheet_id: int, conflict: bool, reason: str = "") -> Sheet:
    """Before the material opens: no conflict, or a conflict with its reason, which is final.

    Effects: the declaration; event `acceptance_sheet.conflict_declared` or `…conflict_denied`; the
    province is told of a conflict, for it must name another expert.
    """
    sheet = _locked(viewer, sheet_id)
    if not signing.declare(sheet, conflict=conflict, reason=reason, clause=CLAUSE, verb=VERB):
        return sheet
    sheet.save(update_fields=[*signing.DECLARED])
    append(
        type=f"acceptance_sheet.conflict_{'declared' if conflict else 'denied'}",
        subject=sheet.subject,
        by=viewer,
        payload={"acceptance": sheet.acceptance.subject},
    )
    if conflict:
        title = sheet.acceptance.title
        tell_office(
            role=Role.PROVINCE_HR,
            province=title.province,
            title=f"验收专家申请回避：{title.name}",
            text="请更换专家。",
            about=sheet.acceptance.subject,
        )
    return sheet


@transaction.atomic
def save(
    *, viewer: Viewer, sheet_id: int, data: Mapping[str, str], comment: str = ""
) -> tuple[Sheet, dict[str, str]]:
    """Keep what the expert typed; returns the sheet and item → what is wrong with its mark.

    `data` as in the review's sheets. Drafts leave no event. Raises `WrongState` before the conflict
    is declared or after signing.
    """
    sheet = _locked(viewer, sheet_id)
    signing.require_open(sheet, clause=CLAUSE, verb=VERB)
    problems = signing.keep(sheet, rubric_of(sheet.acceptance), data, comment)
    sheet.save(update_fields=["marks", "comment"])
    return sheet, problems


@transaction.atomic
def sign(*, viewer: Viewer, sheet_id: int) -> Sheet:
    """Sign the sheet as it is saved; from here the database refuses any change.

    Effects: total, salted digest, state signed; event `acceptance_sheet.signed` with the digest and
    not the score. Raises `Invalid` naming the items that are missing or wrong.
    """
    sheet = _locked(viewer, sheet_id)
    signing.require_open(sheet, clause=CLAUSE, verb=VERB)
    about = {"acceptance": sheet.acceptance.subject}
    signing.seal(sheet, rubric_of(sheet.acceptance), about, clause=CLAUSE)
    sheet.save(update_fields=[*signing.SIGNED])
    append(
        type="acceptance_sheet.signed",
        subject=sheet.subject,
        by=viewer,
        payload={"acceptance": sheet.acceptance.subject, "digest": sheet.digest},
    )
    return sheet


@transaction.atomic
def tick(
    *, viewer: Viewer, sheet_id: int, ticks: Mapping[str, str], notes: Mapping[str, str]
) -> Acceptance:
    """The leader ticks the checklist, all of it or a part; may be done again until scoring closes.

    Effects: the list; event `acceptance.checked` with its digest once every item is ticked. Raises
    `NotPermitted` for who does not lead, `Invalid` for 不符合 without a note.
    """
    sheet = _locked(viewer, sheet_id)
    if not sheet.leader:
        raise NotPermitted("验收清单由组长填写。", remedy="请把核查情况告知组长。", clause="4.3")
    if sheet.conflict != Conflict.NONE:
        signing.require_open(sheet, clause=CLAUSE, verb=VERB)
    row = sheet.acceptance
    for item in row.checklist:
        word = ticks.get(item["key"], "")
        note = words(
            notes.get(item["key"], ""), "说明", f"note-{item['key']}", most=NOTE, required=False
        )
        if word == Tick.NOT_MET and not note:
            raise Invalid(
                f"“{item['name']}”不符合的，请写明情况。",
                clause=item["clause"],
                field=f"note-{item['key']}",
            )
        item["tick"] = word if word in Tick.values else ""
        item["note"] = note
    row.save(update_fields=["checklist"])
    if all(item["tick"] for item in row.checklist):
        append(
            type="acceptance.checked",
            subject=row.subject,
            by=viewer,
            payload={"digest": digest(row.checklist)},
        )
    return row


def _locked(viewer: Viewer, sheet_id: int) -> Sheet:
    """The expert's own sheet while scoring runs; the acceptance is locked first, as its closing does."""
    viewer.require(Role.EXPERT)
    found = assigned(viewer).filter(pk=sheet_id).values_list("acceptance_id", flat=True).first()
    if found is None:
        raise NotFound("没有这份评价表。", remedy="它可能属于其他专家，或已改由其他专家评价。")
    row = Acceptance.objects.select_for_update(of=("self",)).select_related("title").get(pk=found)
    if row.state != AcceptanceState.SCORING:
        raise WrongState("评价已经结束。", clause="4.3")
    sheet = assigned(viewer).select_for_update(of=("self",)).filter(pk=sheet_id).first()
    if sheet is None:  # replaced while we waited
        raise NotFound("没有这份评价表。", remedy="已改由其他专家评价。")
    sheet.acceptance = row
    return sheet
