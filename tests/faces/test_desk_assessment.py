"""The desk's and the unit's pages of the assessment of 2011–2020."""

import io
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import Role
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.assessment import actions, conclusions, queries
from jiangxin.stages.assessment.models import Assessment, Batch, LegacyImport
from jiangxin.stages.titles.models import Title
from tests.factories.assessment import (
    CODES,
    MARCH,
    TEXTS,
    agree,
    batch_of,
    cells,
    concluded,
    judged,
    legacy,
    reported,
    unit_with,
    workbook,
)
from tests.factories.desk import client_of, official, text_of

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.4 evidence %%EOF"


@pytest.fixture(autouse=True)
def _in_march() -> Iterator[None]:
    with clock.at(MARCH):
        yield


@pytest.fixture
def hr(db: None) -> Viewer:
    return official(Role.PROVINCE_HR, "37", "人社甲")


@pytest.fixture
def finance(db: None) -> Viewer:
    return official(Role.PROVINCE_FINANCE, "37", "财政乙")


def file_of(*rows: dict[str, Any], name: str = "名录.xlsx") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, workbook(rows).getvalue())


def get(viewer: Viewer, name: str, *args: int, **asked: str) -> str:
    response = client_of(viewer).get(reverse(name, args=args), asked)
    assert response.status_code == 200, (name, response.status_code)
    return text_of(response)


# --- the import


def test_a_workbook_goes_from_the_template_through_the_preview_into_the_register(
    hr: Viewer,
) -> None:
    client = client_of(hr)
    template = client.get(reverse("desk-legacy-template"))
    assert b"".join(template)[:2] == b"PK"
    sent = client.post(
        reverse("desk-legacy-imports"),
        {"file": file_of(cells(), cells("B2", unit_name="乙校", uscc="", former_names=""))},
    )
    row = LegacyImport.objects.get()
    preview = reverse("desk-legacy-import", args=[row.pk])
    assert sent.headers["Location"] == preview
    page = text_of(client.get(preview))
    assert "把以下项目录入名录？" in page
    assert "录入（2 项）" in page
    for words in ("37J2014001 某技师学院高技能人才培训基地", "乙校", "山东省", "请留意", "第 3 行"):
        assert words in page
    client.post(preview)
    assert Title.objects.count() == 0, "asked once more first"
    client.post(preview, {"confirmed": "yes"})
    assert Title.objects.count() == 2
    assert "已录入" in text_of(client.get(preview))
    assert "某技师学院" in get(hr, "desk-legacy")
    again = client.post(preview, {"confirmed": "yes"})
    assert again.status_code == 422
    assert "已经录入" in text_of(again)


def test_faults_stand_in_a_table_by_row_and_column(hr: Viewer) -> None:
    bad = (cells(), cells(status="注销", year=2009, province="江苏"))
    refused = client_of(hr).post(reverse("desk-legacy-imports"), {"file": file_of(*bad)})
    assert refused.status_code == 422
    page = text_of(refused)
    assert "工作簿有 4 处需要更正，没有录入任何一行" in page
    table = page.partition("错误清单")[2].partition("</table>")[0]
    for words in ("编号", "确定年度", "省份", "单位状态", "承继单位"):
        assert words in table
    assert table.count('<td class="jx-cell-number">3</td>') == 4
    assert LegacyImport.objects.count() == Title.objects.count() == 0


def test_no_file_and_a_wrong_one(hr: Viewer) -> None:
    client, url = client_of(hr), reverse("desk-legacy-imports")
    assert "请选择文件" in text_of(client.post(url))
    wrong = SimpleUploadedFile("名录.xlsx", b"not a workbook")
    assert "的内容不是 XLSX 文件" in text_of(client.post(url, {"file": wrong}))


