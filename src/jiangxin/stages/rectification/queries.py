"""Orders to mend as each viewer may see them, and what other stages ask about them."""

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
from django.db.models.functions import Cast, Concat

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import NotFound
from jiangxin.core.scoring.marking import UNQUALIFIED
from jiangxin.core.workflow import (
    AcceptanceState,
    Department,
    RectificationState,
    Role,
    TitleState,
)
from jiangxin.records.concurrence.models import Concurrence
from jiangxin.records.concurrence.queries import Marks, marks
from jiangxin.records.documents.models import Document
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.waiting import Waits
from jiangxin.stages.acceptance.models import Acceptance
from jiangxin.stages.acceptance.queries import failed as failed_acceptance
from jiangxin.stages.acceptance.rules import unmet
from jiangxin.stages.application.models import Application
from jiangxin.stages.application.titled import rule_for
from jiangxin.stages.titles.models import Title
from jiangxin.stages.titles.queries import in_scope, legacy_years

from .choices import Source, Todo, Word
from .models import OPEN, Attempt, Item, Rectification
from .rules import SUPERVISED

ORDER, PASS = "rectification.order", "rectification.pass"  # the two joint acts
NOTHING_TO_DO = Q(todo="")
R = RectificationState
# What a unit may know of: a draft is the departments' own.
ISSUED = (R.ORDERED, R.SERVED, R.SUBMITTED, R.PASSED, R.EXPIRED, R.KEPT)


def rectifications(viewer: Viewer) -> QuerySet[Any, Any]:
    """Orders in the viewer's scope, each with `todo`: what the own department has to do there;
    `over`: its term is over, and nobody has said so yet.

    Drafts are seen by the province alone.
    """
    rows = Rectification.objects.select_related("title").filter(in_scope(viewer, "title"))
    if not viewer.province or viewer.role is Role.APPLICANT:
        rows = rows.filter(state__in=ISSUED)
    over = ExpressionWrapper(_ready(Q(ends_on__lt=clock.today())), output_field=BooleanField())
    return rows.annotate(todo=_todo(viewer), over=over)


def rectification(viewer: Viewer, rectification_id: int) -> Rectification:
    """One order. Raises `NotFound` beyond the scope."""
    found: Rectification | None = rectifications(viewer).filter(pk=rectification_id).first()
    if found is None:
        raise NotFound("没有这份整改通知。", remedy="它可能不在您的查看范围内。")
    return found


def to_do(code: str) -> Q:
    """The rows of `rectifications` with this next step."""
    return Q(todo=code)


def rectifications_waiting(viewer: Viewer) -> Waits:
    """What waits for the viewer's department, by the end of the term."""
    if viewer.department is None or not viewer.province:
        return Waits(Rectification.objects.none())
    return Waits(rectifications(viewer).exclude(NOTHING_TO_DO), due="ends_on")


def _todo(viewer: Viewer) -> Case:
    """The viewer's next step, as a column; "" for whoever has none."""
    nothing = Value("")
    if viewer.department is None or not viewer.province:
        return Case(default=nothing, output_field=CharField())
    steps = [
        When(Q(state=R.DRAFT) & ~_spoken(ORDER, viewer.department), then=Value(Todo.CONCUR.value)),
        When(
            Q(state=R.SUBMITTED, recheck=Word.MET) & ~_spoken(PASS, viewer.department),
            then=Value(Todo.CONCUR.value),
        ),
    ]
    if viewer.role is Role.PROVINCE_HR:
        late = Q(ends_on__lt=clock.today())
        steps += [
            When(Q(state=R.DRAFT) & _both(ORDER), then=Value(Todo.ORDER.value)),
            When(state=R.ORDERED, then=Value(Todo.SERVE.value)),
            When(Q(state=R.SUBMITTED, recheck=Word.MET) & _both(PASS), then=Value(Todo.PASS.value)),
            When(Q(state=R.SUBMITTED, recheck=""), then=Value(Todo.RECHECK.value)),
            When(Q(state=R.SUBMITTED, recheck=Word.UNMET) & ~late, then=Value(Todo.RECHECK.value)),
            When(_ready(late), then=Value(Todo.EXPIRE.value)),
        ]
    return Case(*steps, default=nothing, output_field=CharField())


def _ready(late: Q) -> Q:
    """The term is over, and no submission waits to be looked into."""
    return late & (Q(state=R.SERVED) | Q(state=R.SUBMITTED, recheck=Word.UNMET))


def _spoken(act: str, department: Department) -> Exists:
    return Exists(_words(act).filter(department=department))


def _both(act: str) -> Q:
    agreed = [Exists(_words(act).filter(department=each, agreed=True)) for each in Department]
    return Q(*agreed, _connector=Q.AND)


def _words(act: str) -> QuerySet[Concurrence]:
    """What is said now about the order of the outer query."""
    name = Concat(Value("rectification:"), Cast(OuterRef("pk"), CharField()))
    return Concurrence.objects.filter(act=act, void_at=None, subject=name)


def order_marks(row: Rectification) -> Marks:
    """What the two departments say about giving the order as it stands."""
    return marks(act=ORDER, subject=row.subject, digest=row.digest())


