"""Organising a review: the round, the panel, the progress of scoring. The ceremony itself: `ceremony`."""

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.draw.walk import STATED_REASONS, SkipReason
from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError, Invalid
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.scoring.aggregate import Aggregation
from jiangxin.core.scoring.points import shown as points
from jiangxin.core.workflow import DrawState, ProjectState, RoundState
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.listing import Column, Listing, choice, number, province
from jiangxin.faces.frame.pages import Request, catching, done, page, typed
from jiangxin.stages.experts.choices import Field
from jiangxin.stages.programme.queries import pack
from jiangxin.stages.programme.tracks import Kind
from jiangxin.stages.review import forms
from jiangxin.stages.review.actions import draw as drawing
from jiangxin.stages.review.actions import panel, rounds
from jiangxin.stages.review.choices import SeatStatus
from jiangxin.stages.review.queries import ceremony as watching
from jiangxin.stages.review.queries import coverage, preparation, ranking
from jiangxin.stages.review.queries.panel import rating_due, seats
from jiangxin.stages.review.rubrics import in_use
from jiangxin.stages.review.rules import rules_of, told

from . import ceremony
from .experts import HR, READERS
from .navigation import Link, desk_page
from .programme import by_field

LINKS = (
    Link(
        name="desk-draw",
        label="评审组织与抽取",
        icon="dice",
        roles=READERS,
        group="专家评审",
        states=(ProjectState.EXAMINED, ProjectState.UNDER_REVIEW),
        waits=watching.draws_waiting,
        todo_label="待参加的专家抽取",
    ),
)
SUBJECTS = {"round": "desk-round", "draw": "desk-draw-session"}
STATES = dict(RoundState.choices())
KINDS = dict(Kind.choices())

ROUNDS = Listing(
    columns=(
        Column("round", "评审", lambda row: f"{row.call.year}年 {KINDS[row.kind]}", sort="kind"),
        Column(
            "province", "省份", lambda row: province_name(row.call.province), sort="call__province"
        ),
        Column("year", "年度", lambda row: str(row.call.year), sort="call__year"),
        Column("state", "状态", lambda row: (row.state, STATES[row.state]), "state", "state"),
        Column("due", "评分截止", lambda row: row.due, "moment", "due"),
        Column("decided", "确定名单", lambda row: row.decided_at, "moment", "decided_at"),
    ),
    keywords=(
        province("call__province"),
        choice("状态", "state", RoundState),
        choice("类别", "kind", Kind),
        number("年", "call__year", "年度，例如 2025", example="2025"),
    ),
    text=("call__title__icontains",),
    text_help="在通知标题中查找",
    order=("-call__year", "call__province", "kind", "id"),
    link=lambda row: path_of("desk-round", row.pk),
)


@page(roles=READERS)
def index(request: Request) -> HttpResponse:
    """The reviews of the viewer's scope, and what may still be set up."""
    return _index(request, [])


def _index(request: Request, problems: list[DomainError]) -> HttpResponse:
    listed = ROUNDS.show(ranking.rounds(request.viewer), request)
    start = forms.due_values(clock.now().replace(hour=17, minute=0) + timedelta(days=14))
    return listed.export("评审") or desk_page(
        request,
        "desk/draw/index.html",
        {
            "list": listed,
            "unopened": preparation.unopened(request.viewer),
            "kinds": KINDS,
            "values": typed(request, start),
            "problems": problems,
            "errors": by_field(problems),
            "empty": {
                "title": "还没有评审",
                "why": "资格审查全部完成后，由省级人社部门组织专家评审。",
            },
        },
    )


@page(roles=HR, methods=("POST",))
def open_round(request: Request) -> HttpResponse:
    """Set up the review of one kind."""
    problems: list[DomainError] = []
    post = request.POST
    with catching(problems):
        call, _, kind = post.get("what", "").partition(":")
        if kind not in KINDS or not call.isdigit():
            raise Invalid("请选择要组织评审的类别。")
        made = rounds.open_round(
            viewer=request.viewer,
            call_id=int(call),
            kind=Kind(kind),
            due=forms.read_due(_typed(request)),
            starts_on=forms.read_start(_typed(request)),
        )
        return done(request, "评审已建立，评分标准已固定。", "desk-round", round_id=made.pk)
    return _index(request, problems)


@page(roles=READERS)
def review(request: Request, round_id: int) -> HttpResponse:
    """One review from preparation to ranking."""
    return _review(request, round_id, [])


