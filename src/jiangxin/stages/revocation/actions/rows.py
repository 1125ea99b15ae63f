"""The row that an action works on, locked and within the viewer's reach."""

from jiangxin.core.kernel.errors import NotFound, WrongState
from jiangxin.core.workflow import RevocationState, Role
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.actions import tell_office, tell_unit
from jiangxin.stages.titles.queries import in_scope

from ..models import Revocation


def locked(viewer: Viewer, case_id: int) -> Revocation:
    """The case with its title, locked. Raises `NotFound` beyond the viewer's scope."""
    rows = Revocation.objects.select_for_update(of=("self",)).select_related("title")
    if viewer.role is Role.APPLICANT:
        rows = rows.exclude(noticed_at=None)
    found = rows.filter(in_scope(viewer), pk=case_id).first()
    if found is None:
        raise NotFound("没有这件取消称号事项。", remedy="它可能不在您的查看范围内。")
    return found


def require_state(row: Revocation, *states: RevocationState) -> None:
    """Raises `WrongState` unless the case is in one of `states`."""
    if row.state not in states:
        raise WrongState(
            f"当前状态为“{RevocationState(row.state).label}”，不能办理这一项。",
            remedy="页面可能已过时，请刷新后再看。",
            clause=row.clause,
        )


def tell_other(row: Revocation, role: Role, title: str, key: str) -> None:
    """A message to a department of the province, once."""
    tell_office(
        role=role,
        province=row.title.province,
        title=title,
        text=row.title.name,
        about=row.subject,
        key=f"{row.subject}:{key}",
    )


def tell_party(row: Revocation, title: str, text: str, key: str) -> None:
    """A message to the unit whose title it is, once; with the day until which it may answer."""
    tell_unit(
        uscc=row.title.uscc,
        title=title,
        text=text,
        about=row.subject,
        due=row.hearing_until if key == "served" else None,
        key=f"{row.subject}:{key}",
    )
