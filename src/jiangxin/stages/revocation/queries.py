"""Cases of revocation, each for those who may see them, and the titles for which one lies ready."""

from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Exists,
    ExpressionWrapper,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.canonical import digest
from jiangxin.core.kernel.errors import NotFound
from jiangxin.core.workflow import Department, RectificationState, RevocationState, Role, TitleState
from jiangxin.records.concurrence.queries import Marks, marks_in, rounds, spoken
from jiangxin.records.documents.papers import paper
from jiangxin.records.documents.queries import Stored
from jiangxin.records.identity.models import Organisation
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.waiting import Waits
from jiangxin.stages.rectification.models import OPEN as MENDING
from jiangxin.stages.rectification.models import Rectification
from jiangxin.stages.titles.models import Title
from jiangxin.stages.titles.queries import in_scope

from .actions.proposal import digest_of
from .choices import Act, Cause
from .models import OPEN, Revocation, Statement
from .rules import own_value, term_over

S, EXPIRED = RevocationState, RectificationState.EXPIRED
NEVER = Q(pk__in=[])
WAITING = Q(waits=True)  # of the rows of `cases`: the viewer's department must act


def cases(viewer: Viewer) -> QuerySet[Revocation]:
    """The cases that the viewer may see, with `waits`: whether the viewer's department must act.

    A unit sees its own once it was told of them.
    """
    rows = Revocation.objects.filter(in_scope(viewer)).select_related("title")
    if viewer.role is Role.APPLICANT:
        rows = rows.exclude(noticed_at=None)
    condition = ExpressionWrapper(_waits(viewer), output_field=BooleanField())
    return rows.annotate(waits=condition)


def _waits(viewer: Viewer) -> Q:
    """Whose turn it is. HR's: everything open but what lies with finance alone or with the unit."""
    if viewer.role not in (Role.PROVINCE_HR, Role.PROVINCE_FINANCE):
        return NEVER
    own, other = (
        {
            act: Q(spoken(act=act.value, machine=Revocation.MACHINE, department=department))
            for act in Act
        }
        for department in (Department.HR, Department.FINANCE)
    )
    stages = (
        (Q(state=S.PROPOSED), Act.NOTIFY),
        (Q(state=S.HEARD) & ~Q(decision=""), Act.DECIDE),
        (Q(state__in=OPEN) & ~Q(dismissal=""), Act.DISMISS),
    )
    finance = NEVER
    for here, act in stages:
        finance |= here & ~other[act]
    if viewer.role is Role.PROVINCE_FINANCE:
        return finance
    lies_with_finance = NEVER
    for here, act in stages:
        lies_with_finance |= here & own[act] & ~other[act]
    said = Exists(Statement.objects.filter(case=OuterRef("pk")))
    answered = Q(state=S.NOTICED) & (Q(hearing_until__lt=clock.today()) | Q(said))
    return answered | (Q(state__in=(S.PROPOSED, S.HEARD, S.DECIDED)) & ~lies_with_finance)


def cases_waiting(viewer: Viewer) -> Waits:
    """The cases that wait for the viewer's department."""
    return Waits(cases(viewer).filter(_waits(viewer)))


def case(viewer: Viewer, case_id: int) -> Revocation:
    """One case. Raises `NotFound` beyond the viewer's scope."""
    found = cases(viewer).prefetch_related("statements").filter(pk=case_id).first()
    if found is None:
        raise NotFound("没有这件取消称号事项。", remedy="它可能不在您的查看范围内。")
    return found


def statements(row: Revocation) -> list[Statement]:
    """What the unit said, oldest first."""
    return list(row.statements.all())


def case_marks(row: Revocation) -> dict[Act, Marks]:
    """What the two departments have said about each act, with the content as it stands; one query."""
    said = list(rounds(row.subject))
    return {
        act: marks_in((each for each in said if each.act == act.value), digest=digest_of(row, act))
        for act in Act
    }


def case_file(viewer: Viewer, case_id: int, document_id: int) -> Stored:
    """One file of a case within the viewer's scope. Raises `NotFound`."""
    row = case(viewer, case_id)
    said = [each.papers for each in row.statements.all()]
    return paper(document_id, row.papers, row.hearing_papers, *said)


