"""Examine an application: a verdict per clause; return by section, pass, or reject."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.canonical import digest
from jiangxin.core.kernel.errors import Invalid, WrongState
from jiangxin.core.workflow import ProjectState, Role
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.actions import append, move
from jiangxin.stages.application.models import Application, Version
from jiangxin.stages.application.queries import form_of, locked, versions

from . import indexing, second
from .cases import case_of, own_case
from .judging import is_clear, require_judgement, stands
from .models import Conclusion, Rejection, ReturnItem, Verdict
from .queries import (
    correction_due,
    correction_overdue,
    open_lines,
    sheet,
    submitted_version,
    unchanged_norms,
    words,
    words_by_version,
)


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
    word: str,
    reason: str = "",
    seen: str | None = None,
) -> Verdict:
    """The examiner's verdict (`met` or `not_met`) on one norm of the present version.

    It may be changed until the decision. `seen` is the `token` of the verdict that stood on the
    page, "" for none; when it has changed since, nothing is overwritten and `WrongState` says so.
    Effects, in order: a free case becomes the viewer's; the row; event `examination.judged`;
    conclusions on the former sheet are void; the lists' index. Raises `WrongState` for a colleague's
    case, `Invalid` for 不符合 without a reason, for a norm that is no condition of this track, and for
    a 符合 that the submitted figures contradict: a figure is corrected by a return, not by a word.
    """
    project, version = _examining(viewer, application_id)
    said = words(project)
    if seen is not None and seen != token(said.get(norm)):
        _refuse_late(said.get(norm))
    require_judgement(project, version, said, norm, word, reason.strip())
    row, _ = Verdict.objects.update_or_create(
        application=project,
        version=project.version,
        norm=norm,
        defaults={"word": word, "reason": reason.strip(), **_signature(viewer)},
    )
    append(
        type="examination.judged",
        subject=project.subject,
        by=viewer,
        payload={"norm": norm, "word": str(word), "version": project.version},
    )
    _changed(viewer, project, version)
    return row


def token(verdict: Verdict | None) -> str:
    """What identifies a verdict as it stands; "" for none."""
    return verdict.at.isoformat() if verdict else ""


@transaction.atomic
def accept_computed(*, viewer: Viewer, application_id: int) -> int:
    """Put the examiner's 符合 to every clause that computes to 符合 and leaves nothing to judge.

    Clauses on which somebody has spoken stay. Effects: the rows; one event `examination.accepted`
    with the norms. Returns how many.
    """
    project, version = _examining(viewer, application_id)
    lines = sheet(project, version)
    not_clear = {line.finding.norm for line in lines if not is_clear(line.finding)}
    spoken = {line.finding.norm for line in lines if line.verdict}
    norms = {line.finding.norm for line in lines} - not_clear - spoken
    found = dict.fromkeys(norms, (Verdict.Word.MET.value, ""))
    return _put(viewer, project, version, found, "accepted")


@transaction.atomic
def carry_over(*, viewer: Viewer, application_id: int) -> int:
    """Repeat the verdicts of the version before on clauses whose answers and files did not change.

    Effects: the rows, signed by the viewer; one event `examination.carried_over` with the norms.
    Returns how many. Raises `WrongState` on a first submission.
    """
    project, version = _examining(viewer, application_id)
    every = versions(project)
    if len(every) < 2:
        raise WrongState("这是第一次提交，没有上次的判定可以沿用。")
    spoken = words_by_version(project)
    same = unchanged_norms(project, every[-2], version) - set(spoken.get(version.number, {}))
    former = spoken.get(every[-2].number, {})
    carried = {
        norm: (row.word, row.reason)
        for norm, row in former.items()
        if norm in same and stands(project, version, norm, row)
    }
    return _put(viewer, project, version, carried, "carried_over")


@transaction.atomic
def send_back(*, viewer: Viewer, application_id: int, defects: Sequence[Defect]) -> Application:
    """Return the application for correction, item by item: the province, or before it the body that
    recommends.

    Effects, in order: due date in working days; state returned; event `project.returned` (or
    `project.returned_before_recommendation`) with version, sections and due date; the items; one
    more return on the province's case. Raises `WrongState` for a
    colleague's case, `Invalid` without items, for an item without reason, or for an unknown section
    or field.
    """
    viewer.require(Role.PROVINCE_HR, Role.RECOMMENDER)
    first = viewer.role is Role.RECOMMENDER
    project = locked(viewer, application_id)
    examined = project.state == ProjectState.SUBMITTED and not first
    case = own_case(viewer, project) if examined else None
    project.correction_due = correction_due(project, today=clock.today())
    move(
        project,
        step="return_before_recommendation" if first else "return",
        by=viewer,
        guards={"reasons_given": lambda: _require_defects(project, defects)},
        payload={
            "version": project.version,
            "sections": sorted({defect.section for defect in defects}),
            "due": project.correction_due,
        },
        also=("correction_due",),
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
    if case is not None:
        case.returned += 1
        case.save(update_fields=["returned"])
    return project


@transaction.atomic
def pass_examination(
    *, viewer: Viewer, application_id: int, reason: str = "", norms: Sequence[str] = ()
) -> Application:
    """Let the application go to the experts; where two must agree, conclude so and pass with the second.

    Effects, in order: the conclusion where the overlay asks for two (`second.conclude`); state
    examined and event `project.examined` once that is decided. `reason` and `norms` (clauses on which
    one differs) go with a conclusion. Raises `WrongState`, naming the clauses still open, or the
    colleague whose case it is.
    """
    viewer.require(Role.PROVINCE_HR)
    project = locked(viewer, application_id)
    if project.state == ProjectState.SUBMITTED and second.needed(project):
        _require_met(project)
        word = Conclusion.Word.PASS
        if not second.conclude(
            viewer=viewer, project=project, word=word, reason=reason, norms=norms
        ):
            return project
    elif project.state == ProjectState.SUBMITTED:
        own_case(viewer, project)
    move(
        project,
        step="pass_examination",
        by=viewer,
        guards={
            "every_clause_met": lambda: _require_met(project),
            "examiners_agree": lambda: second.require(project, Conclusion.Word.PASS),
        },
        payload={"version": project.version},
    )
    return project


@transaction.atomic
def reject(
    *, viewer: Viewer, application_id: int, reason: str, norms: Sequence[str] = ()
) -> Application:
    """End the application. The reason is shown to the unit beside the clauses judged 不符合.

    Also ends one that was returned and not corrected by its due date: otherwise it would hold up
    the review of all others. Effects, in order: the conclusion where the overlay asks for two; once
    decided, state rejected; event `project.rejected` (or `project.lapsed`) with the digest of the
    reason (the ledger can be published, the words of a refusal can not); the reason itself. Raises
    `Invalid` without a reason, `WrongState` while the unit may still correct, and for a colleague's
    case.
    """
    viewer.require(Role.PROVINCE_HR)
    project = locked(viewer, application_id)
    payload = {"version": project.version, "reason": digest(reason.strip())}
    if project.state == ProjectState.RETURNED:
        move(
            project,
            step="lapse",
            by=viewer,
            guards={
                "correction_overdue": lambda: _require_overdue(project),
                "reasons_given": lambda: _require_reason(reason),
            },
            payload=payload,
        )
    else:
        if not _refusal_decided(viewer, project, reason, norms):
            return project
        move(
            project,
            step="reject",
            by=viewer,
            guards={
                "reasons_given": lambda: _require_reason(reason),
                "examiners_agree": lambda: second.require(project, Conclusion.Word.REJECT),
            },
            payload=payload,
        )
    Rejection.objects.create(
        application=project,
        version=project.version,
        reason=reason.strip(),
        **_signature(viewer),
    )
    return project


def _refusal_decided(
    viewer: Viewer, project: Application, reason: str, norms: Sequence[str]
) -> bool:
    """Whether the application can be refused now; False when the viewer's is the first of two words."""
    if project.state != ProjectState.SUBMITTED:
        return True  # the table says why it can not
    if not second.needed(project):
        own_case(viewer, project)
        return True
    _require_reason(reason)
    word = Conclusion.Word.REJECT
    return second.conclude(viewer=viewer, project=project, word=word, reason=reason, norms=norms)


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise Invalid("请写明不通过的理由。", clause="3.1", field="reason")


