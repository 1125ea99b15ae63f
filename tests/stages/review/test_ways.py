"""The ways to decide that a province may choose: votes, pass or fail, phases, silence, ties, floors."""

from datetime import timedelta
from pathlib import Path

import pytest

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, NotPermitted, WrongState
from jiangxin.core.scoring.panel import Way
from jiangxin.core.workflow import RoundState
from jiangxin.stages.programme.models import Kind, Track
from jiangxin.stages.review.actions import decision, phases, rounds, sheets
from jiangxin.stages.review.models import Round, ScoreSheet
from jiangxin.stages.review.queries import report_facts
from jiangxin.stages.review.queries.expert import assigned
from jiangxin.stages.review.queries.ranking import ranking
from jiangxin.stages.review.rubrics import rubric_of
from jiangxin.stages.review.rules import Rules, rules_of
from tests.factories.review import Province, marks, project

VOTE = '"review.way" = "vote"'
OUT = '"review.silence" = "out"'
PHASES = '"review.weight.papers" = 60\n"review.weight.defence" = 30\n"review.weight.site" = 10'


def order(row: Round) -> list[tuple[str, int, bool]]:
    found = row.decisions.select_related("application").order_by("rank", "application")
    return [(each.application.title, each.total, each.qualified) for each in found]


def test_without_rules_of_its_own_a_province_scores_papers_and_waits(province: Province) -> None:
    row = province.open_round()
    assert rules_of(row) == Rules()
    assert row.rules["weights"] == [["papers", 100]]


