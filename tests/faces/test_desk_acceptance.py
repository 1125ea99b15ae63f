"""Acceptance on the pages: unit, province, panel; what each sees, and what stays hidden."""

import re
from collections.abc import Iterator

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import Role
from jiangxin.ops.scenes.country import officer
from jiangxin.stages.acceptance import queries
from jiangxin.stages.acceptance.actions import desk, panel
from jiangxin.stages.acceptance.models import Acceptance, Sheet
from jiangxin.stages.accounts import actions as accounts
from jiangxin.stages.accounts import flags
from jiangxin.stages.accounts.choices import rules
from jiangxin.stages.accounts.models import Flag
from jiangxin.stages.construction.queries import goals
from jiangxin.stages.experts import actions as experts
from jiangxin.stages.funding.actions import payments
from jiangxin.stages.funding.choices import Leg
from tests.factories.acceptance import (
    BUILDING,
    ENDED,
    STATEMENT,
    Built,
    make_built,
    marks,
    sign,
    sign_all,
    tick,
    viewer_for,
)
from tests.factories.accounts import entry
from tests.factories.accounts import proof as voucher_file
from tests.factories.desk import client_of, text_of
from tests.factories.funding import WAN

pytestmark = pytest.mark.django_db


@pytest.fixture
def built() -> Built:
    return make_built()


@pytest.fixture
def _ended() -> Iterator[None]:
    with clock.at(ENDED):
        yield


