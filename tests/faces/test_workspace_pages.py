"""What stands on the applicant's pages, and that nobody else gets at them by any address."""

from html import unescape
from io import BytesIO

import pytest
from django.test import Client
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import Role
from jiangxin.ops.scenes.country import officer
from jiangxin.ops.scenes.province import SCAN
from jiangxin.records.identity.actions import open_account
from jiangxin.stages.application import proving
from jiangxin.stages.application.models import Application, Version
from jiangxin.stages.application.queries import form_of
from jiangxin.stages.examination import actions as examining
from jiangxin.stages.programme.models import Track
from jiangxin.stages.titles.models import Title
from tests.faces.test_workspace_apply import client_of, posted
from tests.factories.applications import DURING, Round, make_round, save, unit_of

ALONE = {"approve": "yes", "sealed": "on"}  # 填报人 and 审核人 in one
pytestmark = pytest.mark.django_db


@pytest.fixture
def round_() -> Round:
    return make_round()


@pytest.fixture(autouse=True)
def during():
    with clock.at(DURING):
        yield


def text_of(client: Client, name: str, *args: object) -> str:
    answer = client.get(reverse(name, args=args))
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def test_an_expert_is_led_to_the_queue(round_: Round) -> None:
    user = open_account(username="e1", password=None, name="某专家", role=Role.EXPERT)
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get(reverse("workspace-home"))
    assert answer.headers["Location"] == reverse("expert-queue")


def test_a_unit_without_anything_is_told_what_to_do(round_: Round) -> None:
    page = text_of(client_of(round_.unit()), "workspace-home")
    assert "还没有申报" in page
    assert "2025年6月30日（星期一）17:00 截止，还有 28 天" in page
    assert all(f'value="{track.value}"' in page for track in Track)


def test_a_taken_track_is_not_offered_again_and_begins_once(round_: Round) -> None:
    unit = round_.unit()
    client = client_of(unit)
    begin = reverse("apply-begin", args=[round_.call.pk])
    first = client.post(begin, {"track": "studio"})
    project = Application.objects.get()
    assert first.headers["Location"] == reverse("apply-tasks", args=[project.pk])
    page = text_of(client, "workspace-home")
    assert 'value="studio"' not in page
    assert 'value="new_base"' in page
    assert client.post(begin, {"track": "studio"}).status_code == 409
    assert client.post(begin, {"track": "nonsense"}).status_code == 422
    assert Application.objects.count() == 1


def test_the_task_list_tells_each_section_s_status(round_: Round) -> None:
    unit = round_.unit()
    client = client_of(unit)
    client.post(reverse("apply-begin", args=[round_.call.pk]), {"track": "new_base"})
    project = Application.objects.get()
    page = text_of(client, "apply-tasks", project.pk)
    assert "<b>0</b> / 10" in page
    assert page.count("未开始") == 9
    assert "填写中" in page
    assert "尚未提交" in page
    address = reverse("apply-section", args=[project.pk, "premises"])
    assert client.post(address, {"capacity": "两千", "revision": "0"}).status_code == 422
    page = text_of(client, "apply-tasks", project.pk)
    assert page.count("有问题") == 1
    client.post(address, {"capacity": "1999", "revision": "1"})
    page = text_of(client, "apply-tasks", project.pk)
    assert "年培训能力 1999 人次，要求不少于 2000 人次。" in page
    assert "已完成" not in page


def test_values_are_told_as_people_read_them(round_: Round) -> None:
    project = round_.draft(round_.unit(Track.NEW_BASE), Track.NEW_BASE)
    client = client_of(unit_of(project))
    assert "400.00 万元" in text_of(client, "apply-section", project.pk, "budget")
    code = project.answers["occupations"][0]["occupation"]
    form = form_of(project)
    table = form.field("occupations")
    assert table is not None
    column = table.column("occupation")
    assert column is not None
    name = dict(column.options)[code]
    address = reverse("apply-section", args=[project.pk, "occupations"])
    assert f'value="{code} {name}"' in text_of(client, "apply-section", project.pk, "occupations")
    rows = len(project.answers["occupations"])
    data = posted(project, "occupations") | {"occupations-0-occupation": f"{code} {name}"}
    client.post(address, data)
    project.refresh_from_db()
    assert project.answers["occupations"][0]["occupation"] == code
    assert len(project.answers["occupations"]) == rows
    assert f"{name} {code}" in text_of(client, "apply-check", project.pk)


