"""A round from its opening to the ranking."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.canonical import digest
from jiangxin.core.kernel.errors import Invalid, LimitReached, NotFound, WrongState
from jiangxin.core.scoring.aggregate import MIN_TRIMMED, Aggregation
from jiangxin.core.scoring.ranking import Ranked
from jiangxin.core.workflow import ProjectState, Role, RoundState
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.actions import append, move
from jiangxin.stages.application.models import Application
from jiangxin.stages.experts.choices import Field
from jiangxin.stages.programme.models import Call, Kind
from jiangxin.stages.programme.queries import (
    last_day,
    overlay_of_call,
    own_parameter,
    pack,
    parameter,
)
from jiangxin.stages.review.choices import SeatStatus
from jiangxin.stages.review.models import Decision, Revision, Round
from jiangxin.stages.review.queries.coverage import (
    counting,
    lock_open,
    require_all_signed,
    require_last_phase,
    require_seated,
)
from jiangxin.stages.review.results import Found, results
from jiangxin.stages.review.rubrics import pinned, rubrics_digest
from jiangxin.stages.review.rules import chosen as chosen_rules
from jiangxin.stages.review.rules import stored

from .sheets import lay_sheets


@transaction.atomic
def open_round(
    *, viewer: Viewer, call_id: int, kind: Kind, due: datetime, starts_on: date | None = None
) -> Round:
    """Begin the review of one kind: rubrics pinned, panel seats by default, scoring due at `due`.

    Without `starts_on` the review starts on the last day for which a panel may be drawn today.
    Effects: the row; event `round.opened` with the digest of the rubrics. Raises `NotFound`,
    `WrongState` without a complete rubric, `LimitReached` when the round exists.
    """
    viewer.require(Role.PROVINCE_HR)
    call = Call.objects.filter(pk=call_id, province=viewer.province, state="open").first()
    if call is None:
        raise NotFound("没有这份申报通知。", remedy="它可能属于其他省份，或尚未发布。")
    rules = chosen_rules(pack(), overlay_of_call(call), call.year)
    chosen = pinned(pack(), overlay_of_call(call), kind, rules)
    row = Round(
        call=call,
        kind=kind.value,
        rules=stored(rules),
        phase=rules.phases[0],
        rubrics=chosen,
        rubrics_digest=rubrics_digest(chosen),
        seats=default_seats(call.panel_size),
        substitutes=parameter("panel.substitutes", call.year),
        starts_on=starts_on or _nearest_start(call),
        due=due,
    )
    _require_future(row)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise LimitReached(
            f"{call.year}年“{kind.label}”的评审已经建立。", remedy="请继续办理已有的评审。"
        ) from None
    append(
        type="round.opened",
        subject=row.subject,
        by=viewer,
        payload={
            "call": call.subject,
            "kind": kind.value,
            "rubrics": row.rubrics_digest,
            "rules": row.rules,
            "starts_on": row.starts_on,
        },
    )
    return row


def _nearest_start(call: Call) -> date:
    days = own_parameter("draw.not_before_working_days", call)
    return last_day(clock.today() + timedelta(days=1), days) if days else clock.today()


def default_seats(size: int) -> dict[str, int]:
    """A panel of `size` by field: one for finance, a quarter for education, the rest technical."""
    education = max(1, size // 4)
    return {
        Field.TECHNICAL.value: size - education - 1,
        Field.EDUCATION.value: education,
        Field.FINANCE.value: 1,
    }


@transaction.atomic
def plan_round(
    *,
    viewer: Viewer,
    round_id: int,
    seats: Mapping[str, int],
    substitutes: int,
    method: Aggregation,
    due: datetime,
    starts_on: date | None = None,
) -> Round:
    """Set seats by field, substitutes, method, first day and due time, before a draw has been opened.

    Without `starts_on` the first day stays.

    Effects: the row; event `round.planned`. Raises `Invalid` when the seats are not the call's
    panel size, leave out finance, or there are fewer substitutes than the policy asks for.
    """
    row = locked(viewer, round_id)
    viewer.require(Role.PROVINCE_HR)
    if row.state != RoundState.PREPARING or _drawing(row):
        raise WrongState(
            "抽取已经开场，席位和方法不能再改。",
            remedy="确需更改的，先将本场抽取作废并写明原因。",
            clause="3.2",
        )
    _require_plan(row, seats, substitutes, method)
    row.starts_on, row.due = starts_on or row.starts_on, due
    _require_future(row)
    row.seats = {field: count for field, count in seats.items() if count}
    row.substitutes, row.method = substitutes, method.value
    row.save(update_fields=["seats", "substitutes", "method", "starts_on", "due"])
    append(
        type="round.planned",
        subject=row.subject,
        by=viewer,
        payload={
            "seats": row.seats,
            "substitutes": substitutes,
            "method": method.value,
            "starts_on": row.starts_on,
            "due": due,
        },
    )
    return row


def _drawing(row: Round) -> bool:
    """Whether a draw that is no rehearsal has been opened and not voided."""
    return row.sessions.filter(rehearsal=False).exclude(state="void").exists()


@transaction.atomic
def postpone(*, viewer: Viewer, round_id: int, due: datetime) -> Round:
    """Give the experts more time while they score. Effects: the row; event `round.postponed`."""
    row = locked(viewer, round_id)
    viewer.require(Role.PROVINCE_HR)
    if row.state != RoundState.SCORING:
        raise WrongState("只有评分期间才能延长评分时间。", clause="3.2")
    if due <= row.due:
        raise Invalid("新的截止时间应晚于原截止时间。", field="due")
    row.due = due
    row.save(update_fields=["due"])
    append(type="round.postponed", subject=row.subject, by=viewer, payload={"due": due})
    return row


@transaction.atomic
def start(*, viewer: Viewer, round_id: int) -> Round:
    """Let the experts score.

    Effects, in order: round scoring, event `round.started`; every examined project of the draw
    under review, event `project.review_started`; one empty sheet for each expert and project.
    Raises `WrongState` until every drawn expert has accepted.
    """
    row = locked(viewer, round_id)
    row.started_at = clock.now()

    def panel_seated() -> None:
        require_seated(row)

    move(row, step="start", by=viewer, guards={"panel_seated": panel_seated}, also=("started_at",))
    session = row.sessions.get(state="drawn", rehearsal=False)
    projects = list(
        Application.objects.select_for_update()
        .filter(pk__in=session.projects, state=ProjectState.EXAMINED)
        .order_by("id")
    )
    for project in projects:
        move(project, step="start_review", by=viewer, guards={"panel_seated": panel_seated})
    seats = row.panel.filter(status=SeatStatus.ACCEPTED).prefetch_related("sheets")
    for seat in seats:
        seat.round = row
    lay_sheets(seats, projects)
    return row


@transaction.atomic
def rank_round(*, viewer: Viewer, round_id: int) -> Round:
    """Close scoring and compute the ranking; scores become visible to the province now.

    Effects, in order: round ranked, event `round.ranked` with a digest of the results; every
    project reviewed, event `project.reviewed`; one decision row for each, none selected.
    What a project comes to, and how equal ones are told apart, is by the round's pinned rules
    (`results`). Raises `WrongState` naming sheets not signed, projects with too few sheets, or a
    phase that is still to come.
    """
    row = locked(viewer, round_id)
    row.ranked_at = clock.now()

    def all_sheets_signed() -> None:
        require_last_phase(row)
        require_all_signed(row)

    lock_open(row)
    all_sheets_signed()
    found = results(row)
    guards = {"all_sheets_signed": all_sheets_signed}
    move(
        row,
        step="rank",
        by=viewer,
        guards=guards,
        payload={
            "method": row.method,
            "digest": _result_digest(row, [one.ranked for one in found]),
        },
        also=("ranked_at",),
    )
    ranked = [int(one.ranked.project) for one in found]
    for project in Application.objects.select_for_update().filter(pk__in=ranked).order_by("id"):
        move(project, step="complete_review", by=viewer, guards=guards)
    Decision.objects.bulk_create([_decision(row, one) for one in found])
    return row


def _decision(row: Round, one: Found) -> Decision:
    return Decision(
        round=row,
        application_id=int(one.ranked.project),
        rank=one.ranked.rank,
        total=one.ranked.total,
        sheets=one.sheets,
        first_total=one.first_total,
        qualified=one.verdict.qualified,
        shortfalls=list(one.verdict.shortfalls),
        tally=dict(one.verdict.tally),
        grade=one.grade,
        decided_by=one.ranked.decided_by,
    )


def _result_digest(row: Round, ranked: Sequence[Ranked]) -> str:
    """What the ledger keeps of a ranking: bound to the salted sheets, so that no score can be guessed."""
    return digest(
        {
            "sheets": list(counting(row).order_by("id").values_list("digest", flat=True)),
            "revisions": list(
                Revision.objects.filter(sheet__in=counting(row))
                .order_by("id")
                .values_list("digest", flat=True)
            ),
            "ranking": [[each.project, each.rank, each.total] for each in ranked],
        }
    )


def locked(viewer: Viewer, round_id: int) -> Round:
    """The round, locked. Raises `NotFound` for another province's."""
    row = (
        Round.objects.select_for_update(of=("self",))
        .select_related("call")
        .filter(pk=round_id, call__province=viewer.province)
        .first()
    )
    if row is None:
        raise NotFound("没有这次评审。", remedy="它可能属于其他省份。")
    return row


