"""The legacy register from a workbook: every fault by row and column, all at once; nothing half."""

import io
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError, Invalid, LimitReached, NotFound, WrongState
from jiangxin.core.workflow import Role
from jiangxin.records.documents.models import Document
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.actions import seal
from jiangxin.records.ledger.models import Event
from jiangxin.records.ledger.queries import faults as ledger_faults
from jiangxin.stages.assessment import importing, queries
from jiangxin.stages.assessment.models import LegacyImport
from jiangxin.stages.assessment.workbook import (
    COLUMNS,
    MOST_ROWS,
    Fault,
    Faulty,
    lines_of,
    template,
)
from jiangxin.stages.titles.actions import enter_legacy_many
from jiangxin.stages.titles.models import Title
from jiangxin.stages.titles.queries import titles_of
from tests.factories.assessment import CODES, MARCH, cells, legacy, unit_with, workbook
from tests.factories.desk import official
from tests.factories.races import numbered, together

pytestmark = pytest.mark.django_db
PHONE_BOOK = "91370000000000009X"


@pytest.fixture(autouse=True)
def _in_march() -> Iterator[None]:
    with clock.at(MARCH):
        yield


@pytest.fixture
def hr(db: None) -> Viewer:
    return official(Role.PROVINCE_HR, "37")


def upload(viewer: Viewer, content: io.BytesIO, name: str = "名录.xlsx") -> LegacyImport:
    size = len(content.getvalue())
    return importing.upload(viewer=viewer, name=name, size=size, content=content)


def faults(viewer: Viewer, *rows: dict[str, Any], **extra: Any) -> list[Fault]:
    with pytest.raises(Faulty) as refused:
        upload(viewer, workbook(rows, **extra))
    assert refused.value.clause == "4.2"
    return refused.value.faults


def test_a_workbook_is_previewed_and_enters_whole(hr: Viewer) -> None:
    studio = cells(
        "37G2016002",
        kind="技能大师工作室",
        year="２０１６年",
        name="李四技能大师工作室",
        unit_name="某机械厂",
        uscc="９１３５０１００Ｍ０００１ＴＧＱＸＭ",
        former_names=f"老机械厂、{PHONE_BOOK.lower()}",
        leader_name="李四",
    )
    row = upload(hr, workbook([cells(), studio]))
    assert (row.rows, row.entered_at, Title.objects.count()) == (2, None, 0)
    entries, found = importing.entries_of(row)
    assert (len(entries), found) == (2, [])
    assert any("校验位" in text for text in entries[1].warnings)
    titles = importing.enter(viewer=hr, import_id=row.pk)
    assert [title.number for title in titles] == ["37J2014001", "37G2016002"]
    entered = Title.objects.get(number="37G2016002")
    assert (entered.kind, entered.province, entered.year) == ("studio", "37", 2016)
    assert (entered.uscc, entered.leader_name) == (CODES[2], "李四")
    assert entered.former_names == ["老机械厂", PHONE_BOOK]
    assert (entered.state, entered.assessment) == ("titled", "none")
    events = Event.objects.filter(type="title.entered").order_by("id")
    assert [event.subject for event in events] == [title.subject for title in titles]
    assert "李四" not in str([event.payload for event in Event.objects.all()])
    row.refresh_from_db()
    assert row.entered_at == MARCH
    with pytest.raises(WrongState, match="已经录入"):
        importing.enter(viewer=hr, import_id=row.pk)
    assert Title.objects.count() == 2


def test_a_registering_unit_finds_its_imported_title(hr: Viewer) -> None:
    importing.enter(viewer=hr, import_id=upload(hr, workbook([cells()])).pk)
    unit = unit_with(CODES[0])
    assert [title.number for title in titles_of(unit)] == ["37J2014001"]
    assert list(titles_of(unit_with(CODES[1]))) == []


