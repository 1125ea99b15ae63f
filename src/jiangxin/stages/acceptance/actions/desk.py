"""The province: return or arrange, replace an expert, close the scoring, conclude with both."""

import secrets
from collections.abc import Sequence
from datetime import date

from django.db import IntegrityError, transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, LimitReached, NotFound, WrongState
from jiangxin.core.workflow import AcceptanceState, Role
from jiangxin.records.concurrence import actions as concurrence
from jiangxin.records.documents.actions import keep_generated
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.actions import tell_office, tell_person, tell_unit
from jiangxin.records.ledger.actions import append, move
from jiangxin.stages.acceptance import papers
from jiangxin.stages.acceptance.models import Acceptance, Sheet
from jiangxin.stages.acceptance.queries import CONCLUDE, barred, standing
from jiangxin.stages.acceptance.rules import (
    empty_checklist,
    passed,
    pinned_rubric,
    require_panel,
    result,
)
from jiangxin.stages.application.titled import move_project, project_of
from jiangxin.stages.construction.reading import words
from jiangxin.stages.experts.choices import State
from jiangxin.stages.experts.models import Expert
from jiangxin.stages.review.choices import SheetState
from jiangxin.stages.titles.queries import in_scope

REASON, CONCLUSION = 1000, 2000  # letters


@transaction.atomic
def return_application(*, viewer: Viewer, acceptance_id: int, reason: str) -> Acceptance:
    """Send an application back; the unit mends its draft and applies anew.

    Effects, in order: acceptance returned, event `acceptance.returned`; project under construction
    again, event `project.acceptance_returned`; a message to the unit. Raises `Invalid` without a
    reason.
    """
    row = _locked(viewer, acceptance_id)

    def reasons_given() -> None:
        row.return_reason = words(reason, "退回理由", "reason", most=REASON, clause="4.3")

    guards = {"reasons_given": reasons_given}
    move(row, step="return", by=viewer, guards=guards, also=("return_reason",))
    move_project(row.title, step="return_acceptance", by=viewer, guards=guards)
    tell_unit(
        uscc=row.title.uscc,
        title=f"验收申请已退回：{row.title.name}",
        text=row.return_reason,
        about=row.subject,
    )
    return row


@transaction.atomic
def start(
    *, viewer: Viewer, acceptance_id: int, expert_ids: Sequence[int], leader_id: int, due: date
) -> Acceptance:
    """Seat the panel; from here its experts score.

    Effects, in order: one sheet for each expert, event `acceptance.panel_seated`; rubric and
    checklist pinned; acceptance scoring, event `acceptance.started`; a message to each expert.
    Raises `Invalid` for a panel that is too small, lacks a finance expert or a leader, for an
    expert who is not of the pool or must stay out, or a date that is past.
    """
    row = _locked(viewer, acceptance_id)
    if due < clock.today():
        raise Invalid("评价期限不能早于今天。", field="due")
    experts = _experts(viewer, expert_ids)

    def panel_seated() -> None:
        require_panel(row.title, experts, leader_id)
        _require_free(row, experts)

    project = project_of(row.title)
    if project is None:
        raise WrongState("2011—2020年确定的项目不办理验收。", clause="4.2")
    row.rubric, row.checklist = pinned_rubric(project), empty_checklist(project.kind)
    row.due, row.started_at = due, clock.now()
    move(
        row,
        step="start",
        by=viewer,
        guards={"panel_seated": panel_seated},
        also=("rubric", "checklist", "due", "started_at"),
    )
    for expert in experts:
        _seat(row, expert, leader=expert.pk == leader_id)
    append(
        type="acceptance.panel_seated",
        subject=row.subject,
        by=viewer,
        payload={"experts": [each.subject for each in experts], "leader": f"expert:{leader_id}"},
    )
    return row


