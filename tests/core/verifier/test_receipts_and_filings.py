"""Receipts and filing packages: the good ones hold, every spoilt one is refused."""

import copy
import hashlib
import json
import stat
import zipfile

import pytest

from jiangxin.core.kernel.canonical import canonical
from jiangxin.core.proof import merkle
from jiangxin.core.proof.hashing import Algorithm
from jiangxin.core.proof.receipts import receipt, receipt_problems


def receipt_of(index, count, algorithm=Algorithm.SHA256):
    events = [{"n": n, "单位": "杭州技师学院", "deep": {"a": [1, None]}} for n in range(count)]
    leaves = [merkle.leaf_hash(canonical(event), algorithm) for event in events]
    return receipt(
        event=events[index],
        index=index,
        size=count,
        root=merkle.root(leaves, algorithm),
        proof=merkle.inclusion_proof(leaves, index, count, algorithm),
        algorithm=algorithm,
    )


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_receipts_of_every_small_ledger(holds, algorithm):
    for count in range(1, 18):
        for index in range(count):
            record = receipt_of(index, count, algorithm)
            assert receipt_problems(record) == []
            assert holds("receipt", canonical(record), str(count), record["root"])


def test_every_changed_byte_of_a_receipt_is_refused(holds):
    record = receipt_of(5, 13)
    checkpoint = ("13", record["root"])
    data = canonical(record)
    assert holds("receipt", data, *checkpoint)
    for at in range(len(data)):
        for bit in (1, 2, 16):
            changed = bytearray(data)
            changed[at] ^= bit
            assert not holds("receipt", bytes(changed), *checkpoint), at
        assert not holds("receipt", data[:at] + data[at + 1 :], *checkpoint), at


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format", "jiangxin-receipt/v2"),
        ("event", {"n": 6}),
        ("event", []),
        ("index", 4),
        ("index", -1),
        ("index", True),
        ("index", "5"),
        ("size", 5),
        ("size", 13.0),
        ("proof", []),
        ("proof", None),
        ("leaf", "00" * 32),
        ("root", "00" * 32),
        ("root", "AB" * 32),
        ("algorithm", "md5"),
        ("algorithm", "sm3"),
    ],
)
def test_verifier_and_product_refuse_the_same_receipts(holds, key, value):
    changed = copy.deepcopy(receipt_of(5, 13))
    changed[key] = value
    assert receipt_problems(changed)
    assert not holds("receipt", json.dumps(changed).encode())


def test_only_the_checkpoint_fixes_the_size(holds):
    """An inclusion proof holds for several sizes; the published checkpoint decides."""
    record = {**receipt_of(0, 3), "size": 4}
    assert receipt_problems(record) == []
    assert holds("receipt", canonical(record))
    assert not holds("receipt", canonical(record), "3", record["root"])
    assert not holds("receipt", canonical(receipt_of(0, 3)), "3", "00" * 32)
    assert not holds("receipt", canonical(receipt_of(0, 3)), "three", record["root"])


FILES = {"评审报告.pdf": b"%PDF report", "附件/申报表-1.docx": b"form", "empty.txt": b""}


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def manifest_of(files, **more):
    body = {
        "format": "jiangxin-filing/v1",
        "province": "330000",
        "year": 2025,
        "files": [
            {"path": path, "sha256": sha256(data), "size": len(data)}
            for path, data in sorted(files.items())
        ],
        **more,
    }
    digest = sha256(canonical(body))
    seals = {who: {"by": "张三", "digest": digest} for who in ("hr", "finance")}
    return {**body, "digest": digest, "seals": seals}


def as_folder(place, files, manifest):
    place.mkdir()
    for path, data in {**files, "manifest.json": canonical(manifest)}.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_bytes(data)
    return place


def as_zip(place, files, manifest, *, extra=()):
    with zipfile.ZipFile(place, "w") as archive:
        archive.writestr("附件/", b"")
        for path, data in {**files, "manifest.json": canonical(manifest)}.items():
            archive.writestr(path, data)
        for path, data in extra:
            archive.writestr(path, data)
    return place


@pytest.fixture
def package(verifier, tmp_path, capsys):
    """Ask the verifier for one package as folder and as zip; both must agree."""
    count = 0

    def ask(files, manifest):
        nonlocal count
        count += 1
        codes = [
            verifier.main(["filing", str(as_folder(tmp_path / f"f{count}", files, manifest))]),
            verifier.main(["filing", str(as_zip(tmp_path / f"z{count}.zip", files, manifest))]),
        ]
        said = capsys.readouterr().out
        assert codes[0] == codes[1], said
        return codes[0] == 0

    return ask


def test_a_complete_package_holds(package):
    assert package(FILES, manifest_of(FILES))
    assert package({}, manifest_of({}))
    unsealed = {key: value for key, value in manifest_of(FILES).items() if key != "seals"}
    assert package(FILES, unsealed)


def test_a_missing_added_or_changed_file_is_refused(package):
    manifest = manifest_of(FILES)
    for path, data in FILES.items():
        assert not package({k: v for k, v in FILES.items() if k != path}, manifest)
        assert not package({**FILES, path: data + b"x"}, manifest)
        if data:
            assert not package({**FILES, path: bytes([data[0] ^ 1]) + data[1:]}, manifest)
    assert not package({**FILES, "more.txt": b"unlisted"}, manifest)