def test_each_row_of_the_check_leads_to_its_field(round_: Round) -> None:
    project = round_.draft(round_.unit())
    page = text_of(client_of(unit_of(project)), "apply-check", project.pk)
    for section, field in form_of(project).fields():
        address = reverse("apply-section", args=[project.pk, section.key])
        assert f'href="{address}#field-{field.key}"' in page


def test_what_the_register_forbids_is_said_before_the_button(round_: Round) -> None:
    project = round_.draft(round_.unit(Track.EXISTING_BASE), Track.EXISTING_BASE)
    client = client_of(unit_of(project))
    assert 'id="barred"' not in text_of(client, "apply-check", project.pk)
    Title.objects.update(assessment="failed")
    page = text_of(client, "apply-check", project.pk)
    assert 'id="barred"' in page
    assert 'disabled aria-describedby="barred"' in page
    assert "accept_unmet" not in page
    data = {"revision": project.revision, "accept_unmet": "on"}
    answer = client.post(reverse("apply-submit", args=[project.pk]), data)
    assert answer.status_code == 422
    assert Version.objects.count() == 0


def test_a_condition_not_met_is_acknowledged_by_a_tick(round_: Round) -> None:
    project = round_.draft(round_.unit(Track.NEW_BASE), Track.NEW_BASE)
    project, _ = save(project, "premises", capacity=1999)
    client = client_of(unit_of(project))
    assert "已知悉有 1 项条件显示“不符合”" in text_of(client, "apply-check", project.pk)
    address = reverse("apply-submit", args=[project.pk])
    refused = client.post(address, ALONE | {"revision": project.revision})
    assert refused.status_code == 422
    assert "不符合" in refused.content.decode()
    client.post(address, ALONE | {"revision": project.revision, "accept_unmet": "on"})
    assert Version.objects.count() == 1


def test_the_receipt_tells_what_comes_next(round_: Round) -> None:
    project = round_.submitted()
    client = client_of(unit_of(project))
    page = text_of(client, "apply-receipt", project.pk)
    assert page.index("建立申报") < page.index("资格审查</strong>") < page.index("两部备案登记")
    assert 'aria-current="step"' in page
    client.post(reverse("apply-withdraw", args=[project.pk]), {"confirmed": "yes"})
    page = text_of(client, "apply-receipt", project.pk)
    assert "已撤回" in page
    assert "两部备案登记" not in page
    assert "尚未提交" not in page


def test_a_correction_ends_on_its_own_day(round_: Round) -> None:
    project = round_.submitted()
    defects = [examining.Defect(section="plan", reason="请补充。")]
    hr = officer(Role.PROVINCE_HR, "37")
    examining.send_back(viewer=hr, application_id=project.pk, defects=defects)
    project.refresh_from_db()
    assert project.correction_due is not None
    client = client_of(unit_of(project))
    told = f"{clock.long_date(project.correction_due)}24:00"
    assert told in text_of(client, "workspace-home")
    assert told in text_of(client, "apply-tasks", project.pk)
    with clock.at(clock.end_of(project.correction_due)):
        assert "已过截止时间" in text_of(client, "workspace-home")


def test_a_file_comes_with_a_safe_name_and_is_never_sniffed(round_: Round) -> None:
    project = round_.draft(round_.unit())
    client = client_of(unit_of(project))
    held = proving.attach(
        viewer=unit_of(project),
        application_id=project.pk,
        field="plan_goal",
        name='奖状"; x=\r\n<b>.pdf',
        size=len(SCAN) + 1,
        content=BytesIO(SCAN + b"\n"),
    )
    answer = client.get(reverse("evidence-file", args=[project.pk, held.document_id]))
    assert answer.content == SCAN + b"\n"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Type"] == "application/pdf"
    name = answer.headers["Content-Disposition"]
    assert not set(name) & set("\r\n<>")
    assert name.count('"') % 2 == 0


