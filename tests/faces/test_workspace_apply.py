"""The applicant's pages: what they do, what they keep, what they cost, whom they refuse."""

import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.core.policy import section_values
from jiangxin.core.workflow import Role
from jiangxin.ops.paths import ROOT
from jiangxin.ops.scenes.country import officer
from jiangxin.ops.scenes.province import SCAN
from jiangxin.records.identity.models import User
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.application.models import Application, Version
from jiangxin.stages.application.queries import form_of
from jiangxin.stages.application.sealing import opened_answers, shown_answers
from jiangxin.stages.examination import actions as examining
from jiangxin.stages.programme.models import Track
from tests.factories.applications import CLOSES, DURING, Round, make_round, unit_of

ALONE = {"approve": "yes", "sealed": "on"}  # 填报人 and 审核人 in one
pytestmark = pytest.mark.django_db


@pytest.fixture
def round_() -> Round:
    return make_round()


@pytest.fixture(autouse=True)
def during():
    with clock.at(DURING):
        yield


def client_of(viewer: Viewer) -> Client:
    client = Client()
    client.force_login(
        User.objects.get(pk=viewer.user_id), backend="django.contrib.auth.backends.ModelBackend"
    )
    return client


def posted(project: Application, section: str, **changes: list[str]) -> dict[str, object]:
    page = form_of(project).section(section)
    assert page is not None
    values = section_values(page, shown_answers(project.answers))
    return {**values, "revision": str(project.revision), **changes}


def test_home_names_the_next_step_and_costs_the_same_at_three(
    round_: Round, django_assert_num_queries
) -> None:
    unit = round_.unit()
    project = round_.draft(unit)
    client = client_of(unit)
    with django_assert_num_queries(8):
        page = client.get(reverse("workspace-home")).content.decode()
    assert "继续填写" in page
    assert "2025年6月30日（星期一）17:00" in page
    for track in (Track.NEW_BASE, Track.EXISTING_BASE):
        round_.draft(unit, track)
    with django_assert_num_queries(8):
        page = client.get(reverse("workspace-home")).content.decode()
    assert page.count("继续填写") == 3
    assert project.title in page


def test_other_units_see_nothing(round_: Round) -> None:
    project = round_.submitted()
    other = client_of(round_.unit())
    assert project.title not in other.get(reverse("workspace-home")).content.decode()
    for name in ("apply-tasks", "apply-check", "apply-receipt", "apply-withdraw"):
        answer = other.get(reverse(name, args=[project.pk]))
        assert answer.status_code == 404, name
        assert project.title not in answer.content.decode()
    document = project.evidence.first().document_id
    address = reverse("evidence-file", args=[project.pk, document])
    assert other.get(address).status_code == 404
    assert client_of(unit_of(project)).get(address).status_code == 200
    assert client_of(officer(Role.PROVINCE_HR, "36")).get(address).status_code == 404
    assert client_of(officer(Role.PROVINCE_HR, "37")).get(address).status_code == 200


def test_a_section_is_saved_and_leads_to_the_next(
    round_: Round, django_assert_max_num_queries
) -> None:
    project = round_.draft(round_.unit())
    client = client_of(unit_of(project))
    address = reverse("apply-section", args=[project.pk, "plan"])
    with django_assert_max_num_queries(8):
        client.get(address)
    data = posted(project, "plan", plan_goal=["新的目标，内容足够长。"], _go=["next"])
    answer = client.post(address, data)
    project.refresh_from_db()
    assert project.answers["plan_goal"] == "新的目标，内容足够长。"
    assert answer.headers["Location"] == reverse("apply-section", args=[project.pk, "budget"])


def test_a_faster_colleague_is_shown_and_nothing_typed_is_lost(round_: Round) -> None:
    project = round_.draft(round_.unit())
    client = client_of(unit_of(project))
    address = reverse("apply-section", args=[project.pk, "plan"])
    stale = posted(project, "plan", plan_goal=["我写的目标，内容足够长。"], _go=["next"])
    client.post(address, posted(project, "plan", plan_goal=["同事写的目标，内容足够长。"]))
    file = SimpleUploadedFile("我的附件.pdf", SCAN + b"\n", "application/pdf")
    answer = client.post(address, {**stale, "file-plan_goal": [file]})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "<del>同事写的目标，内容足够长。</del>" in page
    assert "<ins>我写的目标，内容足够长。</ins>" in page
    assert page.count("<ins>") == 1
    project.refresh_from_db()
    assert project.answers["plan_goal"] == "同事写的目标，内容足够长。"
    assert project.evidence.filter(document__name="我的附件.pdf").exists()
    client.post(address, {**stale, "revision": str(project.revision)})
    project.refresh_from_db()
    assert project.answers["plan_goal"] == "我写的目标，内容足够长。"


