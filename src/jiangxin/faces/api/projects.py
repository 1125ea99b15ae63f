"""The projects of whoever is logged in: the same scope as on the pages."""

from typing import Any

from django.http import HttpRequest
from ninja import Router

from jiangxin.core.workflow import ProjectState, Role
from jiangxin.records.identity.queries import viewer_of
from jiangxin.records.identity.viewer import PUBLIC, Viewer
from jiangxin.stages.application.queries import application, eligibility, visible
from jiangxin.stages.examination.queries import sheet
from jiangxin.stages.programme.tracks import Kind, Track
from jiangxin.stages.publicity.queries import known_state, with_known_state

from . import schemas
from .reading import filtered, page_of, shown
from .schemas import Page, PageNumber, PageSize

PROJECT = (
    "id",
    "number",
    "title",
    "unit_name",
    "province",
    "year",
    "kind",
    "track",
    "known_state",
    "version",
    "submitted_at",
    "correction_due",
)
LABELS = dict(ProjectState.choices())


def logged_in(request: HttpRequest) -> Viewer | None:
    """The viewer behind the session's cookie; nothing for the public."""
    viewer = viewer_of(request.user)
    return None if viewer is PUBLIC else viewer


router = Router(auth=logged_in)


@router.get("/projects", response=Page[schemas.Project], summary="项目")
def projects(
    request: HttpRequest,
    province: str = "",
    year: int | None = None,
    state: ProjectState | None = None,
    track: Track | None = None,
    kind: Kind | None = None,
    page: PageNumber = 1,
    size: PageSize = 50,
) -> dict[str, Any]:
    """The projects that the viewer may see, newest year first."""
    viewer = _viewer(request)
    rows = filtered(
        with_known_state(viewer, visible(viewer)),
        province=province,
        year=year,
        known_state=state,
        track=track,
        kind=kind,
    )
    found = page_of(rows.order_by("-year", "province", "number", "id").values(*PROJECT), page, size)
    for item in found["items"]:
        item["state"] = item.pop("known_state")
        item["state_label"] = LABELS[item["state"]]
    return found


@router.get(
    "/projects/{project_id}",
    response={200: schemas.ProjectWithFindings, 404: schemas.Problem},
    summary="一个项目及其资格条件",
)
def project(request: HttpRequest, project_id: int) -> dict[str, Any]:
    """One project with the findings on its newest submitted version.

    A unit sees the findings on its own form as it stands, without the examiner's words: those
    reach it with the decision.
    """
    viewer = _viewer(request)
    row = application(viewer, project_id)
    state = known_state(viewer, row)
    if viewer.role is Role.APPLICANT:
        findings = eligibility(row)
    else:
        findings = [line.finding for line in sheet(row)]
    return {
        **shown({name: getattr(row, name) for name in PROJECT if name != "known_state"}),
        "state": state.value,
        "state_label": state.label,
        "findings": [finding.as_dict() for finding in findings],
    }


def _viewer(request: HttpRequest) -> Viewer:
    viewer: Viewer = request.auth  # type: ignore[attr-defined]
    return viewer
