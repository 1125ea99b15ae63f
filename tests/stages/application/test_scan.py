"""The sealed copy: taken for the version whose code it shows, kindly refused for any other."""

import io
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image, ImageDraw

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError, Invalid, NotFound, WrongState
from jiangxin.core.workflow import Role
from jiangxin.ops.scenes.province import SCAN, hand_in
from jiangxin.records.documents import qr
from jiangxin.records.documents.models import Document
from jiangxin.records.documents.papers import Upload
from jiangxin.records.documents.rendering import pdf
from jiangxin.records.documents.scanning import sheets
from jiangxin.records.identity.models import User
from jiangxin.records.ledger.models import Event
from jiangxin.stages.application import actions, paper, scan, taking_back
from jiangxin.stages.application.models import Application, Scan
from jiangxin.stages.examination.actions import Defect, send_back
from jiangxin.stages.programme.models import Call
from tests.factories.applications import DURING, Round, make_round, save, unit_of
from tests.factories.desk import official, policies_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def round_() -> Round:
    return make_round()


@pytest.fixture
def project(round_: Round) -> Application:
    return round_.submitted()


def a_file(data: bytes = SCAN, name: str = "盖章.pdf") -> Upload:
    return Upload(name=name, size=len(data), content=io.BytesIO(data))


def add(project: Application, upload: Upload | None = None, typed: str = "") -> Scan:
    with clock.at(DURING):
        return scan.add_scan(
            viewer=unit_of(project),
            application_id=project.pk,
            upload=upload or a_file(),
            typed=typed,
        )


def refused(project: Application, upload: Upload | None = None, typed: str = "") -> DomainError:
    before = Document.objects.count()
    with pytest.raises(DomainError) as error:
        add(project, upload, typed)
    assert Scan.objects.count() == 0
    assert Document.objects.count() == before
    return error.value


def printed(project: Application, number: int) -> bytes:
    return pdf("form", paper.form_data(project, paper.content(project, number)), at=DURING)


def photo(text: str, kind: str = "JPEG", turn: int = 0) -> bytes:
    """A page as a telephone takes it: grey paper, some lines, the code in a corner, turned."""
    sheet = Image.new("L", (1240, 1754), 225)
    draw = ImageDraw.Draw(sheet)
    for line in range(300, 1500, 40):
        draw.line((150, line, 1000, line), fill=90, width=2)
    code = Image.open(io.BytesIO(qr.png(text))).convert("L").resize((200, 200))
    sheet.paste(code, (980, 60))
    buffer = io.BytesIO()
    sheet.rotate(turn, fillcolor=200, expand=True).convert("RGB").save(buffer, kind)
    return buffer.getvalue()


def code(project: Application, number: int = 1) -> str:
    return paper.content(project, number).code


@pytest.mark.parametrize(
    "typed",
    [
        lambda own: own,
        lambda own: own.lower().replace("-", ""),
        lambda own: f" {own.replace('-', ' ')} ",
        lambda own: own.translate(
            str.maketrans("0123456789ABCDEF", "０１２３４５６７８９ＡＢＣＤＥＦ")
        ),
        lambda own: own.replace("0", "O").replace("1", "l"),
    ],
)
def test_a_typed_code_is_read_however_it_is_written(project: Application, typed: object) -> None:
    row = add(project, typed=typed(code(project)))  # type: ignore[operator]
    assert (row.code, row.how) == (code(project), "typed")
    event = Event.objects.get(type="project.scan_added")
    assert event.payload["version"] == 1
    assert event.payload["sha256"] == row.document.sha256
    assert scan.verdict(project).word == "matches"


def test_the_code_is_read_from_the_text_of_a_pdf(project: Application) -> None:
    row = add(project, a_file(printed(project, 1)))
    assert (row.code, row.how) == (code(project), "read")


@pytest.mark.parametrize(("kind", "turn"), [("JPEG", 0), ("PNG", 90), ("JPEG", 7)])
def test_the_code_is_read_from_a_photo(project: Application, kind: str, turn: int) -> None:
    payload = paper.payload_of(project, paper.content(project, 1))
    row = add(project, a_file(photo(payload, kind, turn), f"页.{kind.lower()}"))
    assert (row.code, row.how) == (code(project), "read")


