"""What a base or studio does for the five functions of the notice (N03)."""

from collections.abc import Iterable
from datetime import date

from django.db import transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, NotFound, WrongState
from jiangxin.core.workflow import Role, TitleState
from jiangxin.records.documents.papers import Upload
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.actions import append
from jiangxin.stages.construction.files import keep
from jiangxin.stages.construction.models import Activity
from jiangxin.stages.construction.queries.activities import activities, functions
from jiangxin.stages.construction.reading import known, words
from jiangxin.stages.titles.queries import title_of

MOST_PERSONS = 1_000_000


@transaction.atomic
def record(
    *,
    viewer: Viewer,
    title_id: int,
    function: str,
    held_on: date,
    name: str,
    persons: int,
    files: Iterable[Upload] = (),
) -> Activity:
    """The unit enters one activity of its title.

    Effects: the row with its file; event `activity.recorded`. Raises `Invalid` for a day to come or
    before the title's year, an unknown function or a number that cannot be, `WrongState` for a
    title that is no longer valid.
    """
    viewer.require(Role.APPLICANT)
    title = title_of(viewer, title_id)
    if title.state != TitleState.TITLED:
        raise WrongState("该称号已不再有效，不再登记活动。", clause="1")
    known(function, functions(), "功能", "function")
    name = words(name, "活动名称", "name", most=200)
    if not date(title.year, 1, 1) <= held_on <= clock.today():
        raise Invalid(f"活动日期应在 {title.year} 年 1 月 1 日至今天之间。", field="held_on")
    if not 0 < persons <= MOST_PERSONS:
        raise Invalid(f"人次应为 1 到 {MOST_PERSONS} 的整数。", field="persons")
    proof = keep(viewer, files)
    row = Activity.objects.create(
        title=title,
        function=function,
        held_on=held_on,
        name=name,
        persons=persons,
        file=proof[0] if proof else None,
        at=clock.now(),
        by=viewer.name,
    )
    append(
        type="activity.recorded",
        subject=row.subject,
        by=viewer,
        payload={
            "title": title.subject,
            "function": function,
            "held_on": held_on,
            "persons": persons,
        },
    )
    return row


@transaction.atomic
def void(*, viewer: Viewer, activity_id: int, reason: str) -> Activity:
    """The unit takes back an entry that was wrong; it stays, with its reason, and no longer counts.

    Effects: the row; event `activity.voided`. Raises `Invalid` without a reason, `WrongState` twice.
    """
    viewer.require(Role.APPLICANT)
    row = activities(viewer).select_for_update(of=("self",)).filter(pk=activity_id).first()
    if row is None:
        raise NotFound("没有这条活动记录。")
    if row.void_at:
        raise WrongState("这条记录已作废。", remedy="请刷新页面。")
    row.void_reason = words(reason, "作废原因", "reason", most=200)
    row.void_at = clock.now()
    row.save(update_fields=["void_at", "void_reason"])
    append(type="activity.voided", subject=row.subject, by=viewer)
    return row
