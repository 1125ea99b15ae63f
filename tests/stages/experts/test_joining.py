"""Into the pool by an own application or from a table; another term; how long a tie binds."""

from datetime import date, timedelta

import pytest

from jiangxin.core.kernel.errors import DomainError, Invalid, NotPermitted, WrongState
from jiangxin.core.workflow import Role
from jiangxin.records.identity.models import User
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.models import Message
from jiangxin.records.ledger.models import Event
from jiangxin.stages.experts import actions, joining, queries, terms
from jiangxin.stages.experts.choices import Origin, State, Tie
from jiangxin.stages.experts.models import Expert
from jiangxin.stages.experts.rules import Rules, rules_of

from .test_experts import TODAY, _in_september, active, hr, number, official, register  # noqa: F401

PERSON = {
    "province": "37",
    "statement": "从事数控加工 20 年",
    "truthful": True,
    "name": "王五",
    "unit_name": "齐鲁机床厂",
    "field": "technical",
    "title": "高级技师",
    "phone": "13800000000",
}


def apply(serial: int = 1, **changes: object) -> None:
    joining.apply(**{**PERSON, "id_number": number(serial), **changes})


def test_an_application_waits_for_the_province(hr: Viewer) -> None:  # noqa: F811
    apply()
    person = Expert.objects.get()
    assert (person.state, person.origin, person.user) == (State.PENDING, Origin.SELF, None)
    assert person not in queries.drawable("37")
    assert Message.objects.filter(office=Role.PROVINCE_HR.value, province="37").count() == 1
    event = Event.objects.get(type="expert.applied")
    assert event.role == "public"
    assert "王五" not in str(event.payload)
    actions.activate(viewer=hr, expert_id=person.pk)
    person.refresh_from_db()
    assert person.user
    assert person.user.role == Role.EXPERT
    assert person in queries.drawable("37")


def test_an_application_tells_nobody_who_is_in_the_pool(hr: Viewer) -> None:  # noqa: F811
    member = active(hr, 1)
    events, messages = Event.objects.count(), Message.objects.count()
    assert apply(1, name="冒名", phone="1") is None
    member.refresh_from_db()
    assert member.name == "专家1"
    assert Expert.objects.count() == 1
    assert (Event.objects.count(), Message.objects.count()) == (events, messages)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"province": "99"}, "province"),
        ({"truthful": False}, "truthful"),
        ({"phone": " "}, "phone"),
        ({"title": ""}, "title"),
        ({"id_number": "1"}, "id_number"),
        ({"field": "law"}, "field"),
        ({"unit_name": ""}, "unit_name"),
    ],
)
@pytest.mark.django_db
def test_a_bad_application_is_refused_at_its_field(changes: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        apply(**changes)
    assert refused.value.field == field
    assert not Expert.objects.exists()


def test_a_refused_application_keeps_its_reason_and_is_never_deleted(hr: Viewer) -> None:  # noqa: F811
    apply()
    person = Expert.objects.get()
    with pytest.raises(Invalid):
        actions.remove(viewer=hr, expert_id=person.pk, reason="")
    actions.remove(viewer=hr, expert_id=person.pk, reason="职称证书无法核实")
    person.refresh_from_db()
    assert (person.state, person.state_reason) == (State.REMOVED, "职称证书无法核实")
    assert not User.objects.filter(role=Role.EXPERT.value).exists()


# --- a table


HEAD = "姓名\t公民身份号码\t专业\t工作单位\t聘期至\t手机"


def table(*rows: str, head: str = HEAD) -> str:
    return "\n".join((head, *rows))


def line(serial: int, field: str = "技术", term: str = "2027-12-31") -> str:
    return f"专家{serial}\t{number(serial)}\t{field}\t单位{serial}\t{term}\t1380000{serial:04d}"


def test_a_table_is_entered_whole_and_waits(hr: Viewer) -> None:  # noqa: F811
    made = joining.enter_table(viewer=hr, text=table(line(1), line(2, "财务"), ""))
    assert [each.field for each in made] == ["technical", "finance"]
    assert {each.state for each in made} == {State.PENDING}
    assert Event.objects.filter(type="expert.imported").count() == 2
    as_csv = table(line(3)).replace("\t", ",")
    assert len(joining.enter_table(viewer=hr, text="\ufeff" + as_csv)) == 1


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([line(1), line(2, "法律")], "专业"),
        ([line(1), line(1)], "同一人"),
        ([line(1), line(9)], "已有此人"),
        ([line(1), line(2, term="2020-01-01")], "聘期已满"),
        ([line(1), line(2, term="后年")], "不是日期"),
        ([line(1), line(2).replace(number(2), "123")], "身份号码"),
        ([line(1), "只有姓名"], ""),
    ],
)
def test_one_bad_row_enters_nobody(hr: Viewer, rows: list[str], problem: str) -> None:  # noqa: F811
    register(hr, 9)
    read = joining.read_table(hr, table(*rows))
    assert [bool(each.problems) for each in read] == [False, True]
    assert problem in read[1].problems[0]
    with pytest.raises(Invalid, match="第 3 行"):
        joining.enter_table(viewer=hr, text=table(*rows))
    assert Expert.objects.count() == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEAD,
        table(line(1), head="姓名\t身高"),
        table(line(1), head="姓名\t姓名"),
        table(line(1), head="姓名"),
        table(*[line(1)] * 501),
        'a,"b\nc',
    ],
)
def test_what_is_no_table_is_refused(hr: Viewer, text: str) -> None:  # noqa: F811
    with pytest.raises(Invalid) as refused:
        joining.read_table(hr, text)
    assert refused.value.field == "table"