def proof(name: str = "总结.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, b"%PDF-1.4\n%%EOF", content_type="application/pdf")


def written(built: Built, **changes: object) -> dict[str, object]:
    found: dict[str, object] = {"statement": STATEMENT, "files": [proof()]}
    for each in goals(built.title):
        found[f"actual-{each.goal.number}"] = each.goal.target
    return found | changes


# --- the unit


def test_the_unit_writes_early_and_applies_when_it_is_due(built: Built) -> None:
    client, page = client_of(built.unit), reverse("my-acceptance", args=[built.title.pk])
    hub = reverse("my-title", args=[built.title.pk])
    with clock.at(BUILDING):
        assert "可以提前填写自评" in text_of(client.get(hub))
        early = text_of(client.get(page))
        assert "才能申请验收" in early
        assert "保存并核对" not in early
        answer = client.post(page, written(built, _go="apply"))
        apply = reverse("my-acceptance-apply", args=[built.title.pk])
        assert answer.headers["Location"] == apply
        refused = client.post(apply, {"confirmed": "yes"})
        assert refused.status_code == 422
        assert "建设期未满" in text_of(refused)
        assert built.state() == "under_construction"
    with clock.at(ENDED):
        assert "建设期已满" in text_of(client.get(hub))
        asked = text_of(client.get(apply))
        assert STATEMENT in asked
        assert "总结.pdf" in asked
        client.post(apply, {"confirmed": "yes"})
        assert built.state() == "in_acceptance"
        shown = text_of(client.get(page))
        assert "等待省级部门组织验收" in shown
        assert 'name="statement"' not in shown
        row = Acceptance.objects.get()
        paper = reverse("my-acceptance-file", args=[row.pk, row.materials[0]["document"]])
        assert client.get(paper).content.startswith(b"%PDF")


@pytest.mark.usefixtures("_ended")
def test_bad_input_keeps_what_was_typed(built: Built) -> None:
    client, page = client_of(built.unit), reverse("my-acceptance", args=[built.title.pk])
    first = goals(built.title)[0].goal.number
    for changes, word in (
        ({"statement": "长" * 3001}, "最多 3000 字"),
        ({"files": [proof("总结.exe")]}, "不接收"),
        ({f"note-{first}": "注" * 301}, "最多 300 字"),
    ):
        answer = client.post(page, written(built, **{f"actual-{first}": "甲乙丙", **changes}))
        assert answer.status_code == 422
        text = text_of(answer)
        assert word in text
        assert 'value="甲乙丙"' in text
    assert queries.draft(built.title) is None
    client.post(page, written(built, **{f"actual-{first}": ""}))
    apply = reverse("my-acceptance-apply", args=[built.title.pk])
    refused = client.post(apply, {"confirmed": "yes"})
    assert refused.status_code == 422
    assert "实际完成值" in text_of(refused)
    number = queries.draft_files(built.title)[0][0]
    client.post(page, written(built, files=[], _drop=str(number)))
    assert queries.draft_files(built.title) == []


@pytest.mark.usefixtures("_ended")
def test_another_unit_finds_nothing(built: Built) -> None:
    row = built.applied()
    client = client_of(built.round.unit())
    document = row.materials[0]["document"]
    for name, args in (
        ("my-acceptance", [built.title.pk]),
        ("my-acceptance-apply", [built.title.pk]),
        ("my-acceptance-draft-file", [built.title.pk, document]),
        ("my-acceptance-file", [row.pk, document]),
    ):
        answer = client.get(reverse(name, args=args))
        assert answer.status_code == 404, name
        assert STATEMENT not in text_of(answer)
    assert client.post(reverse("my-acceptance", args=[built.title.pk]), {}).status_code in (
        404,
        422,
    )
    row.refresh_from_db()
    assert row.statement == STATEMENT


# --- the province


@pytest.mark.usefixtures("_ended")
def test_the_province_sends_back_with_a_reason(built: Built) -> None:
    row = built.applied()
    client, page = client_of(built.hr), reverse("desk-acceptance-return", args=[row.pk])
    refused = client.post(page, {"confirmed": "yes", "reason": " "})
    assert refused.status_code == 422
    assert "请填写退回理由" in text_of(refused)
    client.post(page, {"confirmed": "yes", "reason": "缺资金决算。"})
    assert built.state() == "under_construction"
    unit = client_of(built.unit)
    shown = text_of(unit.get(reverse("my-acceptance", args=[built.title.pk])))
    assert "退回理由：缺资金决算。" in shown
    assert STATEMENT in shown
    assert "验收申请被退回" in text_of(unit.get(reverse("my-title", args=[built.title.pk])))


@pytest.mark.usefixtures("_ended")
def test_the_panel_is_chosen_with_the_barred_shown_and_kept_out(built: Built) -> None:
    row = built.applied()
    built.pool()
    chosen = built.panel()
    experts.add_relation(
        viewer=built.hr, expert_id=chosen[0].pk, kind="kinship", unit_name=built.title.unit_name
    )
    client, page = client_of(built.hr), reverse("desk-acceptance-start", args=[row.pk])
    shown = text_of(client.get(page))
    assert "存在亲属关系" in shown
    data = {
        "experts": [str(each.pk) for each in chosen[1:]],
        "leader": str(chosen[1].pk),
        "due": "2028-01-10",
    }
    short = client.post(page, data)
    assert short.status_code == 422
    assert "不少于 3 人，现有 2 人" in text_of(short)
    assert f'value="{chosen[1].pk}" aria-label="聘请{chosen[1].name}" checked' in text_of(short)
    late = client.post(page, data | {"due": "昨天"})
    assert "请填写评价期限" in text_of(late)
    barred = client.post(page, data | {"experts": [str(each.pk) for each in chosen]})
    assert "应当回避" in text_of(barred)
    assert not Sheet.objects.exists()
    spare = built.spare("technical")
    data["experts"].append(str(spare.pk))
    client.post(page, data)
    assert Sheet.objects.count() == 3
    text = text_of(client.get(reverse("desk-acceptance", args=[row.pk])))
    assert f"{chosen[1].name}（组长）" in text


@pytest.mark.usefixtures("_ended")
def test_scores_stay_hidden_until_they_are_closed(built: Built) -> None:
    row = built.started()
    sheet = sign(queries.standing(row)[0], 85)
    page = reverse("desk-acceptance", args=[row.pk])
    one = reverse("desk-acceptance-sheet", args=[row.pk, sheet.pk])
    for viewer in (*built.both, officer(Role.SUPERVISOR, "37")):
        client = client_of(viewer)
        text = text_of(client.get(page))
        assert "已签署" in text
        assert ">83</td>" not in text
        assert client.get(one).status_code == 404
    nation = text_of(client_of(officer(Role.MINISTRY_HR)).get(page))
    assert sheet.expert.name not in nation
    close = reverse("desk-acceptance-close", args=[row.pk])
    hr = client_of(built.hr)
    refused = hr.post(close, {"confirmed": "yes"})
    assert refused.status_code == 422
    assert "2 份评价表没有签署" in text_of(refused)
    for each in queries.standing(row)[1:]:
        sign(each)
    tick(row)
    hr.post(close, {"confirmed": "yes"})
    row.refresh_from_db()
    assert row.state == "scored"
    assert ">83</td>" in text_of(hr.get(page))
    assert "评价表：" in text_of(client_of(built.finance).get(one))
    assert client_of(officer(Role.MINISTRY_HR)).get(one).status_code == 403


@pytest.mark.usefixtures("_ended")
def test_both_conclude_on_what_stands_on_the_page(built: Built) -> None:
    row = built.scored(50)
    page, word = reverse("desk-acceptance", args=[row.pk]), {"word": "agreed"}
    hr, finance = client_of(built.hr), client_of(built.finance)
    concur = reverse("desk-acceptance-concur", args=[row.pk])
    conclude = reverse("desk-acceptance-conclude", args=[row.pk])
    assert "等待本部门：会商" in text_of(finance.get(page))
    finance.post(concur, word | {"digest": row.digest()})
    empty = hr.post(page, {"text": " "})
    assert empty.status_code == 422
    hr.post(page, {"text": "不予通过，限期整改。"})
    row.refresh_from_db()
    assert row.conclusion == "不予通过，限期整改。"
    assert "已失效" in text_of(hr.get(page))
    refused = hr.post(conclude, {"confirmed": "yes"})
    assert refused.status_code == 422
    assert "还缺人社、财政部门的同意" in text_of(refused)
    for client in (hr, finance):
        client.post(concur, word | {"digest": row.digest()})
    asked = text_of(hr.get(conclude))
    assert "作出结论：不合格" in asked
    assert built.title.name in asked
    assert "限期整改通知" in asked
    hr.post(conclude, {"confirmed": "yes"})
    row.refresh_from_db()
    assert row.state == "concluded"
    unit = client_of(built.unit)
    shown = text_of(unit.get(reverse("my-acceptance", args=[built.title.pk])))
    assert "不予通过，限期整改。" in shown
    assert "等次 <b>不合格</b>" in shown
    assert all(each.expert.name not in shown for each in Sheet.objects.select_related("expert"))
    paper = reverse("my-acceptance-file", args=[row.pk, row.paper_id])
    assert unit.get(paper).content.startswith(b"%PDF")


@pytest.mark.usefixtures("_ended")
def test_an_expert_who_must_stay_out_is_replaced_on_the_page(built: Built) -> None:
    row = built.started()
    old = queries.standing(row)[0]
    panel.declare(viewer=viewer_for(old), sheet_id=old.pk, conflict=True, reason="曾任顾问")
    client = client_of(built.hr)
    page = reverse("desk-acceptance-replace", args=[row.pk, old.pk])
    shown = text_of(client.get(page))
    assert "曾任顾问" in shown
    spare = built.spare("technical")
    assert spare.name in shown
    assert client.post(page, {"expert": "", "reason": "x"}).status_code == 422
    client.post(page, {"expert": str(spare.pk), "reason": "本人申请回避"})
    assert queries.standing(row)[0].expert == spare
    assert "已更换：本人申请回避" in text_of(client.get(reverse("desk-acceptance", args=[row.pk])))
    assert client.get(page).status_code == 404


@pytest.mark.usefixtures("_ended")
def test_another_province_finds_no_page(built: Built) -> None:
    row = built.scored()
    sheet = queries.standing(row)[0]
    client = client_of(officer(Role.PROVINCE_HR, "36"))
    for name in ("desk-acceptance", "desk-acceptance-return", "desk-acceptance-start"):
        answer = client.get(reverse(name, args=[row.pk]))
        assert answer.status_code == 404
        assert built.title.name not in text_of(answer)
    document = row.materials[0]["document"]
    assert client.get(reverse("desk-acceptance-file", args=[row.pk, document])).status_code == 404
    assert client.get(reverse("desk-acceptance-sheet", args=[row.pk, sheet.pk])).status_code == 404
    listed = client.get(reverse("desk-acceptances"))
    assert built.title.name not in text_of(listed)
    exported = b"".join(client.get(reverse("desk-acceptances"), {"export": "csv"}))
    assert built.title.name not in exported.decode()


@pytest.mark.usefixtures("_ended")
def test_the_list_is_a_search_and_counts_what_waits(built: Built) -> None:
    built.applied()
    hr = client_of(built.hr)
    page = reverse("desk-acceptances")
    for q, found in (
        ("待办:全部", True),
        ("待办:会商", False),
        ("状态:已申请", True),
        ("省:江西", False),
    ):
        assert (built.title.name in text_of(hr.get(page, {"q": q}))) is found, q
    home = text_of(hr.get(reverse("desk-home")))
    assert "验收与绩效评价" in home
    assert "q=%E5%BE%85%E5%8A%9E%3A%E5%85%A8%E9%83%A8" in home


# --- the experts


@pytest.mark.usefixtures("_ended")
def test_an_expert_declares_ticks_scores_and_signs(built: Built) -> None:
    row = built.started()
    sheet = queries.standing(row)[0]
    client = client_of(viewer_for(sheet))
    queue, page = reverse("acceptance-queue"), reverse("acceptance-sheet", args=[sheet.pk])
    assert "验收任务（1）" in text_of(client.get(reverse("expert-queue")))
    listed = text_of(client.get(queue))
    assert "您是组长" in listed
    assert "待申明" in listed
    closed = text_of(client.get(page))
    assert STATEMENT not in closed
    assert "先申明利害关系" in closed
    client.post(reverse("acceptance-declare", args=[sheet.pk]), {"conflict": "none"})
    assert STATEMENT in text_of(client.get(page))
    document = row.materials[0]["document"]
    file = reverse("acceptance-panel-file", args=[sheet.pk, document])
    assert client.get(file).content.startswith(b"%PDF")
    bad = client.post(
        reverse("acceptance-tick", args=[sheet.pk]), {"tick-ledger": "not_met", "note-place": "好"}
    )
    assert bad.status_code == 422
    assert "不符合的，请写明情况" in text_of(bad)
    assert 'value="好"' in text_of(bad)
    row.refresh_from_db()
    ticks = {f"tick-{item['key']}": "met" for item in row.checklist}
    client.post(reverse("acceptance-tick", args=[sheet.pk]), ticks)
    wrong = client.post(page, {"goals-output": "999", "act": "sign"})
    assert wrong.status_code == 422
    assert "应在 0 到 18 之间" in text_of(wrong)
    assert 'value="999"' in text_of(wrong)
    sheet.acceptance.refresh_from_db()
    good = marks(sheet) | {"comment": "完成较好", "act": "sign"}
    sign_page = reverse("acceptance-sign", args=[sheet.pk])
    assert client.post(page, good).headers["Location"] == sign_page
    assert "总分 <b>100</b>" in text_of(client.get(sign_page))
    client.post(sign_page, {"confirmed": "yes"})
    sheet.refresh_from_db()
    assert (sheet.state, sheet.total) == ("signed", 100_000)
    assert "已签署" in text_of(client.get(queue))
    assert client.post(page, good).status_code == 422


@pytest.mark.usefixtures("_ended")
def test_an_expert_sees_the_own_sheet_alone(built: Built) -> None:
    row = built.started()
    first, second, _ = queries.standing(row)
    sign(first, 85)
    client = client_of(viewer_for(second))
    for name in ("acceptance-sheet", "acceptance-sign"):
        assert client.get(reverse(name, args=[first.pk])).status_code == 404
    document = row.materials[0]["document"]
    own = reverse("acceptance-panel-file", args=[second.pk, document])
    assert client.get(own).status_code == 404
    outsider = client_of(viewer_for_new(built))
    assert outsider.get(reverse("acceptance-sheet", args=[second.pk])).status_code == 404
    assert "目前没有验收任务" in text_of(outsider.get(reverse("acceptance-queue")))


def viewer_for_new(built: Built):
    return viewer_for(Sheet(expert=built.spare("education")))


# --- what the pages cost


@pytest.mark.usefixtures("_ended")
def test_the_pages_cost_few_queries(built: Built) -> None:
    row = built.scored()
    hr, finance = client_of(built.hr), client_of(built.finance)
    sheet = queries.standing(row)[0]
    expert = client_of(viewer_for(sheet))
    unit = client_of(built.unit)
    for client, name, args, most in (
        (hr, "desk-acceptances", [], 8),
        (finance, "desk-acceptance", [row.pk], 10),
        (hr, "desk-acceptance-sheet", [row.pk, sheet.pk], 10),
        (expert, "acceptance-queue", [], 8),
        (expert, "acceptance-sheet", [sheet.pk], 10),
        (unit, "my-acceptance", [built.title.pk], 10),
    ):
        with CaptureQueriesContext(
            connection,
        ) as used:
            assert client.get(reverse(name, args=args)).status_code == 200
        assert len(used) <= most, (name, len(used))


@pytest.mark.usefixtures("_ended")
def test_a_list_of_three_costs_what_one_costs(built: Built) -> None:
    built.applied()
    client, page = client_of(built.hr), reverse("desk-acceptances")

    def cost() -> int:
        with CaptureQueriesContext(connection) as used:
            client.get(page)
        return len(used)

    cost()
    one = cost()
    for _ in range(2):
        make_built(round_=built.round).applied()
    assert Acceptance.objects.count() == 3
    assert cost() == one


@pytest.mark.usefixtures("_ended")
def test_signed_by_all_the_desk_can_close(built: Built) -> None:
    row = built.started()
    sign_all(row)
    tick(row)
    text = text_of(client_of(built.hr).get(reverse("desk-acceptance", args=[row.pk])))
    assert "等待本部门：汇总评价" in text
    assert desk.close_scoring(viewer=built.hr, acceptance_id=row.pk).grade == "优秀"


# --- the money


@pytest.mark.usefixtures("_ended")
def test_the_use_of_the_money_stands_beside_the_judgement(built: Built) -> None:
    row = built.started()
    fund = money_of(built)
    sheet = queries.standing(row)[0]
    expert = client_of(viewer_for(sheet))
    page = reverse("acceptance-sheet", args=[sheet.pk])
    assert "资金到位率" not in text_of(expert.get(page)), "not before the declaration"
    panel.declare(viewer=viewer_for(sheet), sheet_id=sheet.pk, conflict=False)
    desk_page = reverse("desk-acceptance", args=[row.pk])
    for client, address in ((expert, page), (client_of(built.hr), desk_page)):
        shown = text_of(client.get(address))
        assert value_of(shown, "执行率") == "40.00%"
        assert value_of(shown, "合规率") == "75.00%"
    assert fund.text in shown
    assert fund.text not in text_of(expert.get(page))


def money_of(built: Built) -> Flag:
    """10 万元 of local money; 3 万元 spent as it should be, 1 万元 proven to be spent otherwise."""
    paid = payments.record_payment(
        viewer=built.finance,
        title_id=built.title.pk,
        leg=Leg.LOCAL,
        amount=10 * WAN,
        on=clock.today(),
        doc_number="地财1号",
    )
    payments.confirm_arrival(viewer=built.unit, payment_id=paid.pk, on=clock.today())
    for number, amount in enumerate((3 * WAN, WAN)):
        voucher = accounts.enter_voucher(
            viewer=built.unit,
            title_id=built.title.pk,
            entry=entry(
                amount=amount, category="studio_equipment", source="local", on=clock.today()
            ),
            file=voucher_file(str(number)),
        )
    rule = next(key for key, each in rules().items() if each.by_hand and each.answers == "unit")
    flag = flags.raise_by_hand(
        viewer=built.finance, voucher_id=voucher.pk, rule=rule, text="与培训无关。"
    )
    flags.answer_flag(viewer=built.unit, flag_id=flag.pk, text="误记。")
    return flags.confirm_flag(
        viewer=built.finance, flag_id=flag.pk, reason="超出用途。", refund=WAN
    )


def value_of(shown: str, label: str) -> str:
    """The number on the tile of that name."""
    found = re.search(rf">{label}</span><span class=\"jx-stat-value\">([^<]+)<", shown)
    return found[1] if found else ""
