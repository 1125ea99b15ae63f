"""Which files are let in, under which name they lie, and that a changed one is found."""

import io
import random
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.files.storage import default_storage
from hypothesis import given
from hypothesis import strategies as st

from jiangxin.core.kernel.errors import Invalid, Tampered
from jiangxin.ops.fsck import broken_files
from jiangxin.records.documents.actions import keep_generated, store
from jiangxin.records.documents.gates import MAX_BYTES, MAX_NAME, media_type, safe_name
from jiangxin.records.documents.models import Document
from jiangxin.records.documents.queries import read

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
JPG = b"\xff\xd8\xff\xe0" + b"\0" * 64
TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">{}</Types>'
WORD = {"[Content_Types].xml": TYPES.format(""), "word/document.xml": "<w/>"}
SHEET = {"[Content_Types].xml": TYPES.format(""), "xl/workbook.xml": "<x/>"}


def office(parts: dict[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return buffer.getvalue()


@pytest.fixture(autouse=True)
def files(tmp_path: Path, settings: SimpleNamespace) -> Path:
    """A file store of the test's own."""
    settings.MEDIA_ROOT = tmp_path / "files"
    return tmp_path / "files"


def put(name: str, data: bytes) -> Document:
    return store(name=name, size=len(data), content=io.BytesIO(data), owner_id=None)


def kept(files: Path) -> list[Path]:
    return [path for path in files.rglob("*") if path.is_file()] if files.exists() else []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("报告.pdf", PDF, "application/pdf"),
        ("照片.PNG", PNG, "image/png"),
        ("照片.jpeg", JPG, "image/jpeg"),
        ("表.docx", office(WORD), "wordprocessingml"),
        ("数据.xlsx", office(SHEET), "spreadsheetml"),
    ],
)
def test_what_is_what_it_says_comes_in(name: str, data: bytes, kind: str) -> None:
    document = put(name, data)
    assert kind in document.media_type
    assert read(document) == data
    assert (document.name, document.size) == (name, len(data))


