"""What 人社部 sets for everybody: places beyond the quota, and the days on which people work."""

from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse
from django.urls import path

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError, Invalid, NotPermitted
from jiangxin.core.kernel.regions import PROVINCES, province_name
from jiangxin.core.workflow import MINISTRIES, Role
from jiangxin.faces.frame.filters import query
from jiangxin.faces.frame.pages import Request, catching, done, page, typed
from jiangxin.stages.programme import actions, queries
from jiangxin.stages.programme.tracks import Kind

from .navigation import DESK, desk_page

HR = frozenset({Role.MINISTRY_HR})
QUOTA = ("province", "year", "kind", "reason")


@page(roles=MINISTRIES, methods=("GET", "POST"))
def quota(request: Request) -> HttpResponse:
    """Places beyond 原则上5个, each with the reason on which 人社部 granted it."""
    problems: list[DomainError] = []
    given = {name: request.POST.get(name, "").strip() for name in QUOTA}
    asked: dict[str, Any] | None = None
    if request.method == "POST":
        with catching(problems):
            asked = _quota_asked(request, given)
            if request.POST.get("confirmed") == "yes":
                place = actions.grant_exception(viewer=request.viewer, **asked)
                text = (
                    f"已增加{province_name(place.province)}第 {place.number} 个名额，依据已记录。"
                )
                return done(request, text, "ministry-quota")
    if asked and not problems:
        return desk_page(request, "desk/ministry/quota_confirm.html", _quota_names(asked, given))
    return desk_page(
        request,
        "desk/ministry/quota.html",
        {
            "granted": queries.all_exceptional_places(),
            "kinds": dict(Kind.choices()),
            "kind_options": Kind.choices(),
            "province_options": [(each.code, each.name) for each in PROVINCES],
            "may": request.viewer.role in HR,
            "problems": problems,
            "errors": {each.field: each.message for each in problems if each.field},
            "values": typed(request, {"year": str(clock.today().year)}),
        },
    )


def _quota_asked(request: Request, given: dict[str, str]) -> dict[str, Any]:
    """The inputs as `grant_exception` takes them. Raises `Invalid`, `NotPermitted`."""
    if request.viewer.role not in HR:
        raise NotPermitted("名额例外由人力资源社会保障部批准。", clause="3.1")
    if given["province"] not in {each.code for each in PROVINCES}:
        raise Invalid("请选择省份。", field="province")
    year = _year(given["year"], 0)
    actions.require_covered(year)
    if given["kind"] not in {each.value for each in Kind}:
        raise Invalid("请选择类别。", field="kind")
    if not given["reason"]:
        raise Invalid("请写明超出名额的依据。", clause="3.1", field="reason")
    return {
        "province": given["province"],
        "year": year,
        "kind": Kind(given["kind"]),
        "reason": given["reason"],
    }


def _quota_names(asked: dict[str, Any], given: dict[str, str]) -> dict[str, Any]:
    held = queries.quota(asked["province"], asked["year"])[asked["kind"]]
    name = f"{province_name(asked['province'])} {asked['year']} 年 {asked['kind'].label}"
    return {
        "names": [f"{name}：由 {held} 个增至 {held + 1} 个"],
        "given": given,
        "consequences": [f"依据：{asked['reason']}", "增加的名额不能收回，公众可在账册中查到。"],
    }


@page(roles=DESK, methods=("GET", "POST"))
def days(request: Request) -> HttpResponse:
    """The table of days on which the week does not decide; 人社部 edits it, everybody reads it."""
    problems: list[DomainError] = []
    year = _year(request.GET.get("year", ""), clock.today().year)
    if request.method == "POST":
        with catching(problems):
            return _change(request)
    values = {"first": "", "last": "", "name": ""}
    return desk_page(
        request,
        "desk/ministry/calendar.html",
        {
            "year": year,
            "rows": list(queries.holidays(year)),
            "facts": _facts(year),
            "may": request.viewer.role in HR,
            "problems": problems,
            "values": typed(request, values),
            "errors": {each.field: each.message for each in problems if each.field},
        },
    )


def _change(request: Request) -> HttpResponse:
    """Enter the days, or remove one; say what the change means for this year's clock."""
    word = request.POST.get("word", "")
    first = _day(request.POST.get("first", ""), "first", "开始日期")
    last = _day(request.POST.get("last", "") or first.isoformat(), "last", "结束日期")
    before = _latest(first.year)
    if word == "remove":
        actions.set_day(viewer=request.viewer, day=first, working=None, name="")
        text = f"{clock.long_date(first)}已从表中删去，按周一至周五上班计算。"
    elif word in ("off", "work"):
        name = request.POST.get("name", "")
        count = actions.set_days(
            viewer=request.viewer, first=first, last=last, working=word == "work", name=name
        )
        text = f"已记录 {count} 天{'调休上班' if word == 'work' else '放假'}。"
    else:
        raise Invalid("请选择放假或调休上班。", field="word")
    after = _latest(first.year)
    if before != after and after:
        text += f"{first.year} 年最迟开始公示的日期变为{clock.long_date(after)}。"
    return done(request, text, f"{request.path}{query({'year': first.year})}")


def _latest(year: int) -> date | None:
    """The last day on which a publicity of the least length can begin in that year."""
    if not queries.pack().covers(year):
        return None
    least = queries.parameter("publicity.working_days", year)
    return queries.latest_publicity(year, least, queries.exceptions())


def _facts(year: int) -> list[dict[str, str]]:
    """What the table of a year comes to."""
    first, table = date(year, 1, 1), queries.exceptions()
    days = [first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days)]
    facts = [
        {"label": "全年工作日", "value": f"{sum(not queries.is_off(d, table) for d in days)} 天"}
    ]
    if queries.pack().covers(year):
        least = queries.parameter("publicity.working_days", year)
        latest = queries.latest_publicity(year, least, table)
        facts.append(
            {"label": f"最迟开始公示（{least} 个工作日）", "value": clock.long_date(latest)}
        )
    return facts


def _year(text: str, otherwise: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) == 4 else otherwise


def _day(text: str, field: str, label: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid(f"请填写{label}。", remedy="例如 2025-10-01。", field=field) from None


urlpatterns = [
    path("quota/", quota, name="ministry-quota"),
    path("calendar/", days, name="desk-calendar"),
]
