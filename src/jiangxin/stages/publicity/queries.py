"""Notices and objections, each for those who may see them."""

import hashlib
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Cast, Concat

from jiangxin.core.kernel import clock, workdays
from jiangxin.core.kernel.errors import NotFound
from jiangxin.core.workflow import DEPARTMENT_OF, NoticeState, ProjectState, Role
from jiangxin.records.concurrence.models import Concurrence
from jiangxin.records.concurrence.queries import Marks, marks
from jiangxin.records.identity.secrets import open_sealed
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.waiting import Waits
from jiangxin.stages.application.models import Application
from jiangxin.stages.programme.models import Call
from jiangxin.stages.programme.queries import exceptions, last_day, parameter

from .models import Notice, Objection

PUBLISH, UPHOLD = "notice.publish", "project.uphold_objection"


def notices(viewer: Viewer) -> QuerySet[Notice]:
    """What was published, for everybody; drafts for the province's own officials only."""
    rows = Notice.objects.select_related("call")
    published = ~Q(state=NoticeState.DRAFT)
    if viewer.province and viewer.department is not None:
        return rows.filter(published | Q(call__province=viewer.province))
    return rows.filter(published)


def notice(viewer: Viewer, notice_id: int) -> Notice:
    """One notice. Raises `NotFound` for another province's draft."""
    found = notices(viewer).filter(pk=notice_id).first()
    if found is None:
        raise NotFound("没有这份公示。", remedy="它可能尚未发布。")
    return found


def notice_marks(row: Notice) -> Marks:
    """What the two departments have said about the notice as it stands."""
    return marks(act=PUBLISH, subject=row.subject, digest=row.digest())


def proposed(call: Call) -> list[Application]:
    """The projects that a notice of this call would publish, by kind and number."""
    rows = Application.objects.filter(call=call, state=ProjectState.PROPOSED)
    return list(rows.order_by("kind", "decision__rank", "id"))


def items_of(call: Call) -> list[dict[str, Any]]:
    """The published list: no person but a studio's leader, no number but the project's."""
    return [
        {
            "application": project.pk,
            "number": project.number,
            "kind": project.kind,
            "track": project.track,
            "title": project.title,
            "unit": project.unit_name,
            "leader": project.leader_name if project.kind == "studio" else "",
        }
        for project in proposed(call)
    ]


def period_if_published_now(row: Notice) -> tuple[date, date]:
    """First and last day of the period if the notice were published at this moment."""
    first = clock.today() + timedelta(days=1)
    return first, last_day(first, row.days)


def standing(row: Notice) -> list[Application]:
    """The projects on the notice that no objection has taken off: what closing confirms."""
    ids = [item["application"] for item in row.items]
    rows = Application.objects.filter(pk__in=ids, state=ProjectState.PUBLICISED)
    return list(rows.order_by("kind", "id"))


def days_left(row: Notice, table: Mapping[date, bool] | None = None) -> int:
    """Working days of the period that are still to come, today included; 0 when it is over.

    `table`: the exceptions of the calendar, for who asks about several notices at once.
    """
    if row.ends_on is None or row.state != NoticeState.PUBLISHED:
        return 0
    first = max(clock.today(), row.starts_on or clock.today())
    return workdays.workdays_between(first, row.ends_on, exceptions() if table is None else table)


def is_over(row: Notice) -> bool:
    """Whether a published notice has been out until 24:00 of its last day, and is not closed yet."""
    return row.state == NoticeState.PUBLISHED and not accepts_objections(row)


def accepts_objections(row: Notice) -> bool:
    """Whether the public may still object: from publication until 24:00 of the last day."""
    return (
        row.state == NoticeState.PUBLISHED
        and row.ends_on is not None
        and clock.now() < clock.end_of(row.ends_on)
    )


def accepts_anonymous(row: Notice) -> bool:
    """Whether an objection may be made without a name: a parameter of the policy pack."""
    return bool(parameter("publicity.anonymous", row.call.year))


def objections(viewer: Viewer) -> QuerySet[Objection]:
    """Objections of the province's notices, for its own officials; nobody else lists them."""
    rows = Objection.objects.select_related("notice__call", "application")
    if not viewer.province or viewer.role not in DEPARTMENT_OF:
        return rows.none()
    return rows.filter(notice__call__province=viewer.province)


def notices_waiting(viewer: Viewer) -> Waits:
    """The published notices that wait for the viewer's department, by their last day.

    For 人社: those with an open objection, and those whose last day is past, to be ended. For 财政:
    those with an objection that is to be upheld while its word is missing.
    """
    open_ = objections(viewer).filter(outcome=Objection.Outcome.OPEN, notice=OuterRef("pk"))
    rows = Notice.objects.filter(state=NoticeState.PUBLISHED, call__province=viewer.province)
    if viewer.role is Role.PROVINCE_HR:
        return Waits(rows.filter(Exists(open_) | Q(ends_on__lt=clock.today())), due="ends_on")
    if viewer.role is not Role.PROVINCE_FINANCE:
        return Waits(Notice.objects.none())
    spoken = Concurrence.objects.filter(
        act=UPHOLD,
        void_at=None,
        department=viewer.department,
        subject=Concat(Value("objection:"), Cast(OuterRef("pk"), CharField())),
    )
    unspoken = open_.filter(~Exists(spoken), proposal=Objection.Outcome.UPHELD)
    return Waits(rows.filter(Exists(unspoken)), due="ends_on")