@transaction.atomic
def replace(
    *, viewer: Viewer, acceptance_id: int, sheet_id: int, expert_id: int, reason: str
) -> Sheet:
    """Another expert in place of one who must or can not go on; a leader's seat goes with it.

    Effects: the old seat is marked with the reason and stays; a new sheet; event
    `acceptance.expert_replaced`. Raises `WrongState` for a signed sheet, `Invalid` without a reason
    or for a new expert who may not serve or would leave the panel without finance.
    """
    row = _locked(viewer, acceptance_id)
    if row.state != AcceptanceState.SCORING:
        raise WrongState("只有在评价中才能更换专家。", clause="4.3")
    reason = words(reason, "更换原因", "reason", most=300, clause="4.3")
    old = row.sheets.select_for_update().filter(pk=sheet_id, replaced_at=None).first()
    if old is None:
        raise NotFound("验收组中没有这位专家。", remedy="可能已被更换，请刷新页面。")
    if old.state == SheetState.SIGNED:
        raise WrongState("该专家已签署评价表，不能更换。", clause="4.3")
    new = _experts(viewer, [expert_id])[0]
    _require_free(row, [new])
    rest = [each.expert for each in standing(row) if each.pk != old.pk]
    old.replaced_at, old.replaced_reason = clock.now(), reason
    old.save(update_fields=["replaced_at", "replaced_reason"])
    leader = new if old.leader else next(s.expert for s in standing(row) if s.leader)
    require_panel(row.title, [*rest, new], leader.pk)
    made = _seat(row, new, leader=old.leader)
    append(
        type="acceptance.expert_replaced",
        subject=row.subject,
        by=viewer,
        payload={"from": old.subject, "to": made.subject, "expert": new.subject},
    )
    return made


@transaction.atomic
def close_scoring(*, viewer: Viewer, acceptance_id: int) -> Acceptance:
    """Compute score and grade from the panel's sheets.

    Effects: score, grade, what falls short, and a conclusion to start from; acceptance scored,
    event `acceptance.scored` with score, grade and the digests of the sheets. Raises `WrongState`
    while a sheet is not signed or an item of the checklist not ticked.
    """
    row = _locked(viewer, acceptance_id)
    panel = standing(row)
    guards = {
        "all_sheets_signed": lambda: _require_signed(panel),
        "checklist_complete": lambda: _require_ticked(row),
    }
    if row.state == AcceptanceState.SCORING and all(s.state == SheetState.SIGNED for s in panel):
        found = result(row, panel)
        row.score, row.grade, row.shortfalls = found.total, found.grade, found.shortfalls
        row.conclusion = papers.first_conclusion(row)
    row.scored_at = clock.now()
    move(
        row,
        step="close_scoring",
        by=viewer,
        guards=guards,
        payload={
            "score": row.score,
            "grade": row.grade,
            "sheets": sorted(each.digest for each in panel),
        },
        also=("score", "grade", "shortfalls", "conclusion", "scored_at"),
    )
    tell_office(
        role=Role.PROVINCE_FINANCE,
        province=row.title.province,
        title=f"验收结论请会商：{row.title.name}",
        text=f"专家评价等次为{row.grade}。",
        about=row.subject,
    )
    return row


@transaction.atomic
def write_conclusion(*, viewer: Viewer, acceptance_id: int, text: str) -> Acceptance:
    """Change the wording of the conclusion; score and grade stand as the panel gave them.

    Effects: the text; concurrences voided when it changed; event `acceptance.conclusion_written`.
    """
    viewer.require(Role.PROVINCE_HR)
    row = _locked(viewer, acceptance_id)
    _require_scored(row)
    text = words(text, "验收结论", "text", most=CONCLUSION, clause="4.3")
    if text == row.conclusion:
        return row
    row.conclusion = text
    row.save(update_fields=["conclusion"])
    concurrence.void(subject=row.subject, reason="验收结论已修改", by=viewer)
    append(
        type="acceptance.conclusion_written",
        subject=row.subject,
        by=viewer,
        payload={"digest": row.digest()},
    )
    return row


@transaction.atomic
def concur(
    *, viewer: Viewer, acceptance_id: int, digest: str, agreed: bool, remark: str = ""
) -> Acceptance:
    """The viewer's department agrees, or not, to score, grade and conclusion with this digest."""
    viewer.require(Role.PROVINCE_HR, Role.PROVINCE_FINANCE)
    row = _locked(viewer, acceptance_id)
    _require_scored(row)
    if digest != row.digest():
        raise WrongState("验收结论刚刚改动。", remedy="请刷新页面，核对后再表态。")
    concurrence.give(
        viewer=viewer,
        act=CONCLUDE,
        subject=row.subject,
        digest=digest,
        agreed=agreed,
        remark=remark,
    )
    return row


