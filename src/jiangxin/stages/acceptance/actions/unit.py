"""The unit: keep the self-evaluation, then apply for acceptance with it."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import IntegrityError, transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.canonical import digest
from jiangxin.core.kernel.errors import Invalid, LimitReached, NotFound, WrongState
from jiangxin.core.workflow import ProjectState, Role
from jiangxin.records.documents.papers import Upload
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.actions import tell_office
from jiangxin.records.ledger.actions import append
from jiangxin.stages.acceptance.models import Acceptance, Material, SelfEvaluation
from jiangxin.stages.acceptance.queries import GoalLine, goal_lines
from jiangxin.stages.application.titled import move_project, project_of
from jiangxin.stages.construction.files import keep
from jiangxin.stages.construction.queries import goals, goals_ended
from jiangxin.stages.construction.reading import words
from jiangxin.stages.titles.models import Title
from jiangxin.stages.titles.queries import titles_of

STATEMENT = 3000  # letters
ACTUAL, NOTE = 100, 300


@transaction.atomic
def save_draft(
    *,
    viewer: Viewer,
    title_id: int,
    actuals: Mapping[int, Mapping[str, str]],
    statement: str,
    files: Iterable[Upload] = (),
    drop: Iterable[int] = (),
) -> SelfEvaluation:
    """Keep what the unit has written so far, with its files; nothing is handed in yet.

    `actuals`: number of a goal → {"actual", "note"}. Effects: the draft; no event. Raises
    `WrongState` when there is nothing to apply for, `Invalid` for a text that is too long or a
    refused file, keeping nothing.
    """
    title = _own_title(viewer, title_id)
    _require_building(title)
    row, _ = SelfEvaluation.objects.select_for_update().get_or_create(
        title=title, defaults={"updated_at": clock.now()}
    )
    row.actuals = {
        str(each.goal.number): _said(each.goal.number, each.goal.indicator, typed)
        for each in goals(title)
        if (typed := actuals.get(each.goal.number)) is not None
    }
    row.statement = words(statement, "自评总结", "statement", most=STATEMENT, required=False)
    row.updated_at = clock.now()
    row.save()
    row.materials.filter(pk__in=list(drop)).delete()
    held = set(row.materials.values_list("document__sha256", flat=True))
    for document in keep(viewer, files, "files"):
        if document.sha256 not in held:
            held.add(document.sha256)
            Material.objects.create(draft=row, document=document)
    return row


def _said(number: int, indicator: str, typed: Mapping[str, str]) -> dict[str, str]:
    limits = (("actual", "实际完成值", ACTUAL), ("note", "说明", NOTE))
    return {
        name: words(
            typed.get(name, ""),
            f"“{indicator}”的{label}",
            f"{name}-{number}",
            most=most,
            required=False,
        )
        for name, label, most in limits
    }


@transaction.atomic
def apply(*, viewer: Viewer, title_id: int) -> Acceptance:
    """Apply for acceptance with the draft as it is kept.

    Effects, in order: the acceptance with goals, statement and files frozen; event
    `acceptance.applied` with their digest; project in acceptance, event
    `project.acceptance_applied`; a message to the province. Raises `WrongState` before the goals
    have ended (4.3) or in another state, `LimitReached` while another acceptance runs, `Invalid`
    for a goal without its actual value, a missing statement or no file.
    """
    title = _own_title(viewer, title_id)
    if Acceptance.objects.filter(title=title, state__in=("applied", "scoring", "scored")).exists():
        raise _second()
    _require_building(title)
    require_ended(title)
    lines = goal_lines(title)
    kept = _complete(SelfEvaluation.objects.select_for_update().filter(title=title).first(), lines)
    row = Acceptance(
        title=title,
        goals=[vars(line) for line in lines],
        statement=kept.statement,
        materials=_frozen(kept),
        applied_at=clock.now(),
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        if "one_open_acceptance_per_title" in str(error):
            raise _second() from None
        raise
    handed_in = digest({"goals": row.goals, "statement": row.statement, "files": row.materials})
    append(
        type="acceptance.applied",
        subject=row.subject,
        by=viewer,
        payload={"title": title.subject, "digest": handed_in},
    )
    move_project(
        title,
        step="apply_acceptance",
        by=viewer,
        guards={"goals_ended": lambda: require_ended(title)},
        payload={"acceptance": row.subject},
    )
    tell_office(
        role=Role.PROVINCE_HR,
        province=title.province,
        title=f"申请验收：{title.name}",
        text=f"{title.unit_name}已提交自评和验收材料，请组织验收或退回。",
        about=row.subject,
    )
    return row


def require_ended(title: Title) -> None:
    """Raises `WrongState` while the time of construction still runs (4.3)."""
    if not goals_ended(title):
        raise WrongState(
            "建设期未满，建设任务也没有全部完成，不能申请验收。",
            remedy="请按期报告进展；可以提前填写自评并暂存。",
            clause="4.3",
        )


def _require_building(title: Title) -> None:
    project = project_of(title)
    if project is None:
        raise WrongState(
            "2011—2020年确定的项目不办理验收。",
            remedy="这类项目按通知进行考核评估。",
            clause="4.2",
        )
    if project.state != ProjectState.UNDER_CONSTRUCTION:
        raise WrongState(
            f"项目当前为“{ProjectState(project.state).label}”，不能申请验收。",
            remedy="只有建设中的项目才能申请验收；页面可能已过时，请刷新后再看。",
            clause="4.3",
        )


def _complete(kept: SelfEvaluation | None, lines: list[GoalLine]) -> SelfEvaluation:
    """The draft, when nothing in it is missing. Raises `Invalid`."""
    missing = next((line for line in lines if not line.actual), None)
    if missing is not None:
        raise Invalid(
            f"请填写“{missing.indicator}”的实际完成值。",
            remedy="每项绩效目标都要填写；没有完成的，也请如实填写并说明原因。",
            clause="4.3",
            field=f"actual-{missing.number}",
        )
    if kept is None or not kept.statement:
        raise Invalid("请填写自评总结。", clause="4.3", field="statement")
    if not kept.materials.exists():
        raise Invalid(
            "请至少上传一个验收材料。",
            remedy="例如总结报告、资金决算、设备台账和培训台账。",
            clause="4.3",
            field="files",
        )
    return kept


def _frozen(kept: SelfEvaluation) -> list[dict[str, Any]]:
    return [
        {
            "document": each.document_id,
            "name": each.document.name,
            "sha256": each.document.sha256,
            "size": each.document.size,
        }
        for each in kept.materials.select_related("document")
    ]


def _second() -> LimitReached:
    return LimitReached(
        "这个项目的验收正在进行，不能重复申请。",
        remedy="请等待本次验收的结论；申请被退回后可以重新提交。",
        clause="4.3",
    )


def _own_title(viewer: Viewer, title_id: int) -> Title:
    viewer.require(Role.APPLICANT)
    found = titles_of(viewer).select_for_update().filter(pk=title_id).first()
    if found is None:
        raise NotFound("没有这个称号。", remedy="它可能属于其他单位。")
    return found
