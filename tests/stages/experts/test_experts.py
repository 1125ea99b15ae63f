"""The pool: who is in it, who may see it, who must not judge whom."""

import json
from datetime import date, timedelta

import pytest
from stdnum.cn import ric

from jiangxin.core.draw.walk import SkipReason
from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, LimitReached, NotFound, NotPermitted, WrongState
from jiangxin.core.workflow import Role
from jiangxin.records.identity.actions import open_account
from jiangxin.records.identity.models import Organisation
from jiangxin.records.identity.queries import viewer_of
from jiangxin.records.identity.secrets import open_sealed
from jiangxin.records.identity.viewer import PUBLIC, Viewer
from jiangxin.records.ledger.models import Event
from jiangxin.stages.application.models import Application
from jiangxin.stages.experts import actions, queries
from jiangxin.stages.experts.choices import State
from jiangxin.stages.experts.models import Employment, Expert
from jiangxin.stages.programme.models import Call

NOW = clock.beijing(2025, 9, 1, 9)
TODAY = NOW.date()


@pytest.fixture(autouse=True)
def _in_september():
    with clock.at(NOW):
        yield


def number(serial: int) -> str:
    head = f"11010119700101{serial:03d}"
    return head + str(ric.calc_check_digit(head + "0"))


def official(province: str, role: Role = Role.PROVINCE_HR) -> Viewer:
    user = open_account(
        username=f"{province}-{role.value}", password=None, name="甲", role=role, province=province
    )
    return viewer_of(user)


@pytest.fixture
def hr(db: None) -> Viewer:
    return official("37")


def register(viewer: Viewer, serial: int = 1, **fields: object) -> Expert:
    values = {
        "name": f"专家{serial}",
        "unit_name": "评审单位",
        "field": "technical",
        "term_until": date(2027, 1, 1),
        **fields,
    }
    return actions.register(viewer=viewer, id_number=number(serial), **values)


def active(viewer: Viewer, serial: int = 1, **fields: object) -> Expert:
    return actions.activate(viewer=viewer, expert_id=register(viewer, serial, **fields).pk)


def test_registering_opens_an_account_and_seals_the_number(hr: Viewer) -> None:
    expert = register(hr, phone="13800000000")
    assert expert.state == State.PENDING
    assert expert.user.role == Role.EXPERT
    assert expert.user.province == "37"
    assert number(1) not in json.dumps({k: str(v) for k, v in vars(expert).items()})
    assert open_sealed(expert.id_sealed) == number(1)
    assert number(1) not in str([event.payload for event in Event.objects.all()])


def test_a_person_is_once_in_a_province_and_may_be_in_another(hr: Viewer) -> None:
    register(hr)
    with pytest.raises(LimitReached, match="已有公民身份号码相同"):
        register(hr, name="改名")
    register(official("11"))
    assert Expert.objects.count() == 2
    assert Expert.objects.get(province="37").name == "专家1"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": " "}, "name"),
        ({"field": "law"}, "field"),
        ({"term_until": None}, "term_until"),
        ({"occupations": ["9-99-99-99"]}, "occupations"),
        ({"email": "x"}, "email"),
        ({"unit_uscc": "123"}, "uscc"),
    ],
)
def test_wrong_input_is_named_and_nothing_is_kept(
    hr: Viewer, fields: dict[str, object], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        register(hr, **fields)
    assert refused.value.field == field
    assert Expert.objects.count() == 0


def test_states_need_reasons_and_follow_the_order(hr: Viewer) -> None:
    expert = register(hr)
    with pytest.raises(WrongState):
        actions.suspend(viewer=hr, expert_id=expert.pk, reason="x")
    actions.activate(viewer=hr, expert_id=expert.pk)
    with pytest.raises(Invalid, match="原因"):
        actions.suspend(viewer=hr, expert_id=expert.pk, reason=" ")
    actions.suspend(viewer=hr, expert_id=expert.pk, reason="泄露评审信息")
    with pytest.raises(Invalid):
        actions.activate(viewer=hr, expert_id=expert.pk)
    actions.activate(viewer=hr, expert_id=expert.pk, reason="核查无误")
    actions.remove(viewer=hr, expert_id=expert.pk, reason="退休")
    types = [event.type for event in queries.history(expert)]
    assert types == [
        "expert.registered",
        "expert.activated",
        "expert.suspended",
        "expert.activated",
        "expert.removed",
    ]


def test_nobody_whose_term_is_over_is_activated(hr: Viewer) -> None:
    expert = register(hr, term_until=TODAY - timedelta(days=1))
    with pytest.raises(WrongState, match="届满"):
        actions.activate(viewer=hr, expert_id=expert.pk)


def test_a_change_of_unit_keeps_the_former_one(hr: Viewer) -> None:
    expert = active(hr)
    actions.edit(viewer=hr, expert_id=expert.pk, unit_name="新单位", title="高级技师")
    job = Employment.objects.get()
    assert (job.unit_name, job.until) == ("评审单位", TODAY)
    event = queries.history(expert)[-1]
    assert event.payload == {"fields": ["title", "unit_name"]}


def test_each_pool_belongs_to_its_province(hr: Viewer) -> None:
    mine, foreign = register(hr), register(official("11"), 2)
    assert list(queries.pool(hr)) == [mine]
    with pytest.raises(NotFound):
        queries.expert(hr, foreign.pk)
    with pytest.raises(NotFound):
        actions.edit(viewer=hr, expert_id=foreign.pk, name="x")
    own = viewer_of(mine.user)
    assert list(queries.pool(own)) == [mine]
    with pytest.raises(NotFound):
        actions.add_relation(viewer=own, expert_id=foreign.pk, kind="other", unit_name="x")
    with pytest.raises(NotPermitted):
        register(official("37", Role.PROVINCE_FINANCE), 3)
    for viewer in (
        PUBLIC,
        Viewer(role=Role.MINISTRY_HR, name="部"),
        Viewer(role=Role.APPLICANT, name="企", province="37"),
    ):
        assert list(queries.pool(viewer)) == []
        assert all(n == 0 for row in queries.counts(viewer).values() for n in row.values())
    assert queries.counts(hr)["technical"]["pending"] == 1


# --- recusal -------------------------------------------------------------------------------------


@pytest.fixture
def project(db: None) -> Application:
    call = Call.objects.create(
        province="37",
        year=2025,
        title="通知",
        opens_at=clock.beijing(2025, 6, 1),
        closes_at=clock.beijing(2025, 8, 1),
        publicity_days=5,
        panel_size=5,
        state="open",
    )
    unit = Organisation.objects.create(
        kind="unit",
        name="济南某某（集团）有限公司",
        uscc="91370000MA00000001",
        province="37",
        created_at=clock.now(),
    )
    return Application.objects.create(
        call=call,
        province="37",
        year=2025,
        unit=unit,
        unit_name=unit.name,
        kind="studio",
        track="studio",
        title="某工作室",
        leader_name="王大匠",
        answers={"unit_former_names": "济南老厂、91370000MA00000009"},
        state="examined",
        updated_at=clock.now(),
    )


def barred(project: Application) -> dict[int, queries.Recusal]:
    return queries.recusals(queries.drawable("37"), [project], year=2025)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("济南某某（集团）有限公司", ""),
        ("济南某某(集团) 有限公司", ""),
        ("另一个名字", "91370000MA00000001"),
        ("济南老厂", ""),
        ("另一个名字", "91370000MA00000009"),
    ],
)
def test_the_same_unit_is_found_by_any_of_its_names(
    hr: Viewer, project: Application, name: str, code: str
) -> None:
    expert = active(hr, unit_name=name, unit_uscc=code)
    found = barred(project)[expert.pk]
    assert found.reason is SkipReason.RECUSAL
    assert "现任职" in found.text
    assert found.projects == (project.pk,)