def test_a_workbook_is_its_own_offices(hr: Viewer) -> None:
    client_of(hr).post(reverse("desk-legacy-imports"), {"file": file_of(cells())})
    row = LegacyImport.objects.get()
    preview = reverse("desk-legacy-import", args=[row.pk])
    for viewer in (official(Role.PROVINCE_HR, "36"), official(Role.MINISTRY_HR)):
        client = client_of(viewer)
        refused = client.get(preview)
        assert refused.status_code == 404
        assert "某技师学院" not in text_of(refused)
        assert client.post(preview, {"confirmed": "yes"}).status_code == 404
        assert "名录.xlsx" not in text_of(client.get(reverse("desk-legacy-imports")))
    assert Title.objects.count() == 0


# --- batches


def test_a_batch_is_opened_and_filled_by_a_search(hr: Viewer) -> None:
    titles = [legacy(f"L{n}", year=2011 + n) for n in range(4)]
    legacy("P1", province="36", year=2011)
    client = client_of(hr)
    url = reverse("desk-batch-new")
    kept = client.post(url, {"year": "2025", "name": "老基地", "due_on": "2025-01-01"})
    assert kept.status_code == 422
    assert "老基地" in text_of(kept)
    client.post(url, {"year": "2025", "name": "老基地", "due_on": "2025-06-30"})
    batch = Batch.objects.get()
    add = reverse("desk-batch-add", args=[batch.pk])
    page = text_of(client.get(add, {"q": "年:2011..2012"}))
    assert "编入搜索到的全部 2 项" in page
    asked = text_of(client.post(add, {"act": "all", "q": "年:2011..2012"}))
    assert "编入（2 项）" in asked
    for title in titles[:2]:
        assert title.name in asked
    assert titles[2].name not in asked
    assert "基地P1" not in asked
    assert Assessment.objects.count() == 0, "asked once more first"
    ids = [title.pk for title in titles[:2]]
    client.post(add, {"ids": ids, "confirmed": "yes"})
    assert sorted(batch.assessments.values_list("title_id", flat=True)) == ids
    left = text_of(client.get(add))
    assert titles[0].name not in left
    assert titles[2].name in left
    for sent in ({"act": "chosen"}, {"act": "all", "q": "年:没有"}):
        assert client.post(add, sent).status_code == 422


def test_what_was_taken_meanwhile_is_named(hr: Viewer) -> None:
    title = legacy("L1")
    batch = batch_of(hr)
    batch_of(hr, title)
    refused = client_of(hr).post(
        reverse("desk-batch-add", args=[batch.pk]), {"ids": [title.pk], "confirmed": "yes"}
    )
    assert refused.status_code == 422
    assert f"“{title.name}”不能编入" in text_of(refused)


# --- the unit


def test_the_unit_reports_from_its_hub_and_reads_the_outcome(hr: Viewer, finance: Viewer) -> None:
    unit = unit_with(CODES[0])
    title = legacy("L1", uscc=CODES[0])
    batch_of(hr, title)
    row = Assessment.objects.get()
    client, url = client_of(unit), reverse("my-assessment", args=[row.pk])
    hub = get(unit, "my-title", title.pk)
    assert "请提交考核自评" in hub
    assert "2025年12月30日" in hub
    client.post(url, {"basics": "写到一半", "do": "save"})
    assert "写到一半" in text_of(client.get(url))
    lacking = client.post(url, {**TEXTS, "funds": "", "do": "send"})
    assert lacking.status_code == 422
    page = text_of(lacking)
    for words in ("有 3 处需要更正", "目标任务是否完成", "请填写“资金使用情况”", TEXTS["effect"]):
        assert words in page
    answers = {**TEXTS, "goals_met": "yes", "running": "yes"}
    upload = SimpleUploadedFile("凭证.pdf", PDF)
    asked = text_of(client.post(url, {**answers, "file": upload, "do": "send"}))
    assert "提交这份自评？" in asked
    row.refresh_from_db()
    assert row.state == "planned", "asked once more first"
    client.post(url, {"confirmed": "yes"})
    row.refresh_from_db()
    assert row.state == "reported"
    file = reverse("my-assessment-file", args=[row.pk, row.attachments.get().document_id])
    assert b"".join(client.get(file)) == PDF
    late = client.post(url, {**answers, "do": "save"})
    assert "自评已经提交" in text_of(late)
    conclusions.judge(viewer=hr, ids=[row.pk], grade="unqualified", reasons="场地已停用。")
    assert "场地已停用" not in text_of(client.get(url)), "nothing is told before it is concluded"
    row.refresh_from_db()
    agree([row], hr, finance)
    conclusions.conclude(viewer=hr, ids=[row.pk])
    told = text_of(client.get(url))
    assert "考核结论：不合格" in told
    assert "场地已停用" in told
    assert "陈述申辩" in told
    assert "考核结论：不合格" in get(unit, "my-title", title.pk)


