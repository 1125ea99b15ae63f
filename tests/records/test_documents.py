"""Which files are let in, under which name they lie, and that a changed one is found."""

import io
import random
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.files.storage import default_storage
from hypothesis import given
from hypothesis import strategies as st

from jiangxin.core.kernel.errors import Invalid, Tampered
from jiangxin.ops.fsck import broken_files
from jiangxin.records.documents.actions import keep_generated, store
from jiangxin.records.documents.gates import MAX_NAME, media_type, safe_name
from jiangxin.records.documents.models import Document
from jiangxin.records.documents.queries import read
from tests.factories.files import OFD, PDF, SHEET, WORD, jpeg, office, png

PNG, JPG = png(), jpeg()


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
        ("证照.ofd", office(OFD), "application/ofd"),
    ],
)
def test_what_is_what_it_says_comes_in(name: str, data: bytes, kind: str) -> None:
    document = put(name, data)
    assert kind in document.media_type
    assert read(document) == data
    assert (document.name, document.size) == (name, len(data))


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
