"""The re-check at the desk: item by item, passed by both, sent back, or the term is over."""

from typing import Any

from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel.errors import DomainError, WrongState
from jiangxin.core.workflow import RectificationState, Role
from jiangxin.faces.frame.pages import Request, catching, done, page, typed
from jiangxin.stages.rectification import queries
from jiangxin.stages.rectification.actions import recheck
from jiangxin.stages.rectification.choices import Word

from .navigation import desk_page

HR = frozenset({Role.PROVINCE_HR})
BOTH = frozenset({Role.PROVINCE_HR, Role.PROVINCE_FINANCE})
TONES = {Word.MET: "green", Word.UNMET: "red"}


def shown_attempt(attempt: Any, row: Any) -> dict[str, Any]:
    """One submission with its re-check, as the pages show it."""
    return {
        "attempt": attempt,
        "items": [
            {
                **item,
                "files": [
                    {
                        **each,
                        "url": reverse("desk-rectification-file", args=[row.pk, each["document"]]),
                    }
                    for each in item["files"]
                ],
                **_word(attempt.words.get(str(item["number"]), {})),
            }
            for item in attempt.items
        ],
    }


def _word(found: dict[str, str]) -> dict[str, str]:
    word = found.get("word", "")
    return {
        "word": word,
        "label": Word(word).label if word else "未复查",
        "tone": TONES[Word(word)] if word else "grey",
        "note": found.get("note", ""),
    }


def confirm(
    request: Request, row: Any, *, action: str, ask: str = "", danger: bool = False, **context: Any
) -> HttpResponse:
    """The page that asks once more; `ask` is the label of a text that it demands."""
    problems = context["problems"]
    return desk_page(
        request,
        "desk/rectification/confirm.html",
        {
            "row": row,
            "names": [f"{row.title.name}（{row.title.unit_name}）"],
            "action": reverse(action, args=[row.pk]),
            "values": typed(request),
            "errors": {each.field: each.message for each in problems if each.field},
            "ask": ask,
            "danger": danger or bool(ask),
            **context,
        },
    )


@page(roles=HR, methods=("GET", "POST"))
def check(request: Request, rectification_id: int) -> HttpResponse:
    """Look into a submission, item by item."""
    row = queries.rectification(request.viewer, rectification_id)
    attempt = queries.latest(row)
    if row.state != RectificationState.SUBMITTED or attempt is None:
        raise WrongState("现在没有待复查的整改材料。", remedy="单位提交整改材料后才能复查。")
    numbers = [item["number"] for item in attempt.items]
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            recheck.check(
                viewer=request.viewer,
                rectification_id=rectification_id,
                marks={n: request.POST.get(f"word-{n}", "") for n in numbers},
                notes={n: request.POST.get(f"note-{n}", "") for n in numbers},
                opinion=request.POST.get("opinion", ""),
            )
            return done(request, "复查意见已保存。", "desk-rectification", rectification_id)
    shown = shown_attempt(attempt, row)
    stored = {"opinion": attempt.opinion}
    for item in shown["items"]:
        stored |= {f"word-{item['number']}": item["word"], f"note-{item['number']}": item["note"]}
    return desk_page(
        request,
        "desk/rectification/check.html",
        {
            "row": row,
            "title": row.title,
            "shown": shown,
            "words": Word.choices,
            "values": typed(request, stored),
            "errors": {each.field: each.message for each in problems if each.field},
            "problems": problems,
        },
    )


@page(roles=BOTH, methods=("POST",))
def concur(request: Request, rectification_id: int) -> HttpResponse:
    """The viewer's department agrees, or not, that everything is mended."""
    recheck.concur_pass(
        viewer=request.viewer,
        rectification_id=rectification_id,
        digest=request.POST.get("digest", ""),
        agreed=request.POST.get("word") == "agreed",
        remark=request.POST.get("remark", ""),
    )
    return done(request, "本部门意见已记录。", "desk-rectification", rectification_id)


@page(roles=HR, methods=("GET", "POST"))
def conclude(request: Request, rectification_id: int) -> HttpResponse:
    """Ask once more, then conclude that everything is mended."""
    row = queries.rectification(request.viewer, rectification_id)
    problems: list[DomainError] = []
    if request.method == "POST" and request.POST.get("confirmed") == "yes":
        with catching(problems):
            recheck.pass_recheck(viewer=request.viewer, rectification_id=rectification_id)
            return done(
                request, "复查合格，单位已收到通知。", "desk-rectification", rectification_id
            )
    building = row.before == "under_construction"
    follows = "项目恢复为“建设中”。" if building else "项目转为“验收合格”。"
    return confirm(
        request,
        row,
        title="复查合格",
        question="作出复查合格的结论？",
        verb="复查合格",
        action="desk-rectification-pass",
        consequences=[follows if row.before else "称号继续有效。", "结论作出后不能撤回。"],
        problems=problems,
    )


@page(roles=HR, methods=("GET", "POST"))
def fail(request: Request, rectification_id: int) -> HttpResponse:
    """Ask once more, then send the submission back."""
    row = queries.rectification(request.viewer, rectification_id)
    problems: list[DomainError] = []
    if request.method == "POST" and request.POST.get("confirmed") == "yes":
        with catching(problems):
            recheck.fail(viewer=request.viewer, rectification_id=rectification_id)
            return done(
                request, "已退回，单位可在期限内继续整改。", "desk-rectification", rectification_id
            )
    return confirm(
        request,
        row,
        title="复查不合格",
        question="退回单位继续整改？",
        verb="退回继续整改",
        action="desk-rectification-fail",
        consequences=["单位可见逐项复查意见，在原期限内继续整改并再次提交；期限不延长。"],
        problems=problems,
        danger=True,
    )


@page(roles=HR, methods=("GET", "POST"))
def expire(request: Request, rectification_id: int) -> HttpResponse:
    """State, with the reason, that the term is over and the demands are not met."""
    row = queries.rectification(request.viewer, rectification_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            recheck.expire(
                viewer=request.viewer,
                rectification_id=rectification_id,
                reason=request.POST.get("reason", ""),
            )
            return done(
                request, "已认定期满未通过，可以进入取消称号程序。", "desk-rectification", row.pk
            )
    return confirm(
        request,
        row,
        title="期满处理",
        question="认定整改期满、仍不符合要求？",
        verb="认定期满未通过",
        action="desk-rectification-expire",
        consequences=[
            "这是取消称号的依据；是否取消另按程序办理，先告知并听取陈述申辩。",
            "认定后单位不能再提交整改材料。",
        ],
        problems=problems,
        ask="期满未通过的情况",
    )


R = "rectifications/<int:rectification_id>/"
urlpatterns = [
    path(R + "check/", check, name="desk-rectification-check"),
    path(R + "check/concur/", concur, name="desk-rectification-check-concur"),
    path(R + "pass/", conclude, name="desk-rectification-pass"),
    path(R + "fail/", fail, name="desk-rectification-fail"),
    path(R + "expire/", expire, name="desk-rectification-expire"),
]
