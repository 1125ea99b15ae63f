"""Two pages of one section: what one side changed is kept, what both changed is asked about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiangxin.core.kernel import clock
from jiangxin.core.policy import Field, Section, section_values
from jiangxin.stages.application import actions
from jiangxin.stages.application.merging import MINE, THEIRS, marks, marks_text, merge, read_marks
from jiangxin.stages.application.models import Application
from jiangxin.stages.application.queries import form_of
from jiangxin.stages.application.sealing import shown_answers
from tests.factories.applications import DURING, Round, make_round, save, unit_of

KEYS = ("a", "b", "c")
PAGE = Section(
    key="s",
    title="节",
    intro="",
    clause="3.1",
    fields=tuple(Field(key=key, label=key, kind="text") for key in KEYS),
)
ANSWERS = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(["", "一", "二", "三"]))


@given(base=ANSWERS, mine=ANSWERS, theirs=ANSWERS)
def test_no_change_of_either_side_is_lost_unseen(
    base: dict[str, str], mine: dict[str, str], theirs: dict[str, str]
) -> None:
    found = merge(PAGE, typed=mine, kept=theirs, base=marks(PAGE, base), chosen={})
    for key in KEYS:
        was, now, saved = base.get(key), mine.get(key), theirs.get(key)
        if now == saved:
            assert found.answers.get(key) == now
            assert key not in found.both
        elif now == was:
            assert found.answers.get(key) == saved
            assert key in found.theirs
        elif saved == was:
            assert found.answers.get(key) == now
            assert key not in found.both
        else:
            assert key in found.both


@given(mine=ANSWERS, theirs=ANSWERS, words=st.lists(st.sampled_from([MINE, THEIRS, "", "x"])))
def test_a_choice_counts_and_anything_else_asks_again(
    mine: dict[str, str], theirs: dict[str, str], words: list[str]
) -> None:
    chosen = dict(zip(KEYS, words, strict=False))
    found = merge(PAGE, typed=mine, kept=theirs, base={}, chosen=chosen)
    for key, word in chosen.items():
        assert (key in found.both) == (word not in (MINE, THEIRS))
        if word in (MINE, THEIRS):
            side = mine if word == MINE else theirs
            assert found.answers.get(key) == side.get(key)


@given(ANSWERS)
def test_marks_survive_their_hidden_input(answers: dict[str, str]) -> None:
    assert read_marks(marks_text(PAGE, answers)) == marks(PAGE, answers)


@given(st.text(max_size=200))
def test_rubbish_instead_of_marks_only_makes_it_ask(text: str) -> None:
    found = merge(PAGE, typed={"a": "一"}, kept={"a": "二"}, base=read_marks(text), chosen={})
    assert "a" in found.both or "a" in found.theirs or found.answers["a"] == "一"


@pytest.fixture
def project(db: None) -> Application:
    round_: Round = make_round()
    return round_.draft(round_.unit())


def save_page(project: Application, base: dict[str, str], revision: int, **changes: object):
    page = form_of(project).section("plan")
    assert page is not None
    with clock.at(DURING):
        return actions.save_page(
            viewer=unit_of(project),
            application_id=project.pk,
            section="plan",
            data=section_values(page, {**shown_answers(project.answers), **changes}),
            revision=revision,
            base=base,
            chosen={},
        )


def test_changes_of_two_pages_flow_together_and_the_same_field_does_not(
    project: Application,
) -> None:
    page = form_of(project).section("plan")
    assert page is not None
    opened, base = project.revision, marks(page, project.answers)
    with clock.at(DURING):
        save(project, "plan", plan_goal="同事写的总体目标，内容足够长。")
    # `project` still has the goal as it was when this page was opened
    saved = save_page(project, base, opened, plan_necessity="我写的必要性，内容足够长，也许够。")
    assert saved.theirs == ("plan_goal",)
    project.refresh_from_db()
    assert project.answers["plan_goal"] == "同事写的总体目标，内容足够长。"
    assert project.answers["plan_necessity"] == "我写的必要性，内容足够长，也许够。"
    with pytest.raises(actions.Overtaken) as refused:
        save_page(project, base, opened, plan_goal="我也写了总体目标，内容足够长。")
    assert refused.value.fields == ("plan_goal",)
    project.refresh_from_db()
    assert project.answers["plan_goal"] == "同事写的总体目标，内容足够长。"
