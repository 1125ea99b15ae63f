"""The public's pages: open to everybody, small, cheap, and silent about what is not public."""

import gzip
import json
import re
import shutil
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.regions import BY_CODE
from jiangxin.core.policy.load import DEFAULT, policies_folder
from jiangxin.core.workflow import Role
from jiangxin.ops.demo import finish, panel
from jiangxin.ops.demo import province as demo_province
from jiangxin.ops.demo.country import officer
from jiangxin.records.identity.viewer import System
from jiangxin.records.ledger.actions import seal
from jiangxin.records.ledger.queries import receipt
from jiangxin.stages.application.models import Application
from jiangxin.stages.programme.models import Call, Kind
from jiangxin.stages.publicity.models import Notice, Objection
from jiangxin.stages.titles.actions import award, enter_legacy
from tests.factories.applications import make_round

PLACE = BY_CODE["37"]
PUBLISHED = clock.beijing(2025, 8, 4, 9)
PAGES = (
    "home",
    "portal-notices",
    "portal-register",
    "portal-nation",
    "portal-policy",
    "portal-norms",
    "verify",
    "help",
    "objection-lookup",
)


@pytest.fixture
def notice(db: None) -> Notice:
    """A published notice of two studios; a third was not chosen."""
    round_ = make_round()
    made = [round_.submitted() for _ in range(3)]
    hr = officer(Role.PROVINCE_HR, "37")
    with clock.at(clock.beijing(2025, 7, 2, 9)):
        for project in made:
            demo_province.judge_all(hr, project)
            from jiangxin.stages.examination.actions import pass_examination

            pass_examination(viewer=hr, application_id=project.pk)
    with clock.at(clock.beijing(2025, 7, 9, 9)):
        panel.fill_pool(round_.rng, PLACE)
    row = panel.draw_panel(PLACE, round_.call, Kind.STUDIO, clock.beijing(2025, 7, 10, 9))
    panel.score(round_.rng, row, PLACE, clock.beijing(2025, 7, 11, 9))
    panel.decide(row, PLACE, clock.beijing(2025, 7, 20, 9))
    return finish.publicise(PLACE, round_.call, PUBLISHED, objection=True)


def text(address: str, **query: str) -> str:
    answer = Client().get(address, query)
    assert answer.status_code == 200, address
    return answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_open_cheap_and_small(name: str, django_assert_max_num_queries) -> None:
    enter_legacy(
        by=System(),
        number="L1",
        kind="base",
        province="37",
        year=2014,
        name="基地",
        unit_name="某校",
    )
    with django_assert_max_num_queries(8):
        page = text(reverse(name))
    linked = re.findall(r'(?:href|src)="/static/([^"]+\.(?:css|js))"', page)
    assert linked
    size = len(gzip.compress(page.encode()))
    for path in linked:
        found = finders.find(path)
        assert found, path
        with open(found, "rb") as file:  # noqa: PTH123 -- what the finder names
            size += len(gzip.compress(file.read()))
    assert size < 150_000, f"{name}: {size} bytes"


