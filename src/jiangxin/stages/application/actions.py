"""What a unit does with its application: begin, fill in, submit, correct."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from django.db import IntegrityError, transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, LimitReached, NotFound, WrongState
from jiangxin.core.policy import Parsed, Verdict, parse_section
from jiangxin.core.workflow import CallState, Duty, ProjectState, Role
from jiangxin.records.identity.models import Organisation
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.actions import append, move
from jiangxin.records.ledger.models import Event
from jiangxin.stages.programme.models import Call, Track
from jiangxin.stages.titles.queries import barring

from .approved import require_approved
from .merging import marks, merge
from .models import Application, Version
from .paper import content_digest, frozen_evidence
from .queries import eligibility, form_of, gaps, latest_version, locked
from .recommending import asked_of, goes_first, require_chosen, usual_body
from .registered import first_answers, with_locked
from .scan import require_scan
from .sealing import seal_answers, unmasked

HANDED_IN = (ProjectState.SUBMITTED, ProjectState.WITH_RECOMMENDER)
EDITABLE = (ProjectState.DRAFT, ProjectState.RETURNED)
MIRRORED = ("title", "leader_name", "leader_hash", "priority_field")
REGISTER_NORMS = (
    "N15",
    "N16",
    "N26",
)  # facts of the register: no examiner could decide otherwise


class Overtaken(WrongState):
    """The same fields were saved elsewhere in the meantime: `fields` are their keys."""

    def __init__(self, fields: Sequence[str]) -> None:
        super().__init__(
            "同事（或您的另一个窗口）刚刚改了同样的内容，为避免互相覆盖，您的内容没有保存。",
            remedy="您输入的内容仍在本页；请逐项选择以哪一份为准，再按“暂存”。",
        )
        self.fields = tuple(fields)


@dataclass(frozen=True)
class Saved:
    """What came of saving a page: the application, what was read, the answers as the page shows
    them, and the fields that were changed elsewhere in the meantime and stay so."""

    project: Application
    parsed: Parsed
    shown: dict[str, Any]
    theirs: tuple[str, ...]


@transaction.atomic
def begin(*, viewer: Viewer, call_id: int, track: Track) -> Application:
    """A new draft of the viewer's unit, with what the unit told at registration.

    Effects: the row; event `project.begun`. Raises `WrongState` outside the window and while a
    revocation bars the unit (4.3), `LimitReached` when the unit has an application on this track
    this year.
    """
    viewer.require_duty(Duty.FILL)
    call = Call.objects.filter(pk=call_id, state=CallState.OPEN, province=viewer.province).first()
    if call is None:
        raise NotFound("本省没有这份申报通知。", clause="3.1")
    require_window(call)
    unit = Organisation.objects.get(pk=viewer.organisation_id or 0)
    require_not_barred(unit)
    project = Application(
        call=call,
        province=call.province,
        year=call.year,
        unit=unit,
        unit_name=unit.name,
        kind=track.kind.value,
        track=track.value,
        title=f"{unit.name}{track.label}项目",
        recommender=usual_body(unit.pk) if asked_of(call) else None,
        updated_at=clock.now(),
    )
    project.answers = first_answers(form_of(project), unit)
    try:
        with transaction.atomic():
            project.save(force_insert=True)
    except IntegrityError:
        raise LimitReached(
            f"本单位 {call.year} 年已有“{track.label}”申报。",
            remedy="请继续填写已有的申报；确需重来的，先撤回原申报。",
            clause="3.1",
        ) from None
    append(type="project.begun", subject=project.subject, by=viewer)
    return project


def require_window(call: Call) -> None:
    """Raises `WrongState` unless the call's window is open now; says when it was or will be."""
    now = clock.now()
    if now < call.opens_at:
        raise WrongState(f"申报尚未开始，{clock.long_moment(call.opens_at)}开放。", clause="3.1")
    if now >= call.closes_at:
        raise WrongState(
            f"申报已于{clock.long_deadline(call.closes_at)}截止。",
            remedy=f"已填内容仍为您保留。如有疑问请联系省级人社部门 {call.phone}。",
            clause="3.1",
        )


def require_not_barred(unit: Organisation) -> None:
    """Raises `WrongState` with the date while a published revocation keeps this unit from applying."""
    found = barring(unit_name=unit.name, uscc=unit.uscc)
    if found is None or found.barred_until is None:
        return
    raise WrongState(
        f"“{found.name}”的称号已被取消，取消决定规定的期限内本单位不得申报。",
        remedy=f"期限至{clock.long_date(found.barred_until)}（含当日），次日起可以申报；决定见“取消称号”公告。",
        clause="4.3",
    )


