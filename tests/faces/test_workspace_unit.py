"""Pages of the unit's own order: its people, its approval, what it takes back or adds."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import Duty
from jiangxin.ops.scenes.province import SCAN
from jiangxin.records.identity.models import Invitation, User
from jiangxin.stages.application import approval
from jiangxin.stages.application.models import Application, Approval, Version
from tests.factories.applications import CLOSES, DURING, Round, make_round, unit_of
from tests.factories.desk import client_of, text_of
from tests.factories.unit import FOUR_EYES, PASSWORD, RECOMMENDED, body, colleague, only, rules

pytestmark = pytest.mark.django_db
MEMBERS = "/workspace/members/"


@pytest.fixture
def round_() -> Round:
    return make_round()


@pytest.fixture(autouse=True)
def during() -> Iterator[None]:
    with clock.at(DURING):
        yield


def invite(client: Client, **given: object) -> str:
    """The page that shows the link."""
    data = {"label": "李四", "duties": ["fill"], **given}
    return text_of(client.post(MEMBERS, data))


def link_in(page: str) -> str:
    found = re.search(r"http://testserver(/join/[0-9a-f]{32}/)", page)
    assert found, page
    return found.group(1)


def join(link: str, client: Client | None = None, **given: str) -> object:
    data = {
        "person": "李四",
        "username": "li4",
        "password": PASSWORD,
        "password_again": PASSWORD,
    } | given
    return (client or Client()).post(link, data)


def test_an_invitation_is_shown_once_mailed_and_opens_the_account(round_: Round) -> None:
    admin = round_.unit()
    client = client_of(admin)
    page = invite(client, email="li@example.cn")
    link = link_in(page)
    assert "只显示这一次" in page
    (letter,) = mail.outbox
    assert letter.to == ["li@example.cn"]
    assert link in letter.body
    again = text_of(client.get(MEMBERS))
    assert "/join/" not in again
    assert "li@example.cn" in again
    guest = Client()
    page = text_of(guest.get(link))
    unit = User.objects.get(pk=admin.user_id).organisation
    assert unit is not None
    assert f"加入{unit.name}" in page
    assert "li@example.cn" in page
    answer = join(link, guest)
    assert answer.headers["Location"] == "/workspace/"  # type: ignore[attr-defined]
    assert "li4" in text_of(guest.get(MEMBERS))
    refused = Client().get(link)
    assert refused.status_code == 409
    assert "已经使用过" in text_of(refused)
    assert Client().get("/join/" + "0" * 32 + "/").status_code == 404


def test_bad_input_of_the_invited_keeps_what_was_typed_but_no_password(round_: Round) -> None:
    link = link_in(invite(client_of(round_.unit())))
    for given, said in (
        ({"password_again": "other"}, "两次输入的密码不一致"),
        ({"password": "12345", "password_again": "12345"}, "密码不符合要求"),
        ({"person": ""}, "请填写姓名"),
    ):
        answer = join(link, **given)
        page = text_of(answer)
        assert answer.status_code == 422  # type: ignore[attr-defined]
        assert said in page
        assert 'value="li4"' in page
        assert PASSWORD not in page
    assert User.objects.filter(username="li4").count() == 0
    assert Invitation.objects.get().user_id is None


def test_a_wrong_invitation_says_so_at_its_field(round_: Round) -> None:
    client = client_of(round_.unit())
    answer = client.post(MEMBERS, {"label": "", "duties": ["check"]})
    page = text_of(answer)
    assert answer.status_code == 422
    assert "请填写被邀请人" in page
    assert re.search(r'value="check" checked', page)
    assert "请至少选择一项分工" in text_of(client.post(MEMBERS, {"label": "李四"}))


def test_the_administrator_sees_to_people_and_others_only_read(round_: Round) -> None:
    admin = round_.unit()
    member = colleague(admin, Duty.CHECK, name="审核乙")
    page = text_of(client_of(admin).get(MEMBERS))
    assert "审核乙" in page
    assert "邀请同事" in page
    reading = client_of(member)
    page = text_of(reading.get(MEMBERS))
    assert "审核乙" in page
    assert "邀请同事" not in page
    assert reading.post(MEMBERS, {"label": "某", "duties": ["fill"]}).status_code == 422
    for name in ("workspace-member", "workspace-member-off"):
        assert reading.get(reverse(name, args=[admin.user_id])).status_code == 403
    stranger = client_of(round_.unit())
    for name in ("workspace-member", "workspace-member-off"):
        assert stranger.get(reverse(name, args=[member.user_id])).status_code == 404
    assert "审核乙" not in text_of(stranger.get(MEMBERS))


def test_ending_an_account_asks_first_and_never_ends_the_last_administrator(round_: Round) -> None:
    admin = round_.unit()
    member = colleague(admin, Duty.FILL, name="填报甲")
    client = client_of(admin)
    off = reverse("workspace-member-off", args=[member.user_id])
    page = text_of(client.get(off))
    assert "填报甲" in page
    assert "立即退出登录" in page
    client.post(off)
    assert User.objects.get(pk=member.user_id).is_active, "not without the confirmation"
    client.post(off, {"confirmed": "yes"})
    assert not User.objects.get(pk=member.user_id).is_active
    client.post(reverse("workspace-member-on", args=[member.user_id]))
    assert User.objects.get(pk=member.user_id).is_active
    own = client.post(reverse("workspace-member-off", args=[admin.user_id]), {"confirmed": "yes"})
    assert own.status_code == 422
    assert "唯一的单位管理员" in text_of(own)
    duties = reverse("workspace-member", args=[member.user_id])
    client.post(duties, {"duties": ["check", "admin"]})
    assert User.objects.get(pk=member.user_id).duties == ["check", "admin"]


def test_invitations_are_issued_again_and_cancelled_after_asking(round_: Round) -> None:
    client = client_of(round_.unit())
    first = link_in(invite(client))
    row = Invitation.objects.get()
    second = link_in(text_of(client.post(reverse("workspace-invitation-again", args=[row.pk]))))
    assert Client().get(first).status_code == 404
    assert Client().get(second).status_code == 200
    cancel = reverse("workspace-invitation-cancel", args=[row.pk])
    assert "链接立即失效" in text_of(client.get(cancel))
    client.post(cancel, {"confirmed": "yes"})
    assert Client().get(second).status_code == 409
    stranger = client_of(round_.unit())
    assert stranger.get(cancel).status_code == 404


# --- 送审 and 审核


def check_of(project: Application) -> str:
    return reverse("apply-check", args=[project.pk])


def test_sent_for_approval_sent_back_approved_and_submitted_over_the_pages(
    round_: Round, django_assert_max_num_queries
) -> None:
    admin = round_.unit()
    project = round_.draft(admin)
    filler = client_of(colleague(admin, Duty.FILL, name="填报甲"))
    checker = client_of(colleague(admin, Duty.CHECK, name="审核乙"))
    only(admin)
    with django_assert_max_num_queries(12):
        page = text_of(filler.get(check_of(project)))
    assert "填好送审" in page
    assert "提交申报" not in page
    revision = {"revision": str(project.revision)}
    filler.post(reverse("apply-ask", args=[project.pk]), revision)
    assert "待审核的申报" in text_of(checker.get("/workspace/"))
    assert "待审核的申报" not in text_of(filler.get("/workspace/"))
    assert "等待审核人审核" in text_of(filler.get(check_of(project)))
    assert "审核通过</button>" not in text_of(filler.get(check_of(project)))
    back = reverse("apply-send-back", args=[project.pk])
    refused = checker.post(back, {"remark-plan": "长" * 501, "remark-host": "改。"})
    assert refused.status_code == 422
    assert "改。" in text_of(refused), "what was typed stays"
    checker.post(back, {"remark-plan": "目标太笼统。"})
    for name in ("apply-tasks", "apply-check"):
        assert "目标太笼统。" in text_of(filler.get(reverse(name, args=[project.pk])))
    filler.post(reverse("apply-ask", args=[project.pk]), revision)
    page = text_of(checker.get(check_of(project)))
    digest = re.search(r'name="digest" value="([0-9a-f]{64})"', page)
    assert digest
    approve = reverse("apply-approve", args=[project.pk])
    refused = checker.post(approve, {"digest": digest.group(1)})
    assert refused.status_code == 422
    assert "公章" in text_of(refused)
    checker.post(approve, {"digest": digest.group(1), "sealed": "on"})
    assert "待审核的申报" not in text_of(checker.get("/workspace/"))
    assert Approval.objects.latest("id").state == "approved"
    page = text_of(filler.get(check_of(project)))
    assert "审核乙" in page
    assert "审核即失效" in page
    filler.post(reverse("apply-submit", args=[project.pk]), revision)
    assert Version.objects.count() == 1


def test_a_changed_draft_says_plainly_that_its_approval_is_void(round_: Round) -> None:
    admin = round_.unit()
    project = round_.draft(admin)
    client = client_of(admin)
    approval.approve_own(
        viewer=admin, application_id=project.pk, revision=project.revision, sealed=True
    )
    assert "审核即失效" in text_of(client.get(check_of(project)))
    Application.objects.update(answers=project.answers | {"plan_goal": "改了的目标，足够长。"})
    page = text_of(client.get(check_of(project)))
    assert "原来的审核已失效" in page
    answer = client.post(
        reverse("apply-submit", args=[project.pk]), {"revision": str(project.revision)}
    )
    assert answer.status_code == 422
    assert "原审核意见已失效" in text_of(answer)
    assert Version.objects.count() == 0


def test_where_two_are_wanted_the_page_says_whom_to_invite(
    round_: Round, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = round_.unit()
    project = round_.draft(admin)
    rules(tmp_path, monkeypatch, FOUR_EYES)
    client = client_of(admin)
    page = text_of(client.get(check_of(project)))
    assert "填报人和审核人不是同一人" in page
    assert MEMBERS in page
    assert "我同时是本单位的审核人" not in page
    data = {"revision": str(project.revision), "approve": "yes", "sealed": "on"}
    answer = client.post(reverse("apply-submit", args=[project.pk]), data)
    assert "另一位同事" in text_of(answer)
    assert Version.objects.count() == 0


def test_another_unit_reaches_none_of_these_pages(round_: Round) -> None:
    project = round_.draft(round_.unit())
    stranger = client_of(round_.unit())
    for name in ("apply-ask", "apply-approve", "apply-send-back", "apply-recommender"):
        data = {"revision": "0", "digest": "x", "sealed": "on", "remark-plan": "某", "body": "1"}
        assert stranger.post(reverse(name, args=[project.pk]), data).status_code == 404, name
    for name in ("apply-take-back", "apply-withdraw", "apply-supplement"):
        assert stranger.get(reverse(name, args=[project.pk])).status_code == 404, name


# --- after the submission


def test_taken_back_over_the_page_after_asking(round_: Round) -> None:
    project = round_.submitted()
    client = client_of(unit_of(project))
    receipt = reverse("apply-receipt", args=[project.pk])
    address = reverse("apply-take-back", args=[project.pk])
    assert address in text_of(client.get(receipt))
    page = text_of(client.get(address))
    assert "第 1 版保留" in page
    client.post(address)
    assert Application.objects.get().state == "submitted"
    client.post(address, {"confirmed": "yes"})
    assert Application.objects.get().state == "draft"
    assert "尚未提交" in text_of(client.get(reverse("apply-tasks", args=[project.pk])))


def test_after_the_close_neither_way_back_is_offered_or_taken(round_: Round) -> None:
    project = round_.submitted()
    client = client_of(unit_of(project))
    with clock.at(CLOSES):
        page = text_of(client.get(reverse("apply-receipt", args=[project.pk])))
        for name in ("apply-take-back", "apply-withdraw"):
            address = reverse(name, args=[project.pk])
            assert address not in page
            answer = client.post(address, {"confirmed": "yes"})
            assert answer.status_code == 422
            assert "不能再撤回" in text_of(answer)
    assert Application.objects.get().state == "submitted"


def test_evidence_is_supplemented_over_the_page_where_the_rules_name_it(
    round_: Round, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = round_.submitted()
    client = client_of(unit_of(project))
    address = reverse("apply-supplement", args=[project.pk])
    with clock.at(CLOSES):
        assert client.get(address).status_code == 302, "nothing to supplement"
        own = '[supplement]\nuntil = 2025-07-10\nfields = ["premises"]'
        rules(tmp_path, monkeypatch, own)
        assert address in text_of(client.get(reverse("apply-receipt", args=[project.pk])))
        page = text_of(client.get(address))
        assert "2025年7月10日" in page
        assert 'name="premises"' in page
        assert "请选择要补充的文件" in text_of(client.post(address))
        file = SimpleUploadedFile("补充.pdf", SCAN + b"\n", "application/pdf")
        client.post(address, {"premises": file})
    assert Version.objects.count() == 2


def test_the_recommending_body_is_chosen_on_the_check_page(
    round_: Round, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries
) -> None:
    admin = round_.unit()
    project = round_.draft(admin)
    client = client_of(admin)
    assert "推荐部门" not in text_of(client.get(check_of(project)))
    rules(tmp_path, monkeypatch, own=RECOMMENDED)
    assert "还没有登记推荐部门" in text_of(client.get(check_of(project)))
    city = body()
    with django_assert_max_num_queries(14):
        assert "济南市人社局" in text_of(client.get(check_of(project)))
    choose = reverse("apply-recommender", args=[project.pk])
    for wrong in ("", "x", "999999"):
        assert client.post(choose, {"body": wrong}).status_code == 422
    client.post(choose, {"body": str(city.pk)})
    data = {"revision": str(project.revision), "approve": "yes", "sealed": "on"}
    client.post(reverse("apply-submit", args=[project.pk]), data)
    project.refresh_from_db()
    assert project.state == "with_recommender"
    page = unescape(client.get(reverse("apply-receipt", args=[project.pk])).content.decode())
    assert "等待推荐部门推荐" in page
