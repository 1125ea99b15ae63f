"""The form as a workbook: the way there and back, every fault by its cell, hostile files kindly refused."""

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import xlsxwriter
from django.test import Client
from django.urls import reverse
from python_calamine import CalamineWorkbook

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError, Invalid, NotFound, WrongState
from jiangxin.ops.scenes.province import hand_in
from jiangxin.records.documents.models import Document
from jiangxin.records.documents.papers import Upload
from jiangxin.records.documents.workbooks import open_book
from jiangxin.stages.application import actions, workbook, workbook_reading
from jiangxin.stages.application.models import Application
from jiangxin.stages.application.queries import form_of
from jiangxin.stages.application.workbook import META, sheet_name, stamp_of, workbook_of
from jiangxin.stages.programme.models import Track
from jiangxin.stages.programme.queries import pack
from tests.factories.applications import DURING, Round, make_round, save, unit_of
from tests.factories.desk import policies_with

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _during() -> Iterator[None]:
    with clock.at(DURING):
        yield


@pytest.fixture
def round_(db: None) -> Round:
    return make_round()


@pytest.fixture
def project(round_: Round) -> Application:
    return round_.draft(round_.unit())


Cells = dict[tuple[str, int, int], Any]


def refilled(data: bytes, changes: Cells, *, formula: str = "", merge: str = "") -> bytes:
    """The same workbook as somebody saves it again: cells of (sheet, row, column) changed."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    buffer = io.BytesIO()
    made = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False})
    for name in book.sheet_names:
        sheet = made.add_worksheet(name)
        rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        own = {(row, column): value for (at, row, column), value in changes.items() if at == name}
        for number, row in enumerate(rows):
            for place, value in enumerate(row):
                if (number, place) not in own and value != "":
                    sheet.write(number, place, value)
        for (number, place), value in own.items():
            sheet.write(number, place, value)
        if formula.startswith(name):
            sheet.write_formula(formula.partition("!")[2], "=1+1", None, 2)
        if merge.startswith(name):
            sheet.merge_range(merge.partition("!")[2], "合并")
    made.close()
    return buffer.getvalue()


def place(project: Application, data: bytes, mark: str, column: int = 2) -> tuple[str, int, int]:
    """Where the row with that mark stands."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    form = form_of(project)
    for section in form.sections:
        name = sheet_name(form, section)
        for number, row in enumerate(book.get_sheet_by_name(name).to_python(skip_empty_area=False)):
            if row[0] == mark:
                return name, number, column
    raise AssertionError(f"no row {mark}")


def upload(data: bytes, name: str = "申报表.xlsx") -> Upload:
    return Upload(name=name, size=len(data), content=io.BytesIO(data))


def preview(project: Application, data: bytes, name: str = "申报表.xlsx") -> Any:
    return workbook_reading.preview(
        viewer=unit_of(project), application_id=project.pk, upload=upload(data, name)
    )


def take(project: Application, found: Any) -> list[str]:
    return workbook_reading.take(
        viewer=unit_of(project),
        application_id=project.pk,
        document_id=found.document,
        revision=found.revision,
    )


def refused(project: Application, data: bytes, name: str = "申报表.xlsx") -> DomainError:
    before, files = project.answers, Document.objects.count()
    with pytest.raises(DomainError) as error:
        preview(project, data, name)
    project.refresh_from_db()
    assert project.answers == before
    assert Document.objects.count() == files
    assert error.value.message
    return error.value


def faults(project: Application, data: bytes) -> list[tuple[str, str, str]]:
    error = refused(project, data)
    assert isinstance(error, workbook_reading.Faulty), error.message
    return [(each.sheet, each.cell, each.message) for each in error.faults]


@pytest.mark.parametrize("track", list(Track))
def test_what_was_filled_in_comes_back_unchanged(round_: Round, track: Track) -> None:
    project = round_.draft(round_.unit(track), track)
    data = workbook_of(project)
    assert preview(project, data).plan.sections == {}
    assert preview(project, refilled(data, {})).plan.sections == {}, "saved by another program"


