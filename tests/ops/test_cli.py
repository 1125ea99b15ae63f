"""The command line: every subcommand of the table exists and keeps the one interface."""

import subprocess
import sys
from importlib import import_module

import pytest

from jiangxin.ops import cli


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_subcommand_has_its_module_and_explains_itself(name: str, db: None) -> None:
    module = import_module(cli.COMMANDS[name][0])
    assert callable(module.add_arguments)
    assert callable(module.run)


def test_help_lists_every_subcommand(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(["--help"])
    assert left.value.code == 0
    listed = capsys.readouterr().out
    assert [name for name in [*cli.COMMANDS, "manage", "migrate"] if name not in listed] == []


def test_policy_and_draw_start_no_database() -> None:
    watched = (
        "import sys; from jiangxin.ops import cli\n"
        "try: cli.main(['draw', '--help'])\n"
        "except SystemExit: pass\n"
        "print('django' in sys.modules, 'psycopg' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", watched], capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("False False\n")
