"""Until the call closes the unit may take back what it sent in: to change it, or for good."""

from django.db import transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import WrongState
from jiangxin.core.workflow import Duty
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.actions import append, move

from .actions import own
from .models import Application
from .recommending import standing


@transaction.atomic
def take_back(*, viewer: Viewer, application_id: int) -> Application:
    """撤回修改: the application is a draft again; what was submitted stays as a version.

    Effects, in order: a recommendation is voided and frees its place; state draft; event
    `project.taken_back`. Raises `WrongState` once the window has closed or the examination decided:
    from then on only an itemised return opens the form (3.1).
    """
    viewer.require_duty(Duty.FILL, Duty.CHECK)
    project = own(viewer, application_id)
    version, project.submitted_at = project.version, None
    move(
        project,
        step="take_back",
        by=viewer,
        guards={
            "window_open": lambda: _require_window(project, "修改的，请等待退回补正时一并修改。")
        },
        payload={"version": version},
        also=("submitted_at",),
    )
    void_recommendation(project, by=viewer)
    return project


@transaction.atomic
def withdraw(*, viewer: Viewer, application_id: int) -> Application:
    """撤回申报: the application ends; the unit may begin another while the window is open.

    After the window has closed the selection rests on what stands there, and its end is the
    province's reasoned decision. Effects, in order: a recommendation is voided and frees its place;
    state withdrawn; event `project.withdrawn`. Raises `WrongState` once the window has closed.
    """
    viewer.require_duty(Duty.FILL, Duty.CHECK)
    project = own(viewer, application_id)
    move(
        project,
        step="withdraw",
        by=viewer,
        guards={
            "window_open": lambda: _require_window(
                project, "放弃申报的，请书面告知省级人社部门，由其作出不予通过的决定。"
            )
        },
        payload={"version": project.version},
    )
    void_recommendation(project, by=viewer)
    return project


def void_recommendation(project: Application, *, by: Viewer) -> None:
    """What the recommending body said counts no longer. Effects: the row; event
    `recommendation.voided` with the place that is free again; nothing when nothing stands."""
    row = standing(project)
    if row is None:
        return
    row.void_at = clock.now()
    row.save(update_fields=["void_at"])
    append(
        type="recommendation.voided",
        subject=project.subject,
        by=by,
        payload={"body": row.body_id, "version": row.version, "place": row.place},
    )


def _require_window(project: Application, otherwise: str) -> None:
    closes = project.call.closes_at
    if clock.now() >= closes:
        raise WrongState(
            f"申报已于{clock.long_deadline(closes)}截止，不能再撤回。",
            remedy=f"需要{otherwise}咨询电话 {project.call.phone}。",
            clause="3.1",
        )
