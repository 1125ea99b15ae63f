"""The first page of the public: search, current notices, open calls, the two targets."""

from django.http import HttpResponse
from django.urls import path

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import NoticeState
from jiangxin.faces.frame.pages import ANYONE, Request, page
from jiangxin.records.identity.viewer import PUBLIC
from jiangxin.stages.programme import queries as programme
from jiangxin.stages.publicity import queries as publicity
from jiangxin.stages.titles.queries import meters, programme_years

from .navigation import portal_page

MOST = 6  # of each kind on the first page; the rest is one click away
STEPS = (
    ("申报", "send", "单位按省级通知在网上填报，提交后取得可核验的回执。"),
    ("资格审查", "check-circle", "省级人社部门逐条审查资格条件，一次说清需要补正的内容。"),
    ("专家评审", "dice", "专家由多方共同产生的随机数抽取，独立评分并签名。"),
    ("公示", "eye", "人社、财政两部门共同确定名单，向社会公示，受理异议。"),
    ("备案登记", "stamp", "10 月 31 日前报送两部，两部分别登记后列入名录。"),
)


@page(roles=ANYONE)
def home(request: Request) -> HttpResponse:
    """What is going on now. At most five queries, however many provinces are at work."""
    table = programme.exceptions()
    current = publicity.notices(PUBLIC).filter(
        state=NoticeState.PUBLISHED, ends_on__gte=clock.today()
    )
    notices = [
        {"row": row, "left": publicity.days_left(row, table)}
        for row in current.order_by("ends_on", "call__province", "id")[: MOST + 1]
    ]
    now = clock.now()
    calls = [
        {"row": row, "left": (row.closes_at - now).days}
        for row in programme.open_calls(now)[: MOST + 1]
    ]
    first, last = programme_years()
    return portal_page(
        request,
        "portal/home.html",
        {
            "notices": notices[:MOST],
            "more_notices": len(notices) > MOST,
            "calls": calls[:MOST],
            "more_calls": len(calls) > MOST,
            "meters": meters(),
            "first": first,
            "last": last,
            "steps": [{"label": label, "icon": name, "text": text} for label, name, text in STEPS],
        },
        cacheable=True,
    )


urlpatterns = [path("", home, name="home")]
