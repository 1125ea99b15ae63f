"""`jiangxin policy check | fields | explain`: the engine at the terminal."""

import argparse
import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

from ..kernel.errors import DomainError, Invalid, NotFound
from .assess import explain
from .check import check_pack
from .floor import check_overlay
from .load import load_pack, read_overlay
from .overlay import Overlay
from .pack import Pack


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the three subcommands on `parser`."""
    commands = parser.add_subparsers(dest="policy_command", required=True)
    check = commands.add_parser("check", help="check a pack, or one overlay against the pack")
    check.add_argument("path", nargs="?", type=Path, help="folder of a pack or file of an overlay")
    fields = commands.add_parser("fields", help="list the fields of an application form")
    fields.add_argument("--track", required=True)
    judged = commands.add_parser("explain", help="judge the facts in a JSON file")
    judged.add_argument("--track", required=True)
    judged.add_argument("--on", required=True, help="application date, YYYY-MM-DD")
    judged.add_argument("--facts", required=True, type=Path)
    judged.add_argument("--overlay", default="", help="code of an overlay, like 37-2022")
    judged.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Do what was asked and print it; 0 when it went well, 1 when something is wrong."""
    try:
        return _run(args)
    except DomainError as error:
        print(f"{error.message}{error.remedy}", file=sys.stderr)
        return 1


def _run(args: argparse.Namespace) -> int:
    if args.policy_command == "check":
        return policy_check(args.path)
    if args.policy_command == "fields":
        print(policy_fields(args.track))
        return 0
    found = policy_explain(
        track=args.track, on=args.on, facts=args.facts, overlay=args.overlay, as_json=args.json
    )
    print(found)
    return 0


def policy_check(path: Path | None = None) -> int:
    """Print what is wrong with a pack (a folder) or an overlay (a file); 0 when nothing is.

    Raises `NotFound` or `Invalid` when it cannot be read.
    """
    if path is not None and not path.exists():
        raise NotFound(f"“{path}”不存在。", remedy="请检查路径。")
    if path is not None and path.is_file():
        pack = load_pack()
        wrong = [
            "\n    ".join(filter(None, [each.message, str(each.witness.get("sentence", ""))]))
            for each in check_overlay(pack, read_overlay(path, pack))
        ]
        name = path.name
    else:
        pack = load_pack(path)
        wrong = check_pack(pack)
        name = f"{pack.code}（规范 {len(pack.norms)} 条，案例 {len(pack.cases)} 个）"
    for each in wrong:
        print(f"- {each}")
    print(f"{name}：" + (f"{len(wrong)} 处问题。" if wrong else "完整无误。"))
    return 1 if wrong else 0


def policy_fields(track: str) -> str:
    """The form of a track as text: one line a field with key, kind, clause. Raises `NotFound`."""
    lines = []
    for section in load_pack().form(track).sections:
        lines.append(f"{section.title}（{section.key}，条款 {section.clause}）")
        for field in section.fields:
            marks = [field.kind, field.clause, *field.norms]
            marks += ["必填"] * field.required + ["需佐证"] * (field.evidence == "required")
            marks += ["自动计算"] * (field.computed is not None)
            lines.append(f"  {field.key}  {field.label}  [{' '.join(marks)}]")
            lines.extend(f"    · {each.key}  {each.label}  [{each.kind}]" for each in field.columns)
    return "\n".join(lines)


def policy_explain(
    *, track: str, on: str, facts: Path, overlay: str = "", as_json: bool = False
) -> str:
    """The findings on the facts in a JSON file, as text or JSON.

    Raises `Invalid` for a bad date or file, `NotFound` for an unknown track or overlay.
    """
    pack = load_pack()
    try:
        day = date.fromisoformat(on)
        given = json.loads(facts.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Invalid("日期或事实文件不可用。", remedy=f"请检查：{error}") from None
    if not isinstance(given, dict):
        raise Invalid("事实文件不是一个对象。", remedy='应为 JSON 对象，例如 {"capacity": 2000}。')
    rules = _overlay(pack, overlay) if overlay else None
    found = explain(pack, track=track, on=day, facts=given, overlay=rules)
    return json.dumps(found, ensure_ascii=False, indent=2) if as_json else _text(found)


def _overlay(pack: Pack, code: str) -> Overlay:
    for each in pack.overlays:
        if each.code == code:
            return each
    raise NotFound(f"没有“{code}”这个省级细则。", remedy="请检查编号，例如 37-2022。")


def _text(found: dict[str, Any]) -> str:
    lines = [f"{found['title']} · {found['track']} · {found['on']} · {found['label']}"]
    for each in found["findings"]:
        lines.append(
            f"[{each['label']}] {each['norm']} {each['title']}（{each['source']} {each['clause']}）"
        )
        lines.append(f"    {each['because']}{each['would_change']}")
    return "\n".join(lines)
