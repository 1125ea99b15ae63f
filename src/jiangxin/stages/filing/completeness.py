"""What the notice demands of a filing package, part by part: there, or missing and by which clause."""

import re
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import Exists, OuterRef

from jiangxin.core.kernel.errors import WrongState
from jiangxin.core.workflow import DrawState, NoticeState, ProjectState, RoundState
from jiangxin.stages.application.models import Application
from jiangxin.stages.programme.models import Call, Track
from jiangxin.stages.publicity.models import Notice
from jiangxin.stages.review.choices import SeatStatus
from jiangxin.stages.review.models import DrawSession, Round, Seat

from .models import Package

TO_FILE = (ProjectState.CONFIRMED, ProjectState.FILING_RETURNED)


class Aspect(NamedTuple):
    """One thing that the assessment report of existing bases covers, and the word to find it by."""

    title: str
    word: str


ASPECTS = (
    Aspect("考核评估基本情况", "基本情况"),
    Aspect("项目建成后的管理运行情况", "管理运行"),
    Aspect("培训效能发挥情况", "培训效能"),
    Aspect("资金使用情况", "资金使用"),
)
LEAST = 10  # letters and figures below which an aspect counts as a heading without text
SKELETON = "\n\n".join(
    f"{number}、{aspect.title}\n" for number, aspect in zip("一二三四", ASPECTS, strict=True)
)


@dataclass(frozen=True)
class Part:
    """One part of the package that the notice demands, and whether it is there."""

    label: str
    clause: str
    norm: str
    there: bool
    remedy: str = ""


def projects_to_file(call: Call) -> list[Application]:
    """The confirmed (or returned) projects of a call: the content of its next filing."""
    rows = Application.objects.filter(call=call, state__in=TO_FILE)
    return list(rows.select_related("call", "unit").order_by("kind", "number"))


def parts(row: Package) -> list[Part]:
    """What clauses 3.1, 3.3 and 4.2 demand of the package, each present or missing; four queries."""
    projects = projects_to_file(row.call)
    return [
        Part(
            "公示通过的项目及其申报表（附件）",
            "3.1",
            "N29",
            bool(projects),
            "结束公示、确认项目后才有可报送的项目。",
        ),
        *_review_report(row.call),
        Part(
            "2011—2020年名录项目本年度考核评估情况报告",
            "4.2",
            "N43",
            bool(row.legacy_report.strip()),
            "在本页填写后保存。",
        ),
        *(_existing_report(row) if any(p.track == Track.EXISTING_BASE for p in projects) else []),
    ]


def missing(row: Package) -> list[Part]:
    """The parts that are not there."""
    return [part for part in parts(row) if not part.there]


def require_reportable(row: Package) -> None:
    """Raises `WrongState`, naming what is missing, while the review report cannot be written (N36)."""
    gaps = [part for part in _review_report(row.call) if not part.there]
    if gaps:
        raise WrongState(
            "还不能生成评审报告，缺：" + "；".join(part.label for part in gaps) + "。",
            remedy="".join(part.remedy for part in gaps),
            clause="3.3",
        )


def _review_report(call: Call) -> list[Part]:
    """The five contents of the review report (N36); three queries."""
    of_round = {"round": OuterRef("pk")}
    rounds = list(
        Round.objects.filter(call=call).annotate(
            seated=Exists(Seat.objects.filter(status=SeatStatus.ACCEPTED, **of_round)),
            drawn=Exists(DrawSession.objects.filter(state=DrawState.DRAWN, **of_round)),
        )
    )
    applied = call.applications.filter(version__gt=0).exclude(state="draft").exists()
    closed = Notice.objects.filter(call=call, state=NoticeState.CLOSED).exists()
    procedure = bool(rounds) and all(each.seated and each.drawn for each in rounds)
    method = bool(rounds) and all(each.rubrics for each in rounds)
    decided = bool(rounds) and all(each.state == RoundState.DECIDED for each in rounds)
    contents = (
        ("项目申请", applied, "还没有单位提交申报。"),
        ("评审专家组成以及评审程序", procedure, "每一类项目的评审都须随机抽取专家并组成评审组。"),
        ("评审方法", method, "每一类项目的评审都须确定评分标准。"),
        ("评审结果", decided, "每一类项目的评审都须由两部门确定名单。"),
        ("公示情况", closed, "公示期满、异议办结后结束公示。"),
    )
    return [
        Part(f"评审报告：{name}", "3.3", "N36", there, remedy) for name, there, remedy in contents
    ]


def _existing_report(row: Package) -> list[Part]:
    """The assessment report that goes with existing bases, content by content (N37)."""
    lacking = aspects_without_text(row.existing_report)
    return [
        Part(
            f"已建项目建设考核评估报告：{aspect.title}",
            "3.3",
            "N37",
            aspect not in lacking,
            f"有已建项目时须报送；请在报告中写明{aspect.title}。",
        )
        for aspect in ASPECTS
    ]


def aspects_without_text(report: str) -> list[Aspect]:
    """The aspects that the report does not name, or names without saying anything about them."""
    places = sorted((at, aspect) for aspect in ASPECTS if (at := report.find(aspect.word)) >= 0)
    ends = [*(at for at, _ in places), len(report)][1:]
    told = {
        aspect
        for (at, aspect), end in zip(places, ends, strict=True)
        if len(re.sub(r"\W|情况|发挥", "", report[at + len(aspect.word) : end])) >= LEAST
    }
    return [aspect for aspect in ASPECTS if aspect not in told]