def test_every_fault_is_told_at_once_by_row_and_column(hr: Viewer) -> None:
    legacy("L1", unit_name="旧名技校", year=2015)
    rows = [
        cells("A1"),
        cells("A1", unit_name="别的学校", uscc=CODES[1], former_names=""),
        cells("A3", former_names=""),
        cells("L1", unit_name="第三学校", uscc="", former_names=""),
        cells("A5", unit_name="新名技校", year=2015, uscc="", former_names="旧名技校"),
        cells("A6", year=2010, unit_name="甲", uscc="", former_names=""),
        cells("A7", year="去年", unit_name="乙", uscc="", former_names=""),
        cells("A8", province="东山", unit_name="丙", uscc="", former_names=""),
        cells("A9", province="江苏省", unit_name="丁", uscc="", former_names=""),
        cells("A10", status="注销", unit_name="戊", uscc="", former_names=""),
        cells("A11", kind="学院", unit_name="己", uscc="123", former_names="", status="未知"),
        cells("A12", kind="工作室", unit_name="庚", uscc="", former_names="", name=""),
        cells("A13", unit_name="辛", uscc=913501000001234567.0, former_names=""),
        cells(
            "长" * 41,
            unit_name="壬",
            uscc="",
            former_names="、".join("名" * n for n in range(1, 12)),
        ),
    ]
    found = [(fault.row, fault.column, fault.message) for fault in faults(hr, *rows)]
    wanted = [
        (3, "编号", "“A1”与第 2 行重复"),
        (4, "建设单位", "与第 2 行重复"),
        (5, "编号", "“L1”已在名录中"),
        (6, "建设单位", "名录中已有：L1"),
        (7, "确定年度", "2010 年不在 2011—2020"),
        (8, "确定年度", "“去年”不是年份"),
        (9, "省份", "没有省级单位“东山”"),
        (10, "省份", "不是本省"),
        (11, "单位状态", "已注销"),
        (12, "类别", "“学院”不是类别"),
        (12, "统一社会信用代码", "不是统一社会信用代码"),
        (12, "单位状态", "“未知”不是单位状态"),
        (13, "项目名称", "没有填写"),
        (13, "带头人", "没有填写"),
        (14, "统一社会信用代码", "末几位已丢失"),
        (15, "编号", "有 41 字"),
        (15, "曾用名称和代码", "有 11 个"),
    ]
    assert [(row, column) for row, column, _ in found] == [each[:2] for each in wanted]
    for (_, _, message), (_, _, part) in zip(found, wanted, strict=True):
        assert part in message
    assert LegacyImport.objects.count() == Document.objects.count() == 0
    assert Title.objects.count() == 1


def test_a_closed_unit_is_refused_with_what_to_do(hr: Viewer) -> None:
    (fault,) = faults(
        hr, cells(), cells("B2", unit_name="乙", uscc="", former_names="", status="注销")
    )
    assert (fault.row, fault.column) == (3, "单位状态")
    assert "承继单位" in fault.remedy
    assert "删去这一行" in fault.remedy


def test_two_masters_of_one_unit_are_two_studios_but_one_master_is_not(hr: Viewer) -> None:
    first = cells("G1", kind="工作室", leader_name="李四")
    upload(hr, workbook([first, cells("G2", kind="工作室", leader_name="王五")]))
    (fault,) = faults(hr, first, cells("G3", kind="工作室", leader_name="李四"))
    assert (fault.row, fault.column) == (3, "建设单位")


def test_merged_cells_and_formulas_are_named(hr: Viewer) -> None:
    (merged,) = faults(hr, cells(), merge="F4:F5")
    assert (merged.row, merged.column) == (4, "F")
    assert "F4:F5 是合并单元格" in merged.message
    (formula,) = faults(hr, cells(), formula=("D2", "=2013+1", None, 2014))
    assert (formula.row, formula.column) == (2, "D")
    assert "粘贴" in formula.remedy


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (lambda: workbook([cells()], sheet="Sheet1"), "a.xlsx", "没有“名录”表（现有：Sheet1）"),
        (lambda: workbook([cells()], drop="status"), "a.xlsx", "缺少：单位状态"),
        (lambda: workbook([]), "a.xlsx", "没有填写任何项目"),
        (
            lambda: workbook([cells(f"N{n}") for n in range(MOST_ROWS + 1)]),
            "a.xlsx",
            "一次最多 2000 行",
        ),
        (lambda: workbook([cells()]), "a.pdf", "不是 PDF 文件"),
        (lambda: workbook([cells()]), "a.xls", "不接收"),
        (lambda: io.BytesIO(b"PK\x03\x04 half a file"), "a.xlsx", "已损坏"),
        (io.BytesIO, "a.xlsx", "空文件"),
    ],
    ids=["sheet", "column", "empty", "many", "renamed", "ending", "broken", "nothing"],
)
def test_a_file_that_is_not_the_template_is_refused(
    hr: Viewer, content: Any, name: str, message: str
) -> None:
    with pytest.raises(Invalid, match=message) as refused:
        upload(hr, content(), name)
    assert refused.value.remedy
    assert LegacyImport.objects.count() == Document.objects.count() == 0


