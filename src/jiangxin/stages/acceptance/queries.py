"""Acceptances as each viewer may see them; panel and sheets for the province and the experts' own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Case, CharField, Count, Exists, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Cast, Concat

from jiangxin.core.kernel.errors import NotFound
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import AcceptanceState, Department, ProjectState, Role
from jiangxin.records.concurrence.models import Concurrence
from jiangxin.records.concurrence.queries import Marks, marks
from jiangxin.records.documents.models import Document
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.waiting import Waits
from jiangxin.stages.application.titled import project_of, rule_for
from jiangxin.stages.construction.queries import goals, goals_ended
from jiangxin.stages.experts.choices import State
from jiangxin.stages.experts.models import Expert
from jiangxin.stages.experts.queries import recusals
from jiangxin.stages.review.choices import Conflict, SheetState
from jiangxin.stages.review.models import ScoreSheet
from jiangxin.stages.titles.models import Title
from jiangxin.stages.titles.queries import in_scope

from .choices import Todo
from .models import OPEN, Acceptance, SelfEvaluation, Sheet
from .rules import passed

CONCLUDE = "acceptance.conclude"  # the joint act
NOTHING_TO_DO = Q(todo="")
A = AcceptanceState
PANEL_READERS = (Role.PROVINCE_HR, Role.PROVINCE_FINANCE, Role.SUPERVISOR, Role.AUDITOR)


def acceptances(viewer: Viewer) -> QuerySet[Any, Any]:
    """Acceptances in the viewer's scope, each with `todo`: what the own department has to do there."""
    rows = Acceptance.objects.select_related("title").filter(in_scope(viewer, "title"))
    return rows.annotate(todo=_todo(viewer))


def acceptance(viewer: Viewer, acceptance_id: int) -> Acceptance:
    """One acceptance. Raises `NotFound` beyond the scope."""
    found: Acceptance | None = acceptances(viewer).filter(pk=acceptance_id).first()
    if found is None:
        raise NotFound("没有这次验收。", remedy="它可能不在您的查看范围内。")
    return found


def to_do(code: str) -> Q:
    """The rows of `acceptances` with this next step."""
    return Q(todo=code)


def acceptances_waiting(viewer: Viewer) -> Waits:
    """What waits for the viewer's department."""
    if viewer.department is None or not viewer.province:
        return Waits(Acceptance.objects.none())
    return Waits(acceptances(viewer).exclude(NOTHING_TO_DO))


def _todo(viewer: Viewer) -> Case:
    """The viewer's next step, as a column; "" for whoever has none."""
    nothing = Value("")
    if viewer.department is None or not viewer.province:
        return Case(default=nothing, output_field=CharField())
    spoken = Exists(_words(viewer.department))
    if viewer.role is not Role.PROVINCE_HR:
        return Case(
            When(Q(state=A.SCORED) & ~spoken, then=Value(Todo.CONCUR.value)), default=nothing
        )
    standing = Sheet.objects.filter(acceptance=OuterRef("pk"), replaced_at=None)
    recused = Exists(standing.filter(conflict=Conflict.DECLARED))
    unsigned = Exists(standing.filter(state=SheetState.DRAFT))
    unticked = Q(checklist__contains=[{"tick": ""}])
    agreed = Q(*(Exists(_words(each).filter(agreed=True)) for each in Department), _connector=Q.AND)
    return Case(
        When(state=A.APPLIED, then=Value(Todo.ARRANGE.value)),
        When(Q(state=A.SCORING) & recused, then=Value(Todo.REPLACE.value)),
        When(Q(state=A.SCORING) & ~unsigned & ~unticked, then=Value(Todo.CLOSE.value)),
        When(Q(state=A.SCORED) & ~spoken, then=Value(Todo.CONCUR.value)),
        When(Q(state=A.SCORED) & agreed, then=Value(Todo.CONCLUDE.value)),
        default=nothing,
    )


def _words(department: Department) -> QuerySet[Concurrence]:
    """What a department says now about the conclusion of the acceptance of the outer query."""
    name = Concat(Value("acceptance:"), Cast(OuterRef("pk"), CharField()))
    return Concurrence.objects.filter(
        act=CONCLUDE, department=department, void_at=None, subject=name
    )


def conclusion_marks(row: Acceptance) -> Marks:
    """What the two departments say about the conclusion as it stands."""
    return marks(act=CONCLUDE, subject=row.subject, digest=row.digest())


