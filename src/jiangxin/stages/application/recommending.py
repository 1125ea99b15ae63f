"""Whether an application is recommended before the province examines it: by whom, on which places."""

from collections import Counter
from dataclasses import dataclass

from django.db.models import Count, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from jiangxin.core.kernel.errors import WrongState
from jiangxin.core.workflow import ProjectState, Role
from jiangxin.records.identity.models import Organisation
from jiangxin.records.identity.queries import recommending_bodies
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.waiting import Waits
from jiangxin.stages.programme.models import Call, Kind
from jiangxin.stages.programme.queries import overlay_of_call, own_parameter

from .models import Application, Recommendation, RecommendationQuota
from .queries import visible


def asked_of(call: Call) -> bool:
    """Whether the detailed rules of the call put a recommending body first."""
    overlay = overlay_of_call(call)
    return overlay is not None and overlay.recommender


def standing(project: Application) -> Recommendation | None:
    """What the recommending body said and still counts."""
    return project.recommendations.filter(void_at=None).first()


def opinions(project: Application) -> list[Recommendation]:
    """Everything recommending bodies said on this application, voided or not, oldest first."""
    return list(project.recommendations.select_related("body").order_by("id"))


def goes_first(project: Application) -> bool:
    """Whether the application, when it is submitted now, waits for its recommending body first.

    A draft has no opinion that stands: taking an application back voids it.
    """
    if not asked_of(project.call):
        return False
    return project.state == ProjectState.DRAFT or standing(project) is None


def bodies_for(project: Application) -> QuerySet[Organisation]:
    """The bodies from which the unit may choose."""
    return recommending_bodies(project.province).order_by("nature", "name", "id")


def usual_body(unit_id: int) -> Organisation | None:
    """The body that the unit's last application named, while it is open: who it belongs to."""
    last = (
        Application.objects.filter(unit_id=unit_id)
        .exclude(recommender=None)
        .select_related("recommender")
        .order_by("-id")
        .first()
    )
    found = last.recommender if last else None
    return found if found is not None and found.closed_at is None else None


def require_chosen(project: Application) -> None:
    """Raises `WrongState` unless the application names an open recommending body."""
    if project.recommender is None or project.recommender.closed_at is not None:
        raise WrongState(
            "本省要求先由市级部门或主管部门推荐，还没有选择推荐部门。",
            remedy="请在“核对全文”页选择本单位所属的推荐部门。",
            clause="3.1",
        )


@dataclass(frozen=True)
class Places:
    """A body's places in one year and kind."""

    kind: Kind
    limit: int
    taken: int

    @property
    def left(self) -> int:
        return max(self.limit - self.taken, 0)


def places(body: Organisation, call: Call) -> dict[Kind, Places]:
    """The body's own number of places, else that of the province's rules; and how many are taken."""
    own = dict(
        RecommendationQuota.objects.filter(body=body, year=call.year).values_list("kind", "places")
    )
    held = Recommendation.objects.filter(body=body, year=call.year, void_at=None)
    taken = Counter(
        dict(held.exclude(place=None).order_by().values_list("kind").annotate(n=Count("id")))
    )
    return {
        kind: Places(
            kind,
            own.get(kind.value, own_parameter(f"recommendation.{kind.value}", call)),
            taken[kind.value],
        )
        for kind in Kind
    }


def waiting_for(viewer: Viewer) -> Waits:
    """What waits for the viewer's recommending body."""
    rows = visible(viewer).filter(state=ProjectState.WITH_RECOMMENDER)
    return Waits(rows if viewer.role is Role.RECOMMENDER else rows.none())


def concerned(viewer: Viewer) -> QuerySet[Application]:
    """The applications that name a recommending body, as far as the viewer sees them; each with the
    body's `body_name` and of the opinion that stands its `place` and time `said_at`."""
    said = Recommendation.objects.filter(application=OuterRef("pk"), void_at=None)
    return (
        visible(viewer)
        .exclude(recommender=None)
        .annotate(
            body_name=F("recommender__name"),
            place=Subquery(said.values("place")[:1]),
            said_at=Subquery(said.values("at")[:1]),
        )
    )


def bodies(viewer: Viewer) -> QuerySet[Organisation]:
    """The bodies of the viewer's province, the closed ones too; each with the number of its accounts
    `accounts` and of what waits for it `waiting`."""
    if not viewer.province or viewer.role in (Role.APPLICANT, Role.EXPERT, Role.RECOMMENDER):
        return Organisation.objects.none()
    accounts = (
        Organisation.objects.filter(pk=OuterRef("pk"), people__is_active=True)
        .order_by()
        .values("pk")
        .annotate(n=Count("people"))
        .values("n")
    )
    queued = (
        Application.objects.filter(
            recommender=OuterRef("pk"), state=ProjectState.WITH_RECOMMENDER, version__gt=0
        )
        .order_by()
        .values("recommender")
        .annotate(n=Count("id"))
        .values("n")
    )
    return recommending_bodies(viewer.province, closed=True).annotate(
        accounts=Coalesce(Subquery(accounts), 0), waiting=Coalesce(Subquery(queued), 0)
    )
