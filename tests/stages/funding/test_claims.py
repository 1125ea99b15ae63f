"""Class and tier: claimed by the unit, checked by the province, fixed by both ministries and nobody else."""

import pytest

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, NotFound, NotPermitted, WrongState
from jiangxin.core.policy import load_pack
from jiangxin.core.workflow import Role
from jiangxin.records.concurrence.models import Concurrence
from jiangxin.records.documents.models import Document
from jiangxin.records.identity.viewer import System
from jiangxin.records.inbox.models import Message
from jiangxin.records.ledger.models import Event
from jiangxin.stages.funding import tiers
from jiangxin.stages.funding.actions import claims
from jiangxin.stages.funding.models import Claim
from jiangxin.stages.funding.queries import claims as queries
from jiangxin.stages.funding.rules import band
from jiangxin.stages.titles.actions import enter_legacy
from jiangxin.stages.titles.models import Title
from tests.factories.desk import Desk, official
from tests.factories.funding import CLAIMING, WAN, Nation, agree_claim, attach, unit_of
from tests.factories.races import together, without_locks


@pytest.fixture
def nation(db: None) -> Nation:
    return Nation()


def save(title: Title, **typed: str) -> Claim:
    return claims.save_claim(viewer=unit_of(title), title_id=title.pk, **typed)


@pytest.mark.parametrize("kind", ["base", "studio"])
def test_every_amount_of_the_tiers_lies_inside_the_band_of_the_notice(kind: str) -> None:
    least, most = band(kind, 2025)
    known = tiers.tiers(kind)
    assert known.grades
    assert all(least <= each.amount <= most for each in known.grades.values())
    assert max(each.amount for each in known.grades.values()) == most
    assert known.evidence
    assert load_pack().money["tiers"]["clause"] == "4.4"


def test_the_way_from_claim_to_verified_tier(nation: Nation) -> None:
    title = nation.title()
    row = nation.claimed(title)
    assert (row.state, row.submitted_at) == ("claimed", CLAIMING)
    told = Message.objects.get(about=row.subject)
    assert (told.office, told.province) == ("province_hr", "37")
    with clock.at(CLAIMING):
        row = claims.check_claim(viewer=nation.desk.hr, claim_id=row.pk, opinion="属实")
        assert (row.fixed_category, row.fixed_grade, row.amount) == ("production", "B", 500 * WAN)
        row = agree_claim(nation.hr, row)
        assert row.state == "checked"
        row = agree_claim(nation.finance, row)
    row.refresh_from_db()
    assert (row.state, row.amount, row.verified_at) == ("verified", 500 * WAN, CLAIMING)
    event = Event.objects.get(type="claim.verified")
    assert event.payload["amount"] == 500 * WAN
    assert event.payload["title"] == title.subject
    unit = unit_of(title).organisation_id
    assert Message.objects.filter(unit=unit, title__contains="确定").count() == 1


def test_one_claim_for_a_title_however_often_it_is_saved(nation: Nation) -> None:
    title = nation.title()
    first = save(title, category="production")
    second = save(title, category="service", grade="A", reason="新写的理由")
    assert first.pk == second.pk
    assert Claim.objects.get().category == "service"


@pytest.mark.parametrize(
    ("typed", "file", "field"),
    [
        ({"grade": "A", "reason": "有"}, True, "category"),
        ({"category": "service", "reason": "有"}, True, "grade"),
        ({"category": "service", "grade": "A", "reason": " "}, True, "reason"),
        ({"category": "service", "grade": "A", "reason": "有"}, False, "file"),
    ],
)
def test_a_claim_that_lacks_something_stays_a_draft(
    nation: Nation, typed: dict[str, str], file: bool, field: str
) -> None:
    title = nation.title()
    row = save(title, **typed)
    if file:
        attach(unit_of(title), row)
    with pytest.raises(Invalid) as refused:
        claims.submit_claim(viewer=unit_of(title), claim_id=row.pk)
    assert (refused.value.field, refused.value.clause) == (field, "4.4")
    row.refresh_from_db()
    assert row.state == "draft"
    assert not Event.objects.filter(type="claim.submitted").exists()


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"category": "heritage"}, "category"),
        ({"grade": "D"}, "grade"),
        ({"reason": "长" * 2001}, "reason"),
    ],
)
def test_what_the_policy_does_not_have_is_not_kept(
    nation: Nation, typed: dict[str, str], field: str
) -> None:
    """Studios have a class of traditional crafts, bases have not."""
    title = nation.title("base")
    with pytest.raises(Invalid) as refused:
        save(title, **typed)
    assert refused.value.field == field
    assert not Claim.objects.exists()
    assert save(nation.title("studio"), category="heritage").category == "heritage"


def test_only_a_standing_title_of_this_programme_can_claim(nation: Nation) -> None:
    title = nation.title()
    legacy = enter_legacy(
        by=System(),
        number="L1",
        kind="base",
        province="37",
        year=2015,
        name="老基地",
        unit_name="某校",
        uscc=title.uscc,
    )
    with pytest.raises(WrongState, match="两部备案登记") as refused:
        claims.save_claim(viewer=unit_of(title), title_id=legacy.pk)
    assert refused.value.clause == "4.4"
    for state in ("revoked", "ended"):
        Title.objects.filter(pk=title.pk).update(state=state)
        with pytest.raises(WrongState, match="不能再享受补助"):
            save(title, category="production")
    assert not Claim.objects.exists()


