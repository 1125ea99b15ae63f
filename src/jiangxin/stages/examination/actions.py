"""Examine an application: a verdict per clause; return by section, pass, or reject."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, NotFound, WrongState
from jiangxin.core.policy import Verdict as Kleene
from jiangxin.core.workflow import ProjectState, Role
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.actions import append, move
from jiangxin.stages.application.models import Application
from jiangxin.stages.application.queries import eligibility, form_of, visible
from jiangxin.stages.programme.queries import last_day

from .models import ReturnItem, Verdict
from .queries import open_lines


@dataclass(frozen=True)
class Defect:
    """One item of a return: section key, optional field key, reason in words for the applicant."""

    section: str
    reason: str
    field: str = ""


@transaction.atomic
def judge(
    *,
    viewer: Viewer,
    application_id: int,
    norm: str,
    word: Verdict.Word,
    reason: str = "",
) -> Verdict:
    """The examiner's verdict on one norm of the present version; may be changed until the decision.

    Effects: the row; event `examination.judged`. Raises `Invalid` for 不符合 without a reason, for a
    norm that is no condition of this track, and for 符合 against a figure that computes to 不符合
    without a recorded reason.
    """
    viewer.require(Role.PROVINCE_HR)
    project = _locked(viewer, application_id)
    _require_submitted(project)
    finding = next((item for item in eligibility(project) if item.norm == norm), None)
    if finding is None:
        raise Invalid(f"{norm} 不是这一类项目的资格条件。")
    against = word == Verdict.Word.MET and finding.verdict is Kleene.NOT_MET
    if (word == Verdict.Word.NOT_MET or against) and not reason.strip():
        raise Invalid(
            "与数据不一致的“符合”须写明理由。"
            if against
            else "判定“不符合”须写明理由。",
            clause=finding.clause,
            field="reason",
        )
    row, _ = Verdict.objects.update_or_create(
        application=project,
        version=project.version,
        norm=norm,
        defaults={
            "word": word,
            "reason": reason.strip(),
            "actor": viewer.actor,
            "name": viewer.name,
            "at": clock.now(),
        },
    )
    append(
        type="examination.judged",
        subject=project.subject,
        by=viewer,
        payload={"norm": norm, "word": word.value, "version": project.version},
    )
    return row


@transaction.atomic
def send_back(
    *, viewer: Viewer, application_id: int, defects: Sequence[Defect]
) -> Application:
    """Return the application for correction, item by item.

    Effects: the items; state returned with a due date in working days; event `project.returned`.
    Raises `Invalid` without items, for an item without reason, or for an unknown section.
    """
    project = _locked(viewer, application_id)
    move(
        project,
        step="return",
        by=viewer,
        guards={"reasons_given": lambda: _require_defects(project, defects)},
        payload={
            "version": project.version,
            "sections": sorted({defect.section for defect in defects}),
        },
    )
    ReturnItem.objects.bulk_create(
        [
            ReturnItem(
                application=project,
                version=project.version,
                section=defect.section,
                field=defect.field,
                reason=defect.reason.strip(),
                at=clock.now(),
            )
            for defect in defects
        ]
    )
    days = project.call.correction_days
    project.correction_due = last_day(clock.today() + timedelta(days=1), days)
    project.save(update_fields=["correction_due"])
    return project


@transaction.atomic
def pass_examination(*, viewer: Viewer, application_id: int) -> Application:
    """Let the application go to the experts. Raises `WrongState`, naming the clauses still open."""
    project = _locked(viewer, application_id)
    move(
        project,
        step="pass_examination",
        by=viewer,
        guards={"every_clause_met": lambda: _require_met(project)},
        payload={"version": project.version},
    )
    return project


@transaction.atomic
def reject(*, viewer: Viewer, application_id: int, reason: str) -> Application:
    """End the application. The reason is shown to the unit beside the clauses judged 不符合."""
    project = _locked(viewer, application_id)

    def reasons_given() -> None:
        if not reason.strip():
            raise Invalid("请写明不通过的理由。", clause="3.1", field="reason")

    move(
        project,
        step="reject",
        by=viewer,
        guards={"reasons_given": reasons_given},
        payload={"version": project.version, "reason": reason.strip()},
    )
    return project


def _locked(viewer: Viewer, application_id: int) -> Application:
    project = (
        visible(viewer)
        .select_for_update(of=("self",))
        .select_related("call", "unit")
        .filter(pk=application_id)
        .first()
    )
    if project is None:
        raise NotFound("没有这个项目。", remedy="它可能属于其他省份。")
    return project


def _require_submitted(project: Application) -> None:
    if project.state != ProjectState.SUBMITTED:
        raise WrongState(
            f"当前状态为“{ProjectState(project.state).label}”，不在资格审查中。",
            clause="3.1",
        )


def _require_defects(project: Application, defects: Sequence[Defect]) -> None:
    if not defects:
        raise Invalid("请至少列出一处需要补正的内容。", clause="3.1")
    known = {section.key for section in form_of(project).sections}
    for defect in defects:
        if defect.section not in known:
            raise Invalid(f"申报表中没有“{defect.section}”这一部分。")
        if not defect.reason.strip():
            raise Invalid("请为每一处写明原因。", clause="3.1", field="reason")


def _require_met(project: Application) -> None:
    still_open = open_lines(project)
    if still_open:
        first = still_open[0].finding
        names = "、".join(line.finding.norm for line in still_open[:6])
        raise WrongState(
            f"还有 {len(still_open)} 项条件未判定为符合（{names}），例如：{first.because}",
            remedy="请逐项判定；确不符合的，退回补正或不予通过。",
            clause=first.clause,
        )
