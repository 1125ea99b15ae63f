"""The unit is served, has its say, and the hearing ends: nothing of it can be skipped."""

from collections.abc import Sequence
from datetime import date, timedelta

from django.db import transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import WrongState
from jiangxin.core.workflow import RevocationState, Role
from jiangxin.records.documents.papers import Upload, keep
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.actions import append, move
from jiangxin.stages.programme.queries import last_day

from ..models import Revocation, Statement
from ..rules import read_day, read_text, require_heard, term_over
from .rows import locked, require_state, tell_other, tell_party

S = RevocationState


@transaction.atomic
def sign_receipt(*, viewer: Viewer, case_id: int) -> Revocation:
    """The unit signs for the notice; its days to answer begin the next day.

    Effects: see `_served`. Raises `WrongState` when it was served before.
    """
    viewer.require(Role.APPLICANT)
    row = locked(viewer, case_id)
    return _served(viewer, row, clock.today(), "单位在网上签收")


@transaction.atomic
def record_service(*, viewer: Viewer, case_id: int, on: date | None, how: str) -> Revocation:
    """HR records how and when the notice reached a unit that did not sign for it here.

    Effects: see `_served`. Raises `Invalid` for a day before the notice or to come, or without
    how; `WrongState` when it was served before.
    """
    viewer.require(Role.PROVINCE_HR)
    row = locked(viewer, case_id)
    require_state(row, S.NOTICED)
    noticed = row.noticed_at or clock.now()
    day = read_day(on, "送达日期", field="on", since=noticed.astimezone(clock.BEIJING).date())
    return _served(viewer, row, day, read_text(how, "送达方式", field="how", most=200))


def _served(viewer: Viewer, row: Revocation, day: date, how: str) -> Revocation:
    """Effects: day of service, last day to answer; event `revocation.served`; a message to the
    unit with that day, and one to HR when the unit signed."""
    require_state(row, S.NOTICED)
    if row.served_on is not None:
        raise WrongState(
            f"告知书已于{clock.long_date(row.served_on)}送达。",
            remedy="期限按这次送达计算。",
            clause=row.clause,
        )
    row.served_on, row.served_how = day, how
    row.hearing_until = last_day(day + timedelta(days=1), row.hearing_days or 0)
    row.save(update_fields=["served_on", "served_how", "hearing_until"])
    append(
        type="revocation.served",
        subject=row.subject,
        by=viewer,
        payload={"on": row.served_on, "until": row.hearing_until},
    )
    until = clock.long_date(row.hearing_until)
    tell_party(row, "可以陈述申辩、要求听证", f"期限到{until} 24:00。", "served")
    if viewer.role is Role.APPLICANT:
        tell_other(row, Role.PROVINCE_HR, "单位已签收拟取消称号告知书", "signed")
    return row


@transaction.atomic
def state_case(
    *,
    viewer: Viewer,
    case_id: int,
    text: str,
    wants_hearing: bool = False,
    uploads: Sequence[Upload] = (),
) -> Statement:
    """The unit says why its title should stay, or asks for a hearing, or both; as often as it likes.

    Effects: a row; event `revocation.stated`; a message to HR. Raises `WrongState` before the
    notice is signed for and after the last day, `Invalid` without a text.
    """
    viewer.require(Role.APPLICANT)
    row = locked(viewer, case_id)
    require_state(row, S.NOTICED)
    if row.hearing_until is None:
        raise WrongState("请先签收告知书，再陈述申辩。", clause=row.clause)
    if term_over(row):
        raise WrongState(
            f"陈述申辩期已于{clock.long_date(row.hearing_until)}届满。",
            remedy="确有正当理由耽误期限的，请联系省级人社部门登记。",
            clause=row.clause,
        )
    found = _stated(viewer, row, text, uploads, wants_hearing=wants_hearing, by_unit=True)
    title = "单位要求听证" if wants_hearing else "单位已陈述申辩"
    tell_other(row, Role.PROVINCE_HR, title, f"stated:{found.pk}")
    return found


@transaction.atomic
def record_statement(
    *,
    viewer: Viewer,
    case_id: int,
    text: str,
    wants_hearing: bool = False,
    uploads: Sequence[Upload] = (),
) -> Statement:
    """HR records what a unit said on paper or by mouth.

    Effects: a row; event `revocation.stated`. Raises `WrongState` before the notice was served or
    after the hearing ended, `Invalid` without a text.
    """
    viewer.require(Role.PROVINCE_HR)
    row = locked(viewer, case_id)
    require_state(row, S.NOTICED)
    if row.served_on is None:
        raise WrongState("请先登记告知书的送达。", clause=row.clause)
    return _stated(viewer, row, text, uploads, wants_hearing=wants_hearing, by_unit=False)


def _stated(
    viewer: Viewer,
    row: Revocation,
    text: str,
    uploads: Sequence[Upload],
    *,
    wants_hearing: bool,
    by_unit: bool,
) -> Statement:
    found = Statement.objects.create(
        case=row,
        text=read_text(text, "陈述申辩的内容", field="text"),
        papers=keep(uploads, owner_id=viewer.organisation_id),
        wants_hearing=wants_hearing,
        by_unit=by_unit,
        name=viewer.name,
        at=clock.now(),
    )
    append(
        type="revocation.stated",
        subject=row.subject,
        by=viewer,
        payload={"statement": found.pk, "wants_hearing": wants_hearing, "by_unit": by_unit},
    )
    return found


@transaction.atomic
def record_hearing(
    *, viewer: Viewer, case_id: int, text: str, uploads: Sequence[Upload] = ()
) -> Revocation:
    """HR records the hearing that was held: when, where, who said what.

    Effects: the row; event `revocation.hearing_recorded`. Raises `WrongState` unless the unit was
    served and has not been closed out, `Invalid` without a text.
    """
    viewer.require(Role.PROVINCE_HR)
    row = locked(viewer, case_id)
    require_state(row, S.NOTICED)
    if row.served_on is None:
        raise WrongState("请先登记告知书的送达。", clause=row.clause)
    row.hearing_record = read_text(text, "听证情况", field="text")
    row.hearing_papers = keep(uploads, owner_id=viewer.organisation_id, before=row.hearing_papers)
    row.save(update_fields=["hearing_record", "hearing_papers"])
    append(type="revocation.hearing_recorded", subject=row.subject, by=viewer)
    return row


@transaction.atomic
def close_hearing(*, viewer: Viewer, case_id: int) -> Revocation:
    """End the hearing of the unit; from here on nothing can be added to what it said.

    Effects: state heard, event `revocation.heard`. Raises `WrongState` when the notice was not
    served, when the term runs and nothing was said, when a hearing was asked for and not held.
    """
    row = locked(viewer, case_id)
    row.heard_at = clock.now()
    move(
        row,
        step="close_hearing",
        by=viewer,
        guards={"hearing_over": lambda: require_heard(row)},
        payload={"statements": row.statements.count(), "term_over": term_over(row)},
        also=("heard_at",),
    )
    return row
