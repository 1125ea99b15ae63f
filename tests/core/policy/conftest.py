"""The shipped pack, and a copy of it that a test may spoil."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from jiangxin.core.policy import Pack, load_pack
from jiangxin.core.policy.load import policies_folder


@pytest.fixture(scope="session")
def pack() -> Pack:
    return load_pack()


@pytest.fixture
def spoiled(tmp_path: Path) -> Callable[[str, str, str], Path]:
    """Copy the pack and replace a text in one of its files; the folder of the copy."""

    def spoil(name: str, old: str, new: str) -> Path:
        folder = tmp_path / "copy"
        if not folder.exists():
            shutil.copytree(policies_folder() / "cn-2022-62", folder)
        text = (folder / name).read_text()
        assert old in text, f"{old!r} is not in {name}"
        (folder / name).write_text(text.replace(old, new))
        return folder

    return spoil
