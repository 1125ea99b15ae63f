"""Apply to a province's expert pool: one form, the same answer for everybody."""

from typing import Any

from django.http import HttpResponse
from django.urls import path

from jiangxin.core.kernel.errors import DomainError
from jiangxin.core.kernel.regions import PROVINCES, province_name
from jiangxin.faces.frame.pages import ANYONE, Request, catching, done, page, typed
from jiangxin.stages.experts import joining
from jiangxin.stages.experts.choices import Field
from jiangxin.stages.experts.forms import read_expert
from jiangxin.stages.programme.queries import pack

from .navigation import portal_page

OCCUPATIONS = 3  # inputs on the form; more are added once somebody is in the pool


@page(roles=ANYONE, methods=("GET", "POST"))
def apply(request: Request) -> HttpResponse:
    """The form; after a good one the same sentence whoever it was."""
    problems: list[DomainError] = []
    if request.method == "POST":
        sent = {key: str(value).replace("\0", "") for key, value in request.POST.items()}
        chosen = [each.replace("\0", "") for each in request.POST.getlist("occupations")]
        fields, problems = read_expert(sent, chosen)
        del fields["term_until"]
        if not problems:
            with catching(problems):
                joining.apply(
                    province=sent.get("province", ""),
                    id_number=sent.get("id_number", ""),
                    statement=sent.get("statement", ""),
                    truthful=sent.get("truthful") == "yes",
                    **fields,
                )
                name = province_name(sent["province"])
                text = f"申请已收到，由{name}省级人社部门核实。是否入库由其电话或当面告知本人。"
                return done(request, text, "portal-expert-apply")
    values = typed(request)
    held: Any = values.get("occupations") or []
    rows = [held] if isinstance(held, str) else list(held)
    return portal_page(
        request,
        "portal/expert_apply.html",
        {
            "values": values,
            "problems": problems,
            "errors": {each.field: each.message for each in problems if each.field},
            "provinces": [(each.code, each.name) for each in PROVINCES],
            "fields": Field.choices,
            "rows": (rows + [""] * OCCUPATIONS)[:OCCUPATIONS],
            "occupations": pack().occupations.values(),
        },
    )


urlpatterns = [path("experts/apply/", apply, name="portal-expert-apply")]
