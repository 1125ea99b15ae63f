"""`jiangxin generated`: the documents that are made from the code, committed under docs/generated.

A test makes them again and fails when the committed ones are stale.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from jiangxin.core.policy import load_pack
from jiangxin.core.workflow import Role
from jiangxin.core.workflow.diagram import page as states

from .paths import ROOT

FOLDER = ROOT / "docs/generated"
HOW = {"enforced": "强制", "computed": "计算", "reported": "报告"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--check", action="store_true", help="只检查是否过时")


def run(arguments: argparse.Namespace) -> int:
    """Write the documents, or with `--check` name the stale ones (exit code 1)."""
    stale = []
    for name, text in documents().items():
        path = FOLDER / name
        if arguments.check:
            if not path.is_file() or path.read_text(encoding="utf-8") != text:
                stale.append(name)
        else:
            write(path, text)
    for name in stale:
        print(f"过时：docs/generated/{name}，请运行 make generated。")
    return 1 if stale else 0


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def documents() -> dict[str, str]:
    """File name → text of every generated document."""
    return {"states.md": states() + "\n", "norms.md": norms(), "routes.md": routes()}


def norms() -> str:
    """The register of the norms: each with its clause and where the product has it."""
    pack = load_pack()
    lines = [
        "# 规范登记簿",
        "",
        "Generated from the policy pack by `make generated`; do not edit.",
        "",
        "| 规范 | 条款 | 类 | 内容 | 方式 | 所在 |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {norm.id} | {norm.clause} | {norm.kind} | {norm.title} | {HOW[norm.how]} "
        f"| {'、'.join(f'`{place}`' for place in norm.where)} |"
        for norm in pack.norms.values()
    ]
    return "\n".join(lines) + "\n"


def views(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, str, Any]]:
    """(path pattern, URL name, view) of every address, in the order of the URL table."""
    for entry in (resolver or get_resolver()).url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from views(entry, path)
        elif isinstance(entry, URLPattern):
            yield path, entry.name or "", entry.callback


def routes() -> str:
    """Every address with the roles that may open it: what the route census compares with."""
    lines = [
        "# 页面与角色",
        "",
        "Generated from the URL table by `make generated`; do not edit.",
        "— means that the address looks after itself (health check, API).",
        "",
        "| 地址 | 名称 | 方法 | " + " | ".join(role.label for role in Role) + " |",
        "|---|---|---|" + "---|" * len(Role),
    ]
    for path, name, view in views():
        access = getattr(view, "access", None)
        methods = " ".join(access.methods) if access else "—"
        marks = (
            ("●" if role in access.roles else "" for role in Role) if access else "—" * len(Role)
        )
        lines.append(f"| `/{path}` | {name} | {methods} | " + " | ".join(marks) + " |")
    return "\n".join(lines) + "\n"
