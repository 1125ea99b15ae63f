"""Inspections, visits and findings as each viewer may see them."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from jiangxin.core.draw.record import opened_record, outcome_of
from jiangxin.core.draw.walk import Outcome
from jiangxin.core.kernel.errors import NotFound, WrongState
from jiangxin.core.workflow import PROVINCIAL, DrawState, Role, VisitState
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.construction.models import (
    Construction,
    Finding,
    Inspection,
    Inspector,
    Lot,
    Remark,
    Visit,
)
from jiangxin.stages.construction.scope import RUNNING
from jiangxin.stages.review.queries.ceremony import ceremony, entries_of
from jiangxin.stages.titles.queries import in_scope

WATCHERS = (*PROVINCIAL, Role.SUPERVISOR, Role.AUDITOR)
PROJECTS = "项目"  # the one field in a lot of projects


def project_code(pk: int) -> str:
    """The opaque id of a construction in draws."""
    return f"P{pk:06d}"


def project_id(code: str) -> int:
    """The construction behind an opaque id."""
    return int(code[1:])


def candidates(province: str) -> list[Construction]:
    """What an inspection opened now would draw from: all that is being built in the province."""
    rows = Construction.objects.filter(RUNNING, title__province=province)
    return list(rows.select_related("title", "project__unit", "project__call").order_by("pk"))


def inspections(viewer: Viewer) -> QuerySet[Inspection]:
    """The inspections of the viewer's province; of all for those whose scope is the nation."""
    rows = Inspection.objects.all()
    if viewer.national:
        return rows
    if viewer.province and viewer.role in WATCHERS:
        return rows.filter(province=viewer.province)
    return rows.none()


def inspection(viewer: Viewer, inspection_id: int) -> Inspection:
    """One inspection. Raises `NotFound`."""
    found = inspections(viewer).filter(pk=inspection_id).first()
    if found is None:
        raise NotFound("没有这场抽查。", remedy="它可能属于其他省份。")
    return found


def visits(viewer: Viewer) -> QuerySet[Visit]:
    """The visits in the viewer's scope; a unit learns of one when it is done."""
    rows = Visit.objects.filter(in_scope(viewer, "construction__title"))
    if viewer.role is Role.APPLICANT:
        rows = rows.filter(state=VisitState.DONE)
    return rows.select_related("construction__title", "construction__project", "inspection")


def visit(viewer: Viewer, visit_id: int) -> Visit:
    """One visit. Raises `NotFound`."""
    found = visits(viewer).filter(pk=visit_id).first()
    if found is None:
        raise NotFound("没有这次现场检查。", remedy="它可能不在您的查看范围内。")
    return found


def inspectors(row: Visit) -> list[Inspector]:
    """Who was drawn for a visit, replaced ones too."""
    return list(row.inspectors.select_related("expert"))


def living(row: Visit) -> QuerySet[Inspector]:
    """Who goes there: drawn and not replaced."""
    return row.inspectors.filter(reason="")


def findings(viewer: Viewer) -> QuerySet[Finding]:
    """The findings in the viewer's scope, with their title and visit."""
    rows = Finding.objects.filter(in_scope(viewer, "title"))
    return rows.select_related("title", "visit")


def finding(viewer: Viewer, finding_id: int) -> Finding:
    """One finding. Raises `NotFound`."""
    found = findings(viewer).filter(pk=finding_id).first()
    if found is None:
        raise NotFound("没有这个检查问题。", remedy="它可能不在您的查看范围内。")
    return found


def remarks(row: Finding) -> list[Remark]:
    """Everything that was said about a finding, oldest first, with files; two queries."""
    return list(row.remarks.prefetch_related("files__document"))


# --- the records of a draw ----------------------------------------------------------------------------


def projects_drawn(row: Inspection) -> list[int]:
    """The drawn constructions in the order of the draw. Needs all secrets revealed."""
    entries = entries_of(row)
    found = outcome_of(
        row.record or {},
        shares=ceremony(row).shares,
        public_number=None,
        entries_by_leaf=entries,
        skips={},
    )
    return [project_id(entries[leaf].expert) for leaf in found.seats[PROJECTS]]


def opened_projects(row: Inspection) -> dict[str, Any]:
    """The record of the projects, opened. Needs all secrets revealed."""
    return opened_record(
        row.record or {},
        shares=ceremony(row).shares,
        public_number=None,
        entries_by_leaf=entries_of(row),
        skips={},
        named=True,
    )


@dataclass(frozen=True)
class Walked:
    """The walk through one project's lot of inspectors with every replacement so far."""

    outcome: Outcome
    codes: dict[str, str]  # leaf → opaque id of the expert


def walk_of(lot: Lot) -> Walked:
    """The walk as it stands. Needs all secrets revealed."""
    entries = entries_of(lot)
    found = outcome_of(lot.record or {}, **_opening(lot, entries))
    return Walked(found, {leaf: entry.expert for leaf, entry in entries.items()})


def opened_lot(lot: Lot, *, named: bool) -> dict[str, Any]:
    """The record of one project's inspectors as it stands. Needs all secrets revealed."""
    return opened_record(lot.record or {}, **_opening(lot, entries_of(lot)), named=named)


def _opening(lot: Lot, entries: dict[str, Any]) -> dict[str, Any]:
    gone = Inspector.objects.filter(visit__lot=lot).exclude(reason="")
    return {
        "shares": ceremony(lot.inspection).shares,
        "public_number": None,
        "entries_by_leaf": entries,
        "skips": dict(gone.values_list("leaf", "reason")),
    }


def projects_record(viewer: Viewer, inspection_id: int) -> dict[str, Any]:
    """The record of the draw of projects, as the verifier takes it. Raises `WrongState` unsealed."""
    row = inspection(viewer, inspection_id)
    if row.record is None:
        raise WrongState("抽取名单尚未封存，还没有可以核验的记录。", clause="4.3")
    return dict(row.record)


def inspectors_record(viewer: Viewer, visit_id: int) -> dict[str, Any]:
    """The record of a visit's inspectors, as the verifier takes it; with names once it is done."""
    row = visit(viewer, visit_id)
    lot = Lot.objects.select_related("inspection").get(pk=row.lot_id)
    return opened_lot(lot, named=row.state == VisitState.DONE)


def drawn(row: Inspection) -> list[Visit]:
    """The visits of an inspection in order of their projects."""
    if row.state != DrawState.DRAWN:
        return []
    return list(row.visits.select_related("construction__title").order_by("construction"))
