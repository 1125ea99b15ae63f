"""Vouchers as an Excel table: the template that a unit fills in, and what stands in a filled one."""

import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import xlsxwriter

from jiangxin.core.kernel.errors import DomainError, Invalid
from jiangxin.records.documents.papers import Upload
from jiangxin.records.documents.workbooks import cell_text, open_book, sent_book
from jiangxin.stages.funding.choices import Source
from jiangxin.stages.titles.models import Title

from .choices import all_uses, uses

MOST_ROWS = 100  # as many rows, and files with them, as one page takes at once
COLUMNS = {
    "on": "支付日期",
    "amount": "金额（元）",
    "category": "用途",
    "source": "资金来源",
    "payee": "收款方",
    "invoice": "发票号",
    "file": "凭证文件名",
    "note": "摘要",
    "reason": "其他用途的理由",
}
WIDTHS = {"on": 12, "amount": 14, "category": 26, "payee": 30, "invoice": 24, "file": 26}
LONGEST_NUMBER = 10**15  # a spreadsheet keeps no more digits of a number exactly


@dataclass(frozen=True)
class TableRow:
    """One filled row: its number in the sheet, its texts by the names of an entry, its file."""

    number: int
    texts: dict[str, str]
    file: str
    problems: list[DomainError] = field(default_factory=list)


class RowsRefused(Invalid):
    """Nothing was imported: what is wrong, row by row."""

    def __init__(self) -> None:
        super().__init__("表中有需要更正的行，一行也没有导入。", field="table")
        self.rows: list[tuple[int, DomainError]] = []

    def add(self, number: int, problems: Iterable[DomainError]) -> None:
        self.rows += [(number, each) for each in problems]

    def raise_if_any(self) -> None:
        """Raises itself, in order of rows, when anything was added."""
        if self.rows:
            self.rows.sort(key=lambda each: each[0])
            count = len({number for number, _ in self.rows})
            self.message = f"有 {count} 行需要更正，一行也没有导入。"
            self.remedy = "请在 Excel 中更正后，连同凭证文件一起重新上传。"
            raise self


def template(title: Title) -> bytes:
    """An empty table with lists to choose from; invoice numbers are texts, so that no digit is lost."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    sheet = book.add_worksheet("凭证")
    head = book.add_format({"bold": True, "bottom": 1, "bg_color": "#E8EEF6"})
    formats = {
        "on": book.add_format({"num_format": "yyyy-mm-dd"}),
        "amount": book.add_format({"num_format": "#,##0.00"}),
    }
    text = book.add_format({"num_format": "@"})
    lists = {
        "category": list(uses(title.kind).values()),
        "source": Source.labels,
    }
    notes = book.add_worksheet("可选值")
    for place, (key, label) in enumerate(COLUMNS.items()):
        sheet.write_string(0, place, label, head)
        sheet.set_column(place, place, WIDTHS.get(key, 20), formats.get(key, text))
        if key in lists:
            notes.write_column(0, place, [label, *lists[key]])
            column = chr(ord("A") + place)
            sheet.data_validation(
                1,
                place,
                MOST_ROWS,
                place,
                {
                    "validate": "list",
                    "source": f"=可选值!${column}$2:${column}${len(lists[key]) + 1}",
                },
            )
    sheet.freeze_panes(1, 0)
    book.close()
    return buffer.getvalue()


def read_table(table: Upload) -> list[TableRow]:
    """The rows of the first sheet that are not empty.

    Raises `Invalid` for what is no Excel file, for another head than the template's, and for an
    empty table.
    """
    try:
        book = open_book(sent_book(table.name, table.size, table.content))
        cells = book.sheet(book.names[0]).to_python(skip_empty_area=False)
    except Invalid as error:
        raise Invalid(error.message, remedy=error.remedy, field="table") from None
    head = [str(cell).strip() for cell in cells[0]] if cells else []
    places = {key: head.index(label) for key, label in COLUMNS.items() if label in head}
    missing = [label for key, label in COLUMNS.items() if key not in places]
    if missing:
        raise Invalid(
            f"表头缺少：{'、'.join(missing)}。", remedy="请使用模板，不要改动表头。", field="table"
        )
    rows = [
        _row(number, {key: cell[place] for key, place in places.items()})
        for number, cell in enumerate(cells[1:], start=2)
        if any(str(each).strip() for each in cell)
    ]
    if not rows:
        raise Invalid("表中没有内容。", remedy="请从第 2 行起填写。", field="table")
    return rows


def _row(number: int, cells: dict[str, Any]) -> TableRow:
    texts = {key: cell_text(value) for key, value in cells.items()}
    texts["category"] = {label: key for key, label in all_uses().items()}.get(texts["category"], "")
    texts["source"] = {each.label: each.value for each in Source}.get(texts["source"], "")
    problems: list[DomainError] = []
    invoice = cells["invoice"]
    if isinstance(invoice, int | float) and abs(invoice) >= LONGEST_NUMBER:
        problems.append(
            Invalid(
                "发票号被 Excel 当作数字，末几位已经丢失。",
                remedy="请把该列设为文本格式后重新填写。",
                field="invoice",
            )
        )
    return TableRow(number, texts, texts.pop("file"), problems)