def test_a_new_draft_is_filled_in_from_a_workbook(round_: Round, project: Application) -> None:
    """All answers of one application go into another's empty workbook."""
    unit = round_.unit()
    with clock.at(DURING):
        empty = actions.begin(viewer=unit, call_id=round_.call.pk, track=Track.STUDIO)
    full = CalamineWorkbook.from_filelike(io.BytesIO(workbook_of(project)))
    target = workbook_of(empty)
    changes: Cells = {}
    for section in form_of(project).sections:
        name = sheet_name(form_of(project), section)
        for row in full.get_sheet_by_name(name).to_python(skip_empty_area=False):
            mark = str(row[0])
            if mark and not mark.startswith("table:") and any(row[1:]) and mark not in COMPUTED:
                changes |= {
                    place(empty, target, mark, at): value
                    for at, value in enumerate(row[1:], start=1)
                    if value != ""
                }
    mask = place(empty, target, "leader_id_number")
    changes[mask] = "１１０１０５１９４９１２３１００２Ｘ"
    found = preview(empty, refilled(target, changes))
    assert len(found.plan.sections) == len(form_of(empty).sections)
    take(empty, found)
    empty.refresh_from_db()
    mine = {k: v for k, v in empty.answers.items() if k not in OWN}
    theirs = {k: v for k, v in project.answers.items() if k not in OWN}
    assert mine == theirs
    assert empty.answers["unit_name"] == empty.unit_name, "the registered name is not overwritten"
    assert empty.answers["leader_id_number"]["mask"].startswith("110")
    assert "sealed" in empty.answers["leader_id_number"]


COMPUTED = {each.key for _, each in pack().form("studio").fields() if each.computed}
OWN = ("unit_name", "unit_code", "leader_id_number")


def test_the_preview_changes_nothing_and_the_import_all(project: Application) -> None:
    data = workbook_of(project)
    changes = {
        place(project, data, "studio_area"): "１，２８０",
        place(project, data, "leader_route"): "绝技绝活（传统工艺传承）",
        place(project, data, "functions"): "技能培训，技能竞赛",
        place(project, data, "founded"): "2019年5月6日",
        place(project, data, "spread"): "",
        place(project, data, "milestones#0"): "2026Q3",
        place(project, data, "budget#0", 3): "",
    }
    found = preview(project, refilled(data, changes))
    project.refresh_from_db()
    assert project.answers["studio_area"] != 1280
    assert set(found.plan.sections) == {"leader", "host", "results", "plan", "budget"}
    assert set(take(project, found)) == set(found.plan.sections)
    before = project.answers
    project.refresh_from_db()
    assert project.answers["studio_area"] == 1280
    assert project.answers["leader_route"] == "craft_route"
    assert project.answers["functions"] == ["skill_training", "skill_competition"]
    assert project.answers["founded"] == "2019-05-06"
    assert "spread" not in project.answers
    assert project.answers["milestones"][0]["due"] == "2026-09-30"
    assert "amount" not in project.answers["budget"][0]
    assert project.answers["activities"] == before["activities"]


def test_every_fault_is_told_with_sheet_and_cell_and_nothing_is_kept(project: Application) -> None:
    data = workbook_of(project)
    wrong = {
        place(project, data, "studio_area"): "大约八十",
        place(project, data, "leader_level"): "老师傅",
        place(project, data, "contact_phone"): "没有",
        place(project, data, "activities#1", 4): "许多次",
        place(project, data, "founded"): "去年春天",
        place(project, data, "spread"): "字" * 1001,
    }
    found = faults(project, refilled(data, wrong))
    places = {(sheet, cell) for sheet, cell, _ in found}
    assert places == {(sheet, f"{'ABCDEFG'[at]}{row + 1}") for sheet, row, at in wrong}
    texts = " ".join(message for _, _, message in found)
    for part in ("“大约八十”不是整数", "不在可选范围内", "不是电话号码", "最多 1000 字"):
        assert part in texts


def test_formulas_and_merged_cells_are_named(project: Application) -> None:
    data = workbook_of(project)
    name, row, column = place(project, data, "studio_area")
    cell = f"{'ABC'[column]}{row + 1}"
    found = faults(project, refilled(data, {}, formula=f"{name}!{cell}"))
    assert found == [(name, cell, "单元格是公式。")]
    merged = faults(project, refilled(data, {}, merge=f"{name}!C{row + 1}:D{row + 1}"))
    assert merged[0][:2] == (name, cell)
    assert "合并单元格" in merged[0][2]


def test_moved_rows_and_renamed_columns_are_named(project: Application) -> None:
    data = workbook_of(project)
    sheet, row, _ = place(project, data, "table:activities")
    assert any(
        cell == f"B{row + 1}" and "列名应为" in message
        for _, cell, message in faults(project, refilled(data, {(sheet, row, 1): "人数"}))
    )
    name, line, _ = place(project, data, "studio_area")
    gone = faults(project, refilled(data, {(name, line, 0): ""}))
    assert any("不见了" in message for _, _, message in gone)
    twice = faults(project, refilled(data, {(name, line, 0): "studio_support"}))
    assert any("有两行都是" in message for _, _, message in twice)