@pytest.mark.django_db
def test_only_pages_without_a_form_may_be_cached_and_only_for_the_anonymous() -> None:
    for name in ("home", "portal-register", "portal-nation", "portal-policy"):
        assert Client().get(reverse(name)).headers["Cache-Control"].startswith("public")
    for name in ("verify", "objection-lookup"):
        assert Client().get(reverse(name)).headers["Cache-Control"] == "private"
    round_ = make_round()
    client = Client()
    from jiangxin.records.identity.models import User

    unit = User.objects.get(pk=round_.unit().user_id)
    client.force_login(unit, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(reverse("home")).headers["Cache-Control"] == "private"


def test_the_notice_shows_what_was_decided_and_nobody_who_objects(notice: Notice) -> None:
    with clock.at(PUBLISHED.replace(day=6)):
        page = text(reverse("portal-notice", args=[notice.pk]))
    for item in notice.items:
        assert item["title"] in page
    left_out = Application.objects.get(state="not_selected")
    assert left_out.title not in page
    assert notice.digest() in page
    objection = Objection.objects.get()
    for secret in ("陈演示", "000-00000000，", objection.text, objection.number):
        assert secret not in page
    assert "提交异议" in page


def test_what_is_not_public_is_nowhere(notice: Notice) -> None:
    left_out = Application.objects.get(state="not_selected")
    Call.objects.create(
        province="36",
        year=2025,
        title="没有发布的申报通知",
        opens_at=clock.beijing(2025, 9, 1),
        closes_at=clock.beijing(2025, 9, 30),
        publicity_days=5,
        panel_size=5,
    )
    addresses = [reverse(name) for name in PAGES]
    addresses += [
        reverse("portal-register") + "?export=json",
        reverse("portal-register") + "?export=csv",
        reverse("portal-register") + "?q=" + left_out.unit_name,
        reverse("portal-notices") + "?q=没有发布",
        "/api/v1/register",
        "/api/v1/calls",
        "/api/v1/notices",
    ]
    with clock.at(PUBLISHED.replace(day=6)):
        for address in addresses:
            answer = Client().get(address)
            assert answer.status_code == 200, address
            page = b"".join(answer).decode()
            shown = page.replace(left_out.unit_name, "", 2) if "?q=" in address else page
            assert left_out.title not in shown, address
            assert left_out.leader_hash not in page
            assert "陈演示" not in page
            assert "没有发布的申报通知" not in page, address


def test_an_objection_is_heard_once_it_is_whole(notice: Notice) -> None:
    address = reverse("portal-notice", args=[notice.pk])
    with clock.at(PUBLISHED.replace(day=6)):
        bad = Client().post(address, {"ground": "procedure", "text": "太短", "name": "王某"})
        assert bad.status_code == 422
        assert "太短" in bad.content.decode()
        assert 'value="王某"' in bad.content.decode()
        assert Objection.objects.count() == 1
        good = Client().post(
            address,
            {"ground": "procedure", "text": "评审程序的公开范围请予说明。", "anonymous": "on"},
        )
    assert good.status_code == 200
    found = Objection.objects.order_by("-id")[0]
    code = re.search(r"<strong>([A-Z2-9]{10})</strong>", good.content.decode())
    assert code
    assert found.number in good.content.decode()
    lookup = reverse("objection-lookup")
    told = Client().post(lookup, {"number": found.number, "code": code.group(1)})
    assert "评审程序的公开范围" in told.content.decode()
    wrong = Client().post(lookup, {"number": found.number, "code": "AAAAAAAAAA"})
    assert wrong.status_code == 422
    assert "评审程序的公开范围" not in wrong.content.decode()


def test_a_policy_without_anonymous_objections_wants_a_name(
    notice: Notice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policies = tmp_path / "policies"
    shutil.copytree(policies_folder(), policies)
    file = policies / DEFAULT / "parameters.toml"
    allowed = 'title = "受理匿名异议"\nvalue = true'
    assert allowed in file.read_text(encoding="utf-8")
    file.write_text(
        file.read_text(encoding="utf-8").replace(allowed, allowed.replace("true", "false")),
        encoding="utf-8",
    )
    monkeypatch.setenv("JIANGXIN_POLICIES", str(policies))
    address = reverse("portal-notice", args=[notice.pk])
    given = {"ground": "procedure", "text": "评审程序的公开范围请予说明。", "anonymous": "on"}
    with clock.at(PUBLISHED.replace(day=6)):
        assert "匿名提出" not in text(address)
        refused = Client().post(address, given)
        assert refused.status_code == 422
        assert "只受理实名异议" in refused.content.decode()
        assert Objection.objects.count() == 1
        Client().post(address, given | {"name": "王某", "contact": "0531-000"})
    assert Objection.objects.order_by("-id")[0].named


def test_after_the_last_day_no_objection(notice: Notice) -> None:
    assert notice.ends_on
    address = reverse("portal-notice", args=[notice.pk])
    data = {"ground": "other", "text": "公示期后提出的异议内容。", "anonymous": "on"}
    with clock.at(clock.end_of(notice.ends_on)):
        assert "提交异议" not in text(address)
        assert Client().post(address, data).status_code == 409 or Objection.objects.count() == 1
    assert Objection.objects.count() == 1


@pytest.mark.django_db
def test_the_register_is_searched_exported_and_forgets_nothing() -> None:
    for number, province, state in (("A1", "37", "titled"), ("A2", "32", "revoked")):
        award(
            by=System(),
            number=number,
            kind="base",
            track="new_base",
            province=province,
            year=2023,
            name=f"基地{number}",
            unit_name="某校",
            state=state,
            origin=f"project:{number}",
        )
    page = text(reverse("portal-register"), q="省:山东")
    assert "基地A1" in page
    assert "基地A2" not in page
    assert "基地A2" in text(reverse("portal-register"), q="状态:已取消")
    found = json.loads(text(reverse("portal-register"), export="json"))
    assert {row["number"] for row in found} == {"A1", "A2"}


@pytest.mark.django_db
def test_the_verification_page_names_the_fault() -> None:
    make_round()
    seal()
    from jiangxin.records.ledger.models import Event

    slip = receipt(Event.objects.order_by("id")[0].pk)
    good = Client().post(reverse("verify"), {"text": json.dumps(slip)}).content.decode()
    assert "完全一致" in good
    slip["event"]["actor"] = "user:999"
    bad = Client().post(reverse("verify"), {"text": json.dumps(slip)}).content.decode()
    assert "不一致" in bad
    for nonsense in ("{}", "[", "[]", '{"format": 3}', "PK"):
        answer = Client().post(reverse("verify"), {"text": nonsense})
        assert answer.status_code in (200, 422)
        assert "完全一致" not in answer.content.decode()


@pytest.mark.django_db
def test_the_policy_is_all_there() -> None:
    from jiangxin.stages.programme.queries import pack

    page = text(reverse("portal-policy"))
    for clause in pack().clauses.values():
        assert f'id="clause-{clause.id}"' in page
    for shown in ("300.00 万元", "高级技师", "2025年12月31日", "每省每年基地项目上限</b>：5 个"):
        assert shown in page
    for raw in ("300000000", "senior_technician", "True"):
        assert raw not in page
    norms = text(reverse("portal-norms"))
    assert sum(f"<b>N{n:02d}</b>" in norms for n in range(1, 60)) == 59
    assert settings.VERIFIER.read_bytes() == Client().get(reverse("verifier")).content
