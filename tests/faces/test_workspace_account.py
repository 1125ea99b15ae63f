"""Before there is an account: registration, and the preview that keeps nothing."""

from random import Random

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.regions import BY_CODE
from jiangxin.core.policy import section_values
from jiangxin.ops.scenes import names
from jiangxin.records.identity.models import Organisation, User
from jiangxin.stages.programme.models import Call
from jiangxin.stages.programme.queries import pack

pytestmark = pytest.mark.django_db

GOOD = {
    "name": "某技师学院（测试）",
    "province": "37",
    "contact": "张三",
    "phone": "0531-1234567",
    "username": "school-one",
    "password": "correct-horse-battery",
    "password_again": "correct-horse-battery",
}


def code() -> str:
    return names.unit_code(Random(4), BY_CODE["37"])


def register(**changes: str):
    return Client().post(reverse("register-unit"), {**GOOD, "uscc": code(), **changes})


def test_registration_opens_the_workspace() -> None:
    client = Client()
    answer = client.post(reverse("register-unit"), {**GOOD, "uscc": code()})
    assert answer.headers["Location"] == reverse("workspace-home")
    assert "我的申报" in client.get(reverse("workspace-home")).content.decode()
    assert Organisation.objects.get().uscc == code()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"uscc": "12345"}, "uscc"),
        ({"name": " "}, "name"),
        ({"province": "99"}, "province"),
        ({"password": "123", "password_again": "123"}, "password"),
        ({"password_again": "something-else-1"}, "password"),
        ({"username": ""}, "username"),
    ],
)
def test_a_refusal_keeps_what_was_typed_and_never_the_password(
    changes: dict[str, str], field: str
) -> None:
    answer = register(**changes)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f"#field-{field}" in page
    assert "0531-1234567" in page
    assert "correct-horse-battery" not in page
    assert (Organisation.objects.count(), User.objects.count()) == (0, 0)


def test_a_unit_registers_once() -> None:
    assert register().status_code == 302
    answer = register(username="school-two")
    assert answer.status_code == 422
    assert "已经注册" in answer.content.decode()
    assert (Organisation.objects.count(), User.objects.count()) == (1, 1)


def test_the_preview_judges_and_keeps_nothing() -> None:
    form = pack().form("new_base")
    sample = dict(pack().tracks["new_base"].sample)
    before = {model: model.objects.count() for model in apps.get_models()}
    verdicts = {}
    for capacity in ("2000", "1999"):
        data: dict[str, object] = {"track": "new_base"}
        for section in form.sections:
            known = {key: sample[key] for key in sample if section.field(key)}
            data |= section_values(section, known)
        data["capacity"] = capacity
        page = Client().post(reverse("eligibility-preview"), data).content.decode()
        findings = page.split('<li class="jx-finding">')[1:]
        assert len(findings) == len(pack().requirements("new_base"))
        assert all('class="jx-clause"' in finding for finding in findings)
        assert "二（一）1（2）" in page.replace(" ", "")
        verdicts[capacity] = page
    assert "年培训能力 1999 人次，要求不少于 2000 人次" in verdicts["1999"]
    assert "低于 2000 人次则不符合" in verdicts["2000"]
    assert "不符合 1</b>" in verdicts["1999"]
    assert "不符合 0</b>" in verdicts["2000"]
    assert {model: model.objects.count() for model in apps.get_models()} == before


def test_every_track_has_a_preview_without_an_account() -> None:
    for track in ("new_base", "existing_base", "studio", "nonsense"):
        answer = Client().get(reverse("eligibility-preview"), {"track": track})
        assert answer.status_code == 200
        assert "查看结果" in answer.content.decode()


AUTUMN = clock.beijing(2022, 10, 10, 9)


def preview(**given: str) -> str:
    with clock.at(AUTUMN):
        answer = Client().post(reverse("eligibility-preview"), {"track": "studio", **given})
    return answer.content.decode()


def test_a_province_that_calls_under_its_own_rules_is_judged_by_them_too() -> None:
    own = "职工教育经费用于高技能人才的比例不低于50%"
    funds = {"education_fund": "100", "education_fund_high_skilled": "49"}
    assert "山东省 2022 年的申报通知尚未发布" in preview(province="37", **funds)
    call = Call.objects.create(
        province="37",
        year=2022,
        title="通知",
        opens_at=AUTUMN,
        closes_at=clock.beijing(2022, 10, 20),
        publicity_days=5,
        panel_size=5,
        state="open",
    )
    assert "山东省 2022 年没有另定条件" in preview(province="37", **funds)
    Call.objects.filter(pk=call.pk).update(overlay="37-2022")
    for province in ("", "36", "nonsense"):
        assert own not in preview(province=province, **funds)
    below = preview(province="37", **funds)
    assert own in below
    assert 'name="education_fund"' in below
    assert "不符合 1</b>" in below
    assert "不符合 0</b>" in preview(province="37", **funds | {"education_fund_high_skilled": "50"})