def test_another_unit_finds_nothing_of_it(hr: Viewer) -> None:
    stranger = unit_with(CODES[1], "别的单位")
    owner = unit_with(CODES[0])
    batch_of(hr, legacy("L1", uscc=CODES[0]))
    row = Assessment.objects.get()
    actions.attach(
        viewer=owner, assessment_id=row.pk, name="a.pdf", size=len(PDF), content=io.BytesIO(PDF)
    )
    reported(row, owner)
    document = row.attachments.get().document_id
    client = client_of(stranger)
    for address in (
        reverse("my-assessment", args=[row.pk]),
        reverse("my-assessment-file", args=[row.pk, document]),
    ):
        refused = client.get(address)
        assert refused.status_code == 404
        assert TEXTS["basics"] not in text_of(refused)
    sent = client.post(reverse("my-assessment", args=[row.pk]), {"confirmed": "yes"})
    assert sent.status_code == 404
    other = client_of(official(Role.PROVINCE_HR, "36"))
    for name, args in (
        ("desk-assessment", [row.pk]),
        ("desk-assessment-file", [row.pk, document]),
        ("desk-batch", [row.batch_id]),
        ("desk-batch-add", [row.batch_id]),
        ("desk-assessment-cancel", [row.pk]),
    ):
        refused = other.get(reverse(name, args=args))
        assert refused.status_code == 404, name
        assert "基地L1" not in text_of(refused)
    for name in ("desk-assessments", "desk-batches", "desk-legacy"):
        assert "基地L1" not in text_of(other.get(reverse(name), {"q": "L1"})).replace("q=L1", "")
    bulk = reverse("desk-assessment-bulk")
    assert other.post(bulk, {"act": "judge", "ids": [row.pk]}).status_code == 422


# --- the desk's work


def test_the_province_records_returns_judges_and_both_conclude(hr: Viewer, finance: Viewer) -> None:
    batch_of(hr, legacy("L1"))
    row = Assessment.objects.get()
    url = reverse("desk-assessment", args=[row.pk])
    client, other = client_of(hr), client_of(finance)
    assert "该单位没有账号" in text_of(client.get(url))
    lacking = client.post(url, {**TEXTS, "goals_met": "yes", "do": "send"})
    assert lacking.status_code == 422
    assert TEXTS["basics"] in text_of(lacking)
    answers = {**TEXTS, "goals_met": "yes", "running": "no"}
    client.post(url, {**answers, "file": SimpleUploadedFile("纸质自评.pdf", PDF), "do": "send"})
    assert "纸质自评.pdf" in text_of(other.get(url))
    assert client.post(url, {"do": "return", "reason": " "}).status_code == 422
    client.post(url, {"do": "return", "reason": "缺页。"})
    assert "上次退回：缺页。" in text_of(client.get(url))
    client.post(url, {**answers, "do": "send"})
    bad = client.post(url, {"do": "judge", "grade": "", "reasons": "现场核实。"})
    assert bad.status_code == 422
    assert "现场核实。" in text_of(bad)
    client.post(url, {"do": "judge", "grade": "qualified", "reasons": "现场核实。"})
    bulk = reverse("desk-assessment-bulk")
    early = client.post(bulk, {"act": "conclude", "ids": [row.pk], "confirmed": "yes"})
    assert early.status_code == 422
    assert "还缺人社、财政部门的同意" in text_of(early)
    page = text_of(other.get(url))
    assert "同意结论：合格" in page
    digest = page.partition('name="digest" value="')[2].partition('"')[0]
    concur = reverse("desk-assessment-concur", args=[row.pk])
    silent = other.post(concur, {"word": "disagreed", "digest": digest})
    assert "不同意时请写明理由" in text_of(silent)
    for each in (client, other):
        each.post(concur, {"word": "agreed", "digest": digest})
    asked = text_of(client.post(bulk, {"act": "conclude", "ids": [row.pk]}))
    assert "作出结论（1 项）" in asked
    assert "基地L1" in asked
    client.post(bulk, {"act": "conclude", "ids": [row.pk], "confirmed": "yes"})
    assert Title.objects.get().assessment == "passed"
    assert other.post(url, {"do": "judge"}).status_code == 404