def pass_marks(row: Rectification, attempt: Attempt) -> Marks:
    """What the two departments say about the re-check as it stands."""
    return marks(act=PASS, subject=row.subject, digest=attempt.digest())


# --- what is behind one order


def items(row: Rectification) -> list[Item]:
    """What is to be mended, with the files of the unit's draft; two queries."""
    return list(row.items.prefetch_related("files__document"))


def attempts(row: Rectification) -> list[Attempt]:
    """Every submission, oldest first."""
    return list(row.attempts.all())


def latest(row: Rectification) -> Attempt | None:
    """The submission that is to be looked into, or was last."""
    return row.attempts.order_by("-number").first()


def document(viewer: Viewer, rectification_id: int, document_id: int) -> Document:
    """A file of an order: the paper, the proof of service, what was submitted, the unit's own draft.

    Raises `NotFound`; what a unit has not submitted yet is its own.
    """
    row = rectification(viewer, rectification_id)
    held = {row.paper_id, row.service_proof_id}
    held |= {
        file["document"]
        for each in row.attempts.all()
        for item in each.items
        for file in item["files"]
    }
    if viewer.role is Role.APPLICANT:
        held |= set(row.items.values_list("files__document_id", flat=True))
    if document_id not in held:
        raise NotFound("没有这份材料。")
    return Document.objects.get(pk=document_id)


# --- what is to be ordered


def ready(viewer: Viewer) -> QuerySet[Acceptance]:
    """Failed acceptances of titles that stand, for which no order was drafted."""
    if viewer.role is not Role.PROVINCE_HR:
        return Acceptance.objects.none()
    answered = Rectification.objects.filter(acceptance=OuterRef("pk")).exclude(state=R.DROPPED)
    return (
        Acceptance.objects.select_related("title")
        .filter(
            in_scope(viewer, "title"),
            state=AcceptanceState.CONCLUDED,
            grade=UNQUALIFIED,
            title__state=TitleState.TITLED,
        )
        .exclude(Exists(answered))
    )


def ready_waiting(viewer: Viewer) -> Waits:
    """The same, as what waits for the province."""
    return Waits(ready(viewer))


def orderable(viewer: Viewer) -> QuerySet[Any, Any]:
    """Titles of the province for which an order can be drafted now, each with `source`, its ground."""
    if viewer.role is not Role.PROVINCE_HR or not viewer.province:
        return Title.objects.none().annotate(source=Value(""))
    subject = Concat(Value("project:"), Cast("pk", CharField()))
    projects = Application.objects.order_by().annotate(in_ledger=subject)
    supervised = projects.filter(state__in=SUPERVISED, province=viewer.province)
    grounds = [
        When(pk__in=ready(viewer).values("title"), then=Value(Source.ACCEPTANCE.value)),
        When(origin__in=supervised.values("in_ledger"), then=Value(Source.SUPERVISION.value)),
    ]
    if rule_for(Title(province=viewer.province), "legacy.rectification"):
        first, last = legacy_years()
        grounds.append(
            When(
                origin="",
                year__range=(first, last),
                assessment=Title.Assessment.FAILED,
                then=Value(Source.LEGACY.value),
            )
        )
    running = Rectification.objects.filter(title=OuterRef("pk"), state__in=OPEN)
    return (
        Title.objects.filter(in_scope(viewer, ""), state=TitleState.TITLED)
        .exclude(Exists(running))
        .annotate(source=Case(*grounds, default=Value(""), output_field=CharField()))
        .exclude(source="")
    )


def first_items(title: Title) -> tuple[str, list[str]]:
    """Cause and requirements to start from: where the failed acceptance fell short."""
    found = failed_acceptance(title)
    if found is None:
        return "", []
    listed = [f"{item['name']}：{item['note']}" for item in unmet(found)]
    told = [each for each in found.shortfalls if not each.startswith("不符合建设条件")]
    return found.conclusion, [*told, *listed]


# --- for the unit and for other stages


def current(title: Title) -> Rectification | None:
    """The newest order that was issued for a title."""
    return Rectification.objects.filter(title=title, state__in=ISSUED).order_by("-id").first()


def open_one(title: Title) -> Rectification | None:
    """The order for a title that runs now, or is being drafted."""
    return Rectification.objects.filter(title=title, state__in=OPEN).first()


def failed(title: Title) -> Rectification | None:
    """The newest order of a title when its term ended without success: a cause to revoke (4.3)."""
    found = current(title)
    return found if found is not None and found.state == R.EXPIRED else None


def expired(viewer: Viewer) -> QuerySet[Rectification]:
    """Orders in scope whose term ended without success, of titles that still stand."""
    rows = Rectification.objects.select_related("title").filter(in_scope(viewer, "title"))
    return rows.filter(state=R.EXPIRED, title__state=TitleState.TITLED)


def expired_ready(viewer: Viewer) -> QuerySet[Rectification]:
    """Orders in scope whose term is over while nobody has said so yet; nothing happens by itself."""
    rows = Rectification.objects.select_related("title").filter(in_scope(viewer, "title"))
    return rows.filter(_ready(Q(ends_on__lt=clock.today())))
