"""`jiangxin serve`: the refusals, and the whole program from start to stop."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from jiangxin.ops import postgres, serve


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name).resolve()


def test_a_port_in_use_is_refused_with_the_way_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        problem = serve.port_problem("127.0.0.1", port)
    assert f"127.0.0.1:{port}" in problem
    assert f"PORT={port + 1}" in problem
    assert serve.port_problem("127.0.0.1", port) == ""


def test_a_port_that_cannot_be_is_refused() -> None:
    assert "65535" in serve.port_problem("127.0.0.1", 99999)


def test_serve_answers_and_stops_everything_that_it_started(folder: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        k: v for k, v in os.environ.items() if not k.startswith(("DJANGO_", "JIANGXIN_"))
    }
    environment |= {"JIANGXIN_VAR": str(folder), "PORT": str(port), "JIANGXIN_WORKERS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "jiangxin.ops.cli", "serve"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    printed = ""
    for line in process.stdout:
        printed += line
        if re.search(rf"http://127\.0\.0\.1:{port}/", line):
            break
    client = HTTPConnection("127.0.0.1", port, timeout=10)
    client.request("GET", "/healthz")
    assert client.getresponse().read() == b"ok", printed
    client.close()
    assert postgres.is_running(folder / "pg")
    process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate(timeout=60)
    assert process.returncode == 0, printed + rest
    assert not postgres.is_running(folder / "pg")
    assert serve.port_problem("127.0.0.1", port) == ""
