"""The notice clause by clause, with the norms and the parameters in force; the register of norms."""

from datetime import date
from typing import Any

from django.http import HttpResponse
from django.urls import path

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.money import wan
from jiangxin.core.policy import Clause, Norm, Pack, Parameter
from jiangxin.faces.frame.filters import clause_label
from jiangxin.faces.frame.pages import ANYONE, Request, page
from jiangxin.stages.programme.queries import overlay_lines, pack

from .navigation import portal_page
from .places import place_text

KINDS = {
    "T": "目标",
    "E": "资格",
    "Q": "名额",
    "D": "期限",
    "P": "程序",
    "R": "报告",
    "M": "资金",
    "S": "处理",
    "A": "导向",
}
HOW = {
    "enforced": {"label": "强制", "tone": "blue", "text": "不符合就不能办理"},
    "computed": {"label": "计算", "tone": "green", "text": "由系统计算并列出依据"},
    "reported": {"label": "呈现", "tone": "grey", "text": "收集并列出，由人判断"},
}


@page(roles=ANYONE)
def policy(request: Request) -> HttpResponse:
    """Each clause verbatim; beside it what the product makes of it. No query."""
    found = pack()
    norms: dict[str, list[dict[str, Any]]] = {}
    for norm in found.norms.values():
        norms.setdefault(norm.clause, []).append(
            {"id": norm.id, "title": norm.title, "how": HOW[norm.how]}
        )
    parameters: dict[str, list[dict[str, Any]]] = {}
    for each in in_force(found, clock.today()):
        parameters.setdefault(each.clause, []).append(
            {"parameter": each, "value": value_text(found, each)}
        )
    assumed = sum(
        bool(line["parameter"].assumption) for rows in parameters.values() for line in rows
    )
    context = {
        "pack": found,
        "clauses": [
            {
                **printed(clause),
                "level": clause.id.count("."),
                "norms": norms.get(clause.id, []),
                "parameters": parameters.get(clause.id, []),
            }
            for clause in found.clauses.values()
        ],
        "how": list(HOW.values()),
        "count": len(found.norms),
        "assumed": assumed,
        "overlays": [{"overlay": each, "lines": overlay_lines(each)} for each in found.overlays],
        "today": clock.today(),
    }
    return portal_page(request, "portal/policy.html", context, cacheable=True)


def in_force(found: Pack, day: date) -> list[Parameter]:
    """The parameters that hold on a day, in the order of the pack."""
    return [
        each
        for each in found.parameters
        if each.since <= day and (each.until is None or day <= each.until)
    ]


def printed(clause: Clause) -> dict[str, str]:
    """A clause with the heading that the notice runs into its text on a line of its own.

    `head` and `body` together are the text, letter by letter.
    """
    place = clause.text.find(clause.title, 0, len(clause.title) + 6)
    end = place + len(clause.title) if place >= 0 else 0
    end += clause.text[end : end + 1] == "。" and end > 0
    return {
        "id": clause.id,
        "label": clause_label(clause.id),
        "title": clause.title,
        "head": clause.text[:end],
        "body": clause.text[end:],
    }


def value_text(found: Pack, each: Parameter) -> str:
    """A parameter's value with its unit as people read it; money, given in 分, in 万元."""
    if isinstance(each.value, bool):
        return "是" if each.value else "否"
    if each.options:
        return each.label(each.value)
    if isinstance(each.value, date):
        return clock.long_date(each.value)
    if each.unit == "分":
        return f"{wan(each.value)} 万元"
    if each.value in found.levels:
        return found.levels[each.value].name
    return f"{each.value} {each.unit}".strip()


@page(roles=ANYONE)
def norms(request: Request) -> HttpResponse:
    """All norms: what each demands, how the product sees to it, and where. No query."""
    found = pack()
    rows = [_norm(found, norm) for norm in found.norms.values()]
    context = {"rows": rows, "how": list(HOW.values()), "title": found.title}
    return portal_page(request, "portal/norms.html", context, cacheable=True)


def _norm(found: Pack, norm: Norm) -> dict[str, Any]:
    places = list(dict.fromkeys(place_text(found, each) for each in norm.where))
    return {"norm": norm, "kind": KINDS[norm.kind], "how": HOW[norm.how], "places": places}


urlpatterns = [
    path("policy/", policy, name="portal-policy"),
    path("policy/norms/", norms, name="portal-norms"),
]
