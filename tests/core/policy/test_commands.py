"""The policy command: what it prints and what it returns."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from jiangxin.core.policy.commands import add_arguments, run


def call(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return run(parser.parse_args(arguments))


def test_check_of_the_shipped_pack(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("check") == 0
    assert "完整无误" in capsys.readouterr().out


def test_check_of_a_spoiled_pack(
    capsys: pytest.CaptureFixture[str], spoiled: Callable[[str, str, str], Path]
) -> None:
    folder = spoiled("norms.toml", '"stage:experts"', '"experts"')
    assert call("check", str(folder)) == 1
    assert "1 处问题" in capsys.readouterr().out


def test_check_of_an_overlay_prints_the_witness(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "x.toml"
    text = 'code="11-2022"\nprovince="11"\nyear=2022\ntitle="x"\nwaive=["N99"]\n[values]\n"base.capacity"=1000\n'
    path.write_text(text)
    assert call("check", str(path)) == 1
    out = capsys.readouterr().out
    assert "年培训能力 1000 人次" in out
    assert "2 处问题" in out
    path.write_text(text.replace("=1000", "=2500").replace('"N99"', ""))
    assert call("check", str(path)) == 0


def test_fields(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("fields", "--track", "existing_base") == 0
    out = capsys.readouterr().out
    assert "passed  考核合格  [integer]" in out
    assert "自动计算" in out
    assert "需佐证" in out
    assert call("fields", "--track", "x") == 1
    assert "没有“x”" in capsys.readouterr().err


def test_explain(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    facts = tmp_path / "facts.json"
    facts.write_text('{"capacity": 1999}')
    base = ["explain", "--track", "new_base", "--on", "2022-10-01", "--facts", str(facts)]
    assert call(*base) == 0
    assert "再增加 1 人次即符合" in capsys.readouterr().out
    assert call(*base, "--json", "--overlay", "37-2022") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["verdict"], found["overlay"]) == ("not_met", "37-2022")


@pytest.mark.parametrize(
    ("arguments", "content", "said"),
    [
        (["--on", "soon"], "{}", "不可用"),
        (["--on", "2022-10-01"], "{", "不可用"),
        (["--on", "2022-10-01"], "[]", "不是一个对象"),
        (["--on", "2022-10-01", "--overlay", "99"], "{}", "99"),
        (["--on", "2000-10-01"], '{"capacity": 1}', "没有值"),
    ],
)
def test_explain_refuses_with_a_reason(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    arguments: list[str],
    content: str,
    said: str,
) -> None:
    facts = tmp_path / "facts.json"
    facts.write_text(content)
    assert call("explain", "--track", "new_base", "--facts", str(facts), *arguments) == 1
    assert said in capsys.readouterr().err


def test_a_path_that_does_not_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("check", "/no/such") == 1
    assert "不存在" in capsys.readouterr().err