def test_the_code_is_read_from_a_scanned_pdf_of_pictures(project: Application) -> None:
    payload = paper.payload_of(project, paper.content(project, 1))
    buffer = io.BytesIO()
    Image.open(io.BytesIO(photo(payload))).save(buffer, "PDF")
    row = add(project, a_file(buffer.getvalue()))
    assert row.how == "read"


def returned_and_changed(project: Application) -> Application:
    examiner = official(Role.PROVINCE_HR, "37", "审查甲")
    with clock.at(DURING + timedelta(hours=1)):
        defect = Defect("results", "请补充推广情况，并写明人数。")
        send_back(viewer=examiner, application_id=project.pk, defects=[defect])
        project, _ = save(project, "results", spread="已在三家企业推广，培训一百二十人。")
        hand_in(unit_of(project), project)
    project.refresh_from_db()
    return project


def test_an_older_version_is_named(project: Application) -> None:
    old = printed(project, 1)
    project = returned_and_changed(project)
    error = refused(project, a_file(old))
    assert "第 1 版" in error.message
    assert "此后内容已经修改" in error.message
    assert code(project, 2) in error.remedy
    assert scan.verdict(project).word == "missing"


def test_after_a_correction_the_old_copy_counts_as_old(project: Application) -> None:
    add(project, a_file(printed(project, 1)))
    project = returned_and_changed(project)
    assert scan.verdict(project).word == "older"
    add(project, typed=code(project, 2))
    assert scan.verdict(project).word == "matches"


def test_another_application_of_the_unit_is_named(round_: Round, project: Application) -> None:
    other = round_.submitted()
    Application.objects.filter(pk=other.pk).update(unit=project.unit, track="new_base")
    error = refused(project, typed=code(other))
    assert f"另一份申报“{other.title}”第 1 版" in error.message


def test_a_strange_code_of_another_unit_tells_nothing_of_it(
    round_: Round, project: Application
) -> None:
    other = round_.submitted()
    error = refused(project, typed=code(other))
    assert "与本单位提交过的任何一版都不相符" in error.message
    assert other.title not in error.message + error.remedy


@pytest.mark.parametrize(
    ("typed", "said"),
    [("", "没有从文件中读出版本码"), ("第一版", "不是版本码"), ("1234-5678", "不是版本码")],
)
def test_without_a_code_it_says_where_to_find_it(
    project: Application, typed: str, said: str
) -> None:
    error = refused(project, typed=typed)
    assert said in error.message
    assert error.field == "code"


def test_a_typed_code_that_the_file_contradicts_is_refused(project: Application) -> None:
    error = refused(project, a_file(printed(project, 1)), typed="0000-1111-2222-3333")
    assert "您填写的是 0000-1111-2222-3333" in error.message


def test_pages_of_two_versions_are_refused(project: Application) -> None:
    from pypdf import PdfReader, PdfWriter

    old = printed(project, 1)
    project = returned_and_changed(project)
    mixed = PdfWriter()
    mixed.append(PdfReader(io.BytesIO(printed(project, 2))), pages=(0, 2))
    mixed.append(PdfReader(io.BytesIO(old)), pages=(2, 4))
    buffer = io.BytesIO()
    mixed.write(buffer)
    error = refused(project, a_file(buffer.getvalue()))
    assert f"第 1 页的版本码是 {code(project, 2)}，第 3 页是 {code(project, 1)}" in error.message


@pytest.mark.parametrize(
    ("data", "name"),
    [(b"x", "a.exe"), (b"", "a.pdf"), (b"PK\x03\x04", "a.pdf"), (b"%PDF-1.4", "a.png")],
)
def test_other_files_are_refused(project: Application, data: bytes, name: str) -> None:
    assert isinstance(refused(project, a_file(data, name), typed=code(project)), Invalid)


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.7\n" + b"\x00" * 4000,
        b"%PDF-1.4\ntrailer<</Root 1 0 R>>\n%%EOF",
        SCAN[:40],
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 1 0 R/Kids[1 0 R]>>endobj\ntrailer<</Root 1 0 R>>",
    ],
)
def test_a_broken_pdf_reads_as_nothing(data: bytes) -> None:
    assert scan.code_shown(sheets("application/pdf", data)) == ""


