"""The first page of the public: search, current notices, open calls, the two targets; and help."""

from django.http import HttpResponse
from django.urls import path

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import CallState
from jiangxin.faces.frame.pages import ANYONE, Request, page
from jiangxin.records.identity.viewer import PUBLIC
from jiangxin.stages.programme import queries as programme
from jiangxin.stages.publicity import queries as publicity
from jiangxin.stages.titles.queries import meters

from .navigation import portal_page

STEPS = (
    ("申报", "单位按通知在网上填报，提交后取得可核验的回执。"),
    ("审查", "省级人社部门逐条审查资格条件，一次说清需要补正的内容。"),
    ("评审", "专家由三方共同产生的随机数抽取，独立评分并签名。"),
    ("公示", "两部门确定名单后向社会公示，任何人都可以提出异议。"),
    ("备案", "10 月 31 日前报送两部，两部分别登记后列入名录。"),
)


@page(roles=ANYONE)
def home(request: Request) -> HttpResponse:
    """What is going on now."""
    current = publicity.notices(PUBLIC).filter(state="published").order_by("ends_on", "id")
    return portal_page(
        request,
        "portal/home.html",
        {
            "notices": [{"row": row, "left": publicity.days_left(row)} for row in current[:8]],
            "calls": list(programme.open_calls()[:8]),
            "meters": meters(),
            "steps": STEPS,
        },
        cacheable=True,
    )


@page(roles=ANYONE)
def call(request: Request, call_id: int) -> HttpResponse:
    """A published call as applicants read it."""
    row = programme.call(PUBLIC, call_id)
    now = clock.now()
    return portal_page(
        request,
        "portal/call.html",
        {
            "call": row,
            "open": row.opens_at <= now < row.closes_at,
            "left_days": None if now >= row.closes_at else (row.closes_at - now).days,
            "overlay": programme.overlay_of_call(row),
        },
        cacheable=True,
    )


@page(roles=ANYONE)
def help_page(request: Request) -> HttpResponse:
    """How it works for whom, and whom to ask in each province."""
    calls = list(programme.calls(PUBLIC).filter(state=CallState.OPEN).order_by("-year", "province"))
    phones: dict[str, str] = {}
    for row in calls:
        phones.setdefault(row.province, row.phone)
    return portal_page(request, "portal/help.html", {"phones": phones}, cacheable=True)


urlpatterns = [
    path("", home, name="home"),
    path("calls/<int:call_id>/", call, name="portal-call"),
    path("help/", help_page, name="help"),
]
