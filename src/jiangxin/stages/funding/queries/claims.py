"""Claims to class and tier, for the unit, its province and the ministries."""

from typing import Any

from django.db.models import BooleanField, Count, ExpressionWrapper, Q, QuerySet, Value
from django.db.models.expressions import Combinable

from jiangxin.core.kernel.errors import NotFound
from jiangxin.core.workflow import MINISTRIES, ClaimState, Role, TitleState
from jiangxin.records.concurrence.queries import Marks, marks, marks_of
from jiangxin.records.documents.models import Document
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.waiting import Waits
from jiangxin.records.ledger.models import Event
from jiangxin.stages.titles.models import Title
from jiangxin.stages.titles.queries import in_scope

from ..models import Claim, ClaimFile
from .spoken import spoken

VERIFY = "claim.verify"
WAITING = Q(waits=True)


def claims(viewer: Viewer) -> QuerySet[Claim]:
    """The claims in the viewer's scope; what a unit has not submitted yet is its own only."""
    rows = Claim.objects.filter(in_scope(viewer)).select_related("title")
    return rows if viewer.role is Role.APPLICANT else rows.exclude(state=ClaimState.DRAFT)


def claim(viewer: Viewer, claim_id: int) -> Claim:
    """One claim. Raises `NotFound` beyond the viewer's scope."""
    found = claims(viewer).filter(pk=claim_id).first()
    if found is None:
        raise NotFound("没有这份类档申报。", remedy="它可能不在您的查看范围内，或尚未提交。")
    return found


def claim_of(viewer: Viewer, title: Title) -> Claim | None:
    """The claim of one title, as far as the viewer may see it."""
    return claims(viewer).filter(title=title).first()


def is_registered(title: Title) -> bool:
    """Whether both ministries have registered the title in this programme."""
    return title.origin.startswith("project:")


def may_claim(title: Title) -> bool:
    """Whether the title is one that this programme registered, and stands."""
    return title.state == TitleState.TITLED and is_registered(title)


def files(row: Claim) -> list[ClaimFile]:
    """What proves the claim, in the order of uploading."""
    return list(row.files.select_related("document"))


def claim_file(viewer: Viewer, claim_id: int, document_id: int) -> Document:
    """One file of a claim in the viewer's scope. Raises `NotFound`."""
    found = claim(viewer, claim_id).files.filter(document=document_id).first()
    if found is None:
        raise NotFound("没有这份材料。")
    return found.document


def claim_marks(row: Claim) -> Marks:
    """What the two ministries say about class, tier and amount as they stand."""
    return marks(act=VERIFY, subject=row.subject, digest=row.digest())


def marks_of_claims(rows: list[Claim]) -> dict[str, Marks]:
    """The marks of many claims by subject; one query."""
    return marks_of(act=VERIFY, digests={row.subject: row.digest() for row in rows})


def claim_history(row: Claim) -> list[Event]:
    """What the ledger says about a claim, oldest first."""
    return list(Event.objects.filter(subject=row.subject).order_by("id"))


def listed(viewer: Viewer) -> QuerySet[Any]:
    """`claims`, each with `waits`: whether it waits for this viewer."""
    return claims(viewer).annotate(waits=_waits(viewer))


def _waits(viewer: Viewer) -> Combinable:
    standing = Q(title__state=TitleState.TITLED)
    if viewer.role is Role.PROVINCE_HR:
        return _whether(standing & Q(state=ClaimState.CLAIMED))
    if viewer.role in MINISTRIES:
        own = spoken(VERIFY, "claim", department=viewer.department)
        return _whether(standing & Q(~own, state=ClaimState.CHECKED))
    return Value(False)


def _whether(condition: Q) -> Combinable:
    return ExpressionWrapper(condition, BooleanField())


def claims_waiting(viewer: Viewer) -> Waits:
    """The province: what is to be checked; a ministry: what it has not spoken on yet."""
    return Waits(listed(viewer).filter(WAITING))


def claim_counts(viewer: Viewer) -> dict[str, int]:
    """State → number of claims in the viewer's scope; one query."""
    rows = claims(viewer).order_by().values_list("state")
    return dict(rows.annotate(n=Count("pk")))
