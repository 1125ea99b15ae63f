"""What a report, a batch and a judgement must satisfy; every refusal says what to do."""

from collections.abc import Iterable
from datetime import date

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, LimitReached, WrongState
from jiangxin.core.workflow import AssessmentState, TitleState
from jiangxin.stages.programme.queries import pack
from jiangxin.stages.titles.models import Title
from jiangxin.stages.titles.queries import programme_years

from .choices import PARTS, Grade
from .models import Assessment, Batch

LONGEST, LEAST = 2000, 10  # letters of one text; below the least it tells nothing


def clean(text: str) -> str:
    """A text as a browser sends it, with plain line ends and without what no database takes."""
    return text.replace("\r\n", "\n").replace("\0", "").strip()


def require_text(text: str, what: str, *, field: str) -> str:
    """The text without its margins. Raises `Invalid` when it is empty or too long."""
    found = clean(text)
    if not found:
        raise Invalid(f"请写明{what}。", clause="4.2", field=field)
    if len(found) > LONGEST:
        raise Invalid(f"{what}最多 {LONGEST} 字，现有 {len(found)} 字。", field=field)
    return found


def report_problems(row: Assessment) -> list[Invalid]:
    """What a self-report still lacks before it can be sent in."""
    problems = []
    for key, label in (("goals_met", "目标任务是否完成"), ("running", "目前是否正常运行")):
        if getattr(row, key) is None:
            problems.append(Invalid(f"请选择：{label}。", clause="4.2", field=key))
    for part in PARTS:
        count = len(getattr(row, part.key))
        if count < LEAST:
            text = f"“{part.label}”只有 {count} 字。" if count else f"请填写“{part.label}”。"
            problems.append(Invalid(text, remedy=part.help, clause="4.2", field=part.key))
    return problems


def require_stands(title: Title) -> None:
    """Raises `WrongState` once the title is gone: an assessment then has no object (4.2)."""
    if title.state != TitleState.TITLED:
        label = TitleState(title.state).label
        raise WrongState(
            f"“{title.name}”的称号{label}，不再考核。",
            remedy="请撤销这项考核，说明原因。",
            clause="4.2",
        )


def require_batch(*, year: int, name: str, due_on: date | None) -> date:
    """The date of a sound batch. Raises `Invalid` for a year outside the programme or ahead of us, no
    name, no date or one that has passed."""
    first, today = programme_years()[0], clock.today()
    if not first <= year <= today.year:
        raise Invalid(f"年度应在 {first}—{today.year} 之间。", clause="4.2", field="year")
    if not name or len(name) > 60:
        raise Invalid("请填写批次名称，最多 60 字。", field="name")
    if due_on is None or due_on < today:
        raise Invalid("请填写自评截止日，不早于今天。", field="due_on")
    return due_on


def excellent_share(batch: Batch) -> int:
    """At most so many of a hundred titles of a batch may be 优秀; the province's own where set."""
    on = date(batch.year, 12, 31)
    return int(
        pack().value("assessment.excellent_share", on, pack().overlay(batch.province, batch.year))
    )


def require_share(batch: Batch) -> None:
    """Raises `LimitReached` when more titles of the batch are 优秀 than its share allows.

    The caller has locked the batch. Everything that is in the batch counts but what was cancelled.
    """
    standing = batch.assessments.exclude(state=AssessmentState.CANCELLED)
    total, share = standing.count(), excellent_share(batch)
    most = total * share // 100
    count = standing.filter(grade=Grade.EXCELLENT).count()
    if count > most:
        raise LimitReached(
            f"{batch}共 {total} 项，“优秀”最多 {most} 项（不超过 {share}%），现为 {count} 项。",
            remedy="请把较弱的评为“合格”。",
            clause="4.2",
            field="grade",
        )


def require_all(found: Iterable[object], asked: Iterable[int]) -> None:
    """Raises `WrongState` when some of the chosen rows are gone or beyond the viewer's scope."""
    missing = len(set(asked)) - len(list(found))
    if missing:
        raise WrongState(
            f"所选有 {missing} 项不存在或不在本省。", remedy="请返回列表，刷新后重新勾选。"
        )