MACRO_TYPE = TYPES.format(
    '<Override PartName="/word/code.bin" ContentType="application/vnd.ms-office.vbaProject"/>'
)
REFUSED = {
    "wrong ending": ("病毒.exe", PDF, "不接收"),
    "no ending": ("报告", PDF, "不接收"),
    "only an ending": (".pdf", PDF, "不接收"),
    "double ending": ("报告.pdf.exe", PDF, "不接收"),
    "hidden ending": ("报告.pdf\u202eexe.", b"MZ\x90\0" * 9, "不接收"),
    "wrong content": ("报告.pdf", PNG, "内容不是 PDF"),
    "a script": ("照片.png", b"<svg onload=alert(1)>", "内容不是 PNG"),
    "office as picture": ("照片.jpg", office(WORD), "内容不是 JPG"),
    "empty": ("报告.pdf", b"", "空文件"),
    "too large": ("报告.pdf", PDF + b"\0" * MAX_BYTES, "超过 20 MB"),
    "another zip": ("表.docx", office({"a.txt": "x"}), "不是有效的 DOCX"),
    "a sheet as text": ("表.docx", office(SHEET), "不是"),
    "no types": ("表.docx", office({"word/document.xml": "<w/>"}), "不是有效的 DOCX"),
    "cut short": ("表.docx", office(WORD)[:-30], "已损坏"),
    "macro by name": ("表.docx", office(WORD | {"word/vbaProject.bin": "x"}), "含有宏"),
    "macro by other case": ("表.docx", office(WORD | {"word/VBAPROJECT.BIN": "x"}), "含有宏"),
    "macro by type": ("表.docx", office(WORD | {"[Content_Types].xml": MACRO_TYPE}), "含有宏"),
    "bomb": ("表.docx", office(WORD | {"word/x": b"\0" * (201 * 1024 * 1024)}), "解压后过大"),
    "many parts": (
        "表.docx",
        office(WORD | {f"word/{n}": "" for n in range(10_001)}),
        "解压后过大",
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_is_refused_with_its_reason_and_leaves_nothing(case: str, files: Path) -> None:
    name, data, reason = REFUSED[case]
    with pytest.raises(Invalid, match=reason) as refused:
        put(name, data)
    assert refused.value.remedy
    assert refused.value.field == "file"
    assert not Document.objects.exists()
    assert kept(files) == []


@pytest.mark.django_db
def test_a_lock_on_an_office_file_is_no_server_error() -> None:
    data = bytearray(office(WORD, zipfile.ZIP_STORED))
    for signature in (b"PK\x03\x04", b"PK\x01\x02"):  # set "encrypted" in both headers of each part
        at = -1
        while (at := data.find(signature, at + 1)) >= 0:
            data[at + (6 if signature == b"PK\x03\x04" else 8)] |= 1
    with pytest.raises(Invalid, match="加密"):
        put("表.docx", bytes(data))


@pytest.mark.django_db
def test_a_file_that_arrives_cut_short_is_refused(files: Path) -> None:
    with pytest.raises(Invalid, match="没有传完整"):
        store(name="a.pdf", size=len(PDF) + 1, content=io.BytesIO(PDF), owner_id=None)
    assert kept(files) == []


@pytest.mark.parametrize(
    ("sent", "kept_as"),
    [
        ("../../etc/报告.pdf", "报告.pdf"),
        ("C:\\temp\\报告.pdf", "报告.pdf"),
        ("a\0b.pdf", "ab.pdf"),
        ("报告\u202efdp.pdf", "报告fdp.pdf"),
        ("报\u200b告\ufeff.pdf", "报告.pdf"),
        ("  .报告.pdf. ", "报告.pdf"),
        ("a:b|c?.pdf", "a_b_c_.pdf"),
        ("line\nbreak.pdf", "linebreak.pdf"),
        ("e\u0301.pdf", "\u00e9.pdf"),
        ("..", ""),
    ],
)
def test_names_are_made_harmless(sent: str, kept_as: str) -> None:
    assert safe_name(sent) == kept_as


@given(st.text(max_size=400), st.sampled_from(["pdf", "docx", "PNG"]))
def test_any_name_stays_short_in_one_folder_and_keeps_its_ending(text: str, ending: str) -> None:
    name = safe_name(f"{text}.{ending}")
    assert len(name.encode()) <= MAX_NAME
    assert not set(name) & set('/\\<>:"|?*\0\n')
    assert name.endswith(ending)
    assert safe_name(name) == name


@given(st.binary(max_size=300), st.sampled_from(["pdf", "png", "jpg", "docx", "xlsx"]))
def test_rubbish_is_refused_and_never_breaks(data: bytes, ending: str) -> None:
    head = b"PK\x03\x04" if ending in ("docx", "xlsx") else b""
    with pytest.raises(Invalid):
        media_type(f"x.{ending}", len(head + data), io.BytesIO(head + data))


@pytest.mark.django_db
def test_the_same_bytes_are_stored_once(files: Path) -> None:
    first, second = put("一.pdf", PDF), put("二.pdf", PDF)
    generated = keep_generated(name="三.pdf", media_type="application/pdf", data=PDF)
    assert first.sha256 == second.sha256 == generated.sha256
    assert len(kept(files)) == 1
    assert Document.objects.count() == 3


@pytest.mark.django_db
def test_bytes_that_a_crash_cut_short_are_written_again(files: Path) -> None:
    document = put("一.pdf", PDF)
    Path(default_storage.path(document.path)).write_bytes(PDF[:10])
    put("二.pdf", PDF)
    assert read(document) == PDF
    assert len(kept(files)) == 1


@pytest.mark.django_db
def test_a_changed_or_lost_file_is_found(files: Path) -> None:
    changed, lost, whole = put("改.pdf", PDF), put("丢.png", PNG), put("好.jpg", JPG)
    path = Path(default_storage.path(changed.path))
    spoilt = bytearray(PDF)
    spoilt[random.Random(1).randrange(len(PDF))] ^= 1
    path.write_bytes(spoilt)
    Path(default_storage.path(lost.path)).unlink()
    with pytest.raises(Tampered, match=r"改\.pdf"):
        read(changed)
    with pytest.raises(Tampered, match="不见了"):
        read(lost)
    assert read(whole) == JPG
    assert len(list(broken_files())) == 2