def test_a_vote_needs_more_than_half_of_those_entitled(
    province: Province, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    province.by_rules(monkeypatch, tmp_path, VOTE)
    row = province.scoring()
    assert rules_of(row).way is Way.VOTE
    first, second, third, fourth = [each.pk for each in province.projects]
    said = {
        first: [60] * 5,
        second: [60] * 3 + [0, 50],
        third: [60] * 2 + [50] * 3,
        fourth: [0] * 5,
    }
    asked = dict.fromkeys(said, 0)

    def word(_expert: int, pk: int) -> int:
        asked[pk] += 1
        return said[pk][asked[pk] - 1]

    province.sign_all(row, word)
    row = rounds.rank_round(viewer=province.hr, round_id=row.pk)
    assert order(row) == [
        ("项目1", 100_000, True),
        ("项目2", 60_000, True),
        ("项目3", 40_000, False),
        ("项目4", 0, False),
    ]
    decisions = {each.application_id: each for each in row.decisions.all()}
    assert decisions[second].tally == {"yes": 3, "no": 1, "abstain": 1, "entitled": 5}
    choice = {third: decision.Choice(selected=True)}
    with pytest.raises(Invalid, match="同意 2 票，未超过应投票人数 5 的一半"):
        decision.choose(viewer=province.hr, round_id=row.pk, choices=choice)
    (facts,) = report_facts(province.call)["rounds"]
    words = [each["word"] for each in facts["ballots"] if each["project"] == "项目2"]
    assert sorted(words) == ["不同意", "同意", "同意", "同意", "弃权"]
    assert all(each["expert"] for each in facts["ballots"]), "by name"


def test_a_ballot_takes_no_other_word(
    province: Province, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    province.by_rules(monkeypatch, tmp_path, VOTE)
    row = province.scoring()
    seat = row.panel.select_related("expert").first()
    viewer = province.viewer(seat.expert)
    sheet = assigned(viewer).select_related("seat__round", "application").first()
    sheets.declare(viewer=viewer, sheet_id=sheet.pk, conflict=False)
    for typed in ("", "100", "同意", "maybe"):
        _, problems = sheets.save(viewer=viewer, sheet_id=sheet.pk, data={"vote": typed})
        assert "vote" in problems
        with pytest.raises(Invalid):
            sheets.sign(viewer=viewer, sheet_id=sheet.pk)


def test_pass_or_fail_counts_the_experts_who_find_it_qualified(
    province: Province, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    province.by_rules(monkeypatch, tmp_path, '"review.way" = "pass_fail"')
    row = province.scoring()
    first = province.projects[0].pk
    seats = list(row.panel.filter(status="accepted").values_list("expert", flat=True))
    good = set(seats[:3])
    # Three find the first one just good enough, two find it hopeless: the mean would fail it.
    province.sign_all(row, lambda who, pk: 65 if (who in good) == (pk == first) else 10)
    row = rounds.rank_round(viewer=province.hr, round_id=row.pk)
    assert order(row)[0] == ("项目1", 60_000, True)
    assert [qualified for _, _, qualified in order(row)[1:]] == [False] * 3


def test_phases_run_in_order_and_their_weights_count(
    province: Province, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    province.by_rules(monkeypatch, tmp_path, PHASES)
    row = province.scoring()
    seat = row.panel.select_related("expert").first()
    viewer = province.viewer(seat.expert)
    away = assigned(viewer).first()
    sheets.declare(viewer=viewer, sheet_id=away.pk, conflict=True, reason="师徒")
    share = {"papers": (90, 80, 70, 60), "defence": (50, 90, 70, 60), "site": (100, 100, 70, 60)}
    places = {each.pk: place for place, each in enumerate(province.projects)}
    later = clock.now() + timedelta(days=9)
    for phase in share:
        if phase != "papers":
            with pytest.raises(NotPermitted):
                phases.next_phase(viewer=province.finance, round_id=row.pk, due=later)
            row = phases.next_phase(viewer=province.hr, round_id=row.pk, due=later)
        with pytest.raises(WrongState, match="没有签署" if phase == "site" else "还有一轮"):
            rounds.rank_round(viewer=province.hr, round_id=row.pk)
        with pytest.raises(WrongState):
            phases.next_phase(viewer=province.hr, round_id=row.pk, due=later)
        _sign_phase(province, row, phase, lambda pk, now=phase: share[now][places[pk]])
    with pytest.raises(WrongState, match="最后一轮"):
        phases.next_phase(viewer=province.hr, round_id=row.pk, due=later)
    assert ScoreSheet.objects.filter(seat=seat, application=away.application_id).count() == 3
    assert set(
        ScoreSheet.objects.filter(seat=seat, application=away.application_id).values_list(
            "conflict", flat=True
        )
    ) == {"declared"}, "a conflict holds in every phase"
    row = rounds.rank_round(viewer=province.hr, round_id=row.pk)
    totals = {title: total for title, total, _ in order(row)}
    weights = (60, 30, 10)
    signed = {
        phase: ScoreSheet.objects.filter(phase=phase, application=province.projects[0])
        .exclude(total=None)
        .first()
        .total
        for phase in share
    }
    assert (
        totals["项目1"]
        == sum(percent * signed[phase] for percent, phase in zip(weights, share, strict=True))
        // 100
    )
    assert order(row)[0][0] == "项目2", "the defence turned the order of the papers round"
    assert ranking(province.hr, row.pk).lines[0].decision.application_id == province.projects[1].pk


def _sign_phase(province, row, phase, share) -> None:
    for seat in row.panel.filter(status="accepted").select_related("expert"):
        viewer = province.viewer(seat.expert)
        rows = assigned(viewer).select_related("seat__round", "application")
        for sheet in rows.filter(phase=phase).exclude(conflict="declared"):
            if sheet.conflict == "undeclared":
                assert phase == "papers", "what was declared holds in the next phase"
                sheets.declare(viewer=viewer, sheet_id=sheet.pk, conflict=False)
            province.sign(viewer, sheet, share(sheet.application_id))


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ('"review.weight.defence" = 10', "不是 100%"),
        (f'{VOTE}\n"review.weight.papers" = 50\n"review.weight.site" = 50', "只有一轮"),
    ],
)
def test_weights_that_do_not_close_open_no_round(
    province: Province, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, values: str, text: str
) -> None:
    province.by_rules(monkeypatch, tmp_path, values)
    with pytest.raises(WrongState, match=text):
        province.open_round()
    assert not Round.objects.exists()


def test_silence_waits_by_default_and_is_left_out_where_the_rules_say_so(
    province: Province, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    province.by_rules(monkeypatch, tmp_path, OUT)
    row = province.scoring()
    seats = list(row.panel.filter(status="accepted").select_related("expert"))
    silent = province.viewer(seats[0].expert)
    for seat in seats[1:]:
        viewer = province.viewer(seat.expert)
        for sheet in assigned(viewer).select_related("seat__round", "application"):
            sheets.declare(viewer=viewer, sheet_id=sheet.pk, conflict=False)
            province.sign(viewer, sheet, 80)
    with pytest.raises(WrongState, match="还有 4 份"):
        rounds.rank_round(viewer=province.hr, round_id=row.pk)
    with clock.at(row.due + timedelta(seconds=1)):
        row = rounds.rank_round(viewer=province.hr, round_id=row.pk)
        assert {each.sheets for each in row.decisions.all()} == {4}
        late = assigned(silent).first()
        with pytest.raises(WrongState, match="结束"):
            sheets.declare(viewer=silent, sheet_id=late.pk, conflict=False)
    assert row.state == RoundState.RANKED


def test_left_out_sheets_do_not_go_below_the_least_number(
    province: Province, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    province.by_rules(monkeypatch, tmp_path, OUT)
    row = province.scoring()
    for seat in list(row.panel.filter(status="accepted").select_related("expert"))[:2]:
        viewer = province.viewer(seat.expert)
        for sheet in assigned(viewer).select_related("seat__round", "application"):
            sheets.declare(viewer=viewer, sheet_id=sheet.pk, conflict=False)
            province.sign(viewer, sheet, 80)
    with clock.at(row.due + timedelta(seconds=1)), pytest.raises(WrongState, match="少于 3 份"):
        rounds.rank_round(viewer=province.hr, round_id=row.pk)


def test_a_missing_vote_stays_among_the_entitled(
    province: Province, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    province.by_rules(monkeypatch, tmp_path, f"{VOTE}\n{OUT}")
    row = province.scoring()
    seats = list(row.panel.filter(status="accepted").select_related("expert"))
    for number, seat in enumerate(seats[:3]):
        viewer = province.viewer(seat.expert)
        for sheet in assigned(viewer).select_related("seat__round", "application"):
            sheets.declare(viewer=viewer, sheet_id=sheet.pk, conflict=False)
            against = number == 2 and sheet.application_id == province.projects[0].pk
            province.sign(viewer, sheet, 0 if against else 60)
    with clock.at(row.due + timedelta(seconds=1)):
        row = rounds.rank_round(viewer=province.hr, round_id=row.pk)
    found = {each.application_id: each for each in row.decisions.all()}
    two, three = found[province.projects[0].pk], found[province.projects[1].pk]
    assert (two.tally["yes"], two.tally["entitled"], two.qualified) == (2, 5, False)
    assert (three.tally["yes"], three.tally["entitled"], three.qualified) == (3, 5, True)


@pytest.mark.parametrize("rule", ["none", "submitted"])
def test_equal_projects_are_told_apart_by_the_stated_rule_or_not_at_all(
    province: Province, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, rule: str
) -> None:
    province.by_rules(monkeypatch, tmp_path, f'"review.ties" = "{rule}"')
    for number, each in enumerate(reversed(province.projects)):
        each.submitted_at = province.call.closes_at - timedelta(days=9 - number)
        each.save(update_fields=["submitted_at"])
    row = province.scoring()
    province.sign_all(row, lambda _e, _p: 80)
    row = rounds.rank_round(viewer=province.hr, round_id=row.pk)
    ranks = list(row.decisions.order_by("application_id").values_list("rank", "decided_by"))
    if rule == "none":
        assert ranks == [(1, "")] * 4
    else:
        assert ranks == [(4, "submitted"), (3, "submitted"), (2, "submitted"), (1, "submitted")]


def test_a_group_below_its_floor_disqualifies_whatever_the_sum(province: Province) -> None:
    row = province.open_round()
    pinned = row.rubrics["studio"]
    pinned["groups"][0]["floor_percent"] = 60
    row.rubrics_digest = "changed"
    row.save(update_fields=["rubrics", "rubrics_digest"])
    province.seated(row)
    row = rounds.start(viewer=province.hr, round_id=row.pk)
    low = {item["id"] for item in pinned["groups"][0]["items"]}
    for seat in row.panel.filter(status="accepted").select_related("expert"):
        viewer = province.viewer(seat.expert)
        for sheet in assigned(viewer).select_related("seat__round", "application"):
            sheets.declare(viewer=viewer, sheet_id=sheet.pk, conflict=False)
            typed = marks(rubric_of(sheet), 100)
            if sheet.application_id == province.projects[0].pk:
                typed |= dict.fromkeys(low, "0")
            sheets.save(viewer=viewer, sheet_id=sheet.pk, data=typed)
            sheets.sign(viewer=viewer, sheet_id=sheet.pk)
    row = rounds.rank_round(viewer=province.hr, round_id=row.pk)
    worst = row.decisions.get(application=province.projects[0])
    assert worst.total >= 60_000, "the sum alone would do"
    assert not worst.qualified
    assert "低于下限" in worst.shortfalls[0]
    choice = {worst.application_id: decision.Choice(selected=True)}
    with pytest.raises(Invalid, match="低于下限"):
        decision.choose(viewer=province.hr, round_id=row.pk, choices=choice)


def test_figures_are_scored_by_the_data_and_not_by_the_expert(province: Province) -> None:
    years = [
        {"year": year, "trained": trained, "examined": 100, "passed": passed}
        for year, trained, passed in ((2023, 9000, 10), (2024, 4200, 96))
    ]
    project(province.call, 81, Track.EXISTING_BASE, {"training": years})
    row = province.scoring(Kind.BASE)
    seat = row.panel.select_related("expert").first()
    viewer = province.viewer(seat.expert)
    sheet = assigned(viewer).select_related("seat__round", "application").get()
    assert sheet.marks["scale-total"]["value"] == 3000
    assert sheet.marks["scale-total"]["typed"] == "4200"
    assert "最近年度培训规模" in sheet.marks["scale-total"]["source"]
    assert sheet.marks["scale-pass"]["value"] == 4000
    sheets.declare(viewer=viewer, sheet_id=sheet.pk, conflict=False)
    typed = marks(rubric_of(sheet), 100) | {"scale-total": "5", "scale-pass-evidence": "false"}
    kept, problems = sheets.save(viewer=viewer, sheet_id=sheet.pk, data=typed)
    assert problems == {}
    assert kept.marks["scale-total"]["value"] == 3000, "what an expert sends instead is not taken"
    signed = sheets.sign(viewer=viewer, sheet_id=sheet.pk)
    assert signed.total == 100_000 - 2_000 - 5_000, "false data give nothing"
