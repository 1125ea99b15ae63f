"""Extensions: the list, one wish with both departments' marks, granting and refusing."""

from typing import Any

from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import ExtensionState
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.listing import Column, Listing, choice, when
from jiangxin.faces.frame.pages import Request, catching, done, page, typed
from jiangxin.stages.construction.actions import extension as acts
from jiangxin.stages.construction.queries import building, waiting

from .construction_common import BOTH, HR, WATCHERS, by_field, common, confirm_page, own, place
from .marks import shown_marks
from .navigation import desk_page

STATES = dict(ExtensionState.choices())


def listing(request: Request) -> Listing:
    """The wishes; which wait depends on who looks."""
    return Listing(
        columns=(
            Column("name", "项目", _name, sort="construction__title__name"),
            Column("unit", "建设单位", lambda row: row.construction.title.unit_name),
            Column("province", "省份", _province, sort="construction__title__province"),
            Column("state", "状态", lambda row: (row.state, STATES[row.state]), "state", "state"),
            Column("before", "原期满", lambda row: row.due_before, "date", "due_before"),
            Column("due", "申请延至", lambda row: row.due, "date", "due"),
            Column("asked", "申请时间", lambda row: row.requested_at, "moment", "requested_at"),
            Column("decided", "办理时间", lambda row: row.decided_at, "moment", "decided_at"),
            Column("reason", "理由", lambda row: row.reason, default=False),
        ),
        keywords=(
            when(
                "待办", "等待本部门表态或办理", {"我": waiting.waits_for_extension(request.viewer)}
            ),
            choice("状态", "state", ExtensionState),
            *common("construction__title"),
        ),
        text=("construction__title__name__icontains", "reason__icontains"),
        text_help="在项目名称、理由中查找",
        order=("-requested_at", "id"),
        link=lambda row: path_of("desk-extension", row.pk),
    )


def _name(row: Any) -> str:
    return str(row.construction.title.name)


def _province(row: Any) -> str:
    return province_name(row.construction.title.province)


@page(roles=WATCHERS)
def extensions(request: Request) -> HttpResponse:
    """Every wish for more time in the viewer's scope."""
    shown = listing(request).show(building.extensions(request.viewer), request)
    return shown.export("建设延期") or desk_page(
        request,
        "desk/construction/simple_list.html",
        {
            "list": shown,
            "heading": "建设延期",
            "clause": "4.3",
            "empty": {
                "title": "没有延期申请",
                "why": "建设期一般不超过 2 年；单位在期满前可以申请延期一次，由两部门同意。",
            },
        },
    )


@page(roles=WATCHERS)
def extension(request: Request, extension_id: int) -> HttpResponse:
    """One wish: the reason, the dates, the marks, what may be done."""
    return _page(request, extension_id, [])


def _page(request: Request, extension_id: int, problems: list[DomainError]) -> HttpResponse:
    row = building.extension(request.viewer, extension_id)
    title = row.construction.title
    open_ = row.state == ExtensionState.REQUESTED and own(request, title)
    return desk_page(
        request,
        "desk/construction/extension.html",
        {
            "row": row,
            "title": title,
            "place": place(title),
            "state": STATES[row.state],
            "digest": row.digest(),
            "longer": (row.due - row.due_before).days,
            "marks": shown_marks(building.extension_marks(row)),
            "may_concur": open_,
            "may_decide": open_ and request.viewer.role in HR,
            "problems": problems,
            "errors": by_field(problems),
            "values": typed(request, {"reason": ""}),
        },
    )


@page(roles=BOTH, methods=("POST",))
def concur(request: Request, extension_id: int) -> HttpResponse:
    """The viewer's department agrees, or says why not."""
    problems: list[DomainError] = []
    with catching(problems):
        acts.concur(
            viewer=request.viewer,
            extension_id=extension_id,
            digest=request.POST.get("digest", ""),
            agreed=request.POST.get("word") == "agreed",
            remark=request.POST.get("remark", ""),
        )
        return done(request, "本部门意见已记录。", "desk-extension", extension_id)
    return _page(request, extension_id, problems)


@page(roles=HR, methods=("POST",))
def decide(request: Request, extension_id: int) -> HttpResponse:
    """Grant or refuse, after asking once more."""
    granted = request.POST.get("word") == "grant"
    reason = request.POST.get("reason", "")
    row = building.extension(request.viewer, extension_id)
    problems: list[DomainError] = []
    with catching(problems):
        if request.POST.get("confirmed") == "yes" and granted:
            acts.grant(viewer=request.viewer, extension_id=extension_id)
            text = f"已同意延期，建设期至{clock.long_date(row.due)}。"
            return done(request, text, "desk-extension", extension_id)
        if request.POST.get("confirmed") == "yes" or not (granted or reason.strip()):
            acts.refuse(viewer=request.viewer, extension_id=extension_id, reason=reason)
            return done(request, "已告知单位不同意延期。", "desk-extension", extension_id)
        return confirm_page(
            request,
            heading="同意延期" if granted else "不同意延期",
            kicker=place(row.construction.title),
            question="同意以下项目延期？" if granted else "不同意以下项目延期？",
            names=[f"{_name(row)}：延至{clock.long_date(row.due)}"],
            verb="同意延期" if granted else "不同意",
            action=reverse("desk-extension-decide", args=[extension_id]),
            back=reverse("desk-extension", args=[extension_id]),
            consequences=[
                "每个项目只能延期一次；期满日改变，进展报告相应增加。"
                if granted
                else f"理由告知单位：{reason}",
                "办理后不能撤回。",
            ],
            danger=not granted,
            hidden={"word": "grant" if granted else "refuse", "reason": reason},
        )
    return _page(request, extension_id, problems)


urlpatterns = [
    path("extensions/", extensions, name="desk-extensions"),
    path("extensions/<int:extension_id>/", extension, name="desk-extension"),
    path("extensions/<int:extension_id>/concur/", concur, name="desk-extension-concur"),
    path("extensions/<int:extension_id>/decide/", decide, name="desk-extension-decide"),
]
