"""Borrowing experts: one province asks, the other names an expert, the expert agrees (3.2)."""

from datetime import date

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, NotFound, NotPermitted, WrongState
from jiangxin.core.kernel.regions import BY_CODE, province_name
from jiangxin.core.workflow import LoanState, Role
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.actions import tell_office, tell_person
from jiangxin.records.inbox.waiting import Waits
from jiangxin.records.ledger.actions import append, move
from jiangxin.stages.experts.choices import Field, State

from .models import Expert, Loan
from .queries import READERS

MOST = 20  # experts asked for at once


def loans(viewer: Viewer) -> QuerySet[Loan]:
    """The loans that the viewer's province asks for or is asked for; an expert's own; else none."""
    rows = Loan.objects.select_related("expert")
    if viewer.role is Role.EXPERT:
        return rows.filter(expert__user_id=viewer.user_id or 0)
    if viewer.role in READERS and viewer.province:
        return rows.filter(Q(borrower=viewer.province) | Q(lender=viewer.province))
    if viewer.role in (Role.SUPERVISOR, Role.AUDITOR):
        return rows
    return rows.none()


def loan(viewer: Viewer, loan_id: int) -> Loan:
    """One loan. Raises `NotFound`."""
    found = loans(viewer).filter(pk=loan_id).first()
    if found is None:
        raise NotFound("没有这项借用。", remedy="它可能属于其他省份。")
    return found


def knows_expert(viewer: Viewer, row: Loan) -> bool:
    """Whether the viewer may know who is lent: the lender always, the borrower once the expert agreed."""
    if row.expert_id is None:
        return False
    return viewer.province != row.borrower or row.accepted_at is not None


def loans_waiting(viewer: Viewer) -> Waits:
    """What waits for the viewer: a request of another province, or, for an expert, the own word."""
    if viewer.role is Role.EXPERT:
        return Waits(loans(viewer).filter(state=LoanState.CONSENTED))
    if viewer.role is not Role.PROVINCE_HR or not viewer.province:
        return Waits(Loan.objects.none())
    return Waits(Loan.objects.filter(lender=viewer.province, state=LoanState.REQUESTED))


def candidates(viewer: Viewer, row: Loan) -> list[Expert]:
    """Whom the lender may name: active experts of its own pool in that field whose term lasts."""
    if viewer.role is not Role.PROVINCE_HR or viewer.province != row.lender:
        return []
    out = Loan.objects.filter(
        borrower=row.borrower, state__in=(LoanState.CONSENTED, LoanState.LENT)
    )
    rows = Expert.objects.filter(
        province=row.lender, field=row.field, state=State.ACTIVE, term_until__gte=row.until
    )
    return list(rows.exclude(pk__in=out.values("expert")).order_by("name", "id"))


@transaction.atomic
def request(
    *, viewer: Viewer, lender: str, field: str, count: int, until: date, reason: str
) -> list[Loan]:
    """Ask another province for `count` experts of a field until a day.

    Effects: one loan for each, requested, event `loan.requested`; a message to the other province.
    Raises `Invalid` for an unknown province or field, the own province, a day gone by, no reason.
    """
    viewer.require(Role.PROVINCE_HR)
    if lender not in BY_CODE or lender == viewer.province:
        raise Invalid("请选择另一个省份。", clause="3.2", field="lender")
    if field not in Field.values:
        raise Invalid("请选择专业。", clause="3.2", field="field")
    if not 1 <= count <= MOST:
        raise Invalid(f"一次可商借 1 至 {MOST} 人。", field="count")
    if until <= clock.today():
        raise Invalid("借用截止日应晚于今天。", field="until")
    if not reason.strip():
        raise Invalid("请写明借用的事由。", clause="3.2", field="reason")
    made = []
    for _ in range(count):
        row = Loan.objects.create(
            borrower=viewer.province,
            lender=lender,
            field=field,
            reason=reason.strip()[:300],
            until=until,
            requested_at=clock.now(),
        )
        payload = {"borrower": row.borrower, "lender": lender, "field": field, "until": until}
        append(type="loan.requested", subject=row.subject, by=viewer, payload=payload)
        made.append(row)
    tell_office(
        role=Role.PROVINCE_HR,
        province=lender,
        title=f"{province_name(viewer.province)}商借{Field(field).label}专家 {count} 人",
        text=reason.strip()[:300],
        about=made[0].subject,
    )
    return made


