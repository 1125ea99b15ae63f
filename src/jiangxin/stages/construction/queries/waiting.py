"""What waits for whom in construction and supervision."""

from django.db.models import CharField, Exists, OuterRef, Q, Value
from django.db.models.functions import Cast, Concat

from jiangxin.core.workflow import (
    PROVINCIAL,
    Department,
    DrawState,
    ExtensionState,
    FindingState,
    Role,
    VisitState,
)
from jiangxin.records.concurrence.models import Concurrence
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.waiting import Waits
from jiangxin.stages.construction.models import Extension, Finding, Inspection, Period, Share, Visit
from jiangxin.stages.review.queries.ceremony import PARTY_OF
from jiangxin.stages.titles.models import Title
from jiangxin.stages.titles.queries import in_scope

from .building import EXTEND, to_start
from .reports import PeriodState, periods
from .supervision import inspections


def starts_waiting(viewer: Viewer) -> Waits:
    """Registered titles whose construction the province has to open."""
    if viewer.role is not Role.PROVINCE_HR:
        return Waits(Title.objects.none())
    return Waits(to_start(viewer))


def waits_for_extension(viewer: Viewer) -> Q:
    """Open wishes that wait for the viewer's word; for 人社 also those on which 财政 has spoken."""
    subject = Concat(Value("extension:"), Cast(OuterRef("pk"), CharField()))
    words = Concurrence.objects.filter(act=EXTEND, subject=subject, void_at=None)
    waits = Q(~Exists(words.filter(department=viewer.department or "")))
    if viewer.role is Role.PROVINCE_HR:
        waits |= Q(Exists(words.filter(department=Department.FINANCE)))
    return Q(waits, state=ExtensionState.REQUESTED)


def extensions_waiting(viewer: Viewer) -> Waits:
    """See `waits_for_extension`; only the two departments of the province have a word."""
    if viewer.role not in PROVINCIAL:
        return Waits(Extension.objects.none())
    own = Extension.objects.filter(in_scope(viewer, "construction__title"))
    return Waits(own.filter(waits_for_extension(viewer)))


def reports_waiting(viewer: Viewer) -> Waits:
    """Reports that the province has to read."""
    if viewer.role is not Role.PROVINCE_HR:
        return Waits(Period.objects.none())
    return Waits(periods(viewer).filter(status=PeriodState.SUBMITTED))


def waits_for_ceremony(viewer: Viewer) -> Q:
    """Inspections in which the viewer's party has a step to take."""
    shares = Share.objects.filter(session=OuterRef("pk"))
    own = shares.filter(party=PARTY_OF.get(viewer.role, ""))
    all_given = Q()
    for party in PARTY_OF.values():
        all_given &= Q(Exists(shares.filter(party=party)))
    hidden = shares.filter(secret="")
    return Q(Q(~Exists(own)) | all_given, state=DrawState.COMMITTING) | Q(
        Q(Exists(own.filter(secret=""))) | Q(~Exists(hidden)), state=DrawState.REVEALING
    )


def inspections_waiting(viewer: Viewer) -> Waits:
    """See `waits_for_ceremony`; only the three parties of the province have a step."""
    if viewer.role not in PARTY_OF or not viewer.province:
        return Waits(Inspection.objects.none())
    return Waits(inspections(viewer).filter(waits_for_ceremony(viewer)))


def visits_waiting(viewer: Viewer) -> Waits:
    """Planned visits whose result the province has to enter."""
    if viewer.role not in PROVINCIAL:
        return Waits(Visit.objects.none(), "due")
    own = Visit.objects.filter(in_scope(viewer, "construction__title"))
    return Waits(own.filter(state=VisitState.PLANNED), "due")


def findings_waiting(viewer: Viewer) -> Waits:
    """For the province the findings to check, for the unit those to mend."""
    state = FindingState.ANSWERED if viewer.role in PROVINCIAL else FindingState.OPEN
    if viewer.role not in (*PROVINCIAL, Role.APPLICANT):
        return Waits(Finding.objects.none())
    own = Finding.objects.filter(in_scope(viewer, "title"), state=state)
    return Waits(own, "due" if state == FindingState.OPEN else "")