GETS = ("apply-tasks", "apply-check", "apply-receipt", "apply-withdraw")


def test_no_address_lets_another_unit_read_or_act(round_: Round) -> None:
    draft, other = round_.draft(round_.unit()), round_.draft(round_.unit())
    sent = round_.submitted()
    client = client_of(unit_of(other))
    plan, held = draft.answers["plan_goal"], draft.evidence.all()[0]
    reads = [reverse(name, args=[project.pk]) for name in GETS for project in (draft, sent)]
    reads += [
        reverse("apply-section", args=[draft.pk, "plan"]),
        reverse("apply-receipt-file", args=[sent.pk, 1]),
        reverse("apply-version", args=[sent.pk, 1]),
        reverse("evidence-file", args=[draft.pk, held.document_id]),
        reverse("evidence-file", args=[other.pk, held.document_id]),
    ]
    for address in reads:
        answer = client.get(address)
        assert answer.status_code == 404, address
        assert plan not in answer.content.decode()
        assert draft.title not in answer.content.decode()
    data = posted(draft, "plan", plan_goal=["别人写的目标，内容足够长。"])
    for name, args in (
        ("apply-section", [draft.pk, "plan"]),
        ("apply-autosave", [draft.pk, "plan"]),
        ("apply-submit", [draft.pk]),
        ("apply-withdraw", [draft.pk]),
    ):
        answer = client.post(reverse(name, args=args), data | {"confirmed": "yes"})
        assert answer.status_code == 404, name
    address = reverse("apply-section", args=[other.pk, "plan"])
    client.post(address, posted(other, "plan") | {"_drop": str(held.pk)})
    draft.refresh_from_db()
    assert (draft.state, draft.answers["plan_goal"]) == ("draft", plan)
    assert draft.evidence.filter(pk=held.pk).exists()


def test_an_unknown_section_or_version_is_named_as_such(round_: Round) -> None:
    project = round_.submitted()
    draft = round_.draft(round_.unit())
    for owner, name, args in (
        (draft, "apply-section", [draft.pk, "nonsense"]),
        (project, "apply-version", [project.pk, 9]),
        (project, "apply-receipt-file", [project.pk, 9]),
    ):
        answer = client_of(unit_of(owner)).get(reverse(name, args=args))
        assert answer.status_code == 404
        assert "没有" in answer.content.decode()


def test_a_locked_application_shows_its_receipt_instead_of_the_form(round_: Round) -> None:
    project = round_.submitted()
    client = client_of(unit_of(project))
    for name, args in (("apply-tasks", []), ("apply-check", []), ("apply-section", ["plan"])):
        answer = client.get(reverse(name, args=[project.pk, *args]))
        assert answer.headers["Location"] == reverse("apply-receipt", args=[project.pk])


def test_a_live_preview_answers_with_the_result_alone() -> None:
    data = {"track": "new_base", "capacity": "两千"}
    answer = Client().post(reverse("eligibility-preview"), data, headers={"HX-Request": "true"})
    part = answer.content.decode()
    assert "<html" not in part
    assert "有 1 处没有读懂" in part
    assert "#field-capacity" in part
    whole = Client().post(reverse("eligibility-preview"), data).content.decode()
    assert 'value="两千"' in whole


def test_the_preview_asks_for_no_file_and_adds_rows_without_javascript() -> None:
    page = Client().get(reverse("eligibility-preview"), {"track": "new_base"}).content.decode()
    assert 'type="file"' not in page
    assert "必填" not in page
    data = {"track": "new_base", "_add": "occupations", "occupations-0-occupation": "4-03-02-05"}
    page = Client().post(reverse("eligibility-preview"), data).content.decode()
    assert 'data-row="1"' in page
    assert 'value="4-03-02-05"' in page