def _review(request: Request, round_id: int, problems: list[DomainError]) -> HttpResponse:
    row = ranking.round_of(request.viewer, round_id)
    sessions = list(row.sessions.order_by("number"))
    living = next((s for s in sessions if s.state != DrawState.VOID and not s.rehearsal), None)
    hr = request.viewer.role in HR
    preparing = row.state == RoundState.PREPARING
    panel_seats = seats(row)
    start = forms.due_values(row.due) | {"substitutes": str(row.substitutes), "method": row.method}
    start |= {"starts_on": row.starts_on.isoformat() if row.starts_on else ""}
    start |= {f"seats-{field}": str(row.seats.get(field, 0)) for field in Field.values}
    return desk_page(
        request,
        "desk/draw/round.html",
        {
            "round": row,
            "kind": KINDS[row.kind],
            "state": STATES[row.state],
            "steps": _steps(row, living, panel_seats),
            "sessions": sessions,
            "living": living,
            "preparation": preparation.preparation(row) if preparing and not living else None,
            "seats": panel_seats,
            "progress": coverage.progress(row) if not preparing else [],
            "short": coverage.short_of_sheets(row) if row.state == RoundState.SCORING else [],
            "rubrics": _rubrics(row),
            "method": Aggregation(row.method).label,
            "rules": told(pack(), rules_of(row), row.call.year),
            "following": rules_of(row).after(row.phase),
            "phase": row.get_phase_display(),
            "fields": Field.choices,
            "methods": [(each.value, each.label) for each in Aggregation],
            "reasons": [(each.value, each.label) for each in SkipReason if each in STATED_REASONS],
            "may": hr,
            "may_plan": hr and preparing and not living,
            "may_open": hr and preparing and not living,
            "may_seat": hr and row.state in (RoundState.PREPARING, RoundState.SCORING),
            "earliest": preparation.earliest_draw(row) if preparing else None,
            "rating": _rating(request, row, panel_seats),
            "values": typed(request, start),
            "problems": problems,
            "errors": by_field(problems),
        },
    )


def _steps(row: Any, living: Any, panel_seats: list[Any]) -> list[dict[str, Any]]:
    """The life of a round as steps; the first that is not done is the present one."""
    drawn = living is not None and living.state == DrawState.DRAWN
    sitting = [each for each in panel_seats if each.status != SeatStatus.REPLACED]
    seated = drawn and all(each.status == SeatStatus.ACCEPTED for each in sitting)
    facts = (
        ("抽取专家", living.drawn_at if drawn else None, drawn),
        ("专家到齐", None, seated),
        ("开始评分", row.started_at, row.started_at is not None),
        ("汇总排序", row.ranked_at, row.ranked_at is not None),
        ("确定名单", row.decided_at, row.decided_at is not None),
    )
    present = next((label for label, _, is_done in facts if not is_done), "")
    return [
        {
            "label": label,
            "at": at.astimezone(clock.BEIJING).date() if at else None,
            "status": "done" if is_done else "now" if label == present else "next",
        }
        for label, at, is_done in facts
    ]


def _rubrics(row: Any) -> list[dict[str, Any]]:
    return [
        {
            "track": label,
            "name": found.name,
            "status": found.status.label,
            "source": found.source,
            "total": points(found.total),
            "pass_points": points(found.pass_points),
            "groups": [{"name": each.name, "points": points(each.points)} for each in found.groups],
        }
        for label, found in in_use(row)
    ]


@page(roles=HR, methods=("POST",))
def plan(request: Request, round_id: int) -> HttpResponse:
    """Seats, substitutes, method, due time."""
    problems: list[DomainError] = []
    sent = _typed(request)
    with catching(problems):
        rounds.plan_round(
            viewer=request.viewer,
            round_id=round_id,
            seats=forms.read_seats(sent),
            substitutes=forms.read_substitutes(sent),
            method=forms.read_method(sent),
            due=forms.read_due(sent),
            starts_on=forms.read_start(sent),
        )
        return done(request, "评审方案已保存。", "desk-round", round_id=round_id)
    return _review(request, round_id, problems)


@page(roles=HR, methods=("POST",))
def postpone(request: Request, round_id: int) -> HttpResponse:
    """A later due time while the experts score."""
    problems: list[DomainError] = []
    with catching(problems):
        rounds.postpone(
            viewer=request.viewer, round_id=round_id, due=forms.read_due(_typed(request))
        )
        return done(request, "评分截止时间已延长。", "desk-round", round_id=round_id)
    return _review(request, round_id, problems)


def _rating(request: Request, row: Any, panel_seats: list[Any]) -> dict[str, Any]:
    """Who is still to be rated, until when; nothing while the review runs."""
    over = row.state in (RoundState.RANKED, RoundState.DECIDED)
    served = [each for each in panel_seats if each.status == SeatStatus.ACCEPTED]
    return {
        "seats": served if over else [],
        "left": sum(each.rating is None for each in served),
        "until": rating_due(row) if over else None,
        "may": over and request.viewer.role in HR,
    }


