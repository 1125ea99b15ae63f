"""The published calls: the list, and one call as applicants read it."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.urls import path

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.policy import Overlay
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.keywords import Keyword, number, province
from jiangxin.faces.frame.listing import Column, Listing
from jiangxin.faces.frame.pages import ANYONE, Request, page
from jiangxin.records.identity.viewer import PUBLIC
from jiangxin.stages.programme import queries
from jiangxin.stages.programme.tracks import Track

from .navigation import portal_page

WINDOWS: dict[str, Callable[[datetime], Q]] = {
    "受理中": lambda now: Q(opens_at__lte=now, closes_at__gt=now),
    "未开始": lambda now: Q(opens_at__gt=now),
    "已截止": lambda now: Q(closes_at__lte=now),
}
TONES = {"受理中": "open", "未开始": "draft", "已截止": "closed"}


def window_of(row: Any) -> str:
    """Whether the call takes applications at this moment."""
    now = clock.now()
    if row.opens_at > now:
        return "未开始"
    return "受理中" if now < row.closes_at else "已截止"


def _in_window(value: str) -> Q:
    if value not in WINDOWS:
        raise Invalid(f"“受理”没有“{value}”这个值。", remedy=f"可用：{'、'.join(WINDOWS)}。")
    return WINDOWS[value](clock.now())


CALLS = Listing(
    columns=(
        Column("title", "标题", lambda row: row.title, sort="title"),
        Column("province", "省份", lambda row: province_name(row.province), sort="province"),
        Column("year", "年度", lambda row: str(row.year), sort="year"),
        Column("window", "受理", lambda row: (TONES[window_of(row)], window_of(row)), "state"),
        Column(
            "closes", "截止时间", lambda row: clock.long_deadline(row.closes_at), sort="closes_at"
        ),
        Column("doc", "文号", lambda row: row.doc_number, default=False),
        Column("opens", "开始时间", lambda row: clock.long_moment(row.opens_at), default=False),
        Column("phone", "咨询电话", lambda row: row.phone, default=False),
    ),
    keywords=(
        province(),
        number("年", "year", "年度，例如 2025", example="2025"),
        Keyword("受理", "、".join(WINDOWS), "受理:受理中", _in_window),
    ),
    text=("title__icontains", "doc_number__icontains"),
    text_help="在标题、文号中查找",
    order=("-year", "-closes_at", "province", "id"),
    link=lambda row: path_of("portal-call", row.pk),
)


@page(roles=ANYONE)
def calls(request: Request) -> HttpResponse:
    """Every call that was ever published."""
    shown = CALLS.show(queries.calls(PUBLIC), request)
    empty = {"title": "还没有申报通知", "why": "各省两部门共同确定后在此发布。"}
    return shown.export("申报通知") or portal_page(
        request, "portal/calls.html", {"list": shown, "empty": empty}, cacheable=True
    )


@page(roles=ANYONE)
def call(request: Request, call_id: int) -> HttpResponse:
    """A published call: until when, for whom, by which rules, with which papers."""
    row = queries.call(PUBLIC, call_id)
    now = clock.now()
    overlay = queries.overlay_of_call(row)
    return portal_page(
        request,
        "portal/call.html",
        {
            "call": row,
            "window": window_of(row),
            "left_days": None if now >= row.closes_at else (row.closes_at - now).days,
            "around": CALLS.around(queries.calls(PUBLIC), request, back=path_of("portal-calls")),
            "steps": _steps(row),
            "quota": [
                {"label": kind.label, "count": count}
                for kind, count in queries.planned_quota(row).items()
            ],
            "overlay": overlay,
            "tightenings": queries.overlay_lines(overlay) if overlay else [],
            "tracks": [_papers(track, overlay) for track in Track],
        },
        cacheable=True,
    )


def _steps(row: Any) -> list[dict[str, Any]]:
    """The dates of the year as the timeline shows them; the first that is to come is `now`."""
    steps: list[dict[str, Any]] = []
    coming = "now"
    for each in queries.plan(row):
        status = "done" if each.passed else coming
        coming = coming if each.passed else "next"
        steps.append({"label": each.label, "when": until(each.at), "status": status})
    return steps


def until(moment: datetime) -> str:
    """A moment as the end of something: midnight is 24:00 of the day that ends then."""
    local = moment.astimezone(clock.BEIJING)
    if local.time() == time.min:
        return f"{clock.long_date(local.date() - timedelta(days=1))}24:00"
    return clock.long_moment(local)


def _papers(track: Track, overlay: Overlay | None) -> dict[str, Any]:
    """What a track's form asks for, section by section, and the evidence that must be attached."""
    form = queries.pack().form(track.value, overlay)
    return {
        "key": track.value,
        "label": track.label,
        "sections": [section.title for section in form.sections],
        "evidence": [field.label for _, field in form.fields() if field.evidence == "required"],
    }


urlpatterns = [
    path("calls/", calls, name="portal-calls"),
    path("calls/<int:call_id>/", call, name="portal-call"),
]
