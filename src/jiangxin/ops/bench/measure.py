"""Record each page once, serve product and yardsticks by the same workers, load both in turn."""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.ops import static_files
from jiangxin.ops.paths import var
from jiangxin.records.identity.models import User
from jiangxin.stages.application.models import Application
from jiangxin.stages.programme.actions import set_demo_clock
from jiangxin.stages.review.models import ScoreSheet

from . import bare, data, experts
from .posts import DRAFTS, POSTS, Post, record_posts

THREADS, CONNECTIONS, WORKERS = 2, 16, 2
WARM = 3  # seconds: each worker reads the policy and the templates with its first page
TOKEN = "a" * 32  # an unmasked CSRF secret: cookie and header carry the same
HOST = "127.0.0.1"
SEARCH = quote("省:山东 状态:已提交 技师")


@dataclass(frozen=True)
class Target:
    """One page under measurement: who asks for which address."""

    name: str
    label: str
    user: Callable[[], str]
    path: Callable[[], str]


@dataclass(frozen=True)
class Load:
    """What one run of the load generator saw."""

    rate: float
    p95: float
    errors: int


def run(arguments: argparse.Namespace) -> int:
    """Print the table and leave it as JSON beside the recorded pages; 1 when a page failed."""
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]
    call_command("migrate", verbosity=0)
    static_files.collect()
    if not Application.objects.exists():
        print(f"造数据：{arguments.applications} 件申报……", flush=True)
        data.load(arguments.applications, DRAFTS)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    set_demo_clock(to=data.NOW)
    chosen = [each for each in TARGETS if arguments.only in each.name]
    recorded = {each.name: record(each) for each in chosen}
    posts = [each for each in POSTS if arguments.only in each.name]
    lines = {each.name: list(each.lines()) for each in posts}
    for each in posts:
        recorded[each.name] = record_posts(each, lines[each.name])
    bare.RECORDED.write_text(json.dumps(recorded, ensure_ascii=False), encoding="utf-8")
    connection.close_pool()  # type: ignore[attr-defined]
    server, first = start(arguments.port)
    try:
        results = [measure(each, recorded[each.name], arguments) for each in chosen]
        results += [
            measure_posts(each, lines[each.name], recorded[each.name], arguments) for each in posts
        ]
        if results:
            results[0]["memory"] = memory(server.pid)
        together = experts.measure(arguments.port) if arguments.only in "experts" else None
    finally:
        server.terminate()
        server.wait(20)
    report(results, first)
    if together:
        print(
            "{experts} 名专家同时评分：{sheets} 份，{seconds} 秒，{rate} 次/秒，p95 {p95} 毫秒，"
            "失败 {failed} 次，丢失 {lost} 份".format(**together)
        )
    kept = {"pages": results, "experts": together}
    (var() / "results.json").write_text(json.dumps(kept, ensure_ascii=False, indent=1))
    failed = together is not None and (together["failed"] or together["lost"])
    return 1 if failed or any(row["errors"] for row in results) else 0


def client_of(username: str) -> Client:
    """A client logged in as that account; anonymous for the empty name."""
    client = Client()
    if username:
        client.force_login(User.objects.get(username=username))
    return client


def record(target: Target) -> dict[str, Any]:
    """The SQL and the bytes of one page, taken from the second answer (caches warm)."""
    client = client_of(target.user())
    client.get(target.path())
    with CaptureQueriesContext(connection) as queries:
        response = client.get(target.path())
    if response.status_code != 200:
        raise SystemExit(f"{target.label} {target.path()} 返回 {response.status_code}")
    cookie = client.cookies.get("sessionid")
    return {
        "sql": [each["sql"] for each in queries.captured_queries],
        "body": response.content.decode(),
        "session": cookie.value if cookie else "",
    }


def start(port: int) -> tuple[subprocess.Popen[bytes], float]:
    """Granian with two workers; returns it with the seconds until its first answer."""
    began = time.monotonic()
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "granian", "--interface", "wsgi"),
            *("--host", HOST, "--port", str(port), "--workers", str(WORKERS)),
            *("--blocking-threads", "4", "--log-level", "warning"),
            "jiangxin.ops.bench.wsgi:application",
        ],
        env=os.environ
        | {"DJANGO_SETTINGS_MODULE": "jiangxin.config.settings", "JIANGXIN_DEMO": "1"},
    )
    while time.monotonic() - began < 60:
        probe = HTTPConnection(HOST, port, timeout=5)
        try:
            probe.request("GET", "/healthz")
            if probe.getresponse().status == 200:
                return server, time.monotonic() - began
        except (OSError, HTTPException):
            time.sleep(0.05)
        finally:
            probe.close()
    raise SystemExit("服务没有在 60 秒内启动")


