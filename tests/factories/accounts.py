"""Titles with money on their account, and vouchers entered by the real action."""

import io
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import xlsxwriter

from jiangxin.core.kernel import clock
from jiangxin.records.documents.papers import Upload
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.accounts import actions
from jiangxin.stages.accounts.forms import Entry
from jiangxin.stages.accounts.importing import COLUMNS
from jiangxin.stages.accounts.models import Flag, Voucher
from jiangxin.stages.application.models import Application
from jiangxin.stages.application.titled import project_of
from jiangxin.stages.funding.choices import Leg
from jiangxin.stages.titles.models import Title
from tests.factories.files import pdf
from tests.factories.funding import Nation, unit_of

SPENDING = clock.beijing(2026, 10, 12, 9)
YUAN = 100  # 分


def proof(mark: str = "a", name: str = "发票.pdf") -> Upload:
    """A file that the gates let in; another mark makes other bytes."""
    data = pdf(mark)
    return Upload(name, len(data), io.BytesIO(data))


def entry(**changes: Any) -> Entry:
    """A sound payment of 1,000 元 of local money for equipment."""
    values: dict[str, Any] = {
        "on": date(2026, 10, 8),
        "amount": 1000 * YUAN,
        "category": "base_equipment",
        "source": "local",
        "payee": "某某机床有限公司",
        "invoice": "",
        "note": "实训设备",
        "reason": "",
    }
    return Entry(**values | changes)


@dataclass
class Fund:
    """One title, its unit, and what arrived: 20 万元 of local and 5 万元 of own money."""

    nation: Nation
    title: Title = field(init=False)
    unit: Viewer = field(init=False)
    kind: str = "base"
    count: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.title = self.nation.title(self.kind)
        self.unit = unit_of(self.title)
        local = self.nation.pay(Leg.LOCAL, self.title, 20, doc=f"地财{self.title.pk}号")
        self.nation.confirm(local)
        self.nation.pay(Leg.OWN, self.title, 5)

    @property
    def finance(self) -> Viewer:
        return self.nation.desk.finance

    @property
    def hr(self) -> Viewer:
        return self.nation.desk.hr

    def enter(self, *, file: Upload | None = None, **changes: Any) -> Voucher:
        """Enter a voucher with a file that nobody else has."""
        self.count += 1
        with clock.at(SPENDING):
            return actions.enter_voucher(
                viewer=self.unit,
                title_id=self.title.pk,
                entry=entry(**changes),
                file=file or proof(f"{self.title.pk}-{self.count}"),
            )

    def flagged(self, **changes: Any) -> Flag:
        """A voucher for another use, and the flag that it raises."""
        row = self.enter(category="other", reason="开业典礼", **changes)
        return Flag.objects.get(voucher=row)

    def planned(self, *, budget: int, sources: int) -> None:
        """What the application had said, in 分: a budget for equipment out of local money."""
        project = project_of(self.title)
        assert project is not None
        Application.objects.filter(pk=project.pk).update(
            answers={
                "budget": [{"use": "base_equipment", "item": "设备", "amount": budget}],
                "sources": [{"source": "local", "amount": sources}],
            }
        )


def make_fund(code: str = "37", kind: str = "base") -> Fund:
    return Fund(Nation(code), kind)


ROW = {
    "on": date(2026, 10, 8),
    "amount": 1000,
    "category": "购置技能研修实训设备",
    "source": "地方资金",
    "payee": "某某机床有限公司",
    "invoice": "25372000000012345678",
    "file": "发票1.pdf",
    "note": "实训设备",
    "reason": "",
}


def table(*rows: dict[str, Any], heads: dict[str, str] = COLUMNS) -> Upload:
    """A filled Excel table; each row is `ROW` with changes."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    sheet = book.add_worksheet()
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for place, label in enumerate(heads.values()):
        sheet.write(0, place, label)
    for number, changes in enumerate(rows, start=1):
        for place, key in enumerate(heads):
            value = (ROW | changes)[key]
            if isinstance(value, date):
                sheet.write_datetime(number, place, value, day)
            else:
                sheet.write(number, place, value)
    book.close()
    data = buffer.getvalue()
    return Upload("凭证.xlsx", len(data), io.BytesIO(data))
