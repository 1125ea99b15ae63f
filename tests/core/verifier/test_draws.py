"""The stand-alone verifier and the product agree, on good records and on spoilt ones."""

import copy
import json
import random

import pytest

from jiangxin.core.draw.checking import form_problems, verify
from jiangxin.core.draw.record import VoidReason, digest_of, seal_of, void_record
from jiangxin.core.draw.shares import seed
from jiangxin.core.kernel.canonical import canonical, read_exactly
from jiangxin.core.proof.hashing import Algorithm


def published(session):
    return [
        session.sealed,
        session.opened(named=False),
        session.opened(),
        void_record(session.sealed, reason=VoidReason.WITHHELD, parties=["hr"], note="未到场"),
    ]


def test_a_thousand_random_sessions(make_session, holds):
    for number in range(1000):
        session = make_session(number)
        record = published(session)[number % 4]
        assert verify(record) == [], number
        assert holds("draw", canonical(record)), number


def values(record, path=()):
    """The path of every value and every key in a record."""
    if isinstance(record, dict):
        for key, value in record.items():
            yield (*path, key)
            yield from values(value, (*path, key))
    elif isinstance(record, list):
        for at, value in enumerate(record):
            yield (*path, at)
            yield from values(value, (*path, at))


def with_value(record, path, value):
    changed = copy.deepcopy(record)
    place = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value(place[path[-1]]) if callable(value) else value
    return changed


def another(value):
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        return value[:-1] + ("0" if value[-1:] != "0" else "1")
    return type(value)(list(value)[1:]) if isinstance(value, list) else {**value, "x": "x"}


@pytest.mark.parametrize("number", range(4))
def test_every_changed_value_is_refused(make_session, holds, number):
    for record in published(make_session(number)):
        for path in values(record):
            for value in (another, None, 0, "", [], {}):
                changed = with_value(record, path, value)
                if changed == record:
                    continue
                assert verify(changed), path
                assert not holds("draw", canonical(changed)), path


def spoilt(data, at, dice):
    """The file with one byte changed in its bits, dropped, doubled, and with a space put in."""
    flipped = bytearray(data)
    flipped[at] ^= 1 << dice.randrange(8)
    yield bytes(flipped)
    yield data[:at] + data[at + 1 :]
    yield data[:at] + b" " + data[at:]
    yield data[: at + 1] + b"\n" + data[at + 1 :]


@pytest.mark.parametrize("number", range(2))
def test_every_changed_byte_is_refused(make_session, holds, number):
    """Each position once in each of four ways; every value of every byte is for `jiangxin bench`."""
    data = canonical(make_session(number).opened())
    dice = random.Random(number)
    assert holds("draw", data)
    for at in range(len(data)):
        for changed in spoilt(data, at, dice):
            assert not holds("draw", changed), at
            try:
                record = read_exactly(changed)
            except ValueError:
                continue
            assert form_problems(record, changed) or verify(record), at


@pytest.mark.parametrize(
    "same",
    [
        lambda record: json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True).encode(),
        lambda record: json.dumps(record, sort_keys=True, separators=(",", ":")).encode(),
        lambda record: json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode(),
        lambda record: canonical(record) + b"\n",
        lambda record: b"\xef\xbb\xbf" + canonical(record),
    ],
    ids=["indented", "escaped", "keys in another order", "a line's end", "a byte order mark"],
)
def test_what_means_the_same_in_another_spelling_is_refused(make_session, holds, same):
    record = make_session(1).opened()
    assert holds("draw", canonical(record))
    assert same(record) != canonical(record)
    assert not holds("draw", same(record))


def resealed(record):
    """What a forger can do who also recomputes every seal, seed and digest."""
    algorithm = Algorithm(record["sealed"]["plan"]["algorithm"])
    record["seal"] = seal_of(record["sealed"], algorithm)
    if record["opened"] is not None:
        opened = record["opened"]
        opened["seed"] = seed(record["seal"], opened["shares"], opened["public_number"], algorithm)
    record["digest"] = digest_of(record, algorithm)
    return record


def test_a_forger_who_recomputes_everything_still_cannot_choose(make_session, holds):
    """Any part of the seal moves the seed, so the old walk no longer fits the new order."""
    tried = 0
    for number in range(8):
        record = make_session(number).opened()
        for path in values(record):
            if path[0] in {"format", "seal", "digest"} or path in {("opened",), ("opened", "seed")}:
                continue
            for value in (another, None, 0, "", [], {}):
                changed = with_value(record, path, value)
                if changed == record or not isinstance(changed["sealed"], dict):
                    continue
                try:
                    resealed(changed)
                except (TypeError, KeyError, ValueError):
                    continue
                agreed = bool(verify(changed)), not holds("draw", canonical(changed))
                # A reason stated after the seal is a statement of people: only the digest
                # in the ledger holds it fast, and the doc says so.
                if path[-1] == "reason":
                    assert agreed[0] == agreed[1], path
                else:
                    assert agreed == (True, True), (path, value)
                tried += 1
    assert tried > 2000


def test_wrong_use_and_unreadable_files(verifier, capsys, tmp_path):
    assert verifier.main([]) == 2
    assert verifier.main(["draw"]) == 2
    assert verifier.main(["draw", "a", "1", "2"]) == 2
    assert verifier.main(["unknown", "a"]) == 2
    assert "verify.py draw FILE" in capsys.readouterr().out
    assert verifier.main(["draw", str(tmp_path / "none.json")]) == 1
    assert capsys.readouterr().out.startswith("[不成立]")


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"null", b"{}", b'{"a":1,"a":1}', b"1.5", b"NaN", b"\xff", b"[" * 100_000],
)
def test_anything_else_is_refused(holds, data):
    for task in ("draw", "receipt", "filing"):
        assert not holds(task, data)


def test_it_stands_alone_and_is_short():
    from pathlib import Path

    text = (Path(__file__).resolve().parents[3] / "verifier" / "verify.py").read_text()
    body = text.split('"""', 2)[2].splitlines()
    code = [line for line in body if line.strip() and not line.lstrip().startswith("#")]
    assert len(code) <= 150
    assert not [line for line in code if line.lstrip().startswith(("from ", "import jiangxin"))]
