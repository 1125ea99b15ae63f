"""A recommending body first, where the overlay asks: its scope, its places, its three answers."""

from pathlib import Path

import pytest
from django.db import connection

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, LimitReached, NotFound, NotPermitted, WrongState
from jiangxin.core.workflow import Role
from jiangxin.ops.scenes.country import officer
from jiangxin.ops.scenes.province import hand_in, judge_all
from jiangxin.records.identity.models import Organisation
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.models import Message
from jiangxin.records.ledger.models import Event
from jiangxin.stages.application import approval, bodies, recommendation, taking_back
from jiangxin.stages.application.models import Application, Recommendation
from jiangxin.stages.application.queries import application, evidence_file, visible
from jiangxin.stages.application.recommending import places, usual_body, waiting_for
from jiangxin.stages.examination import actions as examining
from jiangxin.stages.examination.queries import open_returns
from jiangxin.stages.programme.tracks import Kind, Track
from tests.factories.applications import DURING, Round, make_round, save, unit_of
from tests.factories.desk import official
from tests.factories.races import numbered, together, without_locks
from tests.factories.unit import RECOMMENDED, body, clerk, rules, sent_to

pytestmark = pytest.mark.django_db
ONE_STUDIO = {Kind.STUDIO: 1}


@pytest.fixture
def round_(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Round:
    made = make_round()
    rules(tmp_path, monkeypatch, own=RECOMMENDED)
    made.call.refresh_from_db()
    return made


def recommend(
    who: Viewer, project: Application, opinion: str = "符合条件，同意推荐。"
) -> Recommendation:
    with clock.at(DURING):
        return recommendation.recommend(viewer=who, application_id=project.pk, opinion=opinion)


def test_without_the_overlay_nobody_stands_before_the_province() -> None:
    project = make_round().submitted()
    assert (project.state, project.recommender_id) == ("submitted", None)


def test_it_waits_for_its_body_before_the_province_can_examine(round_: Round) -> None:
    city = body()
    who = clerk(city)
    project = sent_to(round_, city)
    assert project.state == "with_recommender"
    assert waiting_for(who).rows.get() == project
    with clock.at(DURING):
        for act in (
            lambda: examining.pass_examination(
                viewer=officer(Role.PROVINCE_HR, "37"), application_id=project.pk
            ),
            lambda: examining.reject(
                viewer=officer(Role.PROVINCE_HR, "37"), application_id=project.pk, reason="不。"
            ),
        ):
            with pytest.raises(WrongState):
                act()
    row = recommend(who, project)
    assert (row.place, row.recommends) == (1, True)
    project.refresh_from_db()
    assert project.state == "submitted"
    told = Event.objects.get(type="project.recommended")
    assert (told.payload["body"], told.payload["place"]) == (city.pk, 1)
    assert "符合条件" not in str(told.payload)
    with clock.at(DURING):
        judge_all(officer(Role.PROVINCE_HR, "37"), project)
        examining.pass_examination(
            viewer=officer(Role.PROVINCE_HR, "37"), application_id=project.pk
        )


def test_a_body_sees_what_names_it_and_nothing_else(round_: Round) -> None:
    city, other = body("济南市人社局"), body("青岛市人社局")
    mine, theirs = clerk(city), clerk(other)
    project = sent_to(round_, city)
    document = project.evidence.all()[0].document_id
    assert set(visible(mine)) == {project}
    assert evidence_file(mine, project.pk, document)
    for look in (
        lambda: application(theirs, project.pk),
        lambda: evidence_file(theirs, project.pk, document),
        lambda: recommend(theirs, project),
        lambda: recommendation.decline(viewer=theirs, application_id=project.pk, reason="不。"),
        lambda: examining.send_back(
            viewer=theirs,
            application_id=project.pk,
            defects=[examining.Defect(section="plan", reason="补。")],
        ),
    ):
        with pytest.raises(NotFound):
            look()
    assert not visible(theirs).exists()
    assert not visible(official(Role.RECOMMENDER, "37")).exists(), "without a body nothing is seen"
    draft = round_.draft(round_.unit())
    Application.objects.filter(pk=draft.pk).update(recommender=city)
    assert draft not in visible(mine)
    for role in (Role.PROVINCE_HR, Role.PROVINCE_FINANCE):
        with pytest.raises(NotPermitted):
            recommend(officer(role, "37"), project)


def test_the_unit_must_choose_an_open_body_of_its_province(round_: Round) -> None:
    unit = round_.unit()
    project = round_.draft(unit)
    city, elsewhere = body(), body("太原市人社局", "14")
    with clock.at(DURING):
        with pytest.raises(WrongState, match="没有选择推荐部门") as refused:
            hand_in(unit, project)
        assert refused.value.clause == "3.1"
        for wrong in (elsewhere.pk, unit.organisation_id or 0, 999999):
            with pytest.raises(Invalid):
                recommendation.choose(viewer=unit, application_id=project.pk, body_id=wrong)
        recommendation.choose(viewer=unit, application_id=project.pk, body_id=city.pk)
        bodies.close(viewer=officer(Role.PROVINCE_HR, "37"), body_id=city.pk)
        with pytest.raises(WrongState, match="没有选择推荐部门"):
            hand_in(unit, Application.objects.select_related("call").get(pk=project.pk))
        bodies.reopen(viewer=officer(Role.PROVINCE_HR, "37"), body_id=city.pk)
        hand_in(unit, Application.objects.select_related("call").get(pk=project.pk))
    assert usual_body(unit.organisation_id or 0) == city
    second = round_.draft(unit, Track.NEW_BASE)
    assert second.recommender == city, "the next application begins with the same one"


def test_the_body_returns_item_by_item_and_it_comes_back_to_the_body(round_: Round) -> None:
    city = body()
    who = clerk(city)
    project = sent_to(round_, city)
    defects = [examining.Defect(section="plan", reason="缺少季度指标。")]
    with clock.at(DURING):
        examining.send_back(viewer=who, application_id=project.pk, defects=defects)
        project.refresh_from_db()
        assert project.state == "returned"
        assert [item.reason for item in open_returns(project)] == ["缺少季度指标。"]
        save(project, "plan", plan_goal="补正后分季度的目标，内容足够长。")
        hand_in(unit_of(project), Application.objects.select_related("call").get(pk=project.pk))
    project.refresh_from_db()
    assert (project.state, project.version) == ("with_recommender", 2)
    assert recommend(who, project).version == 2
    province = officer(Role.PROVINCE_HR, "37")
    with clock.at(DURING):
        examining.send_back(viewer=province, application_id=project.pk, defects=defects)
        save(project, "plan", plan_goal="省里退回后的目标，内容也足够长。")
        hand_in(unit_of(project), Application.objects.select_related("call").get(pk=project.pk))
    project.refresh_from_db()
    assert project.state == "submitted", "it was recommended once: it goes back to the province"


def test_not_recommended_ends_it_with_reasons_that_the_unit_reads(round_: Round) -> None:
    city = body()
    who = clerk(city)
    project = sent_to(round_, city)
    with clock.at(DURING):
        with pytest.raises(Invalid) as refused:
            recommendation.decline(viewer=who, application_id=project.pk, reason=" ")
        assert refused.value.field == "reason"
        recommendation.decline(viewer=who, application_id=project.pk, reason="培训能力不足。")
    project.refresh_from_db()
    assert project.state == "not_recommended"
    row = Recommendation.objects.get()
    assert (row.place, row.opinion) == (None, "培训能力不足。")
    assert Message.objects.filter(unit=project.unit, title__contains="未获推荐").count() == 1
    assert "培训能力" not in str(Event.objects.get(type="project.not_recommended").payload)
    with pytest.raises(WrongState):
        recommend(who, project)
    assert places(city, project.call)[Kind.STUDIO].taken == 0


def test_the_quota_is_the_overlays_or_the_bodys_own_by_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    round_ = make_round()
    rules(tmp_path, monkeypatch, '"recommendation.studio" = 1', own=RECOMMENDED)
    round_.call.refresh_from_db()
    city = body()
    who = clerk(city)
    first, second = sent_to(round_, city), sent_to(round_, city)
    base = sent_to(round_, city, Track.NEW_BASE)
    recommend(who, first)
    with pytest.raises(LimitReached, match="工作室推荐名额已用完") as refused:
        recommend(who, second)
    assert "省级" in refused.value.remedy
    second.refresh_from_db()
    assert second.state == "with_recommender"
    assert recommend(who, base).place == 1, "another kind has places of its own"
    province = officer(Role.PROVINCE_HR, "37")
    for number, match in ((0, "不能少于 1"), (-1, "整数"), (201, "整数")):
        with pytest.raises(Invalid, match=match):
            bodies.set_quota(
                viewer=province, body_id=city.pk, year=2025, numbers={Kind.STUDIO: number}
            )
    bodies.set_quota(viewer=province, body_id=city.pk, year=2025, numbers={Kind.STUDIO: 2})
    assert recommend(who, second).place == 2
    assert places(city, round_.call)[Kind.STUDIO].left == 0


def test_taken_back_frees_the_place_and_needs_a_new_recommendation(round_: Round) -> None:
    city = body()
    who = clerk(city)
    province = officer(Role.PROVINCE_HR, "37")
    bodies.set_quota(viewer=province, body_id=city.pk, year=2025, numbers=ONE_STUDIO)
    first, second = sent_to(round_, city), sent_to(round_, city)
    recommend(who, first)
    with clock.at(DURING):
        taking_back.take_back(viewer=unit_of(first), application_id=first.pk)
    assert recommend(who, second).place == 1
    voided = Event.objects.get(type="recommendation.voided")
    assert voided.payload["place"] == 1
    with clock.at(DURING):
        again = Application.objects.select_related("call").get(pk=first.pk)
        approval.approve_and_submit(
            viewer=unit_of(first), application_id=first.pk, revision=again.revision, sealed=True
        )
    first.refresh_from_db()
    assert first.state == "with_recommender"
    with pytest.raises(LimitReached):
        recommend(who, first)


def test_bodies_are_kept_by_their_province(round_: Round) -> None:
    province, stranger = officer(Role.PROVINCE_HR, "37"), officer(Role.PROVINCE_HR, "36")
    city = body()
    with pytest.raises(LimitReached, match="已有推荐部门"):
        bodies.add(viewer=province, name="济南市人社局", level="市级部门")
    for given, field in (
        ({"name": "", "level": "市级部门"}, "body"),
        ({"name": "某局", "level": "乡镇"}, "level"),
        ({"name": "某局", "level": "市级部门", "phone": "1" * 31}, "mobile"),
    ):
        with pytest.raises(Invalid) as refused:
            bodies.add(viewer=province, **given)
        assert refused.value.field == field
    for act in (
        lambda: bodies.edit(viewer=stranger, body_id=city.pk, name="某", level="市级部门"),
        lambda: bodies.close(viewer=stranger, body_id=city.pk),
        lambda: bodies.set_quota(viewer=stranger, body_id=city.pk, year=2025, numbers=ONE_STUDIO),
    ):
        with pytest.raises(NotFound):
            act()
    with pytest.raises(NotPermitted):
        bodies.add(viewer=officer(Role.PROVINCE_FINANCE, "37"), name="某局", level="市级部门")
    other = body("青岛市人社局")
    project = sent_to(round_, city)
    with pytest.raises(WrongState, match="还有 1 项申报"):
        bodies.close(viewer=province, body_id=city.pk)
    recommendation.reassign(viewer=province, application_id=project.pk, body_id=other.pk)
    bodies.close(viewer=province, body_id=city.pk)
    assert Organisation.objects.get(pk=city.pk).closed_at is not None
    assert visible(clerk(other)).get() == project


@pytest.mark.django_db(transaction=True)
class TestRace:
    """Two clerks recommend for the last place at the same moment."""

    @pytest.fixture
    def last_place(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> tuple[Organisation, list[Application]]:
        round_ = make_round()
        rules(tmp_path, monkeypatch, own=RECOMMENDED)
        round_.call.refresh_from_db()
        city = body()
        province = officer(Role.PROVINCE_HR, "37")
        bodies.set_quota(viewer=province, body_id=city.pk, year=2025, numbers=ONE_STUDIO)
        return city, [sent_to(round_, city), sent_to(round_, city)]

    def at_once(self, city: Organisation, projects: list[Application]) -> list[object]:
        who = clerk(city)
        return together(
            numbered(
                2,
                lambda n: recommendation.recommend(
                    viewer=who, application_id=projects[n].pk, opinion="同意推荐。"
                ),
            ),
            at=DURING,
        )

    def test_one_gets_it(self, last_place: tuple[Organisation, list[Application]]) -> None:
        results = self.at_once(*last_place)
        assert sum(isinstance(each, LimitReached) for each in results) == 1, results
        assert Recommendation.objects.count() == 1

    def test_without_the_lock_the_constraint_says_the_same_kindly(
        self, last_place: tuple[Organisation, list[Application]]
    ) -> None:
        with without_locks(held=Recommendation, clients=2):
            results = self.at_once(*last_place)
        assert sum(isinstance(each, LimitReached) for each in results) == 1, results
        assert Recommendation.objects.count() == 1

    def test_control_without_lock_and_constraint_both_get_it(
        self, last_place: tuple[Organisation, list[Application]]
    ) -> None:
        name = "recommendation_place_once"
        with connection.cursor() as cursor:
            cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", [name])
            ((definition,),) = cursor.fetchall()
            cursor.execute(f"DROP INDEX {name}")
        try:
            with without_locks(held=Recommendation, clients=2):
                results = self.at_once(*last_place)
            assert sum(isinstance(each, Recommendation) for each in results) == 2, results
        finally:
            Recommendation.objects.all().delete()
            with connection.cursor() as cursor:
                cursor.execute(definition)