def test_what_was_typed_after_the_deadline_stays_on_the_page(round_: Round) -> None:
    project = round_.draft(round_.unit())
    client = client_of(unit_of(project))
    data = posted(project, "plan", plan_goal=["最后一刻写的目标，足够长。"])
    with clock.at(CLOSES):
        answer = client.post(reverse("apply-section", args=[project.pk, "plan"]), data)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "截止" in page
    assert "最后一刻写的目标，足够长。" in page
    project.refresh_from_db()
    assert project.answers["plan_goal"] != "最后一刻写的目标，足够长。"


@pytest.mark.parametrize(
    ("section", "go", "name", "args"),
    [
        ("plan", "tasks", "apply-tasks", []),
        ("leader", "back", "apply-section", ["unit"]),
        ("unit", "next", "apply-section", ["leader"]),
        ("undertakings", "next", "apply-check", []),
    ],
)
def test_every_button_saves_before_it_leads_on(
    round_: Round, section: str, go: str, name: str, args: list[str]
) -> None:
    project = round_.draft(round_.unit())
    client = client_of(unit_of(project))
    data = posted(project, section, _go=[go])
    answer = client.post(reverse("apply-section", args=[project.pk, section]), data)
    assert answer.headers["Location"] == reverse(name, args=[project.pk, *args])
    before = project.revision
    project.refresh_from_db()
    assert project.revision == before + 1


def test_the_registered_name_stands_locked_on_the_page(round_: Round) -> None:
    project = round_.draft(round_.unit())
    client = client_of(unit_of(project))
    address = reverse("apply-section", args=[project.pk, "unit"])
    for page in (client.get(address), client.post(address, ALONE | {"revision": project.revision})):
        text = page.content.decode()
        assert re.search(
            rf'value="{re.escape(project.unit.name)}" id="in-unit_name"[^>]* disabled', text
        )


def test_what_was_typed_wrong_stays_on_the_page(round_: Round) -> None:
    project = round_.draft(round_.unit())
    client = client_of(unit_of(project))
    data = posted(project, "host", studio_area=["八十平"], _go=["next"])
    answer = client.post(reverse("apply-section", args=[project.pk, "host"]), data)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="八十平"' in page
    assert "#field-studio_area" in page


def test_rows_come_and_go_without_javascript(round_: Round) -> None:
    project = round_.draft(round_.unit())
    client = client_of(unit_of(project))
    address = reverse("apply-section", args=[project.pk, "results"])
    rows = project.answers["results"]
    assert len(rows) > 1
    sent = posted(project, "results", _add=["results"])
    sent["results-0-name"] = "添行之前改过的成果名称"
    page = client.post(address, sent).content.decode()
    assert f'data-row="{len(rows)}"' in page
    project.refresh_from_db()
    assert [row["name"] for row in project.answers["results"]] == [
        "添行之前改过的成果名称",
        *(row["name"] for row in rows[1:]),
    ]
    page = client.post(address, posted(project, "results", _remove=["results-0"])).content.decode()
    assert "添行之前改过的成果名称" not in page
    project.refresh_from_db()
    assert project.answers["results"] == rows[1:]


def test_autosave_keeps_and_refuses_a_stale_page(round_: Round) -> None:
    project = round_.draft(round_.unit())
    client = client_of(unit_of(project))
    address = reverse("apply-autosave", args=[project.pk, "plan"])
    data = posted(project, "plan", plan_goal=["自动保存的目标，足够长。"])
    saved = {"saved": "10:00", "revision": project.revision + 1}
    for _ in range(2):
        told = client.post(address, data).json()
        assert told | saved == told
        assert told["merged"] == ""
    again = client.post(address, data | {"plan_goal": ["旧页上的目标，内容足够长。"]})
    assert again.status_code == 409
    assert "同事" in again.json()["message"]
    project.refresh_from_db()
    assert project.answers["plan_goal"] == "自动保存的目标，足够长。"