def test_another_unit_s_title_is_not_there(nation: Nation) -> None:
    mine, other = nation.title(), nation.title()
    row = save(other, category="production")
    with pytest.raises(NotFound):
        claims.save_claim(viewer=unit_of(mine), title_id=other.pk, category="service")
    for act in (
        lambda: attach(unit_of(mine), row),
        lambda: claims.submit_claim(viewer=unit_of(mine), claim_id=row.pk),
        lambda: queries.claim(unit_of(mine), row.pk),
    ):
        with pytest.raises(NotFound):
            act()
    row.refresh_from_db()
    assert row.category == "production"
    assert not Document.objects.exists()


def test_a_draft_is_the_unit_s_own_and_a_claim_its_province_s(nation: Nation) -> None:
    title = nation.title()
    row = save(title, category="production")
    watching = [nation.desk.hr, nation.hr, official(Role.AUDITOR), official(Role.AUDITOR, "37")]
    elsewhere = [
        Desk("36").hr,
        official(Role.EXPERT, "37"),
        official(Role.RECOMMENDER, "37"),
        unit_of(nation.title()),
    ]
    assert queries.claim(unit_of(title), row.pk) == row
    for viewer in (*watching, *elsewhere):
        assert not queries.claims(viewer).exists()
    nation.claimed(title)
    for viewer in watching:
        assert queries.claims(viewer).get() == row
    for viewer in elsewhere:
        assert not queries.claims(viewer).exists()
        with pytest.raises(NotFound):
            queries.claim_file(viewer, row.pk, row.files.get().document_id)


def test_files_are_kept_once_and_go_no_more_once_submitted(nation: Nation) -> None:
    title = nation.title()
    unit = unit_of(title)
    row = save(title, category="production", grade="A", reason="有")
    first = attach(unit, row)
    assert attach(unit, row) == first
    second = attach(unit, row, "b")
    claims.detach(viewer=unit, claim_id=row.pk, file_id=second.pk)
    assert [each.pk for each in queries.files(row)] == [first.pk]
    with pytest.raises(Invalid, match="不接收"):
        attach(unit, row, name="a.exe")
    claims.submit_claim(viewer=unit, claim_id=row.pk)
    for act in (
        lambda: attach(unit, row, "c"),
        lambda: claims.detach(viewer=unit, claim_id=row.pk, file_id=first.pk),
        lambda: save(title, category="service"),
        lambda: claims.submit_claim(viewer=unit, claim_id=row.pk),
    ):
        with pytest.raises(WrongState, match="不能再改"):
            act()
    assert row.files.count() == 1


def test_a_return_needs_a_reason_reaches_the_unit_and_opens_the_claim_again(
    nation: Nation,
) -> None:
    title = nation.title()
    row = nation.claimed(title)
    with pytest.raises(Invalid) as refused:
        claims.return_claim(viewer=nation.desk.hr, claim_id=row.pk, reason=" ")
    assert refused.value.field == "reason"
    row = claims.return_claim(viewer=nation.desk.hr, claim_id=row.pk, reason="请补设备清单")
    assert (row.state, row.opinion) == ("returned", "请补设备清单")
    told = Message.objects.get(unit=unit_of(title).organisation_id)
    assert told.text == "请补设备清单"
    assert "请补设备清单" not in str(Event.objects.get(type="claim.returned").payload)
    save(title, category="service", grade="C", reason="已补")
    row = claims.submit_claim(viewer=unit_of(title), claim_id=row.pk)
    assert (row.state, row.grade) == ("claimed", "C")
    assert Event.objects.filter(type="claim.resubmitted").count() == 1


def test_a_ministry_sends_back_and_what_was_agreed_is_void(nation: Nation) -> None:
    row = nation.checked(nation.title())
    agree_claim(nation.finance, row)
    row = claims.return_claim(viewer=nation.hr, claim_id=row.pk, reason="数据存疑")
    assert (row.state, row.amount, row.fixed_grade) == ("returned", None, "")
    assert not Concurrence.objects.filter(subject=row.subject, void_at=None).exists()
    with pytest.raises(WrongState):
        agree_claim(nation.hr, row)


def test_an_adjustment_needs_a_reason_and_voids_what_was_agreed(nation: Nation) -> None:
    row = nation.checked(nation.title(), "A")
    agree_claim(nation.hr, row)
    known = {"viewer": nation.finance, "claim_id": row.pk, "category": "production"}
    with pytest.raises(Invalid) as refused:
        claims.adjust_claim(**known, grade="B")
    assert refused.value.field == "reason"
    row = claims.adjust_claim(**known, grade="B", reason="年培训人次不足")
    assert (row.fixed_grade, row.amount, row.grade) == ("B", 500 * WAN, "A")
    pair = queries.claim_marks(row)
    assert [mark.state for mark in pair.values()] == ["void", "empty"]
    agree_claim(nation.finance, row)
    row.refresh_from_db()
    assert row.state == "checked"
    agree_claim(nation.hr, row)
    row.refresh_from_db()
    assert (row.state, row.fixed_grade) == ("verified", "B")


