"""The policy pages: every clause, norm and parameter, in words."""

import pytest
from django.test import Client
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.faces.portal.places import place_text
from jiangxin.faces.portal.policy import in_force, printed
from jiangxin.stages.programme.queries import pack


def text(name: str) -> str:
    answer = Client().get(reverse(name))
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.django_db
def test_the_policy_is_all_there() -> None:
    page = text("portal-policy")
    for clause in pack().clauses.values():
        assert f'id="clause-{clause.id}"' in page
    for each in in_force(pack(), clock.today()):
        assert f"<b>{each.title}</b>" in page
        assert each.assumption in page.replace("&quot;", '"')
    for shown in ("300.00 万元", "高级技师", "2025年12月31日", "每省每年基地项目上限</b>：5 个"):
        assert shown in page
    for raw in ("300000000", "senior_technician", "True"):
        assert raw not in page
    assert "山东省 2022 年" in page


@pytest.mark.django_db
def test_all_norms_say_how_and_where() -> None:
    page = text("portal-norms")
    assert sum(f'id="N{number:02d}"' in page for number in range(1, 60)) == 59
    for norm in pack().norms.values():
        for place in norm.where:
            assert place not in page.replace("portal.css", ""), place
    assert "参数：国家级高技能人才培训基地目标" in page


def test_the_notice_is_printed_letter_by_letter() -> None:
    for clause in pack().clauses.values():
        shown = printed(clause)
        assert shown["head"] + shown["body"] == clause.text
        assert shown["head"] == "" or clause.title in shown["head"]
    assert printed(pack().clauses["3.1"])["head"] == "（一）项目申报。"
    assert printed(pack().clauses["2.1.1.1"])["head"] == ""


def test_every_place_of_every_norm_has_words() -> None:
    for norm in pack().norms.values():
        for place in norm.where:
            words = place_text(pack(), place)
            assert words != place, f"{norm.id}: {place} 没有中文名称"
            assert not words.isascii()
