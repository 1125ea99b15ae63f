"""Files in pieces: they go on where they stopped, one unit's are no other's, and nothing stays behind."""

import os
import resource
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, LimitReached, NotFound, WrongState
from jiangxin.records.documents import uploads
from jiangxin.records.documents.gates import MAX_BYTES
from jiangxin.records.documents.models import Document, Upload
from jiangxin.records.documents.queries import read
from jiangxin.records.identity.models import Organisation
from tests.factories.files import pdf
from tests.factories.races import numbered, together

NOW = clock.beijing(2025, 6, 2, 10)
MIB = 1024 * 1024


@pytest.fixture(autouse=True)
def files(tmp_path: Path, settings: SimpleNamespace) -> Path:
    """A file store of the test's own."""
    settings.MEDIA_ROOT = tmp_path / "files"
    return tmp_path / "files"


def unit(name: str = "甲") -> int:
    return Organisation.objects.create(name=name, province="37", created_at=clock.now()).pk


def kept(files: Path) -> list[Path]:
    return [path for path in files.rglob("*") if path.is_file()] if files.exists() else []


def sent(owner: int, data: bytes, name: str = "扫描件.pdf", step: int = MIB // 2) -> str:
    """Announced and sent in pieces of `step` bytes; not finished."""
    token = uploads.begin_upload(name=name, size=len(data), owner_id=owner).token
    for at in range(0, len(data), step):
        uploads.receive(token=token, owner_id=owner, offset=at, piece=data[at : at + step])
    return token


@pytest.mark.django_db
def test_pieces_become_the_file_and_leave_nothing_behind(files: Path) -> None:
    owner, data = unit(), pdf("x" * 5000)
    token = sent(owner, data, step=700)
    assert uploads.offset_of(token=token, owner_id=owner) == (len(data), len(data))
    document = uploads.finish(token=token, owner_id=owner)
    assert read(document) == data
    assert document.owner_id == owner
    assert not Upload.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_after_the_commit_the_pieces_are_gone(files: Path) -> None:
    owner = unit()
    uploads.finish(token=sent(owner, pdf()), owner_id=owner)
    bad = sent(owner, b"MZ" * 300)
    with pytest.raises(Invalid, match="内容不是 PDF"):
        uploads.finish(token=bad, owner_id=owner)
    uploads.cancel(token=sent(owner, pdf("b")), owner_id=owner)
    assert len(kept(files)) == 1
    assert not Upload.objects.exists()
    assert Document.objects.count() == 1


@pytest.mark.django_db
def test_a_piece_in_the_wrong_place_is_refused_and_the_sender_asks() -> None:
    owner, data = unit(), pdf("y" * 100)
    token = uploads.begin_upload(name="a.pdf", size=len(data), owner_id=owner).token
    receive = partial(uploads.receive, token=token, owner_id=owner)
    assert receive(offset=0, piece=data[:50]) == 50
    for offset in (0, 49, 51):
        with pytest.raises(WrongState):
            receive(offset=offset, piece=b"again")
    with pytest.raises(Invalid):
        receive(offset=50, piece=b"z" * len(data))
    with pytest.raises(WrongState, match="没有传完"):
        uploads.finish(token=token, owner_id=owner)
    assert uploads.offset_of(token=token, owner_id=owner)[0] == 50
    receive(offset=50, piece=data[50:])
    assert read(uploads.finish(token=token, owner_id=owner)) == data


@pytest.mark.django_db
def test_bytes_that_a_crash_left_behind_the_agreed_place_are_cut_off(files: Path) -> None:
    owner, data = unit(), pdf("z" * 100)
    token = uploads.begin_upload(name="a.pdf", size=len(data), owner_id=owner).token
    uploads.receive(token=token, owner_id=owner, offset=0, piece=data[:40])
    with (files / uploads.FOLDER / token).open("ab") as file:
        file.write(b"half a piece whose transaction never came to its end" * 9)
    uploads.receive(token=token, owner_id=owner, offset=40, piece=data[40:])
    assert read(uploads.finish(token=token, owner_id=owner)) == data


@pytest.mark.django_db
def test_another_unit_can_neither_ask_nor_send_nor_finish() -> None:
    owner, other, data = unit(), unit("乙"), pdf()
    token = sent(owner, data)
    for act in (
        lambda: uploads.offset_of(token=token, owner_id=other),
        lambda: uploads.receive(token=token, owner_id=other, offset=0, piece=b"x"),
        lambda: uploads.finish(token=token, owner_id=other),
        lambda: uploads.cancel(token=token, owner_id=other),
    ):
        with pytest.raises(NotFound):
            act()
    assert read(uploads.finish(token=token, owner_id=owner)) == data


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "size", "why"),
    [
        ("病毒.exe", 10, "不接收"),
        ("a.pdf", 0, "空文件"),
        ("a.pdf", -1, "空文件"),
        ("a.pdf", MAX_BYTES + 1, "超过 20 MB"),
        ("a.pdf", 1 << 40, "超过 20 MB"),
    ],
)
def test_what_no_file_may_be_is_not_even_begun(name: str, size: int, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        uploads.begin_upload(name=name, size=size, owner_id=unit())
    assert not Upload.objects.exists()


@pytest.mark.django_db
def test_a_unit_has_only_so_much_under_way_and_a_day_to_finish_it(files: Path) -> None:
    owner = unit()
    with clock.at(NOW):
        for _ in range(uploads.MOST_OPEN):
            uploads.begin_upload(name="a.pdf", size=9, owner_id=owner)
        with pytest.raises(LimitReached):
            uploads.begin_upload(name="a.pdf", size=9, owner_id=owner)
        uploads.begin_upload(name="a.pdf", size=9, owner_id=unit("乙"))
    with clock.at(NOW + uploads.LIFE - timedelta(seconds=1)):
        assert uploads.expire_uploads() == 0
    with clock.at(NOW + uploads.LIFE + timedelta(seconds=1)):
        assert uploads.expire_uploads() == uploads.MOST_OPEN + 1
    assert not Upload.objects.exists()


@pytest.mark.django_db
@given(st.lists(st.integers(1, 400), min_size=1, max_size=8))
def test_however_it_is_cut_it_is_the_same_file(cuts: list[int]) -> None:
    owner, data = unit(), pdf("w" * 900)
    token = uploads.begin_upload(name="a.pdf", size=len(data), owner_id=owner).token
    at = 0
    for cut in [*cuts, len(data)]:
        piece = data[at : at + cut]
        at = uploads.receive(token=token, owner_id=owner, offset=at, piece=piece)
    assert read(uploads.finish(token=token, owner_id=owner)) == data


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_stay_small_and_lie_there_once(files: Path) -> None:
    """Fifty uploads of 20 MB of the same bytes: one file in the store, no file in memory as a whole."""
    owner = unit()
    data = b"%PDF-1.4\n" + os.urandom(1000).hex().encode() * 10_000
    data = data[: 20 * MIB - 16] + b"\n%%EOF\n"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    results = together(numbered(50, lambda _: whole(owner, data)), at=NOW)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert [each for each in results if isinstance(each, Exception)] == []
    assert Document.objects.count() == 50
    assert len({each.sha256 for each in Document.objects.all()}) == 1
    assert len(kept(files)) == 1
    assert grown < 512 * 1024, f"{grown // 1024} MiB"


def whole(owner: int, data: bytes) -> int:
    return uploads.finish(token=sent(owner, data), owner_id=owner).pk