def load(
    port: int,
    lines: list[str],
    seconds: int,
    *headers: str,
    body: str | None = None,
    once: bool = False,
) -> Load:
    """Ask for `lines` in turn for `seconds`; with `body` each is a POST of it."""
    paths = var() / "paths.txt"
    paths.write_text("\n".join(lines) + "\n")
    script = files("jiangxin.ops.bench") / "bench.lua"
    environment = os.environ | {"PATHS": str(paths), "THREADS": str(THREADS)}
    if body is not None:
        environment |= {"BODY": body, "ONCE": "1" if once else ""}
    done = subprocess.run(
        [
            *("wrk", "-t", str(THREADS), "-c", str(CONNECTIONS), "-d", f"{seconds}s"),
            *(word for header in headers for word in ("-H", header)),
            *("-s", str(Path(str(script))), f"http://{HOST}:{port}"),
        ],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    seen = json.loads(done.stdout.strip().splitlines()[-1])
    return Load(seen["requests"] / seen["seconds"], seen["p95"], seen["errors"])


def measure(
    target: Target, recorded: dict[str, Any], arguments: argparse.Namespace
) -> dict[str, Any]:
    """The page, then its yardstick, for the same time."""
    cookie = f"Cookie: sessionid={recorded['session']}"
    load(arguments.port, [target.path()], WARM, cookie)
    page = load(arguments.port, [target.path()], arguments.seconds, cookie)
    yardstick = load(arguments.port, [f"/bare/{target.name}"], arguments.seconds)
    return row(target.label, page, yardstick, len(recorded["sql"]), len(recorded["body"].encode()))


def measure_posts(
    post: Post,
    lines: list[tuple[str, str, str]],
    recorded: dict[str, Any],
    arguments: argparse.Namespace,
) -> dict[str, Any]:
    """The forms sent by their own accounts; the yardstick writes the same rows."""
    page = load(
        arguments.port,
        [" ".join(line) for line in lines],
        min(arguments.seconds, 8),
        f"X-CSRFToken: {TOKEN}",
        "Content-Type: application/x-www-form-urlencoded",
        body=post.body(),
        once=post.once,
    )
    yardstick = load(arguments.port, [f"/bare/write/{post.name}"], arguments.seconds)
    return row(post.label, page, yardstick, len(recorded["writes"][0]), 0)


def row(label: str, page: Load, yardstick: Load, sql: int, size: int) -> dict[str, Any]:
    return {
        "label": label,
        "rate": round(page.rate, 1),
        "p95": round(page.p95, 2),
        "bare": round(yardstick.rate, 1),
        "ratio": round(page.rate / yardstick.rate, 3),
        "sql": sql,
        "bytes": size,
        "errors": page.errors + yardstick.errors,
    }


def memory(pid: int) -> int:
    """MiB of the server and its workers, shared pages counted once (PSS)."""
    total = 0
    for each in [pid, *_children(pid)]:
        for line in Path(f"/proc/{each}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total // 1024


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(each) for each in text.split()]


def report(results: list[dict[str, Any]], first: float) -> None:
    """The table, with where it ran and how."""
    print(
        f"granian {WORKERS} 进程，wrk {THREADS} 线程 {CONNECTIONS} 连接，同机回环；{clock.now():%Y-%m-%d}"
    )
    memory = results[0].get("memory", 0) if results else 0
    print(f"启动到首次应答 {first:.1f} 秒；内存 {memory} MiB")
    print(
        f"{'页面':　<10}{'次/秒':>9}{'p95 毫秒':>9}{'裸视图':>9}{'比值':>7}{'SQL':>5}{'字节':>9}{'错误':>5}"
    )
    for each in results:
        print(
            f"{each['label']:　<10}{each['rate']:>9}{each['p95']:>9}{each['bare']:>9}"
            f"{each['ratio']:>7}{each['sql']:>5}{each['bytes']:>9}{each['errors']:>5}"
        )


def _project() -> str:
    rows = Application.objects.filter(province=data.REVIEWED, state="under_review").order_by("-id")
    return reverse("desk-project", args=[rows.values_list("pk", flat=True)[0]])


def _open_sheet() -> ScoreSheet:
    rows = ScoreSheet.objects.filter(state="draft").select_related("seat__expert__user")
    return rows.order_by("-id")[0]


def _expert() -> str:
    user = _open_sheet().seat.expert.user
    return user.username if user else ""


def _auditor() -> str:
    return "nation-auditor"


TARGETS = (
    Target("list", "项目列表五十行", _auditor, lambda: reverse("desk-projects")),
    Target("search", "列表搜索", _auditor, lambda: reverse("desk-projects") + "?q=" + SEARCH),
    Target("project", "项目及其评审", lambda: f"{data.REVIEWED}-province_hr", _project),
    Target(
        "sheet", "专家评分表", _expert, lambda: reverse("expert-sheet", args=[_open_sheet().pk])
    ),
    Target("public", "公开名录", lambda: "", lambda: reverse("portal-register")),
)
