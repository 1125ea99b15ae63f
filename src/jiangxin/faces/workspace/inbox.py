"""The messages of applicants and experts and the own account, in the workspace's layout."""

from jiangxin.core.workflow import Role
from jiangxin.faces.frame import inbox
from jiangxin.faces.frame.subjects import page_of
from jiangxin.records.identity.viewer import Viewer

from .navigation import workspace_page


def subject_page(viewer: Viewer, subject: str) -> str:
    """The workspace's page for a subject of the ledger; "" when this viewer has none."""
    from .urls import MODULES  # the modules are known when all of them are read

    return page_of(viewer, subject, face=__package__ or "", modules=MODULES)


urlpatterns = inbox.patterns(
    inbox.Face(
        roles=frozenset({Role.APPLICANT, Role.EXPERT}),
        prefix="my",
        layout="workspace/layout.html",
        render=workspace_page,
        page_of=subject_page,
    )
)
