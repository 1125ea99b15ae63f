"""Colleagues inside a unit, and the body that recommends units, made by invitations as people are."""

from pathlib import Path

import pytest

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import Duty, Role
from jiangxin.ops.scenes.country import officer
from jiangxin.records.identity import invitations, members
from jiangxin.records.identity.models import Organisation, User
from jiangxin.records.identity.queries import viewer_of
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.application import approval, bodies, recommendation
from jiangxin.stages.application.models import Application
from jiangxin.stages.programme.models import Call
from jiangxin.stages.programme.tracks import Track
from tests.factories.applications import DURING, Round
from tests.factories.desk import policies_with

PASSWORD = "Correct-horse-7"
FOUR_EYES = '"application.four_eyes" = true'
RECOMMENDED = "recommender = true"


def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, values: str = "", own: str = "") -> None:
    """Shandong's call of 2025 goes by detailed rules with these values and lines of their own."""
    monkeypatch.setenv("JIANGXIN_POLICIES", str(policies_with(tmp_path, values, own)))
    Call.objects.filter(province="37").update(overlay="37-2025")


def colleague(admin: Viewer, *duties: Duty, name: str = "李四") -> Viewer:
    """Somebody whom the unit's administrator invited, with these duties."""
    with clock.at(DURING):
        issued = invitations.invite(
            viewer=admin, label=name, duties=[duty.value for duty in duties]
        )
        return joined(issued.code, name)


def joined(code: str, name: str = "李四") -> Viewer:
    """The account that an invitation opened."""
    number = User.objects.count()
    user = invitations.join(code=code, person=name, username=f"member-{number}", password=PASSWORD)
    return viewer_of(user)


def only(admin: Viewer, *duties: Duty) -> Viewer:
    """The administrator with these duties besides; as they are seen from now on."""
    members.set_duties(
        viewer=admin,
        user_id=admin.user_id or 0,
        duties=[Duty.ADMIN.value, *(duty.value for duty in duties)],
    )
    return viewer_of(User.objects.get(pk=admin.user_id))


def body(name: str = "济南市人社局", province: str = "37") -> Organisation:
    """A recommending body of the province."""
    hr = officer(Role.PROVINCE_HR, province)
    return bodies.add(viewer=hr, name=name, level="市级部门")


def clerk(of: Organisation) -> Viewer:
    """Somebody of that body."""
    hr = officer(Role.PROVINCE_HR, of.province)
    with clock.at(DURING):
        issued = invitations.invite(viewer=hr, label="经办人", organisation_id=of.pk)
        return joined(issued.code, "推荐人")


def sent_to(round_: Round, of: Organisation, track: Track = Track.STUDIO) -> Application:
    """An application of a new unit that waits for this body."""
    unit = round_.unit(track)
    project = round_.draft(unit, track)
    with clock.at(DURING):
        recommendation.choose(viewer=unit, application_id=project.pk, body_id=of.pk)
        approval.approve_and_submit(
            viewer=unit, application_id=project.pk, revision=project.revision, sealed=True
        )
    return Application.objects.select_related("call", "unit", "recommender").get(pk=project.pk)
