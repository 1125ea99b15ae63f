"""A planned visit: replace an inspector, report what was seen (N48)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from jiangxin.core.draw.walk import STATED_REASONS, SkipReason
from jiangxin.core.kernel import clock
from jiangxin.core.kernel.canonical import digest as digest_of
from jiangxin.core.kernel.errors import Invalid, NotFound, WrongState
from jiangxin.core.workflow import Role, VisitState
from jiangxin.records.documents.papers import Upload
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.actions import append, move
from jiangxin.stages.construction.choices import Outcome
from jiangxin.stages.construction.files import keep
from jiangxin.stages.construction.models import Inspector, Lot, Visit, VisitFile
from jiangxin.stages.construction.queries.supervision import living, opened_lot, visits
from jiangxin.stages.construction.reading import one_of, words

from .findings import name_problem
from .inspection import seat, tell


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What a visit found: the text, the clause that it offends, the date by which to mend it."""

    text: str
    clause: str
    due: date


@transaction.atomic
def replace_inspector(
    *, viewer: Viewer, inspector_id: int, reason: SkipReason, note: str
) -> Inspector:
    """An inspector cannot come: the next one of the same order goes.

    Effects: the old row with its reason, the new one; the record with one more skip; event
    `inspector.replaced` with its digest; a message to the new one. Raises `Invalid` without reason
    or note, `WrongState` after the visit or when the order has nobody left.
    """
    viewer.require(Role.PROVINCE_HR)
    found = Inspector.objects.filter(pk=inspector_id).first()
    row = _locked(viewer, found.visit_id if found else 0)
    gone = row.inspectors.select_for_update().get(pk=inspector_id)
    if row.state != VisitState.PLANNED or gone.reason:
        raise WrongState("这一席位不能递补。", remedy="请刷新页面。", clause="4.3")
    if reason not in STATED_REASONS:
        raise Invalid("请选择递补原因。", clause="4.3", field="reason")
    gone.reason, gone.note = reason.value, words(note, "具体情况", "note", most=300)
    gone.save(update_fields=["reason", "note"])
    lot = Lot.objects.select_for_update(of=("self",)).select_related("inspection")
    drawn = lot.get(pk=row.lot_id)
    newcomers = seat(row, drawn)
    if not newcomers:
        raise WrongState(
            f"“{gone.get_field_display()}”专业在抽取顺序中已无可递补的人员。",
            remedy="请协调检查时间，或另行组织抽查。",
            clause="4.3",
        )
    drawn.record = opened_lot(drawn, named=False)
    drawn.save(update_fields=["record"])
    append(
        type="inspector.replaced",
        subject=row.subject,
        by=viewer,
        payload={
            "field": gone.field,
            "place": gone.place,
            "reason": reason.value,
            "digest": drawn.record["digest"],
        },
    )
    tell(row, newcomers)
    return newcomers[0]


@transaction.atomic
def report(
    *,
    viewer: Viewer,
    visit_id: int,
    visited_on: date,
    outcome: str,
    result: str,
    signed: Iterable[int],
    files: Iterable[Upload],
    problems: Iterable[Problem] = (),
) -> Visit:
    """Enter what the visit came to, with the sheet that the inspectors signed.

    Effects, in order: the files, who has signed; state done, event `visit.reported`; a finding for
    each problem, each with its event and message. Raises `Invalid` for a day outside draw and today,
    without a result, for problems that do not fit the outcome, and unless every inspector has
    signed a sheet that is attached.
    """
    row = _locked(viewer, visit_id)
    said = one_of(Outcome, outcome, "结论", "outcome")
    found = list(problems)
    _require_sense(row, visited_on, said, found)
    proof, names = keep(viewer, files), set(signed)

    def inspector_signed() -> None:
        if not proof:
            raise Invalid("请上传检查人员签字的检查记录。", clause="4.3", field="file")
        missing = [
            each.expert.name
            for each in living(row).select_related("expert")
            if each.pk not in names
        ]
        if missing:
            raise Invalid(
                f"{'、'.join(missing)}没有在检查记录上签字。",
                remedy="不能参加的，请先按顺序递补。",
                clause="4.3",
                field="signed",
            )

    row.visited_on, row.outcome = visited_on, said.value
    row.result = words(result, "检查情况", "result", clause="4.3")
    row.reported_at, row.reported_by = clock.now(), viewer.name
    move(
        row,
        step="report",
        by=viewer,
        guards={"inspector_signed": inspector_signed},
        payload={
            "construction": row.construction.subject,
            "visited_on": visited_on,
            "outcome": said.value,
            "result": digest_of(row.result),
            "files": [each.sha256 for each in proof],
        },
        also=("visited_on", "outcome", "result", "reported_at", "reported_by"),
    )
    living(row).update(signed=True)
    VisitFile.objects.bulk_create(VisitFile(visit=row, document=each) for each in proof)
    for each in found:
        name_problem(viewer, row.construction.title, each.text, each.clause, each.due, row)
    return row


def _require_sense(row: Visit, visited_on: date, outcome: Outcome, problems: list[Problem]) -> None:
    drawn = row.inspection.drawn_at
    first = drawn.astimezone(clock.BEIJING).date() if drawn else clock.today()
    if not first <= visited_on <= clock.today():
        raise Invalid("检查日期应在抽取之日至今天之间。", clause="4.3", field="visited_on")
    if outcome == Outcome.PROBLEMS and not problems:
        raise Invalid("结论为“发现问题”的，请逐条写明问题。", clause="4.3", field="problems")
    if outcome == Outcome.SOUND and problems:
        raise Invalid("结论为“未发现问题”，却填写了问题。", clause="4.3", field="outcome")


def _locked(viewer: Viewer, visit_id: int) -> Visit:
    row = visits(viewer).select_for_update(of=("self",)).filter(pk=visit_id).first()
    if row is None:
        raise NotFound("没有这次现场检查。", remedy="它可能属于其他省份。")
    return row