def has_account(title: Title) -> bool:
    """Whether the unit behind a title can sign for a notice here."""
    return bool(title.uscc) and Organisation.objects.filter(uscc=title.uscc).exists()


def hearing_over(row: Revocation) -> bool:
    """Whether the days to answer are over."""
    return term_over(row)


def least_barred_years(row: Revocation) -> int:
    """For how many years at least the rule in force bars the unit."""
    return own_value("revocation.barred_years", row.title.province)


def hearing_days(title: Title) -> int:
    """How many working days a unit has to answer, if it were told now."""
    return own_value("revocation.hearing_working_days", title.province)


def of_title(viewer: Viewer, title: Title) -> list[Revocation]:
    """The cases of one title that the viewer may see, newest first."""
    return list(cases(viewer).filter(title=title))


def open_case(title: Title) -> Revocation | None:
    """The case that is open against a title."""
    return Revocation.objects.filter(title=title, state__in=OPEN).first()


# --- what lies ready -------------------------------------------------------------------------------


def judged(viewer: Viewer) -> QuerySet[Any]:
    """The titles in scope with `due_cause`: for what the notice asks to take each away, "" for nothing.

    An order to mend whose term ended in vain (4.3); a failed assessment (4.2), unless the title is
    being mended. A person decides; nothing is opened by itself (N51).
    """
    orders = Rectification.objects.filter(title=OuterRef("pk"))
    cause = Case(
        When(~Q(state=TitleState.TITLED), then=Value("")),
        When(Exists(orders.filter(state__in=MENDING)), then=Value("")),
        When(Exists(orders.filter(state=EXPIRED)), then=Value(Cause.RECTIFICATION.value)),
        When(assessment=Title.Assessment.FAILED, then=Value(Cause.ASSESSMENT.value)),
        default=Value(""),
        output_field=CharField(),
    )
    return Title.objects.filter(in_scope(viewer, "")).annotate(due_cause=cause)


def ready(viewer: Viewer) -> QuerySet[Any]:
    """Of those the titles with a cause against which no case is open."""
    opened = Revocation.objects.filter(title=OuterRef("pk"), state__in=OPEN)
    return judged(viewer).exclude(due_cause="").filter(~Exists(opened))


def title_judged(viewer: Viewer, title_id: int) -> Any:
    """One title with its `due_cause`. Raises `NotFound` beyond the viewer's scope."""
    found = judged(viewer).filter(pk=title_id).first()
    if found is None:
        raise NotFound("没有这个称号。", remedy="它可能不在您的查看范围内。")
    return found


def ready_waiting(viewer: Viewer) -> Waits:
    """The same, for the department that proposes."""
    if viewer.role is not Role.PROVINCE_HR:
        return Waits(Title.objects.none())
    return Waits(ready(viewer))


# --- what the public sees --------------------------------------------------------------------------


def published() -> QuerySet[Revocation]:
    """Every published decision, newest first."""
    rows = Revocation.objects.filter(state=S.PUBLISHED).select_related("title")
    return rows.order_by("-published_at", "-id")


def decision(case_id: int) -> Revocation:
    """One published decision. Raises `NotFound` for anything else."""
    found = published().filter(pk=case_id).first()
    if found is None:
        raise NotFound("没有这份决定。", remedy="它可能尚未公布。")
    return found


def decision_of(title: Title) -> Revocation | None:
    """The published decision that took a title away."""
    return published().filter(title=title).first()


def public_content(row: Revocation) -> dict[str, Any]:
    """What the public reads of a decision, word for word; facts, statements and files are not of it."""
    title = row.title
    return {
        "number": title.number,
        "title": title.name,
        "unit": title.unit_name,
        "province": title.province,
        "cause": row.get_cause_display(),
        "clause": row.clause,
        "doc_number": row.doc_number,
        "decision": row.decision,
        "barred_years": row.barred_years,
        "decided_at": row.ended_at,
    }


def public_digest(row: Revocation) -> str:
    """The digest of what is published: who keeps a copy can tell whether it is the same."""
    return digest(public_content(row))