def save_section(
    *,
    viewer: Viewer,
    application_id: int,
    section: str,
    data: Mapping[str, list[str]],
    revision: int,
) -> tuple[Application, Parsed]:
    """`save_page` for who has no page open: what was saved elsewhere since `revision` and differs
    raises `Overtaken`."""
    saved = save_page(
        viewer=viewer,
        application_id=application_id,
        section=section,
        data=data,
        revision=revision,
        base={},
        chosen={},
    )
    return saved.project, saved.parsed


@transaction.atomic
def save_page(
    *,
    viewer: Viewer,
    application_id: int,
    section: str,
    data: Mapping[str, list[str]],
    revision: int,
    base: Mapping[str, str],
    chosen: Mapping[str, str],
) -> Saved:
    """Keep what was typed on one page of the form, right or wrong; returns it with its errors.

    `revision` is the application's when the page was opened, `base` the marks of its fields then
    (see `merging`). When the same section was saved elsewhere since, a field that only one side has
    changed keeps that change; where both changed one, nothing is saved and `Overtaken` names the
    fields, until `chosen` says `mine` or `theirs` for each. Other sections do not matter, nor does
    what stands there already: a page's own autosave may arrive just before its button.
    Effects: answers, the columns lists are made of, revision + 1. Saving is no step of the
    project's life, so it leaves no event; what is submitted is kept by version.
    """
    project = editable(viewer, application_id)
    page = form_of(project).section(section)
    if page is None:
        raise NotFound("没有这一部分。")
    given = with_locked(page, data, project.unit)
    parsed = parse_section(page, unmasked(page.fields, given, project.answers))
    answers = seal_answers(page.fields, parsed.answers, project.answers)
    saved = Saved(project, parsed, answers, ())
    stale = project.section_revisions.get(section, 0) > revision
    if stale or chosen:
        before = base if stale else marks(page, project.answers)
        merged = merge(page, typed=answers, kept=project.answers, base=before, chosen=chosen)
        if merged.both:
            raise Overtaken(merged.both)
        answers, saved = merged.answers, replace(saved, theirs=merged.theirs)
        if all(project.answers.get(each.key) == answers.get(each.key) for each in page.fields):
            return saved
    elsewhere = {k: v for k, v in project.answers.items() if page.field(k) is None}
    project.answers = {**elsewhere, **answers}
    project.revision += 1
    project.section_revisions = {**project.section_revisions, section: project.revision}
    project.updated_at = clock.now()
    columns = ["answers", "revision", "section_revisions", "updated_at"]
    if project.state == ProjectState.DRAFT:
        _mirror(project)
        columns += MIRRORED
    with _one_per_leader(project):
        project.save(update_fields=columns)
    return saved


@contextmanager
def _one_per_leader(project: Application) -> Iterator[None]:
    """Say in words which constraint refused the row; the action around it is undone as a whole."""
    try:
        yield
    except IntegrityError:
        raise LimitReached(
            f"本单位 {project.year} 年已有以{project.leader_name}为带头人的申报。",
            remedy="同一带头人一年内只能以同一单位申报一次。",
            clause="2.2",
            field="leader_id_number",
        ) from None


def _mirror(project: Application) -> None:
    """Copy into columns what lists, uniqueness and the register need.

    Of a draft at every save; of a returned application only when it is submitted again: until then
    officials see what was submitted.
    """
    answers = project.answers
    project.title = str(answers.get("project_name") or project.title)[:200]
    project.leader_name = str(answers.get("leader_name") or "")[:40]
    number = answers.get("leader_id_number")
    project.leader_hash = number.get("hash", "") if isinstance(number, dict) else ""
    project.priority_field = str(answers.get("priority_field") or "")[:40]


