"""`jiangxin occupations FILE`: put an official list of occupations into the policy pack."""

import argparse
import csv
import io
import sys
from pathlib import Path

from jiangxin.core.kernel.errors import DomainError, Invalid
from jiangxin.core.policy.load import DEFAULT, load_pack, policies_folder
from jiangxin.core.policy.occupations import Fault, Table, as_toml, read_table
from jiangxin.records.documents.workbooks import cell_text, open_book

MOST_FAULTS = 50  # printed; more than anybody mends in one go


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments on `parser`."""
    parser.add_argument("file", type=Path, help="the official list, XLSX or CSV")
    parser.add_argument("--source", required=True, help="where the list comes from, for the record")
    parser.add_argument("--write", action="store_true", help="replace the pack's occupations.toml")


def run(args: argparse.Namespace) -> int:
    """Read the list, say what is wrong or what would change, write it when asked; 0 when it is sound."""
    try:
        table = read_table(rows_of(args.file))
    except DomainError as error:
        print(f"{error.message}{error.remedy}", file=sys.stderr)
        return 1
    if table.faults:
        _tell(table.faults)
        return 1
    _compare(table)
    if args.write:
        target = policies_folder() / DEFAULT / "occupations.toml"
        target.write_text(as_toml(table.occupations, args.source), encoding="utf-8")
        print(f"已写入 {target}；请运行 jiangxin policy check。")
    else:
        print("没有写入；确认后加 --write。")
    return 0


def rows_of(path: Path) -> list[list[str]]:
    """The rows of the first sheet of a workbook, or of a CSV file in UTF-8 or GB 18030.

    Raises `Invalid` for a file that is neither.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Invalid(f"无法读取“{path}”。", remedy=str(error)) from None
    if data[:2] == b"PK":
        book = open_book(data)
        sheet = book.sheet(book.names[0])
        return [[cell_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return list(csv.reader(io.StringIO(data.decode(encoding))))
        except (UnicodeDecodeError, csv.Error):
            continue
    raise Invalid(f"“{path.name}”不是 XLSX 或 CSV 文件。", remedy="请另存为其中一种。")


def _tell(faults: list[Fault]) -> None:
    for fault in faults[:MOST_FAULTS]:
        print(f"第 {fault.row} 行：{fault.message}", file=sys.stderr)
    print(f"共 {len(faults)} 处错误，没有写入。", file=sys.stderr)


def _compare(table: Table) -> None:
    """Print what the list adds to the pack, renames in it and takes from it."""
    now = {code: each.name for code, each in load_pack().occupations.items()}
    new = table.occupations
    renamed = [code for code in now if code in new and now[code] != new[code]]
    gone = [code for code in now if code not in new]
    print(
        f"共 {len(new)} 个职业：新增 {len(set(new) - set(now))}，改名 {len(renamed)}，删去 {len(gone)}。"
    )
    for code in renamed:
        print(f"  改名 {code}：{now[code]} → {new[code]}")
    for code in gone:
        print(f"  删去 {code} {now[code]}（已填报的会提示核对）")