def test_a_whole_batch_is_judged_agreed_and_concluded_with_its_names(
    hr: Viewer, finance: Viewer
) -> None:
    titles = [legacy(f"L{n}") for n in range(3)]
    batch = batch_of(hr, *titles)
    rows = list(batch.assessments.order_by("id"))
    for row in rows[:2]:
        reported(row, hr)
    client, other, url = client_of(hr), client_of(finance), reverse("desk-assessment-bulk")
    ids = [row.pk for row in rows]
    asked = text_of(client.post(url, {"act": "judge", "ids": ids}))
    assert "评定（2 项）" in asked
    assert "不会改变：L2 基地L2" in asked
    sent = {"act": "judge", "ids": ids, "confirmed": "yes", "grade": "qualified"}
    kept = client.post(url, {**sent, "panel": "王工、李工"})
    assert kept.status_code == 422
    assert "王工、李工" in text_of(kept)
    client.post(url, {**sent, "reasons": "材料齐全。"})
    assert Assessment.objects.filter(state="judged").count() == 2
    for each in (client, other):
        page = text_of(each.post(url, {"act": "agree", "ids": ids}))
        assert "同意结论（2 项）" in page
        digest = page.partition('name="digest" value="')[2].partition('"')[0]
        each.post(url, {"act": "agree", "ids": ids, "confirmed": "yes", "digest": digest})
    assert other.post(url, {"act": "conclude", "ids": ids}).status_code == 422
    shown = get(hr, "desk-batch", batch.pk)
    assert len(re.findall(r">\s*同意\s*</td>", shown)) == 4
    client.post(url, {"act": "conclude", "ids": ids, "confirmed": "yes"})
    assert Title.objects.filter(assessment="passed").count() == 2
    assert client.post(url, {"act": "judge", "ids": ids[:2]}).status_code == 422
    assert client.post(url, {"act": "fly", "ids": ids}).status_code == 422


def test_an_assessment_after_the_title_is_gone_says_so_and_can_only_be_cancelled(
    hr: Viewer,
) -> None:
    title = legacy("L1")
    (row,) = judged(hr, title)
    Title.objects.filter(pk=title.pk).update(state="revoked")
    url = reverse("desk-assessment", args=[row.pk])
    client = client_of(hr)
    page = text_of(client.get(url))
    assert "称号已取消，不再考核" in page
    assert "作出结论…" not in page
    late = client.post(url, {"do": "judge", "grade": "unqualified", "reasons": "仍写下的理由。"})
    assert late.status_code == 422
    assert "四（二）" in text_of(late)
    cancel = reverse("desk-assessment-cancel", args=[row.pk])
    assert client.post(cancel, {"reason": ""}).status_code == 422
    client.post(cancel, {"reason": "称号已取消。"})
    assert "称号已取消。" in text_of(client.get(url))
    row.refresh_from_db()
    assert row.state == "cancelled"


