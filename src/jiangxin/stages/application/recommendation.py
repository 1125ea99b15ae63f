"""The step before the province: the unit names its recommending body, and the body speaks."""

from django.db import IntegrityError, transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.canonical import digest
from jiangxin.core.kernel.errors import Invalid, LimitReached, WrongState
from jiangxin.core.workflow import Duty, ProjectState, Role
from jiangxin.records.identity.models import Organisation
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.actions import tell_unit
from jiangxin.records.ledger.actions import append, move
from jiangxin.stages.programme.models import Kind

from .actions import own, require_editable
from .models import Application, Recommendation
from .queries import locked
from .recommending import bodies_for, places, standing

LONGEST_OPINION = 1000


@transaction.atomic
def choose(*, viewer: Viewer, application_id: int, body_id: int) -> Application:
    """The unit names the body that it belongs to; its next application begins with the same one.

    Effects: the row; event `project.recommender_chosen`. Raises `WrongState` once it is recommended or
    locked, `Invalid` for a body that is closed or another province's.
    """
    viewer.require_duty(Duty.FILL, Duty.CHECK)
    project = own(viewer, application_id)
    require_editable(project)
    if standing(project):
        raise WrongState("推荐部门已经推荐，不能再改选。", clause="3.1")
    return _name(viewer, project, body_id, event="project.recommender_chosen")


@transaction.atomic
def reassign(*, viewer: Viewer, application_id: int, body_id: int) -> Application:
    """The province lets another body recommend: the first one has closed, or does not act.

    Effects: the row; event `project.recommender_changed`. Raises `WrongState` unless the application
    waits for a recommendation, `Invalid` for a body that is closed or another province's.
    """
    viewer.require(Role.PROVINCE_HR)
    project = locked(viewer, application_id)
    if project.state != ProjectState.WITH_RECOMMENDER:
        raise WrongState("该项目不在等待推荐，不能改派。", remedy="请刷新页面。", clause="3.1")
    return _name(viewer, project, body_id, event="project.recommender_changed")


def _name(viewer: Viewer, project: Application, body_id: int, *, event: str) -> Application:
    body = bodies_for(project).filter(pk=body_id).first()
    if body is None:
        raise Invalid("请选择本省的推荐部门。", clause="3.1", field="body")
    if body.pk == project.recommender_id:
        return project
    project.recommender = body
    project.save(update_fields=["recommender"])
    append(
        type=event,
        subject=project.subject,
        by=viewer,
        payload={"body": body.pk},
    )
    return project


@transaction.atomic
def recommend(*, viewer: Viewer, application_id: int, opinion: str) -> Recommendation:
    """The body recommends the application to the province, on one of its places.

    Effects, in order: state submitted; event `project.recommended` with body, place and the digest of
    the opinion; the opinion. Raises `Invalid` without an opinion, `LimitReached` when every place of
    the year and kind is taken.
    """
    viewer.require(Role.RECOMMENDER)
    project = locked(viewer, application_id)
    body = Organisation.objects.select_for_update().get(pk=viewer.organisation_id or 0)
    place = _free_place(body, project)
    row = _words(viewer, project, body, opinion, place=place)

    def within_recommendation_quota() -> None:
        if place is None:
            raise _full(project)

    move(
        project,
        step="recommend",
        by=viewer,
        guards={
            "opinion_given": lambda: _require_text(row.opinion, "推荐意见", "opinion"),
            "within_recommendation_quota": within_recommendation_quota,
        },
        payload={
            "version": project.version,
            "body": body.pk,
            "place": place,
            "opinion": digest(row.opinion),
        },
    )
    _keep(row, project)
    return row


@transaction.atomic
def decline(*, viewer: Viewer, application_id: int, reason: str) -> Recommendation:
    """The body does not recommend; that ends the application, and the unit reads why.

    Effects, in order: state not recommended; event `project.not_recommended` with the digest of the
    reason; the reason; a message to the unit. Raises `Invalid` without a reason.
    """
    viewer.require(Role.RECOMMENDER)
    project = locked(viewer, application_id)
    body = Organisation.objects.get(pk=viewer.organisation_id or 0)
    row = _words(viewer, project, body, reason, place=None)
    move(
        project,
        step="decline",
        by=viewer,
        guards={"reasons_given": lambda: _require_text(row.opinion, "不予推荐的理由", "reason")},
        payload={"version": project.version, "body": body.pk, "reason": digest(row.opinion)},
    )
    _keep(row, project)
    tell_unit(
        uscc=project.unit.uscc,
        title=f"“{project.title}”未获推荐",
        text=f"{body.name}不予推荐，理由见“回执和进度”。",
        about=project.subject,
    )
    return row


def _words(
    viewer: Viewer, project: Application, body: Organisation, text: str, *, place: int | None
) -> Recommendation:
    """The body's word, not yet saved."""
    return Recommendation(
        application=project,
        version=project.version,
        body=body,
        year=project.year,
        kind=project.kind,
        place=place,
        opinion=text.strip(),
        actor=viewer.actor,
        name=viewer.name,
        at=clock.now(),
    )


def _free_place(body: Organisation, project: Application) -> int | None:
    """The lowest place that nobody holds; none when the body's quota is used up."""
    limit = places(body, project.call)[Kind(project.kind)].limit
    held = Recommendation.objects.filter(
        body=body, year=project.year, kind=project.kind, void_at=None
    )
    taken = set(held.values_list("place", flat=True))
    return next((number for number in range(1, limit + 1) if number not in taken), None)


def _keep(row: Recommendation, project: Application) -> None:
    """Save the word; the constraints say whether the place is still free."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        if "recommendation_place_once" in str(error):
            raise _full(project) from None
        raise WrongState("同事刚刚办理了这份申报。", remedy="请刷新页面查看。") from None


def _full(project: Application) -> LimitReached:
    return LimitReached(
        f"本部门 {project.year} 年的{Kind(project.kind).label}推荐名额已用完。",
        remedy="可以退回补正或不予推荐；确需增加名额的，请联系省级人社部门。",
        clause="3.1",
    )


def _require_text(text: str, what: str, field: str) -> None:
    if not text:
        raise Invalid(f"请写明{what}。", clause="3.1", field=field)
    if len(text) > LONGEST_OPINION:
        raise Invalid(f"{what}最多 {LONGEST_OPINION} 字。", field=field)
