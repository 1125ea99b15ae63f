"""A filing package (jiangxin-filing/v1): its manifest, and whether its files are those that it lists.

`verifier/verify.py` checks the same without this code; a test shows that both refuse the same ones.
"""

import hashlib
import io
import json
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from ..kernel.canonical import canonical, digest, read_exactly
from .hashing import is_hash_hex

PACKAGE_FORMAT = "jiangxin-filing/v1"
MANIFEST = "manifest.json"
MANIFEST_BYTES = 32 * 1024 * 1024  # a larger list of files is not read
BLOCK = 1024 * 1024
UNSAFE = re.compile(r"[\x00-\x1f\\:]")

Opener = Callable[[], IO[bytes]]


def manifest_digest(manifest: dict[str, Any]) -> str:
    """SHA-256 of the canonical manifest without its own digest and seals."""
    return digest({key: value for key, value in manifest.items() if key not in ("digest", "seals")})


def read_manifest(package: bytes | Path) -> dict[str, Any]:
    """The manifest of a package that has no problems."""
    if isinstance(package, Path) and package.is_dir():
        return dict(json.loads((package / MANIFEST).read_bytes()))
    with zipfile.ZipFile(package if isinstance(package, Path) else io.BytesIO(package)) as archive:
        return dict(json.loads(archive.read(MANIFEST)))


def package_problems(package: bytes | Path) -> list[str]:
    """What is wrong with a package, one Chinese sentence each; an empty list when it is whole.

    `package` is the bytes of a zip, or the path of a zip or of the folder that it was unpacked to.
    Files are hashed block by block and never beyond their listed size: an archive that unpacks to
    more is refused without being unpacked. Raises `OSError` for a path that cannot be read.
    """
    try:
        if isinstance(package, Path) and package.is_dir():
            return _problems(_folder_members(package))
        source = package if isinstance(package, Path) else io.BytesIO(package)
        with zipfile.ZipFile(source) as archive:
            return _problems(_zip_members(archive))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error) as error:
        return [f"不是完好的压缩包：{error}"]
    except _Refused as refused:
        return [str(refused)]


class _Refused(Exception):
    """What is read cannot be a package; nothing further can be said about it."""


def _folder_members(root: Path) -> Iterator[tuple[str, int, Opener | None]]:
    for full in sorted(root.rglob("*")):
        if full.is_symlink() or not (full.is_file() or full.is_dir()):
            raise _Refused(f"不是普通文件：{full.relative_to(root)}")
        opener = (lambda full=full: full.open("rb")) if full.is_file() else None
        yield full.relative_to(root).as_posix(), full.stat().st_size, opener


def _zip_members(archive: zipfile.ZipFile) -> Iterator[tuple[str, int, Opener | None]]:
    for info in archive.infolist():
        if stat.S_ISLNK(info.external_attr >> 16):
            raise _Refused(f"压缩包内有链接：{info.filename}")
        opener = None if info.is_dir() else lambda info=info: archive.open(info)
        yield info.orig_filename, info.file_size, opener


def _problems(members: Iterator[tuple[str, int, Opener | None]]) -> list[str]:
    files: dict[str, tuple[int, Opener]] = {}
    for name, size, opener in members:
        parts = set(name.removesuffix("/" if opener is None else "").split("/"))
        if UNSAFE.search(name) or {"", ".", ".."} & parts or name in files:
            raise _Refused(f"路径不安全或重复：{name!r}")
        if opener is not None:
            files[name] = (size, opener)
    if MANIFEST not in files:
        raise _Refused(f"缺少清单 {MANIFEST}")
    manifest = _manifest(*files.pop(MANIFEST))
    found = _manifest_problems(manifest)
    listed = {item["path"]: item for item in manifest["files"]}
    found += [f"清单之外的文件：{name}" for name in sorted(set(files) - set(listed))]
    found += [f"缺少文件：{name}" for name in sorted(set(listed) - set(files))]
    for name in sorted(set(files) & set(listed)):
        size, opener = files[name]
        item = listed[name]
        if size != item["size"]:
            found.append(f"文件大小与清单不符：{name}")
        elif _sha256(opener, size) != item["sha256"]:
            found.append(f"文件内容与清单不符：{name}")
    return found


def _manifest(size: int, opener: Opener) -> dict[str, Any]:
    """The manifest as it was written: no field twice, no number without an exact form."""
    if size > MANIFEST_BYTES:
        raise _Refused("清单过大")

    try:
        with opener() as file:
            read = read_exactly(file.read())
        items = read["files"]
        for item in items:
            if (
                set(item) != {"path", "size", "sha256"}
                or type(item["path"]) is not str
                or type(item["size"]) is not int
                or not is_hash_hex(item["sha256"])
            ):
                raise ValueError("文件清单的字段不正确")
        canonical(read)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise _Refused(f"清单无法读取：{error}") from None
    if len({item["path"] for item in items}) != len(items):
        raise _Refused("清单中有重复的文件")
    return dict(read)


def _manifest_problems(manifest: dict[str, Any]) -> list[str]:
    found = []
    own = manifest_digest(manifest)
    if manifest.get("format") != PACKAGE_FORMAT:
        found.append(f"清单的格式不是 {PACKAGE_FORMAT}")
    if manifest.get("digest") != own:
        found.append("清单的摘要值与内容不符")
    seals = manifest.get("seals", {})
    if not isinstance(seals, dict):
        return [*found, "清单的确认记录不正确"]
    return found + [
        f"{who} 确认的不是这份清单"
        for who, mark in seals.items()
        if not isinstance(mark, dict) or mark.get("digest") != own
    ]


def _sha256(opener: Opener, size: int) -> str:
    """The hash of a member's first `size` bytes and one more: what is longer never fits."""
    made = hashlib.sha256()
    left = size + 1
    with opener() as file:
        while left > 0 and (block := file.read(min(BLOCK, left))):
            made.update(block)
            left -= len(block)
    return made.hexdigest()