@pytest.mark.parametrize(
    ("left", "out"),
    [
        (date(2022, 9, 1), True),
        (date(2022, 8, 31), False),
        (date(2025, 8, 31), True),
        (None, True),
    ],
)
def test_three_years_after_leaving_the_tie_is_gone(
    hr: Viewer, project: Application, left: date | None, out: bool
) -> None:
    expert = active(hr)
    actions.add_employment(
        viewer=hr,
        expert_id=expert.pk,
        unit_name=project.unit_name,
        since=date(2010, 1, 1),
        until=left,
    )
    assert (expert.pk in barred(project)) is out


def test_relations_to_unit_and_leader_bar_and_others_do_not(
    hr: Viewer, project: Application
) -> None:
    kin, advisor, free = active(hr, 1), active(hr, 2), active(hr, 3)
    actions.add_relation(viewer=hr, expert_id=kin.pk, kind="kinship", person_name="王大匠")
    actions.add_relation(
        viewer=viewer_of(advisor.user),
        expert_id=advisor.pk,
        kind="advised",
        unit_uscc="91370000MA00000001",
    )
    actions.add_relation(viewer=hr, expert_id=free.pk, kind="kinship", person_name="李二")
    found = barred(project)
    assert set(found) == {kin.pk, advisor.pk}
    assert "王大匠" in found[kin.pk].text
    assert "咨询辅导" in found[advisor.pk].text


def test_the_suspended_and_those_out_of_term_are_stated_not_forgotten(
    hr: Viewer, project: Application
) -> None:
    suspended, over, pending = active(hr, 1), active(hr, 2), register(hr, 3)
    actions.suspend(viewer=hr, expert_id=suspended.pk, reason="暂停")
    Expert.objects.filter(pk=over.pk).update(term_until=TODAY - timedelta(days=1))
    found = barred(project)
    assert {pk: each.reason for pk, each in found.items()} == {
        suspended.pk: SkipReason.SUSPENDED,
        over.pk: SkipReason.SUSPENDED,
    }
    assert pending not in queries.drawable("37")


def test_recusals_ask_the_database_the_same_number_of_times(
    hr: Viewer, project: Application, django_assert_num_queries
) -> None:
    for serial in (1, 2, 3):
        expert = active(hr, serial)
        actions.add_relation(viewer=hr, expert_id=expert.pk, kind="other", unit_name="x")
        if serial in (1, 3):
            with django_assert_num_queries(3):
                barred(project)


def test_ties_are_dropped_by_the_province_only(hr: Viewer, project: Application) -> None:
    expert = active(hr)
    own = viewer_of(expert.user)
    tie = actions.add_relation(
        viewer=own, expert_id=expert.pk, kind="other", unit_name=project.unit_name
    )
    with pytest.raises(NotPermitted):
        actions.drop_tie(viewer=own, expert_id=expert.pk, relation_id=tie.pk)
    assert expert.pk in barred(project)
    actions.drop_tie(viewer=hr, expert_id=expert.pk, relation_id=tie.pk)
    assert expert.pk not in barred(project)
    with pytest.raises(NotFound):
        actions.drop_tie(viewer=hr, expert_id=expert.pk, relation_id=tie.pk)


def test_a_new_password_is_shown_once(hr: Viewer) -> None:
    expert = register(hr)
    password = actions.reset_password(viewer=hr, expert_id=expert.pk)
    expert.user.refresh_from_db()
    assert expert.user.check_password(password)
    assert password not in str([event.payload for event in Event.objects.all()])