def test_a_changed_manifest_is_refused(package):
    good = manifest_of(FILES)
    for key, value in {"year": 2024, "province": "320000", "digest": "00" * 32}.items():
        assert not package(FILES, {**good, key: value})
    assert not package(FILES, {**good, "format": "jiangxin-filing/v2"})
    assert not package(FILES, {**good, "added": 1})
    assert not package(FILES, manifest_of(FILES, format="other"))
    assert not package(FILES, {key: value for key, value in good.items() if key != "digest"})


def test_a_seal_on_another_manifest_is_refused(package):
    good = manifest_of(FILES)
    for who in ("hr", "finance"):
        seals = {**good["seals"], who: {"by": "张三", "digest": "00" * 32}}
        assert not package(FILES, {**good, "seals": seals})


def test_a_file_listed_twice_is_refused(package):
    listed = manifest_of(FILES)["files"]
    body = {"format": "jiangxin-filing/v1", "files": [*listed, listed[0]]}
    assert not package(FILES, {**body, "digest": sha256(canonical(body))})
    body = {"format": "jiangxin-filing/v1", "files": listed}
    assert package(FILES, {**body, "digest": sha256(canonical(body))})


@pytest.mark.parametrize(
    "path",
    [
        "../evil",
        "/etc/evil",
        "a/../../evil",
        "a//b",
        "./a",
        "a\\..\\b",
        "C:evil",
        "a\nb",
        "..",
        "../",
    ],
)
def test_path_tricks_in_a_zip_are_refused(verifier, tmp_path, path):
    files = FILES if path.endswith("/") else {**FILES, path: b"evil"}
    archive = as_zip(
        tmp_path / "p.zip", FILES, manifest_of(files), extra=[(zipfile.ZipInfo(path), b"evil")]
    )
    if path.endswith("/"):
        archive = as_zip(
            tmp_path / "p.zip", FILES, manifest_of(files), extra=[(zipfile.ZipInfo(path), b"")]
        )
    assert verifier.main(["filing", str(archive)]) == 1


def test_a_name_cut_at_nul_is_refused(verifier, tmp_path):
    files = {**FILES, "a": b"evil"}
    archive = as_zip(tmp_path / "p.zip", files, manifest_of(files))
    data = archive.read_bytes()
    assert verifier.main(["filing", str(archive)]) == 0
    longer = {**FILES, "aQb": b"evil"}
    archive = as_zip(tmp_path / "q.zip", longer, manifest_of(files))
    archive.write_bytes(archive.read_bytes().replace(b"aQb", b"a\x00b"))
    assert archive.read_bytes() != data
    assert verifier.main(["filing", str(archive)]) == 1


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_zip_with_two_files_of_one_name_is_refused(verifier, tmp_path):
    twice = [("评审报告.pdf", FILES["评审报告.pdf"])]
    archive = as_zip(tmp_path / "p.zip", FILES, manifest_of(FILES), extra=twice)
    assert verifier.main(["filing", str(archive)]) == 1
    second = [("manifest.json", canonical(manifest_of(FILES)))]
    archive = as_zip(tmp_path / "q.zip", FILES, manifest_of(FILES), extra=second)
    assert verifier.main(["filing", str(archive)]) == 1


def test_links_are_refused(verifier, tmp_path, capsys):
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    files = {**FILES, "link": b"/etc/hostname"}
    archive = as_zip(tmp_path / "p.zip", FILES, manifest_of(files), extra=[(link, files["link"])])
    assert verifier.main(["filing", str(archive)]) == 1
    assert "链接" in capsys.readouterr().out
    folder = as_folder(tmp_path / "folder", FILES, manifest_of(FILES))
    assert verifier.main(["filing", str(folder)]) == 0
    (folder / "评审报告.pdf").rename(tmp_path / "elsewhere.pdf")
    (folder / "评审报告.pdf").symlink_to(tmp_path / "elsewhere.pdf")
    assert verifier.main(["filing", str(folder)]) == 1


def test_a_header_that_lies_about_the_size_is_refused(verifier, tmp_path):
    archive = as_zip(tmp_path / "p.zip", FILES, manifest_of({**FILES, "empty.txt": b"0" * 10}))
    assert verifier.main(["filing", str(archive)]) == 1


def test_every_changed_byte_of_a_manifest_is_refused(verifier, tmp_path):
    manifest = manifest_of(FILES)
    del manifest["seals"]
    folder = as_folder(tmp_path / "folder", FILES, manifest)
    data = canonical(manifest)
    assert verifier.main(["filing", str(folder)]) == 0
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 1
        (folder / "manifest.json").write_bytes(bytes(changed))
        assert verifier.main(["filing", str(folder)]) == 1, at


def test_a_package_that_is_not_there(verifier, tmp_path):
    assert verifier.main(["filing", str(tmp_path / "none")]) == 1
    (tmp_path / "empty").mkdir()
    assert verifier.main(["filing", str(tmp_path / "empty")]) == 1