def rezipped(data: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    """The same archive with its parts changed by hand."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return buffer.getvalue()


def far_cell(parts: dict[str, bytes]) -> None:
    """One cell at the very end of the sheet: a reader that makes room for it all has no memory left."""
    sheet = parts["xl/worksheets/sheet2.xml"]
    far = (
        b'<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c></row></sheetData>'
    )
    parts["xl/worksheets/sheet2.xml"] = sheet.replace(b"</sheetData>", far)


def million_rows(parts: dict[str, bytes]) -> None:
    rows = b"".join(
        b'<row r="%d"><c r="B%d"><v>1</v></c></row>' % (n, n) for n in range(900, 300_000)
    )
    sheet = parts["xl/worksheets/sheet2.xml"]
    parts["xl/worksheets/sheet2.xml"] = sheet.replace(b"</sheetData>", rows + b"</sheetData>")


def unnumbered_rows(parts: dict[str, bytes]) -> None:
    sheet = parts["xl/worksheets/sheet2.xml"]
    rows = b"<row>" + b"<c><v>1</v></c>" * 20_000 + b"</row>" + b"<row><c/></row>" * 9_000
    parts["xl/worksheets/sheet2.xml"] = sheet.replace(b"</sheetData>", rows + b"</sheetData>")


def bomb(parts: dict[str, bytes]) -> None:
    parts["xl/media/image1.png"] = b"\0" * (90 * 1024 * 1024)


def without_links(parts: dict[str, bytes]) -> None:
    del parts["xl/_rels/workbook.xml.rels"]


def broken_xml(parts: dict[str, bytes]) -> None:
    parts["xl/worksheets/sheet2.xml"] = b"<worksheet><sheetData><row r='1'><c r='A1'"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (far_cell, "超出了可以读取的范围"),
        (million_rows, "超出了可以读取的范围"),
        (unnumbered_rows, "超出了可以读取的范围"),
        (bomb, "解压后过大"),
        (without_links, "无法读取"),
        (broken_xml, "无法"),
    ],
)
def test_hostile_archives_are_refused(
    project: Application, change: Callable[[dict[str, bytes]], None], said: str
) -> None:
    assert said in refused(project, rezipped(workbook_of(project), change)).message


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (b"", "a.xlsx", "空文件"),
        (b"PK\x03\x04 half a file", "a.xlsx", "损坏"),
        (b"name,value\n1,2\n", "a.csv", "不接收"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 600, "a.xlsx", "旧格式改了扩展名"),
    ],
)
def test_other_files_are_refused(project: Application, data: bytes, name: str, said: str) -> None:
    assert said in refused(project, data, name).message


def test_an_archive_that_lies_about_its_size_is_refused(project: Application) -> None:
    data = workbook_of(project)
    place_ = data.index(b"PK\x01\x02")  # the directory: its sizes are what everybody believes
    spoiled = data[: place_ + 24] + (10).to_bytes(4, "little") + data[place_ + 28 :]
    assert isinstance(refused(project, spoiled), Invalid)


def test_the_workbook_of_another_unit_is_refused_without_reading_it(
    round_: Round, project: Application
) -> None:
    other = round_.draft(round_.unit())
    error = refused(project, workbook_of(other))
    assert error.message.startswith("这是其他单位")


def test_other_tracks_applications_and_old_forms_are_refused(
    round_: Round, project: Application, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = actions.begin(viewer=unit_of(project), call_id=round_.call.pk, track=Track.NEW_BASE)
    assert "另一申报类型" in refused(project, workbook_of(base)).message
    data = workbook_of(project)
    assert "另一份申报" in refused(project, refilled(data, {(META, 1, 1): "999999"})).message
    strange = refilled(data, {(META, 0, 1): "x"})
    assert "不是本系统生成" in refused(project, strange).message
    assert "不是本系统生成" in refused(project, plain_workbook()).message
    folder = policies_with(tmp_path, '"quota.base" = 5')
    form = folder / "cn-2022-62/forms/studio.toml"
    form.write_text(form.read_text().replace('label = "成果推广情况"', 'label = "成果怎样推广"'))
    monkeypatch.setenv("JIANGXIN_POLICIES", str(folder))
    assert "旧版申报表" in refused(project, data).message


def plain_workbook() -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer)
    book.add_worksheet("Sheet1").write(0, 0, "姓名")
    book.close()
    return buffer.getvalue()


def test_a_missing_sheet_is_named(project: Application) -> None:
    form = form_of(project)
    gone = sheet_name(form, form.sections[2])
    data = rezipped(
        workbook_of(project),
        lambda parts: parts.update(
            {"xl/workbook.xml": parts["xl/workbook.xml"].replace(gone.encode(), b"Sheet9")}
        ),
    )
    assert f"缺少工作表：{gone}" in refused(project, data).message


def with_a_sheet_more(data: bytes) -> bytes:
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    buffer = io.BytesIO()
    made = xlsxwriter.Workbook(buffer)
    for name in [*book.sheet_names, "我的草稿"]:
        sheet = made.add_worksheet(name)
        found = book.get_sheet_by_name(name).to_python() if name in book.sheet_names else [["随便"]]
        for number, row in enumerate(found):
            sheet.write_row(number, 0, row)
    made.close()
    return buffer.getvalue()


def test_an_added_sheet_does_no_harm(project: Application) -> None:
    data = with_a_sheet_more(workbook_of(project))
    assert "我的草稿" in open_book(data).names
    assert preview(project, data).plan.sections == {}


def test_a_colleague_who_was_faster_is_not_overwritten_and_nothing_is_half_taken(
    project: Application,
) -> None:
    data = workbook_of(project)
    changes = {
        place(project, data, "studio_area"): 99,
        place(project, data, "spread"): "从工作簿来的。",
    }
    found = preview(project, refilled(data, changes))
    save(project, "results", spread="同事写的。")
    with pytest.raises(actions.Overtaken):
        take(project, found)
    project.refresh_from_db()
    assert project.answers["spread"] == "同事写的。"
    assert project.answers["studio_area"] != 99


def test_only_the_own_unit_and_only_while_it_may_be_changed(
    round_: Round, project: Application
) -> None:
    data = workbook_of(project)
    found = preview(project, refilled(data, {place(project, data, "studio_area"): 99}))
    other = round_.draft(round_.unit())
    with pytest.raises(NotFound):
        workbook_reading.preview(
            viewer=unit_of(other), application_id=project.pk, upload=upload(data)
        )
    with pytest.raises(NotFound, match="没有这个工作簿"):
        workbook_reading.take(
            viewer=unit_of(other),
            application_id=other.pk,
            document_id=found.document,
            revision=other.revision,
        )
    hand_in(unit_of(project), project)
    with pytest.raises(WrongState):
        take(project, found)


def test_the_workbook_carries_lists_help_and_locks(project: Application) -> None:
    data = workbook_of(project)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheets = [archive.read(n).decode() for n in archive.namelist() if "worksheets/sheet" in n]
        comments = "".join(archive.read(n).decode() for n in archive.namelist() if "comments" in n)
    form = form_of(project)
    assert len(sheets) == len(form.sections) + 3
    assert all("<sheetProtection" in sheet for sheet in sheets)
    assert sum(sheet.count("<dataValidation ") for sheet in sheets) > 20
    for _, field in form.fields():
        assert all(each.help in comments for each in (field, *field.columns))
    assert project.answers["leader_id_number"]["mask"] in str(
        CalamineWorkbook.from_filelike(io.BytesIO(data))
        .get_sheet_by_name(sheet_name(form, form.sections[1]))
        .to_python()
    )
    assert len(stamp_of(form)) == 16
    assert re.fullmatch(r"[0-9a-f]+", stamp_of(form))
    assert workbook.choices_of(form.fields().__next__()[1], 2025) == ()
    assert META in open_book(data).names


def test_the_pages_show_faults_changes_and_take_them(project: Application) -> None:
    client = Client()
    client.force_login(project.unit.people.get())
    address = reverse("apply-workbook", args=[project.pk])
    file = client.get(reverse("apply-workbook-file", args=[project.pk]))
    assert file.content[:2] == b"PK"
    data = file.content

    def sent(content: bytes) -> Any:
        upload_ = io.BytesIO(content)
        upload_.name = "申报表.xlsx"
        return client.post(address, {"file": upload_})

    wrong = sent(refilled(data, {place(project, data, "studio_area"): "大约八十"}))
    assert wrong.status_code == 422
    sheet, row, _ = place(project, data, "studio_area")
    assert sheet in wrong.content.decode()
    assert f"C{row + 1}" in wrong.content.decode()
    assert "没有改动" in sent(data).content.decode()
    shown = sent(refilled(data, {place(project, data, "studio_area"): 77})).content.decode()
    assert "77 平方米" in shown
    fields = dict(re.findall(r'name="(document|revision)" value="(\d+)"', shown))
    taken = client.post(reverse("apply-workbook-take", args=[project.pk]), fields, follow=True)
    assert "已写入 1 个部分" in taken.content.decode()
    project.refresh_from_db()
    assert project.answers["studio_area"] == 77
    again = client.post(reverse("apply-workbook-take", args=[project.pk]), {"document": "x"})
    assert again.status_code == 422
    assert "没有这个工作簿" in again.content.decode()
    assert "请选择填好的工作簿" in client.post(address, {}).content.decode()
