"""Applications as each viewer may see them; every list, count and export runs over `visible`."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from django.db.models import (
    BigIntegerField,
    CharField,
    Count,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Cast, Concat, Substr

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import NotFound
from jiangxin.core.policy import (
    Finding,
    Form,
    assess,
    facts_from,
    problems,
    section_status,
)
from jiangxin.core.policy import Problem as Gap
from jiangxin.core.workflow import REGISTERED_ONCE, ProjectState, Role
from jiangxin.records.documents.models import Document
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.waiting import Waits
from jiangxin.records.ledger.models import Event
from jiangxin.stages.programme.models import Call, Track
from jiangxin.stages.programme.queries import overlay_of_call, pack
from jiangxin.stages.titles.queries import registers_for

from .models import Application, Evidence, Version
from .sealing import opened_answers

FILED = (ProjectState.FILED, ProjectState.FILING_RETURNED, *REGISTERED_ONCE)
PROVINCE_READERS = (
    Role.PROVINCE_HR,
    Role.PROVINCE_FINANCE,
    Role.SUPERVISOR,
    Role.AUDITOR,
)


def visible(viewer: Viewer) -> QuerySet[Application]:
    """The one scope of applications.

    A unit sees its own; a recommending body what was submitted and names it; a province what was
    submitted to it; the ministries what was filed with them; national audit everything submitted.
    What a unit took back to change is its own until it is submitted again. Experts see projects
    through their panel only (`review`), the public through notices and the register only.
    """
    rows = Application.objects.all()
    if viewer.role is Role.APPLICANT:
        return rows.filter(unit_id=viewer.organisation_id)
    if viewer.role in (Role.MINISTRY_HR, Role.MINISTRY_FINANCE):
        return rows.filter(state__in=FILED)
    submitted = rows.filter(version__gt=0).exclude(state=ProjectState.DRAFT)
    if viewer.role is Role.RECOMMENDER:
        return submitted.filter(recommender=viewer.organisation_id or 0)
    if viewer.role in PROVINCE_READERS and viewer.province:
        return submitted.filter(province=viewer.province)
    if viewer.role in (Role.AUDITOR, Role.SUPERVISOR):
        return submitted
    return rows.none()


def application(viewer: Viewer, application_id: int) -> Application:
    """One application with its call and unit. Raises `NotFound` beyond the viewer's scope."""
    found = visible(viewer).select_related("call", "unit").filter(pk=application_id).first()
    if found is None:
        raise _not_found()
    return found


def locked(viewer: Viewer, application_id: int) -> Application:
    """The same with its recommending body, its row locked until the end of the transaction."""
    rows = visible(viewer).select_related("call", "unit", "recommender")
    found = rows.select_for_update(of=("self",)).filter(pk=application_id).first()
    if found is None:
        raise _not_found()
    return found


def _not_found() -> NotFound:
    return NotFound("没有这个项目。", remedy="它可能不在您的查看范围内，或已被撤回。")


def counts_by_state(
    viewer: Viewer, *, year: int, states: Collection[str] | None = None
) -> Counter[str]:
    """How many applications of a year the viewer sees in each state, or in each of `states`.

    One query; none when there is no state to count.
    """
    if states is not None and not states:
        return Counter()
    rows = visible(viewer).filter(year=year)
    if states is not None:
        rows = rows.filter(state__in=states)
    return Counter(dict(rows.order_by().values_list("state").annotate(n=Count("id"))))


def corrections_late(viewer: Viewer) -> Waits:
    """What is back with its unit although the date for corrections has passed: 人社 ends it."""
    if viewer.role is not Role.PROVINCE_HR:
        return Waits(Application.objects.none())
    late = visible(viewer).filter(state=ProjectState.RETURNED, correction_due__lt=clock.today())
    return Waits(late, due="correction_due")


def with_their_units() -> QuerySet[Application]:
    """What lies with its unit: drafts to be submitted, and what was sent back for correction."""
    rows = Application.objects.filter(state__in=(ProjectState.DRAFT, ProjectState.RETURNED))
    return rows.select_related("call", "unit").order_by("id")


def form_of(application: Application) -> Form:
    """The form of the application's track, with what the overlay adds."""
    return pack().form(application.track, overlay_of_call(application.call))


def versions(application: Application) -> list[Version]:
    """Every submitted version, oldest first."""
    return list(application.versions.order_by("number"))


def latest_version(application: Application) -> Version | None:
    """The version that officials and experts work on."""
    return application.versions.order_by("-number").first()


