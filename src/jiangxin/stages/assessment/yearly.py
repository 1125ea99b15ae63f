"""The report on a year's assessment that goes with the province's filing (N43)."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import AssessmentState, Role, TitleState
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.models import Event
from jiangxin.stages.titles.models import Title
from jiangxin.stages.titles.progress import legacy

from .choices import PASSING, Grade
from .models import Assessment, Batch
from .queries import FAILED, PASSED, Coverage, coverage

A = AssessmentState


@dataclass(frozen=True)
class BatchLine:
    """One batch of the year: how many titles, and what became of them."""

    number: int
    name: str
    total: int
    excellent: int
    qualified: int
    unqualified: int

    @property
    def concluded(self) -> int:
        return self.excellent + self.qualified + self.unqualified

    @property
    def open(self) -> int:
        return self.total - self.concluded


@dataclass(frozen=True)
class YearlyReport:
    """The figures of a province's year as they stood `on` a day; `text` says them, a paragraph a line."""

    province: str
    year: int
    batches: list[BatchLine]
    assessed: int
    passed: int
    failed: int
    revoked: int
    failed_names: list[str]
    coverage: Coverage
    on: date

    @property
    def gaps(self) -> list[str]:
        """What the year still lacks; nothing when every batch is concluded."""
        found = [
            f"第 {each.number} 批还有 {each.open} 项没有结论。"
            for each in self.batches
            if each.open
        ]
        if not self.batches and self.coverage.missing:
            found.append(f"{self.year} 年没有考核批次，还有 {self.coverage.missing} 项未考核。")
        empty = [each.number for each in self.batches if not each.total]
        return found + [f"第 {number} 批没有编入任何项目。" for number in empty]

    @property
    def text(self) -> str:
        """The report in the official order: arrangement, results, what follows, coverage."""
        name = province_name(self.province)
        lines = [
            (
                f"{name}人力资源社会保障部门会同财政部门，对2011—2020年确定的国家级高技能人才培训基地"
                f"和国家级技能大师工作室分批次开展考核评估。现将{self.year}年度情况报告如下。"
            ),
            "一、考核安排",
            *(self._batches() or [f"{self.year}年没有安排考核批次。"]),
            "二、考核结果",
            f"{self.year}年共考核评估{self.assessed}项，合格以上{self.passed}项，不合格{self.failed}项。",
            *([f"不合格项目：{'、'.join(self.failed_names)}。"] if self.failed_names else []),
            "三、结果运用",
            (
                "考核合格的，可以按规定申请支持；不合格的，按程序取消称号。"
                f"{self.year}年依程序取消称号{self.revoked}项。"
            ),
            "四、覆盖情况",
            (
                f"截至{self.on.year}年{self.on.month}月{self.on.day}日，2011—2020年确定的项目应考核{self.coverage.total}项，"
                f"已考核{self.coverage.assessed}项，覆盖率{self.coverage.percent}%，"
                f"尚未考核{self.coverage.missing}项。"
            ),
        ]
        return "\n".join(lines)

    def _batches(self) -> list[str]:
        return [
            f"第{each.number}批（{each.name}）：编入{each.total}项，已作结论{each.concluded}项，"
            f"其中优秀{each.excellent}项、合格{each.qualified}项、不合格{each.unqualified}项。"
            for each in self.batches
        ]


def yearly_report(province: str, year: int) -> YearlyReport:
    """The figures of a province's year as they stand now; five queries.

    What a province had concluded before it used this system counts by the year on the title.
    """
    own = Title.objects.filter(legacy(), province=province)
    concluded = Assessment.objects.filter(title=OuterRef("pk"), state=A.CONCLUDED)
    judged = own.annotate(
        here=Exists(concluded.filter(year=year)),
        good=Exists(concluded.filter(year=year, grade__in=PASSING)),
        before=Exists(concluded),
    )
    entered = Q(before=False, assessed_year=year)
    passed = Q(good=True) | (entered & Q(assessment=PASSED))
    failed = Q(here=True, good=False) | (entered & Q(assessment=FAILED))
    counts = judged.aggregate(passed=Count("pk", filter=passed), failed=Count("pk", filter=failed))
    names = judged.filter(failed).order_by("number").values_list("name", flat=True)
    watching = Viewer(role=Role.PROVINCE_HR, name="", province=province)
    return YearlyReport(
        province=province,
        year=year,
        batches=_lines(province, year),
        assessed=counts["passed"] + counts["failed"],
        passed=counts["passed"],
        failed=counts["failed"],
        revoked=_revoked(own, year),
        failed_names=list(names),
        coverage=coverage(watching, clock.today())[0],
        on=clock.today(),
    )


def _lines(province: str, year: int) -> list[BatchLine]:
    def count(**state: Any) -> Count:
        return Count("assessments", filter=Q(**{f"assessments__{k}": v for k, v in state.items()}))

    rows: QuerySet[Any] = (
        Batch.objects.filter(province=province, year=year)
        .annotate(
            total=Count("assessments", filter=~Q(assessments__state=A.CANCELLED)),
            **{grade.value: count(state=A.CONCLUDED, grade=grade) for grade in Grade},
        )
        .order_by("number")
    )
    return [
        BatchLine(row.number, row.name, row.total, row.excellent, row.qualified, row.unqualified)
        for row in rows
    ]


def _revoked(own: Any, year: int) -> int:
    """How many of these titles were revoked in the year, by the ledger."""
    ids = own.filter(state=TitleState.REVOKED).values_list("pk", flat=True)
    begin = clock.beijing(year, 1, 1)
    return Event.objects.filter(
        type="title.revoked",
        subject__in=[f"title:{pk}" for pk in ids],
        at__gte=begin,
        at__lt=clock.end_of(date(year, 12, 31)),
    ).count()