def objection(viewer: Viewer, objection_id: int) -> Objection:
    """One objection. Raises `NotFound` beyond the viewer's scope."""
    found = objections(viewer).filter(pk=objection_id).first()
    if found is None:
        raise NotFound("没有这条异议。", remedy="它可能属于其他省份。")
    return found


def objector(viewer: Viewer, row: Objection) -> str:
    """Name and contact in clear, for the two departments that handle it. Raises `NotFound`."""
    objection(viewer, row.pk)
    return open_sealed(row.person_sealed) if row.person_sealed else "（匿名）"


def objection_marks(row: Objection) -> Marks:
    """What the two departments have said about upholding it."""
    return marks(act=UPHOLD, subject=row.subject, digest=row.digest())


def looked_up(number: str, code: str) -> Objection:
    """The objection behind a receipt number and its code. Raises `NotFound` when they do not fit."""
    found = (
        Objection.objects.select_related("notice__call", "application")
        .filter(number=number.strip(), code_hash=code_hash(code))
        .first()
    )
    if found is None:
        raise NotFound("回执号或查询码不正确。", remedy="请核对提交异议时显示的回执号和查询码。")
    return found


def code_hash(code: str) -> str:
    """What is kept of an inquiry code."""
    return hashlib.sha256(code.strip().upper().encode()).hexdigest()


def outcomes(row: Notice) -> list[tuple[str, int]]:
    """How the objections to a notice ended, as (label, count): what the public may know."""
    counts = dict(row.objections.order_by().values_list("outcome").annotate(n=Count("id")))
    return [(each.label, counts[each.value]) for each in Objection.Outcome if each.value in counts]


def answered(row: Notice) -> list[dict[str, Any]]:
    """Each answered objection as the public may know it, in the order of the answers; one query.

    Keys: ground, project (a title of the published list, or empty for the notice as a whole),
    outcome and its code, raised_at, answered_at. Never a text, a name or a receipt number.
    """
    titles = {item["application"]: item["title"] for item in row.items}
    rows = row.objections.exclude(outcome=Objection.Outcome.OPEN).order_by("answered_at", "id")
    return [
        {
            "ground": each.get_ground_display(),
            "project": titles.get(each.application_id, ""),
            "outcome": each.get_outcome_display(),
            "code": each.outcome,
            "raised_at": each.at,
            "answered_at": each.answered_at,
        }
        for each in rows.only("ground", "application", "outcome", "at", "answered_at")
    ]


def report_facts(call: Call) -> dict[str, Any]:
    """The publicity part of the review report (N36); {} while nothing was published."""
    row = Notice.objects.filter(call=call).exclude(state=NoticeState.DRAFT).first()
    if row is None:
        return {}
    return {
        "title": row.title,
        "doc_number": row.doc_number,
        "published_at": row.published_at,
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
        "days": row.days,
        "projects": len(row.items),
        "digest": row.digest(),
        "closed_at": row.closed_at,
        "objections": [{"outcome": label, "count": count} for label, count in outcomes(row)],
    }


def grounds() -> list[tuple[str, str]]:
    """The admissible grounds of an objection, as (value, label)."""
    return list(Objection.Ground.choices)


SECRET = (ProjectState.PROPOSED.value, ProjectState.NOT_SELECTED.value)
SECRET_EVENTS = ("project.proposed", "project.not_selected")


def announced(call: Call) -> bool:
    """Whether the result of a call has been published."""
    return Notice.objects.filter(call=call).exclude(state=NoticeState.DRAFT).exists()


def known_state(viewer: Viewer, project: Application) -> ProjectState:
    """The state of one project as the viewer may know it; see `with_known_state`."""
    hidden = viewer.role is Role.APPLICANT and project.state in SECRET
    if hidden and not announced(project.call):
        return ProjectState.REVIEWED
    return ProjectState(project.state)


def with_known_state(viewer: Viewer, rows: QuerySet[Application]) -> QuerySet[Application]:
    """`rows` with `known_state`: the state as the viewer may know it.

    A unit learns what was decided from the notice, like everybody else: until it is published,
    拟推荐 and 未入选 are 评审完成 to it. Its lists filter, count and show `known_state` only.
    """
    if viewer.role is not Role.APPLICANT:
        return rows.annotate(known_state=F("state"))
    out = Notice.objects.filter(call=OuterRef("call")).exclude(state=NoticeState.DRAFT)
    hidden = When(Q(state__in=SECRET) & ~Exists(out), then=Value(ProjectState.REVIEWED.value))
    return rows.annotate(known_state=Case(hidden, default=F("state")))