@transaction.atomic
def consent(*, viewer: Viewer, loan_id: int, expert_id: int) -> Loan:
    """The lending province names one of its experts.

    Effects: expert and state consented, event `loan.consented`; a message to the expert. Raises
    `NotPermitted` for the borrower, `Invalid` for somebody who can not be lent, or who is the same
    person as an expert of the borrower's own pool: nobody may stand twice in a lot.
    """
    row = _locked(viewer, loan_id)

    def lenders_own_expert() -> None:
        _require_lender(viewer, row)
        chosen = next((each for each in candidates(viewer, row) if each.pk == expert_id), None)
        if chosen is None:
            raise Invalid(
                "请选择本省专家库中该专业在库、聘期足够的专家。", clause="3.2", field="expert"
            )
        if Expert.objects.filter(province=row.borrower, id_hash=chosen.id_hash).exists():
            raise Invalid("此人已在借入省份的专家库中，不需要借用。", clause="3.2", field="expert")
        row.expert = chosen

    row.consented_at = clock.now()
    try:
        with transaction.atomic():
            move(
                row,
                step="consent",
                by=viewer,
                guards={"lenders_own_expert": lenders_own_expert},
                also=("expert", "consented_at"),
            )
    except IntegrityError:
        raise WrongState(
            "这位专家已借给该省。", remedy="请刷新页面，另选一位。", clause="3.2"
        ) from None
    if row.expert is not None and row.expert.user_id:
        tell_person(
            person_id=row.expert.user_id,
            title=f"{province_name(row.borrower)}商借您参加评审，请答复",
            text=row.reason,
            about=row.subject,
        )
    return row


@transaction.atomic
def accept(*, viewer: Viewer, loan_id: int) -> Loan:
    """The expert agrees: from now on in the borrower's lots. Effects: state lent, event
    `loan.accepted`; a message to the borrower. Raises `NotFound` for another's loan."""
    row = _locked(viewer, loan_id)
    row.accepted_at = clock.now()
    move(row, step="accept", by=viewer, also=("accepted_at",))
    tell_office(
        role=Role.PROVINCE_HR,
        province=row.borrower,
        title=f"{province_name(row.lender)}的{Field(row.field).label}专家同意借用",
        text="今后冻结的抽取名单将列入该专家。",
        about=row.subject,
    )
    return row


@transaction.atomic
def decline(*, viewer: Viewer, loan_id: int, note: str) -> Loan:
    """The lender does not lend, or the expert does not agree. Effects: state declined, event
    `loan.declined`; a message to the borrower. Raises `Invalid` without a reason, `NotPermitted`
    for the borrower, `WrongState` when it is not the viewer's turn."""
    row = _locked(viewer, loan_id)
    if viewer.role is not Role.EXPERT:
        _require_lender(viewer, row)
    row.ended_at = clock.now()
    _close(row, "decline", viewer, note)
    tell_office(
        role=Role.PROVINCE_HR,
        province=row.borrower,
        title=f"{province_name(row.lender)}未能出借{Field(row.field).label}专家",
        text=row.note,
        about=row.subject,
    )
    return row


@transaction.atomic
def end(*, viewer: Viewer, loan_id: int, note: str) -> Loan:
    """Either province ends a loan before its day; seats already drawn stay and are replaced by the
    walk where needed. Effects: state ended, event `loan.ended`. Raises `Invalid` without a reason."""
    row = _locked(viewer, loan_id)
    row.ended_at = clock.now()
    _close(row, "end", viewer, note)
    return row


def _close(row: Loan, step: str, viewer: Viewer, note: str) -> None:
    def reasons_given() -> None:
        if not note.strip():
            raise Invalid("请写明原因。", clause="3.2", field="note")

    row.note = note.strip()[:300]
    move(
        row,
        step=step,
        by=viewer,
        guards={"reasons_given": reasons_given},
        also=("note", "ended_at"),
    )


def _require_lender(viewer: Viewer, row: Loan) -> None:
    if viewer.province != row.lender:
        raise NotPermitted("是否出借由出借省份决定。", clause="3.2")


def _locked(viewer: Viewer, loan_id: int) -> Loan:
    viewer.require(Role.PROVINCE_HR, Role.EXPERT)
    loan(viewer, loan_id)
    return Loan.objects.select_for_update(of=("self",)).select_related("expert").get(pk=loan_id)