def test_the_button_after_its_own_autosave_is_no_conflict(round_: Round) -> None:
    project = round_.draft(round_.unit())
    client = client_of(unit_of(project))
    data = posted(project, "leader", leader_post=["首席技师"], _go=["next"])
    client.post(reverse("apply-autosave", args=[project.pk, "leader"]), data)
    answer = client.post(reverse("apply-section", args=[project.pk, "leader"]), data)
    assert answer.headers["Location"] == reverse("apply-section", args=[project.pk, "host"])


def test_one_refused_file_does_not_lose_the_other(round_: Round) -> None:
    project = round_.draft(round_.unit())
    client = client_of(unit_of(project))
    good = SimpleUploadedFile("新的照片说明.pdf", SCAN + b"\n", "application/pdf")
    bad = SimpleUploadedFile("程序.exe", b"MZ", "application/octet-stream")
    data = posted(project, "host") | {"file-premises": [good, bad], "_go": "stay"}
    answer = client.post(reverse("apply-section", args=[project.pk, "host"]), data)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "不接收“程序.exe”" in page
    assert "新的照片说明.pdf" in page
    assert project.evidence.filter(document__name="新的照片说明.pdf").count() == 1
    held = project.evidence.get(document__name="新的照片说明.pdf")
    project.refresh_from_db()
    client.post(
        reverse("apply-section", args=[project.pk, "host"]),
        posted(project, "host") | {"_drop": str(held.pk)},
    )
    assert not project.evidence.filter(pk=held.pk).exists()


def test_submitting_twice_ends_on_one_receipt_that_verifies(
    round_: Round, tmp_path: Path, django_assert_max_num_queries
) -> None:
    project = round_.draft(round_.unit())
    client = client_of(unit_of(project))
    with django_assert_max_num_queries(10):
        page = client.get(reverse("apply-check", args=[project.pk])).content.decode()
    assert "各部分都已填好" in page
    receipt = reverse("apply-receipt", args=[project.pk])
    for _ in range(2):
        answer = client.post(
            reverse("apply-submit", args=[project.pk]), ALONE | {"revision": project.revision}
        )
        assert answer.headers["Location"] == receipt
    assert Version.objects.count() == 1
    with django_assert_max_num_queries(12):
        page = client.get(receipt).content.decode()
    assert Version.objects.get().digest in page
    file = tmp_path / "receipt.json"
    file.write_bytes(client.get(reverse("apply-receipt-file", args=[project.pk, 1])).content)
    verifier = [sys.executable, ROOT / "verifier/verify.py", "receipt"]
    assert subprocess.run([*verifier, file], check=False).returncode == 0
    file.write_text(
        file.read_text(encoding="utf-8").replace("submitted", "submittee"), encoding="utf-8"
    )
    assert subprocess.run([*verifier, file], check=False, capture_output=True).returncode != 0


def test_a_refusal_shows_on_the_check_page_and_keeps_the_draft(round_: Round) -> None:
    project = round_.draft(round_.unit())
    client = client_of(unit_of(project))
    data = posted(project, "plan", plan_goal=[""])
    client.post(reverse("apply-section", args=[project.pk, "plan"]), data)
    project.refresh_from_db()
    answer = client.post(
        reverse("apply-submit", args=[project.pk]), ALONE | {"revision": project.revision}
    )
    page = unescape(answer.content.decode())
    assert answer.status_code == 422
    assert "没有提交" in page
    assert f"{reverse('apply-section', args=[project.pk, 'plan'])}#field-plan_goal" in page
    project.refresh_from_db()
    assert project.state == "draft"


def test_what_was_returned_stands_beside_the_form_and_the_difference_is_shown(
    round_: Round,
) -> None:
    project = round_.submitted()
    defects = [examining.Defect(section="plan", reason="缺少季度指标。")]
    examining.send_back(
        viewer=officer(Role.PROVINCE_HR, "37"), application_id=project.pk, defects=defects
    )
    client = client_of(unit_of(project))
    address = reverse("apply-section", args=[project.pk, "plan"])
    assert (
        "缺少季度指标。" in client.get(reverse("apply-tasks", args=[project.pk])).content.decode()
    )
    assert "缺少季度指标。" in client.get(address).content.decode()
    other = reverse("apply-section", args=[project.pk, "host"])
    assert "缺少季度指标。" not in client.get(other).content.decode()
    project.refresh_from_db()
    client.post(address, posted(project, "plan", plan_goal=["分季度的目标，足够长。"]))
    project.refresh_from_db()
    client.post(reverse("apply-submit", args=[project.pk]), ALONE | {"revision": project.revision})
    page = client.get(reverse("apply-version", args=[project.pk, 2])).content.decode()
    assert "<ins>分季度的目标，足够长。</ins>" in page