def test_the_to_do_of_each_leads_to_its_list(hr: Viewer, finance: Viewer) -> None:
    legacy("L9")
    judged(hr, legacy("L1"))
    for viewer, name, words in (
        (hr, "desk-assessments", "基地L1"),
        (finance, "desk-assessments", "基地L1"),
        (hr, "desk-legacy", "基地L9"),
    ):
        search = "待办:全部" if name == "desk-assessments" else "考核:待安排"
        shown = get(viewer, name, q=search)
        assert words in shown
        assert "共 1 条" in shown
    assert "考核办理" in get(finance, "desk-home")
    home = get(hr, "desk-home")
    assert "2025年12月31日，还有 303 天" in home


# --- coverage and report


def test_coverage_shows_the_nation_and_a_province_and_is_exported(
    hr: Viewer, finance: Viewer
) -> None:
    concluded(hr, finance, legacy("L1"))
    legacy("L2")
    legacy("P1", province="36")
    ministry = official(Role.MINISTRY_HR)
    page = get(ministry, "desk-coverage")
    assert "江西省" in page
    assert "33%" in page
    own = get(hr, "desk-coverage")
    assert "50%" in own
    assert "江西" not in own
    with clock.at(clock.beijing(2026, 1, 1)):
        assert "逾期未全部考核：江西省、山东省" in get(ministry, "desk-coverage")
        client = client_of(hr)
        lines = b"".join(client.get(reverse("desk-coverage"), {"export": "csv"})).decode()
    assert "山东省,2,1,1,0,0,1,1,50" in lines
    assert "江西" not in lines


def test_the_years_report_can_be_read_and_taken_along(hr: Viewer, finance: Viewer) -> None:
    concluded(hr, finance, legacy("L1"))
    judged(hr, legacy("L2"))
    page = get(hr, "desk-yearly-report")
    assert "2025年共考核评估1项，合格以上1项" in page
    assert "第 2 批还有 1 项没有结论" in page
    assert "2024年没有安排考核批次" in get(hr, "desk-yearly-report", of="2024")
    other = get(official(Role.PROVINCE_HR, "36"), "desk-yearly-report", province="37")
    assert "山东" not in other
    assert "山东省" in get(official(Role.MINISTRY_HR), "desk-yearly-report", province="37")
    file = client_of(hr).get(reverse("desk-yearly-report"), {"export": "txt"})
    assert "覆盖率50%" in b"".join(file).decode()


# --- cost


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("desk-assessments", 8),
        ("desk-batches", 8),
        ("desk-batch", 10),
        ("desk-batch-add", 10),
        ("desk-assessment", 10),
        ("desk-legacy", 8),
        ("desk-legacy-imports", 8),
        ("desk-coverage", 8),
        ("desk-yearly-report", 10),
    ],
)
def test_the_pages_cost_few_queries_however_many_rows(name: str, most: int, hr: Viewer) -> None:
    (first,) = judged(hr, legacy("L1"))
    legacy("K1")
    keys = {
        "desk-batch": [first.batch_id],
        "desk-batch-add": [first.batch_id],
        "desk-assessment": [first.pk],
    }
    client, url = client_of(hr), reverse(name, args=keys.get(name, []))

    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as spent:
            assert client.get(url).status_code == 200
        return len(spent)

    few = cost()
    for number in range(3):
        title = legacy(f"M{number}")
        actions.add_titles(viewer=hr, batch_id=first.batch_id, title_ids=[title.pk])
        legacy(f"N{number}")
        batch_of(hr)
    assert cost() == few <= most, (few, cost())


def test_readers_read_and_do_nothing(hr: Viewer) -> None:
    (row,) = judged(hr, legacy("L1"))
    for role, province in ((Role.SUPERVISOR, "37"), (Role.AUDITOR, ""), (Role.MINISTRY_HR, "")):
        reader = official(role, province)
        page = get(reader, "desk-assessment", row.pk)
        for words in ("重新评定", "本部门意见", "作出结论…", "撤销这项考核"):
            assert words not in page, (role, words)
        assert "勾选后办理" not in get(reader, "desk-assessments")
    assert queries.assessments(official(Role.RECOMMENDER, "37")).count() == 0