@transaction.atomic
def conclude(*, viewer: Viewer, acceptance_id: int) -> Acceptance:
    """Give the conclusion, with both departments' agreement.

    Effects, in order: the paper kept; acceptance concluded, event `acceptance.concluded` with grade
    and digest; with a passing grade the project accepted, event `project.accepted`, else it stays
    in acceptance until an order to mend; a message to the unit. Raises `WrongState` until both
    agree.
    """
    row = _locked(viewer, acceptance_id)

    def both_agree() -> None:
        concurrence.require(act=CONCLUDE, subject=row.subject, digest=row.digest(), clause="4.3")

    agreed_to = row.digest()
    if row.state == AcceptanceState.SCORED:
        both_agree()
        row.concluded_at = clock.now()
        name = f"验收结论-{row.title.number}.pdf"
        data = papers.conclusion_pdf(row, standing(row))
        row.paper = keep_generated(name=name, media_type="application/pdf", data=data)
    move(
        row,
        step="conclude",
        by=viewer,
        guards={"both_agree": both_agree},
        payload={"grade": row.grade, "score": row.score, "digest": agreed_to},
        also=("concluded_at", "paper"),
    )
    if passed(row):
        move_project(
            row.title,
            step="accept",
            by=viewer,
            guards={
                "both_agree": both_agree,
                "panel_scored": lambda: _require_signed(standing(row)),
            },
            payload={"acceptance": row.subject, "grade": row.grade},
        )
    tell_unit(
        uscc=row.title.uscc,
        title=f"验收结论：{row.title.name} {row.grade}",
        text="" if passed(row) else "验收不合格，省级部门将下达限期整改通知。",
        about=row.subject,
    )
    return row


def _seat(row: Acceptance, expert: Expert, *, leader: bool) -> Sheet:
    try:
        with transaction.atomic():
            made = Sheet.objects.create(
                acceptance=row,
                expert=expert,
                leader=leader,
                named_at=clock.now(),
                salt=secrets.token_hex(16),
            )
    except IntegrityError as error:
        if "one_sheet_per_expert_and_acceptance" in str(error):
            raise LimitReached(
                f"{expert.name}已在验收组中，或已被更换。", remedy="请选择其他专家。", clause="4.3"
            ) from None
        raise
    if expert.user_id:
        tell_person(
            person_id=expert.user_id,
            title=f"请参加验收评价：{row.title.name}",
            text="请登录后先申明利害关系，再查看材料、评价并签署。",
            about=row.subject,
            due=row.due,
        )
    return made


def _experts(viewer: Viewer, ids: Sequence[int]) -> list[Expert]:
    """Active experts of the viewer's province, each named once."""
    rows = Expert.objects.filter(pk__in=ids, province=viewer.province, state=State.ACTIVE)
    found = {each.pk: each for each in rows.prefetch_related("employments", "relations")}
    strange = [each for each in ids if each not in found]
    if strange:
        raise Invalid(
            "所选专家不在本省在库专家之列。", remedy="请刷新页面后重新选择。", field="experts"
        )
    return [found[each] for each in dict.fromkeys(ids)]


def _require_free(row: Acceptance, experts: Sequence[Expert]) -> None:
    why = barred(row.title, experts)
    named = {each.pk: each.name for each in experts}
    for key, text in why.items():
        raise Invalid(
            f"{named[key]}应当回避：{text}。",
            remedy="请选择其他专家。",
            clause="4.3",
            field="experts",
        )


def _require_signed(panel: Sequence[Sheet]) -> None:
    missing = [each.expert.name for each in panel if each.state != SheetState.SIGNED]
    if missing or not panel:
        raise WrongState(
            f"还有 {len(missing)} 份评价表没有签署：{'、'.join(missing)}。",
            remedy="请提醒专家签署；专家不能参加的，请更换专家。",
            clause="4.3",
        )


def _require_ticked(row: Acceptance) -> None:
    missing = [item["name"] for item in row.checklist if not item["tick"]]
    if missing:
        raise WrongState(
            f"验收清单还有 {len(missing)} 项没有填写，例如“{missing[0]}”。",
            remedy="请组长填写验收清单。",
            clause="4.3",
        )


def _require_scored(row: Acceptance) -> None:
    if row.state != AcceptanceState.SCORED:
        raise WrongState(
            f"当前状态为“{AcceptanceState(row.state).label}”，不能办理验收结论。",
            remedy="汇总评价之后、作出结论之前办理。",
            clause="4.3",
        )


def _locked(viewer: Viewer, acceptance_id: int) -> Acceptance:
    viewer.require(Role.PROVINCE_HR, Role.PROVINCE_FINANCE)
    rows = Acceptance.objects.select_for_update(of=("self",)).select_related("title")
    found = rows.filter(in_scope(viewer, "title"), pk=acceptance_id).first()
    if found is None:
        raise NotFound("没有这次验收。", remedy="它可能属于其他省份。")
    return found
