"""The guide of each track, and what the code on a paper form leads to."""

import io
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid
from jiangxin.stages.application import paper
from jiangxin.stages.programme import actions
from jiangxin.stages.programme.models import Call, Track
from jiangxin.stages.programme.queries import pack
from tests.factories.applications import DURING, make_round
from tests.factories.desk import Desk, policies_with
from tests.factories.portal import published_call

pytestmark = pytest.mark.django_db


def flat(text: str) -> str:
    return "".join(text.split())


def page_of(address: str) -> str:
    answer = Client().get(address)
    assert answer.status_code == 200
    return flat(unescape(answer.content.decode()))


def pdf_of(address: str) -> str:
    answer = Client().get(address)
    assert answer["Content-Type"] == "application/pdf"
    return flat(
        "".join(each.extract_text() for each in PdfReader(io.BytesIO(answer.content)).pages)
    )


@pytest.mark.parametrize("track", list(Track))
def test_the_guide_names_every_condition_field_and_evidence(track: Track) -> None:
    form = pack().form(track.value)
    page = page_of(reverse("portal-guide", args=[track.value]))
    printed = pdf_of(reverse("portal-guide-file", args=[track.value]))
    for _, field in form.fields():
        for each in (field, *field.columns):
            assert flat(each.label) in page
            assert flat(each.help) in page
            assert flat(each.label) in printed
            assert flat(each.help)[:12] in printed
    for each in pack().requirements(track.value):
        assert flat(each.title) in page
        assert flat(each.title) in printed
    assert "必附佐证" in page
    assert "附件申报表的文本没有公开" in page
    assert "附件申报表的文本没有公开" in printed


def test_with_a_province_come_its_dates_and_its_examiners_phone() -> None:
    published_call("37", phone="0531-12345678")
    published_call("32", phone="025-87654321")
    address = reverse("portal-guide", args=["studio"])
    page = page_of(address + "?province=37")
    assert "0531-12345678" in page
    assert "025-87654321" not in page
    assert "2025年10月10日" in page
    assert "0531-12345678" in pdf_of(reverse("portal-guide-file", args=["studio"]) + "?province=37")
    assert "0531-12345678" not in page_of(address)
    assert "还没有发布申报通知" in page_of(address + "?province=11")
    assert "请选择省份" in page_of(address + "?province=99%27%3B")
    assert Client().get(reverse("portal-guide", args=["atelier"])).status_code == 404


def test_a_drafts_phone_is_not_told() -> None:
    published_call("37", phone="0531-12345678", state="draft")
    assert "0531-12345678" not in page_of(reverse("portal-guide", args=["studio"]) + "?province=37")


def test_a_provinces_own_rules_stand_in_its_guide(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = policies_with(tmp_path, '"base.capacity" = 2600')  # type: ignore[arg-type]
    monkeypatch.setenv("JIANGXIN_POLICIES", str(own))
    call = published_call("37", phone="1")
    address = reverse("portal-guide", args=["new_base"]) + "?province=37"
    assert "2600" not in page_of(address)
    Call.objects.filter(pk=call.pk).update(overlay="37-2025")
    assert "2600人次" in page_of(address)


def test_a_call_without_the_examiners_phone_is_not_published() -> None:
    desk = Desk("37")
    call = desk.draft(phone=" ")
    desk.agree()
    with pytest.raises(Invalid, match="资格审查咨询电话") as refused:
        actions.open_call(viewer=desk.hr, call_id=call.pk)
    assert refused.value.field == "phone"


def test_whoever_holds_the_paper_learns_number_and_time_and_no_more() -> None:
    project = make_round().submitted()
    found = paper.content(project, 1)
    address = reverse("verify-paper")
    with clock.at(DURING):
        for asked in (found.code, found.code.lower(), paper.payload_of(project, found)):
            page = page_of(f"{address}?code={asked}")
            assert "这一版已经提交" in page
            assert project.number in page
            assert project.versions.get().event.leaf in page
            assert project.unit_name not in page
            assert project.title not in page
        assert "没有这一版的提交记录" in page_of(f"{address}?code=0000-1111-2222-3333")
        assert "不是版本码" in page_of(f"{address}?code=<script>")


def test_the_qr_code_leads_to_the_page_where_an_address_is_set(settings: object) -> None:
    settings.PUBLIC_URL = "https://jiangxin.example"  # type: ignore[attr-defined]
    project = make_round().submitted()
    payload = paper.payload_of(project, paper.content(project, 1))
    assert payload.startswith("https://jiangxin.example" + reverse("verify-paper") + "?code=")
    tail = payload.partition("https://jiangxin.example")[2]
    assert "这一版已经提交" in page_of(tail)
