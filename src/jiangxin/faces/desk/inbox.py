"""The desk's messages and the own account, in the desk's layout."""

from jiangxin.faces.frame import inbox
from jiangxin.faces.frame.subjects import page_of
from jiangxin.records.identity.viewer import Viewer

from .navigation import WITH_BODIES, desk_page


def subject_page(viewer: Viewer, subject: str) -> str:
    """The desk's page for a subject of the ledger; "" when this viewer has none."""
    from .urls import MODULES  # the modules are known when all of them are read

    return page_of(viewer, subject, face=__package__ or "", modules=MODULES)


urlpatterns = inbox.patterns(
    inbox.Face(
        roles=WITH_BODIES,
        prefix="desk",
        layout="desk/page.html",
        render=desk_page,
        page_of=subject_page,
    )
)