@page(roles=HR, methods=("POST",))
def open_draw(request: Request, round_id: int) -> HttpResponse:
    """Freeze the lot, of the draw or of its rehearsal, and go to the ceremony."""
    problems: list[DomainError] = []
    sent = _typed(request)
    with catching(problems):
        session = drawing.open_session(
            viewer=request.viewer,
            round_id=round_id,
            rehearsal=sent.get("act") == "rehearse",
            number_source=sent.get("number_source", ""),
            number_at=forms.read_number_at(sent),
        )
        return done(
            request,
            "名单已冻结，请三方各自登录提交承诺。",
            "desk-draw-session",
            session_id=session.pk,
        )
    return _review(request, round_id, problems)


@page(roles=HR, methods=("POST",))
def seat(request: Request, round_id: int, seat_id: int) -> HttpResponse:
    """Enter an expert's answer, give the place to the next in the drawn order, or rate the service."""
    problems: list[DomainError] = []
    post = request.POST
    act, note = post.get("act", ""), post.get("note", "")
    ranking.round_of(request.viewer, round_id)
    with catching(problems):
        if act in ("accept", "decline"):
            panel.answer(viewer=request.viewer, seat_id=seat_id, accept=act == "accept", note=note)
            return done(request, "已记录专家的答复。", "desk-round", round_id=round_id)
        if act == "rate":
            given = forms.read_rating(post.get("points", ""), f"rating-{seat_id}")
            panel.rate(viewer=request.viewer, seat_id=seat_id, points=given, note=note)
            return done(request, "已记录评价。", "desk-round", round_id=round_id)
        reason = post.get("reason", "")
        if reason not in STATED_REASONS:
            raise Invalid("请选择递补原因。", clause="3.2", field=f"seat-{seat_id}")
        newcomer = panel.replace(
            viewer=request.viewer, seat_id=seat_id, reason=SkipReason(reason), note=note
        )
        text = f"已按抽取顺序递补：{newcomer.expert.name}。"
        return done(request, text, "desk-round", round_id=round_id)
    return _review(request, round_id, problems)


@page(roles=HR, methods=("GET", "POST"))
def start(request: Request, round_id: int) -> HttpResponse:
    """Names first, then let the experts score."""
    row = ranking.round_of(request.viewer, round_id)
    if request.POST.get("confirmed") == "yes":
        rounds.start(viewer=request.viewer, round_id=round_id)
        return done(request, "评分已开始，专家可以登录评审。", "desk-round", round_id=round_id)
    coverage.require_seated(row)
    return desk_page(
        request,
        "desk/draw/confirm.html",
        {
            "round": row,
            "title": "开始评分",
            "question": "开始对以下项目评分？",
            "verb": "开始评分",
            "action": reverse("desk-round-start", args=[round_id]),
            "names": [f"{each.number} {each.title}" for each in preparation.examined(row)],
            "consequences": [
                "评分标准、席位和方法不再改动。",
                f"专家各自独立评分，截止{clock.long_moment(row.due)}。",
                "汇总排序之前，任何人看不到分数，只能看到进度。",
            ],
        },
    )


@page(roles=HR, methods=("GET", "POST"))
def rank(request: Request, round_id: int) -> HttpResponse:
    """Close scoring and open the scores to the province."""
    row = ranking.round_of(request.viewer, round_id)
    if request.POST.get("confirmed") == "yes":
        rounds.rank_round(viewer=request.viewer, round_id=round_id)
        return done(request, "已汇总排序。", "desk-ranking", round_id=round_id)
    coverage.require_all_signed(row)
    return desk_page(
        request,
        "desk/draw/confirm.html",
        {
            "round": row,
            "title": "汇总排序",
            "question": "汇总以下专家的评分表并排序？",
            "verb": "汇总排序",
            "action": reverse("desk-round-rank", args=[round_id]),
            "names": [
                f"{line.seat.expert.name}：签署 {line.signed} 份"
                + (f"，回避 {line.recused} 份" if line.recused else "")
                for line in coverage.progress(row)
            ],
            "consequences": [
                "评分结束，专家不能再打开申报材料。",
                f"按“{Aggregation(row.method).label}”汇总，同分并列，不自动拆分。",
                "分数此后向本省人社、财政、监督和审计开放。",
            ],
        },
    )


def _typed(request: Request) -> dict[str, str]:
    return {key: str(value) for key, value in request.POST.items()}


urlpatterns = [
    path("reviews/", index, name="desk-draw"),
    path("reviews/open/", open_round, name="desk-round-open"),
    path("reviews/<int:round_id>/", review, name="desk-round"),
    path("reviews/<int:round_id>/plan/", plan, name="desk-round-plan"),
    path("reviews/<int:round_id>/postpone/", postpone, name="desk-round-postpone"),
    path("reviews/<int:round_id>/draw/", open_draw, name="desk-draw-open"),
    path("reviews/<int:round_id>/seats/<int:seat_id>/", seat, name="desk-seat"),
    path("reviews/<int:round_id>/start/", start, name="desk-round-start"),
    path("reviews/<int:round_id>/rank/", rank, name="desk-round-rank"),
    *ceremony.urlpatterns,
]
