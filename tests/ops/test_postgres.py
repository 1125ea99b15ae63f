"""The embedded server is shared: it lives as long as one process uses it, and not longer."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from jiangxin.ops import postgres

USER = """
import pathlib, sys
from jiangxin.ops import postgres
postgres.ensure_running(pathlib.Path(sys.argv[1]), durable=False)
print("up", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not pytest's tmp_path: the server runs as a user of its own and must be able to walk there.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name).resolve() / "pg"


def start_user(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", USER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    return process


def leave(process: subprocess.Popen[str]) -> None:
    process.communicate(timeout=30)


def facts(folder: Path) -> tuple[str, bool, bool]:
    with psycopg.connect(
        host=str(postgres.socket_directory(folder)), user=postgres.ROLE, dbname=postgres.DATABASE
    ) as connection:
        row = connection.execute(
            "SELECT rolname, rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
    assert row is not None
    return row


def test_the_server_outlives_its_first_user_and_ends_with_its_last(folder: Path) -> None:
    first = start_user(folder)
    second = start_user(folder)
    leave(first)
    assert facts(folder) == ("jiangxin", False, True)
    leave(second)
    assert not postgres.is_running(folder)


def test_a_killed_user_does_not_keep_the_server_alive(folder: Path) -> None:
    killed, last = start_user(folder), start_user(folder)
    killed.kill()
    killed.communicate(timeout=30)
    assert postgres.is_running(folder)
    leave(last)
    assert not postgres.is_running(folder)


def test_a_stale_pid_file_with_a_reused_number_does_not_prevent_the_start(folder: Path) -> None:
    leave(start_user(folder))
    (folder / "postmaster.pid").write_text(f"1\n{folder}\n0\n5432\n{folder}\n\n0 0\nready\n")
    assert not postgres.is_running(folder)
    user = start_user(folder)
    assert facts(folder)[0] == "jiangxin"
    leave(user)


def test_a_deep_folder_gets_a_short_socket(folder: Path) -> None:
    deep = folder.parent / ("d" * 60) / ("e" * 60) / "pg"
    assert postgres.socket_directory(folder) == folder
    assert len(str(postgres.socket_directory(deep))) < 60
    user = start_user(deep)
    assert facts(deep)[0] == "jiangxin"
    leave(user)
