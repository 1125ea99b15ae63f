"""`jiangxin draw verify FILE`: recheck a published draw on the command line."""

import argparse
from pathlib import Path

from ..kernel.canonical import read_exactly
from .checking import form_problems, verify


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give `parser` the sub-command `verify FILE`."""
    commands = parser.add_subparsers(dest="draw_command", required=True, metavar="命令")
    check = commands.add_parser("verify", help="核验公布的抽取记录")
    check.add_argument("file", type=Path, help="抽取记录（JSON 文件）")


def run(args: argparse.Namespace) -> int:
    """Print the verdict in Chinese. 0: holds, 1: does not hold, 2: the file cannot be read."""
    try:
        data = args.file.read_bytes()
        record = read_exactly(data)
    except (OSError, ValueError) as unreadable:
        print(f"无法读取 {args.file}：{unreadable}")
        return 2
    problems = form_problems(record, data) or verify(record)
    for problem in problems:
        print(f"✗ {problem}")
    if problems:
        return 1
    print(f"✓ 抽取记录成立。封存值 {record['seal']}，摘要 {record['digest']}")
    print("请再与账本公布的封存值和摘要比对。")
    return 0