# --- the unit


def current(title: Title) -> Acceptance | None:
    """The newest acceptance of a title, whatever came of it."""
    return Acceptance.objects.filter(title=title).order_by("-id").first()


def open_one(title: Title) -> Acceptance | None:
    """The acceptance of a title that runs now."""
    return Acceptance.objects.filter(title=title, state__in=OPEN).first()


def failed(title: Title) -> Acceptance | None:
    """The newest acceptance of a title, when its conclusion is 不合格 (for an order to mend)."""
    found = current(title)
    return found if found and found.state == A.CONCLUDED and not passed(found) else None


@dataclass(frozen=True)
class GoalLine:
    """One frozen goal, and what the unit says of it."""

    number: int
    group: str
    indicator: str
    baseline: str
    target: str
    unit: str
    actual: str
    note: str


def draft(title: Title) -> SelfEvaluation | None:
    """What the unit has written for its next application."""
    return SelfEvaluation.objects.filter(title=title).first()


def goal_lines(title: Title) -> list[GoalLine]:
    """Every goal of a title with what its draft says of it, or what was reported last."""
    kept = draft(title)
    actuals = kept.actuals if kept else {}
    return [
        GoalLine(
            number=each.goal.number,
            group=each.group,
            indicator=each.goal.indicator,
            baseline=each.goal.baseline,
            target=each.goal.target,
            unit=each.goal.unit,
            **actuals.get(str(each.goal.number), {"actual": each.value, "note": each.note}),
        )
        for each in goals(title)
    ]


def draft_files(title: Title) -> list[tuple[int, Document]]:
    """The files of the draft, each with its number there."""
    kept = draft(title)
    rows = kept.materials.select_related("document") if kept else []
    return [(each.pk, each.document) for each in rows]


def may_apply(title: Title) -> bool:
    """Whether the unit can apply now: under construction, and the goals have ended (4.3)."""
    project = project_of(title)
    return (
        project is not None
        and project.state == ProjectState.UNDER_CONSTRUCTION
        and goals_ended(title)
    )


def material(viewer: Viewer, acceptance_id: int, document_id: int) -> Document:
    """A file that was handed in with an acceptance, or its conclusion. Raises `NotFound`."""
    return _file_of(acceptance(viewer, acceptance_id), document_id)


def _file_of(row: Acceptance, document_id: int) -> Document:
    held = {item["document"] for item in row.materials} | {row.paper_id}
    if document_id not in held:
        raise NotFound("没有这份材料。")
    return Document.objects.get(pk=document_id)


def draft_file(viewer: Viewer, title: Title, document_id: int) -> Document:
    """A file of the unit's own draft. Raises `NotFound`."""
    kept = draft(title) if viewer.role is Role.APPLICANT else None
    found = kept.materials.filter(document_id=document_id).first() if kept else None
    if found is None:
        raise NotFound("没有这份材料。")
    return found.document


# --- the panel


def standing(row: Acceptance) -> list[Sheet]:
    """The sheets of those who sit on the panel now, the leader first."""
    rows = row.sheets.filter(replaced_at=None).select_related("expert__user")
    return list(rows.order_by("-leader", "id"))


def sheets(viewer: Viewer, row: Acceptance) -> list[Sheet]:
    """Every seat of the panel, replaced ones too, for who may know the panel; else none.

    Marks and totals in them are for pages only after `may_see_scores`.
    """
    if viewer.role not in PANEL_READERS:
        return []
    return list(row.sheets.select_related("expert").order_by("replaced_at", "-leader", "id"))


def seat(viewer: Viewer, row: Acceptance, sheet_id: int) -> Sheet:
    """One seat that stands. Raises `NotFound`."""
    found = next(
        (each for each in sheets(viewer, row) if each.pk == sheet_id and each.replaced_at is None),
        None,
    )
    if found is None:
        raise NotFound("验收组中没有这位专家。", remedy="可能已被更换，请刷新页面。")
    return found


def may_see_scores(viewer: Viewer, row: Acceptance) -> bool:
    """Whether the sheets are open to the viewer: the province's officials, once scoring has closed."""
    return viewer.role in PANEL_READERS and row.state in (A.SCORED, A.CONCLUDED)


