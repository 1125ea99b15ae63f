"""`jiangxin filing verify PATH`: recheck a filing package on the command line, without a database."""

import argparse
from pathlib import Path

from jiangxin.core.proof.packages import package_problems, read_manifest


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give `parser` the sub-command `verify PATH`."""
    commands = parser.add_subparsers(dest="filing_command", required=True, metavar="命令")
    check = commands.add_parser("verify", help="核验备案材料包")
    check.add_argument("path", type=Path, help="备案材料（ZIP 文件，或解开后的文件夹）")


def run(arguments: argparse.Namespace) -> int:
    """Print the verdict in Chinese. 0: whole, 1: not whole, 2: the path cannot be read."""
    try:
        problems = package_problems(arguments.path)
    except OSError as unreadable:
        print(f"无法读取 {arguments.path}：{unreadable.strerror or unreadable}")
        return 2
    for problem in problems:
        print(f"✗ {problem}")
    if problems:
        print(f"备案材料不完整或被改动：{len(problems)} 处。")
        return 1
    manifest = read_manifest(arguments.path)
    print(
        f"✓ 备案材料完整：{len(manifest['files'])} 个文件都与清单相符。摘要值 {manifest['digest']}"
    )
    print("请再与报送页面或两部接收记录上的摘要值比对。")
    return 0
