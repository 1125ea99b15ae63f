"""From the ranking to the decision: select within the quota, agree, decide."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, LimitReached, WrongState
from jiangxin.core.workflow import Guard, Role, RoundState
from jiangxin.records.concurrence import actions as concurrence
from jiangxin.records.documents.actions import keep_generated
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.actions import append, move
from jiangxin.stages.application.models import Application
from jiangxin.stages.programme.models import Kind, QuotaPlace
from jiangxin.stages.review.models import Decision, Round
from jiangxin.stages.review.papers import minutes_pdf
from jiangxin.stages.review.queries.ranking import DECIDE, departures, proposal_digest

from .rounds import locked

# what the province writes of the meeting: field → its name and its most letters
MINUTES = {
    "held_on": ("会议时间", 60),
    "place": ("会议地点", 100),
    "present": ("参加人员", 500),
    "notes": ("讨论情况", 4000),
}


@dataclass(frozen=True)
class Choice:
    """What the province wants for one project."""

    selected: bool
    reason: str = ""


@transaction.atomic
def choose(*, viewer: Viewer, round_id: int, choices: Mapping[int, Choice]) -> Round:
    """Set, for the projects given (application id → choice), whether they are proposed and why.

    A draft may be saved without reasons and over the quota: `concur` and `decide` ask for both.
    Effects: the rows; what both departments said about the former proposal is voided; event
    `round.proposal_changed` with the digest. Raises `Invalid` for a project outside the ranking or
    that does not qualify.
    """
    viewer.require(Role.PROVINCE_HR)
    row = locked(viewer, round_id)
    if row.state != RoundState.RANKED:
        raise WrongState("只有汇总排序之后、确定名单之前可以调整拟推荐项目。", clause="3.1")
    before = proposal_digest(row)
    held = {
        each.application_id: each
        for each in row.decisions.select_for_update(of=("self",)).select_related("application")
    }
    for project, choice in choices.items():
        decision = held.get(project)
        if decision is None:
            raise Invalid("所选项目不在本次排序中。", remedy="请刷新页面后再选。")
        _require_pass(decision, choice)
        decision.selected, decision.reason = choice.selected, choice.reason.strip()
    Decision.objects.bulk_update(held.values(), ["selected", "reason"])
    after = proposal_digest(row)
    if after != before:
        concurrence.void(subject=row.subject, reason="拟推荐名单已修改", by=viewer, acts=(DECIDE,))
        append(
            type="round.proposal_changed",
            subject=row.subject,
            by=viewer,
            payload={"digest": after},
        )
    return row


@transaction.atomic
def write_minutes(*, viewer: Viewer, round_id: int, minutes: Mapping[str, str]) -> Round:
    """Write what the document will say of the meeting: `held_on`, `place`, `present`, `notes`.

    Effects: the texts; what both departments said before is voided; event `round.minutes_written`
    with the digest. Raises `WrongState` before the ranking and after the decision, `Invalid` for a
    text that is too long.
    """
    viewer.require(Role.PROVINCE_HR)
    row = locked(viewer, round_id)
    if row.state != RoundState.RANKED:
        raise WrongState("纪要在汇总排序之后、确定名单之前编写。", clause="3.1")
    texts = {key: minutes.get(key, "").replace("\0", "").strip() for key in MINUTES}
    for key, (label, most) in MINUTES.items():
        if len(texts[key]) > most:
            raise Invalid(f"{label}最多 {most} 字，现有 {len(texts[key])} 字。", field=key)
    kept = {key: text for key, text in texts.items() if text}
    if kept == row.minutes:
        return row
    row.minutes = kept
    row.save(update_fields=["minutes"])
    concurrence.void(subject=row.subject, reason="评审纪要已修改", by=viewer, acts=(DECIDE,))
    append(
        type="round.minutes_written",
        subject=row.subject,
        by=viewer,
        payload={"digest": proposal_digest(row)},
    )
    return row


@transaction.atomic
def concur(*, viewer: Viewer, round_id: int, digest: str, agreed: bool, remark: str = "") -> Round:
    """The viewer's department agrees, or not, to the proposal with this `digest` (N27).

    `digest` is that of the page: agreement to a proposal that has just changed is refused. Raises
    `Invalid` while a departure from the ranking has no reason, `LimitReached` over the quota.
    """
    row = locked(viewer, round_id)
    if row.state != RoundState.RANKED:
        raise WrongState("评审尚未排序或名单已经确定，无须会商。", clause="3.1")
    if digest != proposal_digest(row):
        raise WrongState(
            "拟推荐名单刚刚修改过，您看到的不是最新内容。",
            remedy="请核对最新名单后再表态。",
            clause="3.1",
        )
    if agreed:
        require_reasons(row)
        require_places(row)
    concurrence.give(
        viewer=viewer,
        act=DECIDE,
        subject=row.subject,
        digest=digest,
        agreed=agreed,
        remark=remark,
    )
    return row


@transaction.atomic
def decide(*, viewer: Viewer, round_id: int) -> Round:
    """Fix the proposal.

    Effects, in order: round decided, event `round.decided` with the digest; each selected project
    takes a place of the quota (a key: nobody else can hold it); the minutes are kept; it is proposed, event
    `project.proposed`; each other project is passed over, event `project.not_selected`. Raises
    `WrongState` while a department is missing, `Invalid` without a needed reason, `LimitReached`
    when there are not enough free places.
    """
    row = locked(viewer, round_id)
    digest = proposal_digest(row)

    def both_agree() -> None:
        require_reasons(row)
        concurrence.require(act=DECIDE, subject=row.subject, digest=digest, clause="3.1")

    def within_quota() -> None:
        require_places(row)

    row.decided_at = clock.now()
    move(
        row,
        step="decide",
        by=viewer,
        guards={"both_agree": both_agree, "within_quota": within_quota},
        payload={"digest": digest},
        also=("decided_at",),
    )
    take_places(row)
    data = minutes_pdf(row)
    name = f"评审纪要-{row.call.year}-{Kind(row.kind).label}.pdf"
    row.paper = keep_generated(name=name, media_type="application/pdf", data=data)
    row.save(update_fields=["paper"])
    decisions = {each.application_id: each for each in row.decisions.all()}
    projects = Application.objects.select_for_update().filter(pk__in=decisions).order_by("id")
    for project in projects:
        chosen = decisions[project.pk]
        guards: dict[str, Guard] = {"both_agree": both_agree}
        if chosen.selected:
            # The place is held already; what remains to be asked is that there is one.
            guards["within_quota"] = partial(require_held, chosen)
        move(
            project,
            step="propose" if chosen.selected else "pass_over",
            by=viewer,
            guards=guards,
            payload={"round": row.subject},
        )
    return row


def take_places(row: Round) -> None:
    """Give each selected project of the round a place, in rank order. Raises `LimitReached`."""
    for decision in row.decisions.filter(selected=True).order_by("rank", "application"):
        hold_place(row, decision)


@transaction.atomic
def hold_place(row: Round, decision: Decision) -> QuotaPlace:
    """Give one selected project the first free place of the quota.

    All places of the kind are locked first, so that what is read as free after it is free. The
    constraint on `Decision.place` has the last word; its refusal, too, becomes `LimitReached`.
    """
    list(_places(row).select_for_update())
    place = free_places(row).first()
    if place is None:
        raise _too_many(row, 1, 0)
    decision.place = place
    try:
        with transaction.atomic():
            decision.save(update_fields=["place"])
    except IntegrityError:
        raise _too_many(row, 1, 0) from None
    return place


def _places(row: Round) -> QuerySet[QuotaPlace]:
    return QuotaPlace.objects.filter(
        province=row.call.province, year=row.call.year, kind=row.kind
    ).order_by("number")


def free_places(row: Round) -> QuerySet[QuotaPlace]:
    """The places of the province's yearly quota of this kind that no project holds, in order."""
    return _places(row).filter(decision=None)