@transaction.atomic
def submit(
    *, viewer: Viewer, application_id: int, revision: int, accept_unmet: bool = False
) -> Version:
    """Submit the application, or submit it again after a return.

    Effects, in order: state submitted, or with the recommending body where the province's rules put
    one first; number given; the version is frozen with its evidence; event `project.submitted` or
    `project.resubmitted` (`…_for_recommendation`) carries its digest. A second click finds the
    first one's version. `accept_unmet`: the unit knows that a condition shows 不符合 and submits
    all the same. Raises `WrongState` outside the window, while a revocation bars the unit, without
    the unit's own approval of just this content; `Invalid` for an incomplete form.
    """
    viewer.require_duty(Duty.FILL, Duty.CHECK)
    project = own(viewer, application_id)
    if project.state in HANDED_IN and (last := latest_version(project)):
        return last
    require_revision(project, revision)
    require_not_barred(project.unit)
    again = project.state == ProjectState.RETURNED
    first = goes_first(project)
    project.version += 1
    project.submitted_at = clock.now()
    project.number = project.number or _number(project)
    frozen = frozen_evidence(project)
    _mirror(project)
    seal = content_digest(project, frozen)
    held = Counter(each["field"] for each in frozen)
    with _one_per_leader(project):
        event = move(
            project,
            step=("resubmit" if again else "submit") + ("_for_recommendation" if first else ""),
            by=viewer,
            guards={
                "correction_in_time" if again else "window_open": lambda: _require_in_time(project),
                "form_complete": lambda: _require_complete(project, held, accept_unmet),
                "unit_approved": lambda: require_approved(project, seal),
                **({"recommender_chosen": lambda: require_chosen(project)} if first else {}),
            },
            payload={"version": project.version, "digest": seal, "number": project.number},
            also=("version", "submitted_at", "number", *MIRRORED),
        )
    return keep_version(project, frozen, seal, event)


def keep_version(
    project: Application, frozen: list[dict[str, Any]], seal: str, event: Event
) -> Version:
    """Freeze what the application says now as its version `project.version`."""
    return Version.objects.create(
        application=project,
        number=project.version,
        answers=project.answers,
        evidence=frozen,
        digest=seal,
        at=event.at,
        event=event,
    )


def _number(project: Application) -> str:
    letter = "G" if project.track == Track.STUDIO else "J"
    return f"{project.year}{project.province}{letter}{project.pk:06d}"


def _require_in_time(project: Application) -> None:
    if project.state == ProjectState.DRAFT:
        require_window(project.call)
    elif project.correction_due and clock.today() > project.correction_due:
        raise WrongState(
            f"补正已于{clock.long_date(project.correction_due)}截止。",
            remedy=f"请联系省级人社部门 {project.call.phone}。",
            clause="3.1",
        )


def _require_complete(project: Application, held: Mapping[str, int], accept_unmet: bool) -> None:
    """`held`: how many files prove each field."""
    missing = gaps(project, evidence=held)
    if missing:
        first = missing[0]
        raise Invalid(
            f"申报表还有 {len(missing)} 处未填好，第一处：{first.label}——{first.message}",
            remedy="请按任务清单逐项补齐后提交。",
            clause=first.clause or "3.1",
            field=first.field,
        )
    require_scan(project)
    findings = eligibility(project, evidence=held)
    unmet = [finding for finding in findings if finding.verdict is Verdict.NOT_MET]
    for finding in unmet:
        if finding.norm in REGISTER_NORMS:
            raise LimitReached(finding.because, remedy=finding.would_change, clause=finding.clause)
    if unmet and not accept_unmet:
        raise Invalid(
            f"有 {len(unmet)} 项资格条件显示“不符合”，例如：{unmet[0].because}",
            remedy="请修改；如认为无误，可勾选“已知悉，仍要提交”。",
            clause=unmet[0].clause,
            field="accept_unmet",
        )


def require_revision(project: Application, revision: int) -> None:
    """Raises `WrongState` when the form was saved after the page was opened that now acts on it."""
    if project.revision != revision:
        raise WrongState("申报内容刚被同事修改。", remedy="请重新核对全文后再办理。")


def editable(viewer: Viewer, application_id: int) -> Application:
    """The viewer's own application, locked, for a 填报人.

    Raises `NotPermitted` for other people of the unit, `NotFound`, and `WrongState` unless it may be
    changed.
    """
    viewer.require_duty(Duty.FILL)
    project = own(viewer, application_id)
    require_editable(project)
    return project


def require_editable(project: Application) -> None:
    """Raises `WrongState` unless the form may be changed now."""
    if project.state not in EDITABLE:
        raise WrongState(
            f"当前状态为“{ProjectState(project.state).label}”，内容已锁定。",
            remedy="需要修改的，可在截止前“撤回修改”，或等待退回补正。",
            clause="3.1",
        )
    if project.state == ProjectState.DRAFT:
        require_window(project.call)


def own(viewer: Viewer, application_id: int) -> Application:
    """The application of the viewer's own unit, locked. Raises `NotFound` for any other."""
    viewer.require(Role.APPLICANT)
    return locked(viewer, application_id)
