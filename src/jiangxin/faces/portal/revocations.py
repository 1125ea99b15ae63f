"""Published decisions that took a title away: the list, and each decision as it was made."""

from typing import Any

from django.http import HttpResponse
from django.urls import path

from jiangxin.core.kernel.canonical import canonical
from jiangxin.core.kernel.regions import province_name
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.keywords import choice, contains, number, province
from jiangxin.faces.frame.listing import Column, Listing
from jiangxin.faces.frame.pages import ANYONE, Request, page
from jiangxin.stages.revocation import queries
from jiangxin.stages.revocation.choices import Cause

from .navigation import kept, portal_page
from .register import day_of

CAUSES = dict(Cause.choices)
DECISIONS = Listing(
    columns=(
        Column("title", "项目", lambda row: row.title.name, sort="title__name"),
        Column("unit", "建设单位", lambda row: row.title.unit_name, sort="title__unit_name"),
        Column(
            "province",
            "省份",
            lambda row: province_name(row.title.province),
            sort="title__province",
        ),
        Column("cause", "事由", lambda row: CAUSES[row.cause], sort="cause"),
        Column("doc", "文号", lambda row: row.doc_number, sort="doc_number"),
        Column("decided", "决定", lambda row: day_of(row.ended_at), "date", "ended_at"),
        Column("published", "公布", lambda row: day_of(row.published_at), "date", "published_at"),
        Column("number", "编号", lambda row: row.title.number, default=False),
    ),
    keywords=(
        province("title__province"),
        choice("事由", "cause", Cause),
        number("年", "published_at__year", "公布年度，例如 2026", example="2026"),
        contains("单位", "title__unit_name", example="单位:学院"),
    ),
    text=(
        "title__number__icontains",
        "title__name__icontains",
        "title__unit_name__icontains",
        "doc_number__icontains",
    ),
    text_help="在编号、项目、单位、文号中查找",
    order=("-published_at", "-id"),
    link=lambda row: path_of("portal-revocation", row.pk),
)


@page(roles=ANYONE)
def revocations(request: Request) -> HttpResponse:
    """Every published decision."""
    shown = DECISIONS.show(queries.published(), request)
    empty = {"title": "没有取消称号的决定", "why": "决定公布后列在这里，长期可查。"}
    return shown.export("取消称号决定") or portal_page(
        request, "portal/revocations.html", {"list": shown, "empty": empty}, cacheable=True
    )


@page(roles=ANYONE)
def revocation(request: Request, case_id: int) -> HttpResponse:
    """One decision as it was made."""
    row = queries.decision(case_id)
    return portal_page(
        request,
        "portal/revocation.html",
        {
            "row": row,
            "title": row.title,
            "decided_on": day_of(row.ended_at),
            "facts": [each for each in _facts(row) if each["value"]],
            "digest": queries.public_digest(row),
        },
        cacheable=True,
    )


def _facts(row: Any) -> list[dict[str, Any]]:
    title = row.title
    barred = f"自决定之日起 {row.barred_years} 年内不得申报" if row.barred_years else ""
    return [
        {"label": "项目", "value": title.name},
        {"label": "编号", "value": title.number},
        {"label": "建设单位", "value": title.unit_name},
        {"label": "省份", "value": province_name(title.province)},
        {"label": "事由", "value": row.get_cause_display(), "clause": row.clause},
        {"label": "其他后果", "value": barred},
    ]


@page(roles=ANYONE)
def content(request: Request, case_id: int) -> HttpResponse:
    """The published content as canonical JSON: the SHA-256 of this very file is the digest."""
    row = queries.decision(case_id)
    answer = HttpResponse(canonical(queries.public_content(row)), content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="revocation-{row.pk}.json"'
    return kept(request, answer, cacheable=True)


urlpatterns = [
    path("revocations/", revocations, name="portal-revocations"),
    path("revocations/<int:case_id>/", revocation, name="portal-revocation"),
    path("revocations/<int:case_id>/content.json", content, name="portal-revocation-content"),
]