def require_places(row: Round) -> None:
    """Raises `LimitReached` when more are selected than there are free places (N28)."""
    selected = row.decisions.filter(selected=True).count()
    free = free_places(row).count()
    if selected > free:
        raise _too_many(row, selected, free)


def require_held(decision: Decision) -> None:
    """Raises `LimitReached` unless the project holds a place of the quota."""
    if decision.place_id is None:
        raise LimitReached("该项目没有取得推荐名额。", clause="3.1")


def require_reasons(row: Round) -> None:
    """Raises `Invalid` while a choice that departs from the ranking has no reason."""
    missing = [each for each in departures(row) if not each.reason]
    if missing:
        first = missing[0]
        raise Invalid(
            f"有 {len(missing)} 个项目的取舍与名次不一致而没有写明理由，例如第 {first.rank} 名"
            f"“{first.application.title}”。",
            remedy="请逐一写明理由，或按名次选取。",
            clause="3.1",
            field=f"reason-{first.application_id}",
        )


def _require_pass(decision: Decision, choice: Choice) -> None:
    """Raises `Invalid` for a project that does not qualify: a group below its floor, the whole below
    the line, or not more than half of the votes."""
    if choice.selected and not decision.qualified:
        raise Invalid(
            f"“{decision.application.title}”评审不合格：{'；'.join(decision.shortfalls)}，不能推荐。",
            remedy="请取消选择该项目。",
            clause="3.2",
            field=f"selected-{decision.application_id}",
        )


def _too_many(row: Round, selected: int, free: int) -> LimitReached:
    return LimitReached(
        f"{row.call.year}年“{Kind(row.kind).label}”还有 {free} 个推荐名额，"
        f"现选 {selected} 个，超出 {selected - free} 个。",
        remedy="请减少所选项目；确需超出的，须先取得人力资源社会保障部同意并登记。",
        clause="3.1",
    )
