"""The verification page: it agrees with the verifier, names each fault, and is not led astray."""

import io
import json
import zipfile
from html import unescape
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from jiangxin.core.kernel.canonical import canonical
from jiangxin.core.proof.merkle import inclusion_proof, leaf_hash, root
from jiangxin.core.proof.receipts import receipt as receipt_of
from jiangxin.faces.portal import verify
from jiangxin.records.documents.queries import read
from jiangxin.records.ledger.actions import seal
from jiangxin.records.ledger.models import Event
from jiangxin.records.ledger.queries import receipt
from jiangxin.stages.review.models import DrawSession
from tests.factories.applications import make_round
from tests.factories.year import make_year

GOOD, BAD = "重新计算的结果与记录完全一致", "不一致"
pytestmark = pytest.mark.django_db


def pasted(value: Any) -> str:
    given = value if isinstance(value, str) else json.dumps(value)
    return Client().post(reverse("verify"), {"text": given}).content.decode()


def uploaded(data: bytes, name: str = "x.json") -> str:
    file = SimpleUploadedFile(name, data)
    return unescape(Client().post(reverse("verify"), {"file": file}).content.decode())


@pytest.fixture
def slip(db: None) -> dict[str, Any]:
    make_round()
    seal()
    return receipt(Event.objects.order_by("id")[0].pk)


def test_a_receipt_holds_against_itself_and_against_the_ledger(slip: dict[str, Any]) -> None:
    for page in (pasted(slip), uploaded(json.dumps(slip).encode())):
        assert GOOD in page
        assert "账册相符" in page
        assert slip["root"] in page


def test_a_changed_receipt_is_named(slip: dict[str, Any]) -> None:
    slip["event"]["actor"] = "user:999"
    page = pasted(slip)
    assert "事件内容与叶子杂凑值不符" in page
    assert GOOD not in page
    assert "账册相符" not in page


def forged(size: int) -> dict[str, Any]:
    """A receipt that holds, of a ledger of `size` events that somebody made up."""
    events = [{"type": "project.submitted", "n": number} for number in range(size)]
    leaves = [leaf_hash(canonical(event)) for event in events]
    proof = inclusion_proof(leaves, 0, size)
    return receipt_of(event=events[0], index=0, size=size, root=root(leaves), proof=proof)


def test_a_receipt_of_another_ledger_is_told_apart(slip: dict[str, Any]) -> None:
    page = pasted(forged(slip["size"]))
    assert GOOD in page
    assert "账册不符" in page
    assert slip["root"] in page
    page = pasted(forged(slip["size"] + 1))
    assert "未能比对" in page
    assert "账册相符" not in page


def test_a_draw_record_is_recomputed() -> None:
    make_year()
    session = DrawSession.objects.exclude(record=None).order_by("id")[0]
    record = session.record
    assert record
    page = pasted(canonical(record).decode() + "\n")
    assert GOOD in page
    assert record["seal"] in page
    assert record["digest"] in page
    assert "规范写法" in pasted(json.dumps(record))
    record["sealed"]["leaves"] = record["sealed"]["leaves"][1:]
    changed = pasted(canonical(record).decode())
    assert "封存内容与封存值不符" in changed
    assert GOOD not in changed


def test_a_filing_package_is_checked_file_by_file() -> None:
    year = make_year()
    year.confirmed()
    row = year.package()
    assert row.archive
    whole = read(row.archive)
    page = uploaded(whole, "备案.zip")
    assert GOOD in page
    assert row.digest in page
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(changed, "w") as new:
        names = old.namelist()
        for name in names:
            data = old.read(name)
            new.writestr(name, data[:-1] + b"!" if name == names[-1] else data)
    page = uploaded(changed.getvalue(), "备案.zip")
    assert f"文件内容与清单不符：{names[-1]}" in page
    assert GOOD not in page


@pytest.mark.parametrize(
    "nonsense",
    [
        "",
        "  ",
        "PK",
        "null",
        "[]",
        "[",
        "[" * 5000,
        "\0",
        "{}",
        '{"a": 1.5}',
        '{"format": 3}',
        '{"format": ["jiangxin-draw/v1"]}',
        '{"format": "jiangxin-draw/v1"}',
        '{"format": "jiangxin-receipt/v1"}',
        '{"format": "jiangxin-receipt/v1", "format": "jiangxin-receipt/v1"}',
    ],
)
def test_nonsense_is_refused_in_words(nonsense: str) -> None:
    answer = Client().post(reverse("verify"), {"text": nonsense})
    assert answer.status_code in (200, 422)
    page = answer.content.decode()
    assert GOOD not in page
    assert BAD in page or "处需要更正" in page


def test_what_was_pasted_is_kept() -> None:
    assert "&lt;b&gt;不是 JSON" in pasted("<b>不是 JSON")


def test_a_broken_or_boundless_archive_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "不是完好的压缩包" in uploaded(b"PK\x03\x04 broken", "x.zip")
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", b"0" * 5_000_000)
    monkeypatch.setattr(verify, "MOST_UNPACKED", 1_000_000)
    assert "解开后过大" in uploaded(bomb.getvalue(), "x.zip")
    monkeypatch.setattr(verify, "MOST", 1_000)
    assert "网页上不能核验" in uploaded(bomb.getvalue(), "x.zip")


def test_the_page_shows_the_latest_checkpoint_and_gives_the_verifier() -> None:
    assert "账册还没有检查点" in Client().get(reverse("verify")).content.decode()
    make_round()
    newest = seal()
    assert newest
    assert newest.root in Client().get(reverse("verify")).content.decode()
    given = Client().get(reverse("verifier"))
    assert given.content == settings.VERIFIER.read_bytes()
    assert given.headers["Content-Disposition"].startswith("attachment")