@pytest.mark.parametrize("amount", [300 * WAN - 1, 700 * WAN + 1, 0, -1])
def test_no_tier_is_fixed_outside_the_band(nation: Nation, amount: int) -> None:
    row = nation.checked(nation.title())
    with pytest.raises(Invalid, match=r"300\.00—700\.00 万元") as refused:
        claims.adjust_claim(
            viewer=nation.hr,
            claim_id=row.pk,
            category="production",
            grade="B",
            amount=amount,
            reason="有",
        )
    assert (refused.value.field, refused.value.clause) == ("amount", "4.4")
    row.refresh_from_db()
    assert row.amount == 500 * WAN


def test_the_word_is_about_what_was_read(nation: Nation) -> None:
    row = nation.checked(nation.title())
    read = row.digest()
    claims.adjust_claim(
        viewer=nation.hr,
        claim_id=row.pk,
        category="service",
        grade="B",
        reason="属民生服务",
    )
    with pytest.raises(WrongState, match="刚刚改动"):
        claims.concur_claim(viewer=nation.finance, claim_id=row.pk, digest=read, agreed=True)


def test_a_disagreement_is_heard_and_fixes_nothing(nation: Nation) -> None:
    row = nation.checked(nation.title())
    agree_claim(nation.hr, row)
    claims.concur_claim(
        viewer=nation.finance,
        claim_id=row.pk,
        digest=row.digest(),
        agreed=False,
        remark="设备现值偏低",
    )
    row.refresh_from_db()
    assert row.state == "checked"


def test_nobody_acts_in_another_s_place(nation: Nation) -> None:
    title = nation.title()
    row = nation.claimed(title)
    for viewer in (nation.desk.finance, nation.hr, unit_of(title), official(Role.SUPERVISOR, "37")):
        with pytest.raises(NotPermitted):
            claims.check_claim(viewer=viewer, claim_id=row.pk)
    with pytest.raises(NotFound):
        claims.check_claim(viewer=Desk("36").hr, claim_id=row.pk)
    with pytest.raises(WrongState):
        claims.return_claim(viewer=nation.hr, claim_id=row.pk, reason="越级退回")
    row = claims.check_claim(viewer=nation.desk.hr, claim_id=row.pk)
    for viewer in (nation.desk.hr, nation.desk.finance, unit_of(title)):
        with pytest.raises(NotPermitted):
            claims.concur_claim(viewer=viewer, claim_id=row.pk, digest=row.digest(), agreed=True)
    with pytest.raises(WrongState):
        claims.return_claim(viewer=nation.desk.hr, claim_id=row.pk, reason="已上报又退")
    assert not Concurrence.objects.filter(subject=row.subject).exists()


def test_what_waits_goes_down_with_each_word(nation: Nation) -> None:
    title = nation.title()
    row = nation.claimed(title)

    def waiting(*viewers: object) -> list[int]:
        return [queries.claims_waiting(each).rows.count() for each in viewers]  # type: ignore[arg-type]

    desk = nation.desk
    assert waiting(desk.hr, desk.finance, nation.hr, nation.finance) == [1, 0, 0, 0]
    claims.check_claim(viewer=desk.hr, claim_id=row.pk)
    assert waiting(desk.hr, nation.hr, nation.finance) == [0, 1, 1]
    agree_claim(nation.hr, row)
    assert waiting(nation.hr, nation.finance) == [0, 1]
    Title.objects.filter(pk=title.pk).update(state="revoked")
    assert waiting(nation.hr, nation.finance) == [0, 0]
    with pytest.raises(WrongState, match="不能再享受补助"):
        agree_claim(nation.finance, row)


def test_several_are_agreed_to_all_or_none(nation: Nation) -> None:
    rows = [nation.checked(nation.title()) for _ in range(3)]
    digests = {row.pk: row.digest() for row in rows}
    stale = digests | {rows[1].pk: "0" * 64}
    with pytest.raises(WrongState):
        claims.concur_claims(viewer=nation.hr, digests=stale)
    assert not Concurrence.objects.filter(act=queries.VERIFY).exists()
    for viewer in nation.both:
        claims.concur_claims(viewer=viewer, digests=digests)
    assert set(Claim.objects.values_list("state", flat=True)) == {"verified"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("locked", [True, False])
def test_two_colleagues_who_begin_at_once_get_one_claim(locked: bool) -> None:
    """Without the lock the database keeps it one all the same, and says so in words."""
    title = Nation().title()
    acts = [lambda: save(title, category="production"), lambda: save(title, category="service")]
    if locked:
        results = together(acts, at=CLAIMING)
        assert [type(each) for each in results] == [Claim, Claim]
    else:
        with without_locks(held=Claim):
            results = together(acts, at=CLAIMING)
        assert sorted(type(each).__name__ for each in results) == ["Claim", "WrongState"]
    assert Claim.objects.count() == 1
