"""The applicant's first page: what waits, until when, and the next step as a button."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse

from jiangxin.core.workflow import ProjectState, Role
from jiangxin.faces.frame.pages import Request, page
from jiangxin.stages.application import queries
from jiangxin.stages.programme.queries import open_calls
from jiangxin.stages.programme.tracks import Track
from jiangxin.stages.publicity.queries import with_known_state

from .navigation import days_left, until, workspace_page
from .todo import unit_todos

SUBJECTS = {"call": "portal-call", "notice": "portal-notice"}
P = ProjectState
# What an applicant should know of each state, in plain words.
PLAIN = {
    P.DRAFT: "还没有提交。请在截止前填好并提交。",
    P.WITH_RECOMMENDER: "已提交，等待推荐部门推荐。有问题会在这里通知补正。",
    P.NOT_RECOMMENDED: "推荐部门没有推荐，理由见办理进度。",
    P.SUBMITTED: "已提交，正在资格审查。有问题会在这里通知补正。",
    P.RETURNED: "需要补正。请按退回意见修改后再次提交。",
    P.EXAMINED: "资格审查通过，等待专家评审。",
    P.REJECTED: "资格审查没有通过，理由见办理进度。",
    P.WITHDRAWN: "已撤回。",
    P.UNDER_REVIEW: "专家正在评审。",
    P.REVIEWED: "评审已完成，等待确定推荐名单。",
    P.PROPOSED: "已列入拟推荐名单，等待公示。",
    P.NOT_SELECTED: "本年度没有入选。",
    P.PUBLICISED: "正在公示。",
    P.CONFIRMED: "公示通过，等待报送两部备案。",
    P.FILED: "已报送两部备案。",
    P.FILING_RETURNED: "两部退回补充材料，由省级部门办理。",
    P.REGISTERED: "两部已备案登记，成为国家级项目。",
    P.UNDER_CONSTRUCTION: "正在建设。请按期报告进展，建设期满申请验收。",
    P.IN_ACCEPTANCE: "已申请验收，等待验收和绩效评价。",
    P.RECTIFYING: "需要限期整改。请在期限内整改并提交材料。",
    P.ACCEPTED: "验收合格。",
    P.REVOKED: "已被取消称号。",
    P.ENDED: "项目已终止。",
}


@page(roles={Role.APPLICANT, Role.EXPERT})
def home(request: Request) -> HttpResponse:
    """Applications with their next step, and the calls that are open; experts go to their queue."""
    if request.viewer.role is Role.EXPERT:
        return redirect("expert-queue")
    own = with_known_state(request.viewer, queries.visible(request.viewer))
    rows = own.select_related("call").order_by("-year", "-id")
    calls = [
        {
            "call": call,
            "tracks": [(t.value, t.label) for t in queries.tracks_open_to(request.viewer, call)],
            "left_days": days_left(call.closes_at),
        }
        for call in open_calls().filter(province=request.viewer.province)
    ]
    return workspace_page(
        request,
        "workspace/home.html",
        {
            "name": request.viewer.name,
            "todos": unit_todos(request.viewer),
            "rows": [_row(each) for each in rows],
            "calls": calls,
        },
    )


def _row(project: Any) -> dict[str, Any]:
    state = ProjectState(project.known_state)
    url, label = {
        P.DRAFT: (reverse("apply-tasks", args=[project.pk]), "继续填写"),
        P.RETURNED: (reverse("apply-tasks", args=[project.pk]), "查看意见并补正"),
    }.get(state, (reverse("apply-receipt", args=[project.pk]), "查看回执和进度"))
    due = until(project) if state in (P.DRAFT, P.RETURNED) else None
    return {
        "title": project.title,
        "track": Track(project.track).label,
        "year": project.year,
        "number": project.number,
        "state": state.value,
        "label": state.label,
        "plain": PLAIN[state],
        "url": url if project.version or state is P.DRAFT else "",
        "action": label,
        "due": due,
        "left_days": days_left(due) if due else None,
        "waits": state in (P.DRAFT, P.RETURNED),
    }


urlpatterns = [path("", home, name="workspace-home")]
