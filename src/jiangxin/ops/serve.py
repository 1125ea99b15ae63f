"""`jiangxin serve`: everything that an installation on one machine needs, in one command.

Database, static files and (in the demo) data first; then two children, the web server and the worker
of background jobs. Whichever ends first ends the other: a half-running service is worse than none.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection, HTTPException
from types import FrameType

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection, connections

from jiangxin.core.workflow import Role
from jiangxin.ops import static_files
from jiangxin.records.identity.queries import demo_accounts

_MIGRATION_LOCK = 2022_62
_STOP_SECONDS = 25
_UP_SECONDS = 60


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Address and processes; each has an environment variable too, for service managers."""
    environment = os.environ.get
    parser.add_argument("--host", default=environment("HOST") or "127.0.0.1", help="监听地址(HOST)")
    parser.add_argument(
        "--port", type=int, default=environment("PORT") or "8000", help="端口(PORT，默认 8000)"
    )
    parser.add_argument(
        "--workers",
        type=int,
        default=environment("JIANGXIN_WORKERS") or "2",
        help="网页进程数(JIANGXIN_WORKERS，默认 2)",
    )
    parser.add_argument(
        "--threads",
        type=int,
        default=environment("JIANGXIN_THREADS") or "4",
        help="每个网页进程的线程数(JIANGXIN_THREADS，默认 4)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Prepare, start both children, print where to look, wait; the exit code of the first to end.

    Ctrl-C and SIGTERM end both children; the embedded database ends with its last user.
    """
    signal.signal(signal.SIGINT, _interrupt)  # also where a shell started us with it ignored
    signal.signal(signal.SIGTERM, _interrupt)
    if problem := port_problem(arguments.host, arguments.port):
        print(problem, file=sys.stderr)
        return 1
    children: list[subprocess.Popen[bytes]] = []
    try:
        prepare()
        if settings.DEMO:  # the worker's mails lead to where this demo is
            os.environ.setdefault("JIANGXIN_URL", _address(arguments.host, arguments.port))
        children += [_start("jiangxin.ops.cli", "worker"), _start_web(arguments)]
        if _wait_until_up(arguments.host, arguments.port, children):
            print(_welcome(arguments.host, arguments.port), flush=True)
        return _wait_for_first(children)
    except KeyboardInterrupt:
        print("\n正在停止……", flush=True)
        return 0
    finally:
        _stop(children)


def port_problem(host: str, port: int) -> str:
    """Why the web server could not listen there, and what to do; empty when it can."""
    if not 0 < port < 65536:
        return f"端口 {port} 无效，请写 1 到 65535 之间的数，例如 PORT=8000 make run"
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return (
                f"无法监听 {host}:{port}:{error.strerror}。"
                f"可能已有程序占用该端口;请停止它，或换一个端口，例如 PORT={port + 1} make run"
            )
    return ""


def prepare() -> None:
    """Bring the tables up to date, collect static files, and fill an empty demo.

    Several machines may start at once: an advisory lock lets one of them migrate. A demo whose filling
    was cut short (a marker file tells) is emptied and filled again.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_MIGRATION_LOCK])
        try:
            half_filled = settings.VAR / "demo-half-filled"
            if settings.DEMO and half_filled.exists():
                cursor.execute("DROP SCHEMA public CASCADE")
                cursor.execute("CREATE SCHEMA public")
            call_command("migrate", interactive=False, verbosity=0)
            if settings.DEMO and not get_user_model().objects.exists():
                half_filled.touch()
                _load_demo()
                half_filled.unlink()
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_MIGRATION_LOCK])
    static_files.collect()
    connections.close_all()
    connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's wrapper has it


def _load_demo() -> None:
    from jiangxin.ops import demo

    print("首次运行，正在装入演示数据……", flush=True)
    parser = argparse.ArgumentParser()
    demo.add_arguments(parser)
    demo.run(parser.parse_args([]))


def _start(module: str, *words: str) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C reaches only the parent, which ends its children in order.
    return subprocess.Popen([sys.executable, "-m", module, *words], start_new_session=True)


def _start_web(arguments: argparse.Namespace) -> subprocess.Popen[bytes]:
    return _start(
        "granian",
        *("--interface", "wsgi", "--host", arguments.host, "--port", str(arguments.port)),
        *("--workers", str(arguments.workers), "--blocking-threads", str(arguments.threads)),
        *("--workers-kill-timeout", "10", "--respawn-failed-workers", "--log-level", "warning"),
        "jiangxin.config.wsgi:application",
    )


def _wait_until_up(host: str, port: int, children: list[subprocess.Popen[bytes]]) -> bool:
    deadline = time.monotonic() + _UP_SECONDS
    while time.monotonic() < deadline and all(child.poll() is None for child in children):
        if _answers(host, port):
            return True
        time.sleep(0.1)
    return False


def _answers(host: str, port: int) -> bool:
    asked = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104  # asks, listens nowhere
    client = HTTPConnection(asked, port, timeout=5)
    try:
        client.request("GET", "/healthz", headers={"Host": "localhost"})
        return client.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        client.close()


def _address(host: str, port: int) -> str:
    return f"http://{host}:{port}"


def _welcome(host: str, port: int) -> str:
    address = _address(host, port)
    lines = [f"匠心已启动:{address}/", "按 Ctrl-C 停止。"]
    if settings.DEMO:
        one_each = {account.role: account for account in reversed(demo_accounts())}
        people = sorted(one_each.values(), key=lambda account: list(Role).index(account.role))
        lines[1:1] = [
            f"演示账号不需要口令，在 {address}/login/ 一键进入，例如:",
            *(
                f"  {account.username:<24}{account.role.label}，{account.province_name or '全国'}"
                for account in people
            ),
        ]
    return "\n".join(lines)


def _wait_for_first(children: list[subprocess.Popen[bytes]]) -> int:
    while True:
        for child in children:
            if (code := child.poll()) is not None:
                print(f"子进程意外结束，代码 {code}:{child.args!r}", file=sys.stderr)
                return code or 1
        time.sleep(0.3)


def _stop(children: list[subprocess.Popen[bytes]]) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for child in children:
        if child.poll() is None:
            child.terminate()
    for child in children:
        try:
            child.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
