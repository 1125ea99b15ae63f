"""The documents of a package: complete by clause, the same bytes at any time, readable, editable."""

import hashlib
import io
import zipfile
from datetime import timedelta

import docx
import pytest
from docx.oxml.ns import qn
from docx.shared import Mm
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, Tampered, WrongState
from jiangxin.core.proof.receipts import receipt_problems
from jiangxin.core.workflow import Role
from jiangxin.ops.scenes.finish import EXISTING_REPORT, LEGACY_REPORT
from jiangxin.records.documents import word
from jiangxin.records.documents.queries import read
from jiangxin.records.identity.viewer import System
from jiangxin.records.ledger.actions import append
from jiangxin.records.ledger.queries import receipt
from jiangxin.stages.application.models import Application
from jiangxin.stages.filing import actions, assembly, completeness
from jiangxin.stages.filing.completeness import ASPECTS, SKELETON, aspects_without_text
from tests.factories.desk import official
from tests.factories.year import Year, make_year

IN_TIME = clock.beijing(2025, 10, 20, 10)


@pytest.fixture
def year(db: None) -> Year:
    return make_year()


def texts(pdf: bytes) -> str:
    pages = PdfReader(io.BytesIO(pdf)).pages
    return "".join("".join(page.extract_text().split()) for page in pages)


def test_the_same_content_is_the_same_archive_days_later(year: Year) -> None:
    """Neither the hour, nor who presses, nor what the ledger has seen since changes a byte."""
    year.confirmed()
    with clock.at(IN_TIME):
        first = read(year.package().archive)
    append(type="thing.happened", subject="thing:1", by=System())
    receipt(append(type="thing.happened", subject="thing:2", by=System()).pk)
    colleague = official(Role.PROVINCE_HR, "37", "人社丙")
    with clock.at(IN_TIME + timedelta(days=3, hours=5)):
        row = actions.open_package(viewer=colleague, call_id=year.call.pk)
        again = read(actions.assemble(viewer=colleague, package_id=row.pk).archive)
    assert hashlib.sha256(again).hexdigest() == hashlib.sha256(first).hexdigest()
    with zipfile.ZipFile(io.BytesIO(first)) as bundle:
        assert {entry.date_time for entry in bundle.infolist()} == {assembly.EPOCH}
        assert len({entry.create_system for entry in bundle.infolist()}) == 1


def test_another_text_is_another_archive_and_carries_its_own_date(year: Year) -> None:
    year.confirmed()
    with clock.at(IN_TIME):
        first = year.package()
    with clock.at(IN_TIME + timedelta(days=1)):
        actions.write_reports(
            viewer=year.hr,
            package_id=first.pk,
            legacy_report=LEGACY_REPORT + "另补充一句。",
            existing_report="",
        )
        second = actions.assemble(viewer=year.hr, package_id=first.pk)
    assert first.digest != second.digest
    with zipfile.ZipFile(io.BytesIO(read(second.archive))) as bundle:
        report = texts(bundle.read("01-评审报告.pdf"))
        legacy = texts(bundle.read("02-年度考核评估情况报告.pdf"))
        assert not any(name.startswith("03") for name in bundle.namelist())
    assert "另补充一句" in legacy
    assert "2025年10月21日" in report


def test_each_project_comes_with_form_receipt_and_every_file_as_submitted(year: Year) -> None:
    year.confirmed()
    with clock.at(IN_TIME):
        row = year.package()
    with zipfile.ZipFile(io.BytesIO(read(row.archive))) as bundle:
        names = bundle.namelist()
        for project in Application.objects.filter(state="confirmed"):
            version = project.versions.latest("number")
            folder = assembly.project_folder(project.number)
            files = [name for name in names if name.startswith(f"{folder}佐证/")]
            hashes = [hashlib.sha256(bundle.read(name)).hexdigest() for name in files]
            assert hashes == [item["sha256"] for item in version.evidence]
            assert len(files) > 5
            assert project.unit_name in texts(bundle.read(f"{folder}申报表.pdf"))
            with bundle.open(f"{folder}提交回执.json") as file:
                slip = assembly.json.load(file)
            assert receipt_problems(slip) == []
            assert slip["event"]["subject"] == project.subject
    others = Application.objects.exclude(state="confirmed").values_list("number", flat=True)
    assert not [name for name in names for number in others if number in name]


