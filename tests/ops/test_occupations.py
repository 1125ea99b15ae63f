"""The command that puts an official list of occupations into the pack."""

import io
import shutil
from pathlib import Path

import pytest
import xlsxwriter

from jiangxin.core.policy import check_pack, load_pack
from jiangxin.ops.cli import main
from tests.factories.desk import policies_with


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = policies_with(tmp_path, '"quota.base" = 5')
    monkeypatch.setenv("JIANGXIN_POLICIES", str(made))
    return made / "cn-2022-62"


def a_list(path: Path, rows: list[tuple[str, str]], kind: str) -> Path:
    rows = [("职业编码", "职业名称"), *rows]
    target = path / f"大典.{kind}"
    if kind == "xlsx":
        buffer = io.BytesIO()
        book = xlsxwriter.Workbook(buffer)
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
        book.close()
        target.write_bytes(buffer.getvalue())
    else:
        target.write_bytes("\n".join(",".join(row) for row in rows).encode("gb18030"))
    return target


def whole() -> list[tuple[str, str]]:
    return [(code, each.name) for code, each in load_pack().occupations.items()]


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_a_sound_list_is_compared_first_and_written_when_asked(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    before = (folder / "occupations.toml").read_text()
    rows = [*whole()[1:], ("8-88-88-88", "测试用职业")]
    file = str(a_list(tmp_path, rows, kind))
    assert main(["occupations", file, "--source", "测试"]) == 0
    said = capsys.readouterr().out
    assert "新增 1，改名 0，删去 1" in said
    assert (folder / "occupations.toml").read_text() == before
    assert main(["occupations", file, "--source", "测试", "--write"]) == 0
    changed = load_pack(Path(shutil.copytree(folder, tmp_path / "again")))
    assert changed.occupations["8-88-88-88"].name == "测试用职业"
    assert check_pack(changed) == []


def test_a_list_with_faults_writes_nothing(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (folder / "occupations.toml").read_text()
    file = a_list(
        tmp_path, [("6-18-01-01", "车工"), ("车工", "6-18"), ("6-18-01-01", "铣工")], "csv"
    )
    assert main(["occupations", str(file), "--source", "x", "--write"]) == 1
    said = capsys.readouterr().err
    assert "第 3 行：“车工”不是职业编码" in said
    assert "第 4 行：编码 6-18-01-01 与第 2 行重复" in said
    assert (folder / "occupations.toml").read_text() == before


def test_other_files_are_refused(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (folder / "occupations.toml").exists()
    for name, data in (("a.xlsx", b"PK\x03\x04"), ("b.csv", b"\xff\xff\xff"), ("c.csv", None)):
        file = tmp_path / name
        if data is not None:
            file.write_bytes(data)
        assert main(["occupations", str(file), "--source", "x"]) == 1
    assert capsys.readouterr().err.count("\n") == 3