def test_a_huge_or_broken_picture_reads_as_nothing() -> None:
    buffer = io.BytesIO()
    Image.new("1", (9000, 9000)).save(buffer, "PNG")
    assert sheets("image/png", buffer.getvalue())[0].codes == ()
    assert sheets("image/png", buffer.getvalue()[:50])[0].codes == ()


def test_only_the_unit_uploads_and_only_what_is_alive(round_: Round, project: Application) -> None:
    with pytest.raises(NotFound):
        scan.add_scan(
            viewer=round_.unit(), application_id=project.pk, upload=a_file(), typed=code(project)
        )
    with clock.at(DURING):
        taking_back.withdraw(viewer=unit_of(project), application_id=project.pk)
    with pytest.raises(WrongState):
        add(project, typed=code(project))
    draft = round_.draft(round_.unit())
    with pytest.raises(WrongState, match="填写中"):
        add(draft, typed=code(draft, 0))


def test_where_the_province_wants_it_first_nothing_is_submitted_without(
    round_: Round, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = '"form.sealed_copy" = "before"'
    monkeypatch.setenv("JIANGXIN_POLICIES", str(policies_with(tmp_path, own)))
    Call.objects.update(overlay="37-2025")
    round_.call.refresh_from_db()
    unit = round_.unit()
    project = round_.draft(unit)
    with clock.at(DURING), pytest.raises(Invalid, match="先上传盖章的申报表"):
        actions.submit(viewer=unit, application_id=project.pk, revision=project.revision)
    add(project, a_file(printed(project, 0)))
    project, _ = save_now(project)
    with clock.at(DURING), pytest.raises(Invalid, match="先上传盖章的申报表"):
        actions.submit(viewer=unit, application_id=project.pk, revision=project.revision)
    add(project, typed=code(project, 0))
    with clock.at(DURING):
        hand_in(unit, project)
    assert scan.verdict(project).word == "matches"


def save_now(project: Application) -> tuple[Application, dict[str, str]]:
    with clock.at(DURING):
        return save(project, "results", spread="盖章以后又改了。")


def test_the_pages_of_unit_and_examiner(project: Application) -> None:
    unit, examiner = Client(), Client()
    unit.force_login(project.unit.people.get())
    official(Role.PROVINCE_HR, "37", "审查丙")
    examiner.force_login(User.objects.get(name="审查丙"))
    desk = reverse("desk-project", args=[project.pk])
    assert "尚未上传盖章件" in examiner.get(desk).content.decode()
    address = reverse("apply-scan", args=[project.pk])
    assert "打印用 PDF" in unit.get(reverse("apply-receipt", args=[project.pk])).content.decode()
    with clock.at(DURING):
        assert code(project) in unit.get(address).content.decode()
        wrong = unit.post(address, {"file": io.BytesIO(SCAN), "code": "0000-1111-2222-3333"})
        assert wrong.status_code == 422
        shown = wrong.content.decode()
        assert "0000-1111-2222-3333" in shown
        assert "没有收下这份扫描件" in shown
        file = io.BytesIO(SCAN)
        file.name = "盖章.pdf"
        wrong = unit.post(address, {"file": file, "code": "0000-1111-2222-3333"})
        assert "与本单位提交过的任何一版都不相符" in wrong.content.decode()
        empty = unit.post(address, {"code": code(project)})
        assert "请选择扫描件" in empty.content.decode()
        file.seek(0)
        taken = unit.post(address, {"file": file, "code": code(project)}, follow=True)
    assert "盖章件已上传，版本码" in taken.content.decode()
    page = unescape(examiner.get(desk).content.decode())
    assert "盖章件与本版一致" in page
    held = Scan.objects.get().document_id
    file_address = reverse("evidence-file", args=[project.pk, held])
    assert file_address in page
    assert examiner.get(file_address).status_code == 200