def test_withdrawal_asks_first(round_: Round) -> None:
    project = round_.submitted()
    client = client_of(unit_of(project))
    address = reverse("apply-withdraw", args=[project.pk])
    assert project.title in client.get(address).content.decode()
    client.post(address)
    project.refresh_from_db()
    assert project.state == "submitted"
    client.post(address, {"confirmed": "yes"})
    project.refresh_from_db()
    assert project.state == "withdrawn"


def test_no_page_shows_a_personal_number(round_: Round) -> None:
    project = round_.submitted()
    number = opened_answers(form_of(project), project.answers)["leader_id_number"]
    unit, hr = client_of(unit_of(project)), client_of(officer(Role.PROVINCE_HR, "37"))
    pages = [
        unit.get(reverse("apply-version", args=[project.pk, 1])),
        unit.get(reverse("apply-receipt", args=[project.pk])),
        hr.get(reverse("desk-project", args=[project.pk])),
        hr.get(reverse("desk-examine", args=[project.pk])),
    ]
    for page in pages:
        assert page.status_code == 200
        assert number not in page.content.decode()
        assert number[6:14] not in page.content.decode()


def test_a_number_is_masked_as_soon_as_it_is_kept(round_: Round) -> None:
    """Also where the page comes back because of another field, or because a colleague was faster."""
    project = round_.draft(round_.unit())
    client = client_of(unit_of(project))
    address = reverse("apply-section", args=[project.pk, "leader"])
    number = "11010119900307889X"
    stale = posted(project, "leader", leader_id_number=[number], leader_post=["班组长"])
    wrong = posted(project, "leader", leader_id_number=[number], leader_birth=["昨天"])
    page = client.post(address, wrong).content.decode()
    assert 'value="昨天"' in page
    assert number not in page
    assert 'value="110*************9X"' in page
    project.refresh_from_db()
    assert opened_answers(form_of(project), project.answers)["leader_id_number"] == number
    stale["leader_id_number"] = ["110101199003077774"]
    page = client.post(address, stale).content.decode()
    at = page.index('id="theirs"')
    compared = page[at : page.index("</section>", at)]
    assert "<ins>班组长</ins>" in compared
    assert "<ins>110*************74</ins>" in compared
    assert 'value="110101199003077774"' in page  # nothing typed is lost
    mistyped = posted(project, "leader", leader_id_number=["123"])
    project.refresh_from_db()
    mistyped["revision"] = str(project.revision)
    assert 'value="123"' in client.post(address, mistyped).content.decode()


def test_a_unit_learns_the_decision_from_the_notice_and_not_before() -> None:
    """Flip the hidden fact: chosen or not, every page of the unit is the same to the letter."""
    from jiangxin.ops.scenes import finish
    from tests.factories.year import PLACE, PUBLISHED, make_year

    year = make_year()
    chosen = Application.objects.filter(state="proposed").order_by("id")[0]
    client = client_of(unit_of(chosen))
    addresses = (
        reverse("workspace-home"),
        reverse("apply-receipt", args=[chosen.pk]),
        "/api/v1/projects",
        "/api/v1/projects?state=proposed",
        "/api/v1/projects?state=reviewed",
        f"/api/v1/projects/{chosen.pk}",
    )

    def pages() -> list[str]:
        with clock.at(clock.beijing(2025, 7, 21, 9)):
            found = [client.get(address).content.decode() for address in addresses]
        return [re.sub(r'csrfmiddlewaretoken" value="\w+"', "", page) for page in found]

    as_proposed = pages()
    Application.objects.filter(pk=chosen.pk).update(state="not_selected")
    assert pages() == as_proposed
    Application.objects.filter(pk=chosen.pk).update(state="proposed")
    assert "评审完成" in as_proposed[0]
    assert "拟推荐" not in "".join(as_proposed)
    finish.publicise(PLACE, year.call, PUBLISHED, objection=False)
    assert "公示中" in pages()[0]