def _require_overdue(project: Application) -> None:
    if not correction_overdue(project):
        raise WrongState(
            "补正期限未满。",
            remedy="期限届满仍未补正的，次日起可以不予通过。",
            clause="3.1",
        )


def _examining(viewer: Viewer, application_id: int) -> tuple[Application, Version]:
    """The project under examination, locked, and its newest version."""
    viewer.require(Role.PROVINCE_HR)
    project = locked(viewer, application_id)
    if project.state != ProjectState.SUBMITTED:
        raise WrongState(
            f"当前状态为“{ProjectState(project.state).label}”，不在资格审查中。",
            remedy="请刷新页面查看办理情况。",
            clause="3.1",
        )
    own_case(viewer, project)
    return project, submitted_version(project)


def _refuse_late(standing: Verdict | None) -> None:
    word = f"刚刚判定为“{standing.get_word_display()}”" if standing else "刚刚撤回了判定"
    who = standing.name if standing else "同事"
    raise WrongState(
        f"{who}{word}，您的判定没有保存。",
        remedy="请先看同事的判定和理由；仍要改判的，再提交一次。您写的理由还在。",
        clause="3.1",
    )


def _put(
    viewer: Viewer,
    project: Application,
    version: Version,
    found: dict[str, tuple[str, str]],
    event: str,
) -> int:
    """Write several verdicts with one event `examination.EVENT`; nothing when there are none."""
    if not found:
        return 0
    Verdict.objects.bulk_create(
        [
            Verdict(
                application=project,
                version=project.version,
                norm=norm,
                word=word,
                reason=reason,
                **_signature(viewer),
            )
            for norm, (word, reason) in sorted(found.items())
        ]
    )
    append(
        type=f"examination.{event}",
        subject=project.subject,
        by=viewer,
        payload={"norms": sorted(found), "version": project.version},
    )
    _changed(viewer, project, version)
    return len(found)


