"""Calls as applicants read them."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from jiangxin.core.kernel import clock
from tests.factories.portal import published_call

NOW = clock.beijing(2025, 9, 25, 10)


def page_of(address: str, **query: str) -> str:
    with clock.at(NOW):
        answer = Client().get(address, query)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.django_db
def test_a_call_says_until_when_for_whom_and_by_which_rules() -> None:
    call = published_call("37", year=2022, overlay="37-2022", text="第一段。\n第二段。")
    page = page_of(reverse("portal-call", args=[call.pk]))
    for shown in (
        "2025年10月10日（星期五）17:00",
        "还有 <b>15</b> 天",
        "第一段。</p><p>第二段。",
        "新建基地",
        "已建基地",
        "技能大师工作室",
        "必附材料",
        "本省细则",
        "山东省国家级高技能人才培训基地",
        "2022年10月31日（星期一）24:00",
        f'href="{reverse("workspace-home")}"',
    ):
        assert shown in page, shown


@pytest.mark.django_db
def test_a_closed_call_offers_no_application_and_a_draft_is_not_there() -> None:
    closed = published_call("37", closes_at=clock.beijing(2025, 9, 20, 17))
    draft = published_call("36", title="起草中的通知", state="draft", phone="000-secret")
    page = page_of(reverse("portal-call", args=[closed.pk]))
    assert "已截止" in page
    assert f'href="{reverse("workspace-home")}"' not in page
    with clock.at(NOW):
        hidden = Client().get(reverse("portal-call", args=[draft.pk]))
    assert hidden.status_code == 404
    assert "起草中" not in hidden.content.decode()
    assert "000-secret" not in hidden.content.decode()


@pytest.mark.django_db
def test_the_list_finds_by_window_province_and_text() -> None:
    published_call("37", title="正在受理的", closes_at=clock.beijing(2025, 10, 10, 17))
    published_call("32", title="已经截止的", closes_at=clock.beijing(2025, 9, 20, 17))
    published_call("33", title="还没开始的", opens_at=clock.beijing(2025, 9, 30, 9))
    published_call("36", title="起草中的", state="draft")
    address = reverse("portal-calls")
    titles = {"正在受理的", "已经截止的", "还没开始的"}

    def found(q: str) -> set[str]:
        page = page_of(address, q=q)
        assert "起草中的" not in page
        return {title for title in titles if re.search(rf">\s*{title}\s*<", page)}

    assert found("") == titles
    assert found("受理:受理中") == {"正在受理的"}
    assert found("受理:已截止") == {"已经截止的"}
    assert found("受理:未开始") == {"还没开始的"}
    assert found("-受理:受理中 省:江苏") == {"已经截止的"}
    assert found("还没") == {"还没开始的"}
    assert found("受理:随便") == set()
    assert "可用：受理中、未开始、已截止" in page_of(address, q="受理:随便")
    with clock.at(NOW):
        sheet = b"".join(Client().get(address, {"export": "csv"})).decode()
    assert "正在受理的" in sheet
    assert "起草中的" not in sheet