def test_only_the_office_enters_a_table(hr: Viewer) -> None:  # noqa: F811
    finance = official("37", Role.PROVINCE_FINANCE)
    with pytest.raises(NotPermitted):
        joining.enter_table(viewer=finance, text=table(line(1)))


# --- another term


def test_another_term_has_a_reason_and_a_limit(hr: Viewer) -> None:  # noqa: F811
    person = active(hr, 1, term_until=date(2025, 9, 10))
    given = {"viewer": hr, "expert_id": person.pk}
    for until, reason, field in (
        (date(2027, 9, 10), " ", "reason"),
        (date(2025, 9, 10), "履职良好", "term_until"),
        (date(2028, 9, 2), "履职良好", "term_until"),
    ):
        with pytest.raises(Invalid) as refused:
            terms.reappoint(term_until=until, reason=reason, **given)
        assert refused.value.field == field
    terms.reappoint(term_until=date(2028, 9, 1), reason="履职良好", **given)
    event = Event.objects.get(type="expert.reappointed")
    assert event.payload == {"from": "2025-09-10", "to": "2028-09-01"}
    waiting = register(hr, 2)
    with pytest.raises(WrongState):
        terms.reappoint(viewer=hr, expert_id=waiting.pk, term_until=date(2027, 9, 1), reason="续聘")
    with pytest.raises(DomainError):
        terms.reappoint(
            viewer=official("36"), expert_id=person.pk, term_until=date(2027, 9, 1), reason="续聘"
        )


# --- each tie by its own parameter


@pytest.mark.parametrize("kind", list(Tie))
def test_a_tie_binds_for_the_years_of_its_own_parameter(kind: Tie) -> None:
    rules = Rules(employment=9, holding=1, advised=2, other=3)
    years = {Tie.HOLDING: 1, Tie.ADVISED: 2}.get(kind, 3)
    ended = TODAY.replace(year=TODAY.year - years)
    assert rules.binds(kind, None, TODAY)
    assert rules.binds(kind, ended, TODAY)
    assert rules.binds(kind, ended - timedelta(days=1), TODAY) is (kind is Tie.KINSHIP), (
        "kinship does not end"
    )


def test_the_rules_come_from_the_policy() -> None:
    assert rules_of(2025) == Rules(employment=3, holding=3, advised=3, other=3)
    assert rules_of(2025).text.startswith("任职3年、亲属、持股任职3年")


def test_a_tie_may_end_but_not_in_the_future(hr: Viewer) -> None:  # noqa: F811
    person = active(hr, 1)
    with pytest.raises(Invalid) as refused:
        actions.add_relation(
            viewer=hr, expert_id=person.pk, kind="advised", unit_name="某厂", until=date(2025, 9, 2)
        )
    assert refused.value.field == "until"