def test_the_template_can_be_filled_in_and_its_own_rows_are_empty(hr: Viewer) -> None:
    book = CalamineWorkbook.from_filelike(io.BytesIO(template()))
    heads, *rows = book.get_sheet_by_name("名录").to_python()
    assert heads == [column.label for column in COLUMNS]
    assert rows == []
    with pytest.raises(Invalid, match="没有填写任何项目"):
        lines_of(template())


def test_a_register_that_changed_since_the_preview_is_checked_again(hr: Viewer) -> None:
    row = upload(hr, workbook([cells(), cells("B2", unit_name="乙", uscc="", former_names="")]))
    legacy("37J2014001", unit_name="抢先的学校")
    with pytest.raises(Faulty, match="没有录入任何一行"):
        importing.enter(viewer=hr, import_id=row.pk)
    assert Title.objects.count() == 1
    assert LegacyImport.objects.get().entered_at is None


def test_a_province_enters_its_own_and_the_ministry_all(hr: Viewer) -> None:
    ministry = official(Role.MINISTRY_HR)
    other = cells("B2", province="兵团", unit_name="乙", uscc="", former_names="")
    row = upload(ministry, workbook([cells(), other]))
    assert [each.province for each in importing.enter(viewer=ministry, import_id=row.pk)] == [
        "37",
        "66",
    ]
    with pytest.raises(NotFound):
        importing.enter(viewer=hr, import_id=row.pk)
    assert list(queries.imports(hr)) == []
    assert [each.pk for each in queries.imports(ministry)] == [row.pk]
    for role, province in (
        (Role.PROVINCE_FINANCE, "37"),
        (Role.AUDITOR, ""),
        (Role.SUPERVISOR, "37"),
    ):
        with pytest.raises(DomainError, match="办理"):
            upload(official(role, province), workbook([cells("C1")]))


def test_two_thousand_rows_cost_few_statements_and_every_one_is_in_the_ledger(
    hr: Viewer, django_assert_max_num_queries: Any
) -> None:
    rows = [
        cells(f"N{n:04d}", unit_name=f"第{n}学校", uscc="", former_names="")
        for n in range(MOST_ROWS)
    ]
    row = upload(hr, workbook(rows))
    with django_assert_max_num_queries(20):
        importing.enter(viewer=hr, import_id=row.pk)
    assert Event.objects.filter(type="title.entered").count() == MOST_ROWS
    seal()
    assert list(ledger_faults()) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("locked", [True, False], ids=["locked", "control"])
def test_two_workbooks_with_one_unit_do_not_pass_each_other(
    locked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their numbers differ, so only the lock keeps the second from looking before the first wrote."""
    hr = official(Role.PROVINCE_HR, "37")
    rows = [upload(hr, workbook([cells(number)])) for number in ("X1", "X2")]
    if not locked:
        monkeypatch.setattr(importing, "lock_register", lambda: None)
        _both_read_before_either_writes(monkeypatch)
    results = together(
        numbered(2, lambda n: importing.enter(viewer=hr, import_id=rows[n].pk)), at=MARCH
    )
    refused = [each for each in results if isinstance(each, Faulty)]
    assert Title.objects.count() == (1 if locked else 2)
    assert len(refused) == (1 if locked else 0)


def _both_read_before_either_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    gate, enter = threading.Barrier(2, timeout=20), importing.enter_legacy_many

    def late(**given: Any) -> list[Title]:
        gate.wait()
        return enter(**given)

    monkeypatch.setattr(importing, "enter_legacy_many", late)


def test_a_number_taken_at_the_same_moment_is_a_kind_message(hr: Viewer) -> None:
    legacy("L1")
    fields = {"number": "L1", "kind": "base", "province": "37", "year": 2014, "name": "a"}
    with pytest.raises(LimitReached, match="没有录入任何一行"):
        enter_legacy_many(by=hr, rows=[{**fields, "number": "L0"}, fields])
    assert Title.objects.count() == 1