def test_the_report_names_panel_procedure_method_result_and_publicity(year: Year) -> None:
    year.confirmed()
    with clock.at(IN_TIME):
        row = year.package()
        session = year.call.rounds.get().sessions.get()
    with zipfile.ZipFile(io.BytesIO(read(row.archive))) as bundle:
        told = texts(bundle.read("01-评审报告.pdf"))
        drawn = bundle.read(f"04-专家抽取记录/{session.plan['session']}.json").decode()
    for seat in session.panel.filter(status="accepted").select_related("expert"):
        assert seat.expert.name in told
    for application in Application.objects.all():
        assert application.number in told
    assert session.record["digest"][:16] in told
    assert session.record["digest"] in drawn
    assert "公示5个工作日" in told
    assert "两部门会商确定拟推荐名单" in told
    assert "未入选" in told


@pytest.mark.parametrize("aspect", ASPECTS, ids=[aspect.word for aspect in ASPECTS])
def test_a_report_without_one_content_names_it(aspect: completeness.Aspect) -> None:
    lines = EXISTING_REPORT.splitlines()
    assert aspects_without_text(EXISTING_REPORT) == []
    without = "\n".join(line for line in lines if aspect.word not in line)
    assert aspects_without_text(without) == [aspect]
    bare = "\n".join(line.partition("：")[0] if aspect.word in line else line for line in lines)
    assert aspects_without_text(bare) == [aspect]


@given(st.permutations(ASPECTS))
def test_the_order_of_the_contents_is_free(order: list[completeness.Aspect]) -> None:
    report = "\n".join(f"{aspect.title}：情况属实，记录完整，结论为通过。" for aspect in order)
    assert aspects_without_text(report) == []
    assert aspects_without_text(SKELETON) == list(ASPECTS)


def test_existing_bases_need_their_report_and_headings_alone_are_none(year: Year) -> None:
    project = year.confirmed()[0]
    Application.objects.filter(pk=project.pk).update(track="existing_base")
    with clock.at(IN_TIME):
        row = actions.open_package(viewer=year.hr, call_id=year.call.pk)
        row = actions.write_reports(
            viewer=year.hr,
            package_id=row.pk,
            legacy_report=LEGACY_REPORT,
            existing_report=SKELETON.replace("\n", "\r\n"),
        )
        assert row.existing_report == ""
        with pytest.raises(Invalid) as refused:
            actions.assemble(viewer=year.hr, package_id=row.pk)
    assert all(aspect.title in refused.value.message for aspect in ASPECTS)
    assert "缺 4 项" in refused.value.message
    assert refused.value.clause == "3.3"


def test_a_changed_archive_is_not_filed(year: Year) -> None:
    from django.core.files.base import ContentFile
    from django.core.files.storage import default_storage

    year.confirmed()
    with clock.at(IN_TIME):
        row = year.package()
        year.seal(row)
        path, data = row.archive.path, read(row.archive)
        default_storage.delete(path)
        default_storage.save(path, ContentFile(data[:-1] + b"x"))
        with pytest.raises(Tampered):
            actions.file(viewer=year.hr, package_id=row.pk)
        default_storage.delete(path)
        default_storage.save(path, ContentFile(data))
        actions.file(viewer=year.hr, package_id=row.pk)


def test_the_word_file_is_laid_out_as_an_official_document(year: Year) -> None:
    year.confirmed()
    with clock.at(IN_TIME):
        row = year.package()
        data = word.docx(assembly.review_report(row), at=assembly.dated_at(row))
    made = docx.Document(io.BytesIO(data))
    page = made.sections[0]
    margins = (page.top_margin, page.bottom_margin, page.left_margin, page.right_margin)
    assert [round(each.mm) for each in margins] == [37, 35, 28, 26]
    assert (round(page.page_width.mm), round(page.page_height.mm)) == (210, 297)
    fonts = {
        run.text: run._element.rPr.rFonts.get(qn("w:eastAsia"))
        for paragraph in made.paragraphs
        for run in paragraph.runs
    }
    assert "方正小标宋简体" in [font for text, font in fonts.items() if "评审报告" in text]
    assert fonts["一、项目申请情况"] == "黑体"
    assert fonts["（一）技能大师工作室"] == "楷体_GB2312"
    assert "仿宋_GB2312" in fonts.values()
    cells = [cell.text for table in made.tables for row_ in table.rows for cell in row_.cells]
    for application in Application.objects.all():
        assert application.number in cells
    footer = page.footer._element.xml
    assert "PAGE" in footer
    assert Mm(156) >= sum(column.width for column in made.tables[0].columns)


def test_no_report_is_written_before_its_facts_are_there(year: Year) -> None:
    year.published()
    row = actions.open_package(viewer=year.hr, call_id=year.call.pk)
    with pytest.raises(WrongState, match="公示情况"):
        completeness.require_reportable(row)
