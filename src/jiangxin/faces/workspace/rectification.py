"""What a unit does about an order to mend: sign for it, answer item by item, hand it in."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel.errors import DomainError, NotFound
from jiangxin.core.workflow import RectificationState, Role
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.pages import Request, catching, done, page, typed
from jiangxin.faces.frame.picked import picked
from jiangxin.faces.frame.sending import send_document
from jiangxin.faces.frame.uploads import uploads
from jiangxin.records.documents.gates import ACCEPT, ALLOWED
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.rectification import queries
from jiangxin.stages.rectification.actions import mending, order
from jiangxin.stages.rectification.choices import Source, Word
from jiangxin.stages.rectification.rules import is_over

from .navigation import workspace_page
from .titles import Entry

SUBJECTS = {"rectification": "my-rectification"}
UNIT = frozenset({Role.APPLICANT})
R = RectificationState
# What a unit should know of each state, in plain words.
PLAIN = {
    R.ORDERED: "省级两部门已下达整改通知，请签收。签收之日起计算整改期限。",
    R.SERVED: "请逐条整改、填写情况并上传证明材料，期满前提交。",
    R.SUBMITTED: "整改材料已提交，等待复查。",
    R.PASSED: "复查合格，整改结束。",
    R.EXPIRED: "整改期满未通过。是否取消称号另按程序办理，届时您可以陈述申辩。",
    R.KEPT: "两部门研究后保留称号。项目继续建设，完成后请申请验收。",
}


def entries(viewer: Viewer, title: Any) -> Iterator[Entry]:
    """The newest order of a title, and whether the unit must act."""
    found = queries.current(title)
    if found is None:
        return
    state = R(found.state)
    waits = state in (R.ORDERED, R.SERVED)
    due = found.ends_on if state is R.SERVED else None
    yield Entry(
        "限期整改", PLAIN[state], path_of("my-rectification", found.pk), waits=waits, due=due
    )


@page(roles=UNIT)
def rectification(request: Request, rectification_id: int) -> HttpResponse:
    """One order: why, what, until when, and how far each item is."""
    row = queries.rectification(request.viewer, rectification_id)
    items = queries.items(row)
    attempts = queries.attempts(row)
    state = R(row.state)
    return workspace_page(
        request,
        "workspace/rectification/rectification.html",
        {
            "row": row,
            "title": row.title,
            "state": state,
            "label": state.label,
            "plain": PLAIN[state],
            "source": Source(row.source).label,
            "paper": _url(row, row.paper_id),
            "over": is_over(row),
            "mending": state is R.SERVED,
            "items": [_item(row, each) for each in items],
            "ready": all(each.reply and each.files.all() for each in items),
            "attempts": [
                _attempt(row, each, known=state is not R.SUBMITTED or each is not attempts[-1])
                for each in attempts
            ],
        },
    )


def _url(row: Any, document_id: int | None) -> str:
    return reverse("my-rectification-file", args=[row.pk, document_id]) if document_id else ""


def _item(row: Any, item: Any) -> dict[str, Any]:
    files = list(item.files.all())
    return {
        "item": item,
        "url": reverse("my-rectification-item", args=[row.pk, item.number]),
        "word": "已填好" if item.reply and files else "填写中" if item.reply or files else "未开始",
        "tone": "green" if item.reply and files else "amber",
        "count": len(files),
    }


def _attempt(row: Any, attempt: Any, *, known: bool) -> dict[str, Any]:
    """A submission; `known`: with what the re-check said of it, once it is concluded or sent back."""
    words = attempt.words if known else {}
    return {
        "attempt": attempt,
        "opinion": attempt.opinion if known else "",
        "items": [
            {
                **item,
                "label": Word(found["word"]).label if found else "",
                "met": bool(found) and found["word"] == Word.MET,
                "note": found.get("note", ""),
                "files": [{**each, "url": _url(row, each["document"])} for each in item["files"]],
            }
            for item in attempt.items
            for found in [words.get(str(item["number"]), {})]
        ],
    }


@page(roles=UNIT, methods=("GET", "POST"))
def receipt(request: Request, rectification_id: int) -> HttpResponse:
    """Sign that the order has been received."""
    row = queries.rectification(request.viewer, rectification_id)
    problems: list[DomainError] = []
    if request.method == "POST" and request.POST.get("confirmed") == "yes":
        with catching(problems):
            order.sign_receipt(viewer=request.viewer, rectification_id=rectification_id)
            return done(request, "已签收，整改期限开始计算。", "my-rectification", rectification_id)
    return _confirm(
        request,
        row,
        heading="签收整改通知",
        question="签收这份整改通知？",
        verb="签收",
        action="my-rectification-receipt",
        consequences=[
            f"整改期限自今天起 {row.months} 个月。",
            "签收只表示收到通知，不影响您之后陈述意见。",
            "拒不签收的，省级部门可以用其他方式送达，期限自送达之日起算。",
        ],
        problems=problems,
    )


@page(roles=UNIT, methods=("GET", "POST"))
def item(request: Request, rectification_id: int, number: int) -> HttpResponse:
    """What the unit writes about one item, with its proof."""
    row = queries.rectification(request.viewer, rectification_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            mending.save_reply(
                viewer=request.viewer,
                rectification_id=rectification_id,
                number=number,
                reply=request.POST.get("reply", ""),
                files=uploads(request, "files"),
                drop=picked(request, "_drop"),
            )
            if request.POST.get("_go") == "back":
                return done(request, "已保存。", "my-rectification", rectification_id)
            return done(request, "已暂存。", "my-rectification-item", rectification_id, number)
    found = next((each for each in queries.items(row) if each.number == number), None)
    if found is None:
        raise NotFound("没有这一条整改要求。")
    return workspace_page(
        request,
        "workspace/rectification/item.html",
        {
            "row": row,
            "title": row.title,
            "item": found,
            "editable": row.state == R.SERVED,
            "files": [
                {"id": each.pk, "name": each.document.name, "url": _url(row, each.document_id)}
                for each in found.files.all()
            ],
            "accept": ACCEPT,
            "allowed": ALLOWED,
            "values": typed(request, {"reply": found.reply}),
            "errors": {each.field: each.message for each in problems if each.field},
            "problems": problems,
        },
    )


@page(roles=UNIT, methods=("GET", "POST"))
def submit(request: Request, rectification_id: int) -> HttpResponse:
    """Everything once more, then it is handed in."""
    row = queries.rectification(request.viewer, rectification_id)
    problems: list[DomainError] = []
    if request.method == "POST" and request.POST.get("confirmed") == "yes":
        with catching(problems):
            mending.submit(viewer=request.viewer, rectification_id=rectification_id)
            return done(request, "整改材料已提交，等待复查。", "my-rectification", rectification_id)
    return _confirm(
        request,
        row,
        heading="提交整改材料",
        question="提交以下各条的整改情况和材料？",
        verb="提交",
        action="my-rectification-submit",
        names=[f"{each.number}. {each.requirement}" for each in queries.items(row)],
        consequences=[
            "提交后由省级部门复查，复查期间不能修改。",
            "复查不合格而期限未满的，会退回继续整改；期限不延长。",
        ],
        problems=problems,
    )


def _confirm(request: Request, row: Any, *, action: str, **context: Any) -> HttpResponse:
    return workspace_page(
        request,
        "workspace/rectification/confirm.html",
        {
            "row": row,
            "title": row.title,
            "names": [row.title.name],
            "action": reverse(action, args=[row.pk]),
            **context,
        },
    )


@page(roles=UNIT)
def file(request: Request, rectification_id: int, document_id: int) -> HttpResponse:
    """A file of an order."""
    return send_document(queries.document(request.viewer, rectification_id, document_id))


A = "rectifications/<int:rectification_id>/"
urlpatterns = [
    path(A, rectification, name="my-rectification"),
    path(A + "receipt/", receipt, name="my-rectification-receipt"),
    path(A + "items/<int:number>/", item, name="my-rectification-item"),
    path(A + "submit/", submit, name="my-rectification-submit"),
    path(A + "files/<int:document_id>/", file, name="my-rectification-file"),
]