def _require_future(row: Round) -> None:
    if row.due <= clock.now():
        raise Invalid("评分截止时间应晚于现在。", clause="3.2", field="due")
    if row.starts_on and row.starts_on > row.due.astimezone(clock.BEIJING).date():
        raise Invalid("评审开始日不能晚于评分截止。", clause="3.2", field="starts_on")


def _require_plan(
    row: Round, seats: Mapping[str, int], substitutes: int, method: Aggregation
) -> None:
    size = row.call.panel_size
    if set(seats) - set(Field.values) or min(seats.values(), default=0) < 0:
        raise Invalid("席位应按技术、教育、财务填写非负整数。", clause="3.2", field="seats")
    if sum(seats.values()) != size:
        raise Invalid(
            f"各专业席位合计 {sum(seats.values())} 人，与申报通知的评审组 {size} 人不符。",
            remedy=f"请调整为合计 {size} 人。",
            clause="3.2",
            field="seats",
        )
    if not seats.get(Field.FINANCE.value):
        raise Invalid("评审组至少应有 1 名财务专家。", clause="3.2", field="seats")
    least = parameter("panel.substitutes", row.call.year)
    if substitutes < least:
        raise Invalid(f"每个专业的候补不少于 {least} 人。", clause="3.2", field="substitutes")
    if method is Aggregation.TRIMMED and size < MIN_TRIMMED:
        raise Invalid(f"评审组少于 {MIN_TRIMMED} 人时不能去掉最高分和最低分。", field="method")
