"""The notice clause by clause, with the norms and the parameters in force; the register of norms."""

from datetime import date

from django.http import HttpResponse
from django.urls import path

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.money import wan
from jiangxin.core.policy import Pack, Parameter
from jiangxin.faces.frame.pages import ANYONE, Request, page
from jiangxin.stages.programme.queries import pack

from .navigation import portal_page

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
HOW = {"enforced": "系统强制", "computed": "系统计算", "reported": "系统报告"}


@page(roles=ANYONE)
def policy(request: Request) -> HttpResponse:
    """Each clause verbatim; beside it what the product makes of it."""
    found = pack()
    today = clock.today()
    norms: dict[str, list[dict[str, str]]] = {}
    for norm in found.norms.values():
        norms.setdefault(norm.clause, []).append(
            {"id": norm.id, "title": norm.title, "how": HOW[norm.how]}
        )
    parameters: dict[str, list[dict[str, object]]] = {}
    for each in found.parameters:
        if each.since <= today and (each.until is None or today <= each.until):
            line = {"parameter": each, "value": value_text(found, each)}
            parameters.setdefault(each.clause, []).append(line)
    clauses = [
        {
            "id": clause.id,
            "title": clause.title,
            "text": clause.text,
            "norms": norms.get(clause.id, []),
            "parameters": parameters.get(clause.id, []),
        }
        for clause in found.clauses.values()
    ]
    context = {"title": found.title, "clauses": clauses}
    return portal_page(request, "portal/policy.html", context, cacheable=True)


def value_text(pack: Pack, each: Parameter) -> str:
    """A parameter's value with its unit as people read it; money, given in 分, in 万元."""
    if isinstance(each.value, bool):
        return "是" if each.value else "否"
    if isinstance(each.value, date):
        return clock.long_date(each.value)
    if each.unit == "分":
        return f"{wan(each.value)} 万元"
    if each.value in pack.levels:
        return pack.levels[each.value].name
    return f"{each.value} {each.unit}".strip()


@page(roles=ANYONE)
def norms(request: Request) -> HttpResponse:
    """All norms: what each demands and how the product sees to it."""
    rows = [
        {"norm": norm, "kind": KINDS[norm.kind], "how": HOW[norm.how]}
        for norm in pack().norms.values()
    ]
    return portal_page(request, "portal/norms.html", {"rows": rows}, cacheable=True)


urlpatterns = [
    path("policy/", policy, name="portal-policy"),
    path("policy/norms/", norms, name="portal-norms"),
]
