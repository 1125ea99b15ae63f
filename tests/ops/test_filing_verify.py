"""`jiangxin filing verify`: a zip or a folder, without a database; the same verdict as the verifier's."""

import hashlib
import io
import json
import stat
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from jiangxin.core.kernel.canonical import canonical, digest
from jiangxin.core.proof.packages import MANIFEST, package_problems
from jiangxin.ops import cli
from jiangxin.ops.paths import ROOT

FILES = {"01-评审报告.pdf": b"%PDF", "10-项目/A/申报表.pdf": b"form", "10-项目/A/空.txt": b""}


def manifest_of(files: dict[str, bytes], **more: Any) -> dict[str, Any]:
    listed = [
        {"path": path, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
        for path, data in sorted(files.items())
    ]
    return sealed({"format": "jiangxin-filing/v1", "province": "37", "files": listed, **more})


def sealed(body: dict[str, Any]) -> dict[str, Any]:
    content = {key: value for key, value in body.items() if key != "digest"}
    return {**content, "digest": digest(content)}


def zipped(files: dict[str, bytes], manifest: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        for path, data in {MANIFEST: manifest, **files}.items():
            bundle.writestr(path, data)
    return buffer.getvalue()


WHOLE = zipped(FILES, canonical(manifest_of(FILES)))


def verdict(data: bytes, folder: Path) -> tuple[int, int]:
    """What the command and the stand-alone verifier answer about the same bytes."""
    path = folder / "package.zip"
    path.write_bytes(data)
    alone = subprocess.run(
        [sys.executable, ROOT / "verifier" / "verify.py", "filing", path],
        capture_output=True,
        check=False,
    )
    return cli.main(["filing", "verify", str(path)]), alone.returncode


def test_a_whole_zip_and_its_folder_hold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verdict(WHOLE, tmp_path) == (0, 0)
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(io.BytesIO(WHOLE)) as bundle:
        bundle.extractall(folder)
    assert cli.main(["filing", "verify", str(folder)]) == 0
    said = capsys.readouterr().out
    assert said.count("3 个文件都与清单相符") == 2
    assert manifest_of(FILES)["digest"] in said
    (folder / "01-评审报告.pdf").write_bytes(b"%PDX")
    assert cli.main(["filing", "verify", str(folder)]) == 1
    assert "文件内容与清单不符：01-评审报告.pdf" in capsys.readouterr().out


def spoilt() -> dict[str, bytes]:
    good = manifest_of(FILES)
    first = good["files"][0]
    twice = canonical(good)[:-1] + b',"year":1}'
    big = {**FILES, "01-评审报告.pdf": b"\0" * 1_000_000}
    return {
        "a changed file": zipped({**FILES, "10-项目/A/申报表.pdf": b"farm"}, canonical(good)),
        "a longer file": zipped({**FILES, "10-项目/A/空.txt": b" "}, canonical(good)),
        "a missing file": zipped(dict(list(FILES.items())[1:]), canonical(good)),
        "an added file": zipped({**FILES, "more.txt": b"x"}, canonical(good)),
        "another province": zipped(FILES, canonical({**good, "province": "32"})),
        "another format": zipped(FILES, canonical(manifest_of(FILES, format="x"))),
        "a field twice": zipped(FILES, twice.replace(b'"province"', b'"year":2,"province"')),
        "a file listed twice": zipped(
            FILES, canonical(sealed({**good, "files": [*good["files"], first]}))
        ),
        "a fraction": zipped(FILES, canonical(good).replace(b'"size":4', b'"size":4.0')),
        "no digest": zipped(FILES, json.dumps({**good, "digest": None}).encode()),
        "a foreign seal": zipped(FILES, canonical({**good, "seals": {"hr": {"digest": "0"}}})),
        "more than listed": zipped(big, canonical(good)),
        "no manifest": zipped(FILES, b"").replace(MANIFEST.encode(), b"manifext.json"),
        "a way out": zipped({"../x": b"1"}, canonical(manifest_of({"../x": b"1"}))),
        "a backslash": zipped({"a\\x": b"1"}, canonical(manifest_of({"a\\x": b"1"}))),
        "no zip": b"PK no",
        "nothing": b"",
    }


@pytest.mark.parametrize("case", spoilt())
def test_command_and_verifier_refuse_the_same(case: str, tmp_path: Path) -> None:
    assert verdict(spoilt()[case], tmp_path) == (1, 1)


def test_a_link_in_the_archive_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as bundle:
        bundle.writestr(MANIFEST, canonical(manifest_of({"a": b"/etc/passwd"})))
        link = zipfile.ZipInfo("a")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        bundle.writestr(link, "/etc/passwd")
    assert verdict(buffer.getvalue(), tmp_path) == (1, 1)


def test_every_changed_byte_of_the_contents_is_found() -> None:
    """Unpacked contents; the archive's own dates and attributes are no part of what is filed."""
    with zipfile.ZipFile(io.BytesIO(WHOLE)) as bundle:
        contents = {name: bundle.read(name) for name in bundle.namelist()}
    assert package_problems(WHOLE) == []
    for name, data in contents.items():
        for at in range(len(data)):
            changed = bytearray(data)
            changed[at] ^= 1
            files = {**contents, name: bytes(changed)}
            manifest = files.pop(MANIFEST)
            assert package_problems(zipped(files, manifest)), (name, at)


def test_what_cannot_be_read_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["filing", "verify", str(tmp_path / "none.zip")]) == 2
    assert "无法读取" in capsys.readouterr().out


def test_it_starts_no_database(tmp_path: Path) -> None:
    path = tmp_path / "package.zip"
    path.write_bytes(WHOLE)
    watched = (
        "import sys; from jiangxin.ops import cli\n"
        f"code = cli.main(['filing', 'verify', {str(path)!r}])\n"
        "print(code, 'django' in sys.modules, 'psycopg' in sys.modules)"
    )
    told = subprocess.run(
        [sys.executable, "-c", watched], capture_output=True, text=True, check=True
    )
    assert told.stdout.endswith("0 False False\n")
