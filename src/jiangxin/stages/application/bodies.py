"""The province keeps its recommending bodies: who they are, how many they may recommend."""

from collections.abc import Mapping

from django.db import IntegrityError, transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, LimitReached, NotFound, WrongState
from jiangxin.core.workflow import ProjectState, Role
from jiangxin.records.identity.actions import check_texts
from jiangxin.records.identity.models import Organisation
from jiangxin.records.identity.queries import recommending_bodies
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.actions import append
from jiangxin.stages.programme.models import Kind

from .choices import LEVELS
from .models import Application, Recommendation, RecommendationQuota

MOST_PLACES = 200


@transaction.atomic
def add(
    *, viewer: Viewer, name: str, level: str, contact: str = "", phone: str = ""
) -> Organisation:
    """A new recommending body of the viewer's province. Its people are invited afterwards.

    Effects: the organisation; event `recommender.added`. Raises `Invalid` for a wrong input,
    `LimitReached` when the province has one of this name.
    """
    viewer.require(Role.PROVINCE_HR)
    body = Organisation(
        kind=Organisation.Kind.RECOMMENDER, province=viewer.province, created_at=clock.now()
    )
    _put(body, name=name, level=level, contact=contact, phone=phone)
    append(type="recommender.added", subject=f"organisation:{body.pk}", by=viewer)
    return body


@transaction.atomic
def edit(
    *, viewer: Viewer, body_id: int, name: str, level: str, contact: str = "", phone: str = ""
) -> Organisation:
    """Change what is known of a body. Effects and errors as for `add`; event `recommender.edited`."""
    body = _locked(viewer, body_id)
    _put(body, name=name, level=level, contact=contact, phone=phone)
    append(type="recommender.edited", subject=f"organisation:{body.pk}", by=viewer)
    return body


@transaction.atomic
def close(*, viewer: Viewer, body_id: int) -> Organisation:
    """Nobody may choose the body any more, and its accounts end; what it said stays.

    Effects, in order: time of closing; the accounts are deactivated; event `recommender.closed` with
    their number. Raises `WrongState` while applications wait for it: they are given to another first.
    """
    body = _locked(viewer, body_id)
    if body.closed_at:
        raise WrongState(f"“{body.name}”已经停用。", remedy="请刷新页面。")
    waiting = Application.objects.filter(
        recommender=body, state=ProjectState.WITH_RECOMMENDER
    ).count()
    if waiting:
        raise WrongState(
            f"还有 {waiting} 项申报等待“{body.name}”推荐。", remedy="请先改派给其他推荐部门。"
        )
    body.closed_at = clock.now()
    body.save(update_fields=["closed_at"])
    ended = body.people.filter(is_active=True).update(is_active=False)
    append(
        type="recommender.closed",
        subject=f"organisation:{body.pk}",
        by=viewer,
        payload={"accounts": ended},
    )
    return body


@transaction.atomic
def reopen(*, viewer: Viewer, body_id: int) -> Organisation:
    """The body may be chosen again; its accounts are restored one by one.

    Effects: the row; event `recommender.reopened`."""
    body = _locked(viewer, body_id)
    if body.closed_at is None:
        raise WrongState(f"“{body.name}”正在使用。", remedy="请刷新页面。")
    body.closed_at = None
    body.save(update_fields=["closed_at"])
    append(type="recommender.reopened", subject=f"organisation:{body.pk}", by=viewer)
    return body


@transaction.atomic
def set_quota(*, viewer: Viewer, body_id: int, year: int, numbers: Mapping[Kind, int]) -> None:
    """How many this body may recommend in a year, by kind.

    The row of the body is the lock: nobody recommends meanwhile. Effects: the rows; event
    `recommender.quota_set`. Raises `Invalid` for a number out of range or below what is used up.
    """
    body = _locked(viewer, body_id)
    for kind, number in numbers.items():
        used = _highest_place(body, year, kind)
        if not 0 <= number <= MOST_PLACES:
            raise Invalid(f"名额为 0—{MOST_PLACES} 的整数。", field=kind.value)
        if number < used:
            raise Invalid(
                f"{kind.label}已推荐到第 {used} 个名额，不能少于 {used}。", field=kind.value
            )
        RecommendationQuota.objects.update_or_create(
            body=body, year=year, kind=kind.value, defaults={"places": number}
        )
    append(
        type="recommender.quota_set",
        subject=f"organisation:{body.pk}",
        by=viewer,
        payload={"year": year, **{kind.value: number for kind, number in numbers.items()}},
    )


def _highest_place(body: Organisation, year: int, kind: Kind) -> int:
    held = Recommendation.objects.filter(body=body, year=year, kind=kind.value, void_at=None)
    return max((place or 0 for place in held.values_list("place", flat=True)), default=0)


def _put(body: Organisation, *, name: str, level: str, contact: str, phone: str) -> None:
    check_texts(body=name, office_contact=contact, mobile=phone)
    if level not in LEVELS:
        raise Invalid("请选择部门类别。", field="level")
    body.name, body.nature = name.strip(), level
    body.contact, body.phone = contact.strip(), phone.strip()
    try:
        with transaction.atomic():
            body.save()
    except IntegrityError:
        raise LimitReached(
            f"本省已有推荐部门“{body.name}”。",
            remedy="请在列表中查找，或换一个名称。",
            field="body",
        ) from None


def _locked(viewer: Viewer, body_id: int) -> Organisation:
    viewer.require(Role.PROVINCE_HR)
    rows = recommending_bodies(viewer.province, closed=True).select_for_update()
    found = rows.filter(pk=body_id).first()
    if found is None:
        raise NotFound("没有这个推荐部门。", remedy="它可能属于其他省份。")
    return found