def sheet(viewer: Viewer, acceptance_id: int, sheet_id: int) -> Sheet:
    """One signed sheet, after scoring has closed. Raises `NotFound`."""
    row = acceptance(viewer, acceptance_id)
    found = (
        row.sheets.select_related("expert").filter(pk=sheet_id, state=SheetState.SIGNED).first()
        if may_see_scores(viewer, row)
        else None
    )
    if found is None:
        raise NotFound("没有这份评价表。", remedy="汇总评价后，省级部门和监督人员才能查看。")
    found.acceptance = row
    return found


@dataclass(frozen=True)
class Candidate:
    """An expert of the pool, and why not for this acceptance ("" when there is no reason)."""

    expert: Expert
    barred: str


def candidates(viewer: Viewer, row: Acceptance) -> list[Candidate]:
    """The province's active experts by field and name, those who may not serve with the reason."""
    if viewer.role is not Role.PROVINCE_HR or viewer.province != row.title.province:
        return []
    pool = Expert.objects.filter(province=row.title.province, state=State.ACTIVE)
    rows = list(pool.prefetch_related("employments", "relations").order_by("field", "name", "id"))
    why = barred(row.title, rows)
    return [Candidate(each, why.get(each.pk, "")) for each in rows]


def barred(title: Title, experts: Sequence[Expert]) -> dict[int, str]:
    """expert id → why not on the panel of this title: recusal, or reviewed the application (4.3)."""
    project = project_of(title)
    if project is None:
        return {}
    names = [title.unit_name, title.uscc, *title.former_names]
    found = {
        key: each.text
        for key, each in recusals(
            experts, [project], year=project.year, renamed={project.pk: names}
        ).items()
    }
    if not rule_for(title, "acceptance.reviewers"):
        judged = ScoreSheet.objects.filter(application=project, seat__expert__in=experts)
        for key in judged.values_list("seat__expert_id", flat=True):
            found.setdefault(key, "参加过该项目的遴选评审")
    return found


# --- an expert's own work


def assigned(viewer: Viewer) -> QuerySet[Sheet]:
    """The viewer's own seats that stand, newest first; the only way by which experts come here."""
    if viewer.role is not Role.EXPERT or viewer.user_id is None:
        return Sheet.objects.none()
    rows = Sheet.objects.filter(expert__user_id=viewer.user_id, replaced_at=None)
    return rows.select_related("acceptance__title", "expert").order_by("-id")


def sheets_waiting(viewer: Viewer) -> Waits:
    """The own sheets that wait for a signature or, for a leader, for the checklist, by the date of
    their acceptance."""
    unsigned = Q(state=SheetState.DRAFT) & ~Q(conflict=Conflict.DECLARED)
    unticked = Q(leader=True) & Q(acceptance__checklist__contains=[{"tick": ""}])
    rows = assigned(viewer).filter(unsigned | unticked, acceptance__state=A.SCORING)
    return Waits(rows, due="acceptance__due")


def own_sheet(viewer: Viewer, sheet_id: int) -> Sheet:
    """One own sheet. Raises `NotFound`."""
    found = assigned(viewer).filter(pk=sheet_id).first()
    if found is None:
        raise NotFound("没有这份评价表。", remedy="它可能属于其他专家，或已改由其他专家评价。")
    return found


def panel_file(viewer: Viewer, sheet_id: int, document_id: int) -> Document:
    """A file behind the own sheet, once there is no conflict. Raises `NotFound`."""
    own = own_sheet(viewer, sheet_id)
    if own.conflict != Conflict.NONE:
        raise NotFound("没有这份材料。")
    return _file_of(own.acceptance, document_id)


# --- for other stages and pictures


def concluded(viewer: Viewer) -> list[tuple[str, str, int]]:
    """(province, grade, count) of concluded acceptances in the viewer's scope."""
    rows = Acceptance.objects.filter(in_scope(viewer, "title"), state=A.CONCLUDED).order_by()
    found = rows.values_list("title__province", "grade").annotate(n=Count("id"))
    return [(province_name(province), grade, n) for province, grade, n in sorted(found)]


def result_of(title: Title) -> dict[str, Any]:
    """Score, grade and day of a title's concluded acceptance; {} when there is none."""
    found = current(title)
    if found is None or found.state != A.CONCLUDED or found.concluded_at is None:
        return {}
    day: date = found.concluded_at.date()
    return {"score": found.score, "grade": found.grade, "concluded_on": day}
