"""The command `jiangxin`: one table of subcommands, each in a module that is imported when called.

A module of the table offers `add_arguments(parser)` and `run(arguments) -> int | None`.
"""

import argparse
import os
import sys
from importlib import import_module

COMMANDS = {
    "serve": ("jiangxin.ops.serve", "启动网站(内置数据库、网页服务、后台任务)"),
    "worker": ("jiangxin.ops.worker", "只启动后台任务进程"),
    "demo": ("jiangxin.ops.demo", "装入演示数据"),
    "simulate": ("jiangxin.ops.simulate", "让全国的项目按年度运行一遍"),
    "policy": ("jiangxin.core.policy.commands", "检查、查看、试算政策包"),
    "occupations": ("jiangxin.ops.occupations", "把官方职业目录导入政策包"),
    "draw": ("jiangxin.core.draw.commands", "核验专家抽取"),
    "filing": ("jiangxin.ops.filing_verify", "核验备案材料包"),
    "invariants": ("jiangxin.ops.invariants", "核对全部数据是否守住各条规范"),
    "fsck": ("jiangxin.ops.fsck", "核对账本、文件与数据库是否一致"),
    "bench": ("jiangxin.ops.bench", "性能测试"),
    "generated": ("jiangxin.ops.generated", "重新生成 docs/generated"),
}
# These touch neither Django nor the database.
_PLAIN = {"policy", "occupations", "draw", "filing"}
_DJANGO = {"manage": "执行任一 Django 管理命令", "migrate": "更新数据库结构"}


def main(arguments: list[str] | None = None) -> int:
    """Run one command line (without the program's name); the answer is the exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    if words and words[0] in _DJANGO:
        return _manage(words[1:] if words[0] == "manage" else words)
    parser = argparse.ArgumentParser(prog="jiangxin", description="匠心:国家级基地与工作室项目管理")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="命令")
    for name, (_, help_text) in COMMANDS.items():
        subparsers.add_parser(name, help=help_text, add_help=False)
    for name, help_text in _DJANGO.items():
        subparsers.add_parser(name, help=help_text, add_help=False)
    chosen = parser.parse_args(words[:1])
    return _run(chosen.command, words[1:])


def _run(name: str, words: list[str]) -> int:
    if name not in _PLAIN:
        setup()
    module = import_module(COMMANDS[name][0])
    parser = argparse.ArgumentParser(prog=f"jiangxin {name}", description=COMMANDS[name][1])
    module.add_arguments(parser)
    return module.run(parser.parse_args(words)) or 0


def setup() -> None:
    """Load Django and make the database answer."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jiangxin.config.settings")
    import django
    from django.conf import settings

    from jiangxin.ops import postgres

    if settings.EMBEDDED_POSTGRES:
        postgres.ensure_running(settings.EMBEDDED_POSTGRES)
    django.setup()


def _manage(words: list[str]) -> int:
    from django.core.management import execute_from_command_line

    setup()
    execute_from_command_line(["jiangxin manage", *words])
    return 0


if __name__ == "__main__":
    sys.exit(main())
