"""An order to mend at the desk before it is given: for which title, why, what, how long."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path

from jiangxin.core.kernel.errors import DomainError
from jiangxin.core.workflow import RectificationState, Role
from jiangxin.faces.frame import rows
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.keywords import choice, contains, number
from jiangxin.faces.frame.listing import Column, Listing
from jiangxin.faces.frame.pages import Request, catching, done, page
from jiangxin.stages.programme.tracks import Kind
from jiangxin.stages.rectification import queries
from jiangxin.stages.rectification.actions import order
from jiangxin.stages.rectification.choices import Source
from jiangxin.stages.rectification.rules import longest, sources
from jiangxin.stages.titles.queries import title_of

from .navigation import desk_page

HR = frozenset({Role.PROVINCE_HR})
KINDS = dict(Kind.choices())
SOURCES = dict(Source.choices)
TITLES = Listing(
    columns=(
        Column("name", "项目", lambda row: row.name, sort="name"),
        Column("unit", "建设单位", lambda row: row.unit_name, sort="unit_name"),
        Column("kind", "类别", lambda row: KINDS[row.kind], sort="kind"),
        Column("year", "年度", lambda row: str(row.year), sort="year"),
        Column("source", "依据", lambda row: SOURCES[row.source], sort="source"),
        Column("number", "编号", lambda row: row.number, sort="number"),
    ),
    keywords=(
        choice("依据", "source", Source.choices),
        number("年", "year", "确定年度", example="2025"),
        choice("类别", "kind", Kind),
        contains("单位", "unit_name"),
    ),
    text=("name__icontains", "number__icontains", "unit_name__icontains"),
    text_help="在项目、编号、单位中查找",
    order=("source", "-year", "id"),
    link=lambda row: path_of("desk-rectification-new", row.pk),
)
ITEMS = {
    "key": "demands",
    "label": "整改要求",
    "kind": "table",
    "help": "逐条写明要做什么、做到什么程度，以及单位的责任人。",
    "required": True,
    "max_rows": order.MOST,
    "columns": [
        {
            "key": "requirement",
            "label": "要求",
            "kind": "text",
            "required": True,
            "max_length": order.REQUIREMENT,
        },
        {
            "key": "owner",
            "label": "责任人",
            "kind": "text",
            "required": True,
            "max_length": order.OWNER,
        },
    ],
}


@page(roles=HR)
def titles(request: Request) -> HttpResponse:
    """Titles for which an order can be drafted now."""
    shown = TITLES.show(queries.orderable(request.viewer), request)
    empty = {
        "title": "没有可下达整改的项目",
        "why": "验收不合格的、建设中和已验收的项目在这里；已有整改通知在办理的不再列出。",
    }
    return shown.export("可下达整改的项目") or desk_page(
        request,
        "desk/rectification/list.html",
        {"list": shown, "empty": empty, "head": "可下达整改的项目", "may_draft": False},
    )


@page(roles=HR, methods=("GET", "POST"))
def new(request: Request, title_id: int) -> HttpResponse:
    """Draft an order for one title; a failed acceptance gives what to start from."""
    title = title_of(request.viewer, title_id)
    found = sources(title)
    problems: list[DomainError] = []
    if request.method == "POST" and not rows.asked(request.POST):
        with catching(problems):
            row = order.draft_order(
                viewer=request.viewer,
                title_id=title_id,
                source=found[0] if found else "",
                **_fields(request),
            )
            return done(request, "已起草，请两部门会商。", "desk-rectification", row.pk)
    cause, lines = queries.first_items(title)
    stored = {
        "cause": cause,
        "months": str(longest(title)),
        **_cells([(each, "") for each in lines]),
    }
    return _form(request, title, found[0] if found else "", stored, problems)


@page(roles=HR, methods=("GET", "POST"))
def edit(request: Request, rectification_id: int) -> HttpResponse:
    """Change a draft."""
    row = queries.rectification(request.viewer, rectification_id)
    if row.state != RectificationState.DRAFT:
        return redirect("desk-rectification", rectification_id)
    problems: list[DomainError] = []
    if request.method == "POST" and not rows.asked(request.POST):
        with catching(problems):
            order.revise_order(
                viewer=request.viewer, rectification_id=rectification_id, **_fields(request)
            )
            return done(request, "整改通知已保存。", "desk-rectification", rectification_id)
    stored = {
        "cause": row.cause,
        "months": str(row.months),
        "doc_number": row.doc_number,
        **_cells([(each.requirement, each.owner) for each in queries.items(row)]),
    }
    return _form(request, row.title, row.source, stored, problems, row)


def _fields(request: Request) -> dict[str, Any]:
    """What the form sent; a number that cannot be read counts as 0 and is refused."""
    text = request.POST.get("months", "").strip()
    cells = {name: value for name, value in request.POST.items() if name.startswith("demands-")}
    numbers = sorted({int(part) for name in cells if (part := name.split("-")[1]).isdigit()})
    lines = [
        (str(cells.get(f"demands-{n}-requirement", "")), str(cells.get(f"demands-{n}-owner", "")))
        for n in numbers
    ]
    return {
        "cause": request.POST.get("cause", ""),
        "months": int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0,
        "doc_number": request.POST.get("doc_number", ""),
        "items": [line for line in lines if any(each.strip() for each in line)],
    }


def _cells(lines: list[tuple[str, str]]) -> dict[str, str]:
    return {
        name: text
        for n, (requirement, owner) in enumerate(lines)
        for name, text in (
            (f"demands-{n}-requirement", requirement),
            (f"demands-{n}-owner", owner),
        )
    }


def _form(
    request: Request,
    title: Any,
    source: str,
    stored: dict[str, str],
    problems: list[DomainError],
    row: Any = None,
) -> HttpResponse:
    sent = {name: [str(each) for each in texts] for name, texts in request.POST.lists()}
    values: dict[str, Any] = dict(stored)
    if sent:
        values = {name: text for name, text in stored.items() if not name.startswith("demands-")}
        values |= rows.change(sent)
    return desk_page(
        request,
        "desk/rectification/form.html",
        {
            "row": row,
            "title": title,
            "source": SOURCES.get(source, ""),
            "longest": longest(title),
            "items": ITEMS,
            "values": values,
            "errors": {each.field: each.message for each in problems if each.field},
            "problems": problems,
        },
    )


urlpatterns = [
    path("rectifications/titles/", titles, name="desk-rectification-titles"),
    path("rectifications/titles/<int:title_id>/", new, name="desk-rectification-new"),
    path("rectifications/<int:rectification_id>/edit/", edit, name="desk-rectification-edit"),
]