def _changed(viewer: Viewer, project: Application, version: Version) -> None:
    """After a verdict: what was concluded on the former sheet is void, and the lists learn of it."""
    second.reopen(viewer=viewer, project=project, case=case_of(project))
    indexing.refresh(project, version, sheet(project, version))


def _signature(viewer: Viewer) -> dict[str, Any]:
    return {"actor": viewer.actor, "name": viewer.name, "at": clock.now()}


def _require_defects(project: Application, defects: Iterable[Defect]) -> None:
    known = {section.key: section for section in form_of(project).sections}
    listed = list(defects)
    if not listed:
        raise Invalid("请至少列出一处需要补正的内容。", clause="3.1", field="sections")
    for defect in listed:
        section = known.get(defect.section)
        if section is None:
            raise Invalid(f"申报表中没有“{defect.section}”这一部分。", field="sections")
        if defect.field and section.field(defect.field) is None:
            raise Invalid(f"“{section.title}”中没有“{defect.field}”这一栏。", field="sections")
        if not defect.reason.strip():
            raise Invalid(
                f"请写明“{section.title}”需要补正的原因。",
                clause="3.1",
                field=f"reason-{defect.section}",
            )


def _require_met(project: Application) -> None:
    still_open = open_lines(project)
    if still_open:
        first = still_open[0]
        names = "、".join(line.finding.norm for line in still_open[:6])
        more = "等" if len(still_open) > 6 else ""
        because = (
            first.verdict.reason
            if first.verdict and first.verdict.word == Verdict.Word.NOT_MET
            else first.finding.because
        )
        raise WrongState(
            f"还有 {len(still_open)} 项条件未判定为符合（{names}{more}），例如：{because}",
            remedy="请逐项判定；确不符合的，退回补正或不予通过。",
            clause=first.finding.clause,
        )