def evidence(application: Application) -> list[Evidence]:
    """The evidence bound to the fields of an application, in order of fields."""
    return list(application.evidence.select_related("document"))


def evidence_counts(application: Application) -> dict[str, int]:
    """How many files prove each field."""
    return dict(application.evidence.order_by().values_list("field").annotate(n=Count("id")))


def evidence_file(viewer: Viewer, application_id: int, document_id: int) -> Document:
    """A file of an application that the viewer may see: present evidence, a submitted version's, or
    the scan of its sealed copy.

    Raises `NotFound`.
    """
    project = application(viewer, application_id)
    held = {row.document_id for row in project.evidence.all()}
    held |= {item["document"] for version in project.versions.all() for item in version.evidence}
    held |= {row.document_id for row in project.scans.all()}
    if document_id not in held:
        raise NotFound("没有这份材料。")
    return Document.objects.get(pk=document_id)


def facts(
    application: Application,
    *,
    examined: Mapping[str, str] | None = None,
    evidence: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """The form turned into facts for the policy engine, the register looked up; three queries at
    most, one less where `evidence` is how many files prove each field."""
    form = form_of(application)
    registers = registers_for(
        unit_name=application.unit_name,
        uscc=application.unit.uscc,
        leader_hash=application.leader_hash,
    )
    return {
        **facts_from(
            form,
            opened_answers(form, application.answers),
            evidence_counts(application) if evidence is None else evidence,
            registers=registers,
        ),
        "examined": dict(examined or {}),
    }


def eligibility(
    application: Application,
    *,
    examined: Mapping[str, str] | None = None,
    evidence: Mapping[str, int] | None = None,
) -> list[Finding]:
    """One finding per condition, judged on the day of submission (today for a draft)."""
    submitted = application.submitted_at
    day = submitted.astimezone(clock.BEIJING).date() if submitted else clock.today()
    return assess(
        pack(),
        track=application.track,
        on=day,
        facts=facts(application, examined=examined, evidence=evidence),
        overlay=overlay_of_call(application.call),
    )


def gaps(application: Application, *, evidence: Mapping[str, int] | None = None) -> list[Gap]:
    """What is missing or contradictory in the form, in the form's order.

    `evidence`: how many files prove each field, where the caller knows.
    """
    form = form_of(application)
    answers = opened_answers(form, application.answers)
    held = evidence_counts(application) if evidence is None else evidence
    return problems(form, answers, held)


def task_list(application: Application) -> dict[str, str]:
    """Section key → empty, partial, problem or done."""
    form = form_of(application)
    answers = opened_answers(form, application.answers)
    return section_status(form, answers, evidence_counts(application))


def tracks_open_to(viewer: Viewer, call: Call) -> list[Track]:
    """The tracks for which the viewer's unit has no living application in this call yet."""
    taken = set(
        Application.objects.filter(unit_id=viewer.organisation_id, year=call.year)
        .exclude(state=ProjectState.WITHDRAWN)
        .values_list("track", flat=True)
    )
    return [track for track in Track if track.value not in taken]


def timeline(application: Application) -> list[Event]:
    """The ledger's history of the project, oldest first."""
    return list(Event.objects.filter(subject=application.subject).order_by("id"))


def recent_events(viewer: Viewer, *, year: int, limit: int = 12) -> list[tuple[Event, str]]:
    """The newest steps of the projects that the viewer sees, each with its project's title.

    Verdicts on single clauses are no steps. One query.
    """
    subject = Concat(Value("project:"), Cast("pk", CharField()))
    seen = visible(viewer).filter(year=year).order_by().annotate(name_in_ledger=subject)
    number = Cast(Substr(OuterRef("subject"), len("project:") + 1), BigIntegerField())
    rows = Event.objects.filter(
        type__startswith="project.", subject__in=seen.values("name_in_ledger")
    ).annotate(project=Subquery(Application.objects.filter(pk=number).values("title")[:1]))
    return [(event, event.project) for event in rows.order_by("-id")[:limit]]


def last_year_of(viewer: Viewer) -> int:
    """The newest programme year in the viewer's scope; this year when there is none."""
    return visible(viewer).aggregate(last=Max("year"))["last"] or clock.today().year


def calls_holding(province: str, *states: ProjectState) -> list[Call]:
    """The province's calls with projects in one of `states`; each call has their number as `projects`."""
    held = Q(applications__state__in=states)
    rows = Call.objects.filter(province=province).annotate(
        projects=Count("applications", filter=held)
    )
    return list(rows.filter(projects__gt=0).order_by("-year"))
