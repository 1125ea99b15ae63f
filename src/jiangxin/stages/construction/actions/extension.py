"""More time: asked once by the unit, agreed by both departments of the province (4.3)."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.db import IntegrityError, transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.canonical import digest as digest_of
from jiangxin.core.kernel.errors import Invalid, LimitReached, NotFound, WrongState
from jiangxin.core.workflow import PROVINCIAL, ExtensionState, Role
from jiangxin.records.concurrence import actions as concurrence
from jiangxin.records.documents.papers import Upload
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.actions import tell_office, tell_unit
from jiangxin.records.ledger.actions import append, move
from jiangxin.stages.construction.files import keep
from jiangxin.stages.construction.models import Construction, Extension
from jiangxin.stages.construction.queries.building import EXTEND, extensions, latest_due
from jiangxin.stages.construction.reading import words
from jiangxin.stages.construction.scope import locked, require_running

from .start import lay_periods


@transaction.atomic
def request(
    *, viewer: Viewer, construction_id: int, reason: str, due: date, files: Iterable[Upload] = ()
) -> Extension:
    """The unit asks for more time, before its time is over.

    Effects: the row with the proof; event `extension.requested`; a message to both departments.
    Raises `WrongState` when the time is over, `Invalid` without a reason or for a date beyond the
    longest extension, `LimitReached` while one is open and after one was granted (4.3).
    """
    viewer.require(Role.APPLICANT)
    row = locked(viewer, construction_id)
    require_running(row)
    if clock.today() > row.due:
        raise WrongState(
            f"建设期已于{clock.long_date(row.due)}届满，不能再申请延期。",
            remedy="请申请验收。",
            clause="4.3",
        )
    reason = words(reason, "延期理由", "reason", clause="4.3")
    _require_within(row, due)
    proof = keep(viewer, files)
    made = Extension(
        construction=row,
        reason=reason,
        due_before=row.due,
        due=due,
        file=proof[0] if proof else None,
        requested_at=clock.now(),
        requested_by=viewer.name,
    )
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError:
        raise _once(row) from None
    append(
        type="extension.requested",
        subject=made.subject,
        by=viewer,
        payload={"construction": row.subject, "due": due, "digest": made.digest()},
    )
    for role in PROVINCIAL:
        tell_office(
            role=role,
            province=row.title.province,
            title=f"“{row.title.name}”申请建设延期至{clock.long_date(due)}",
            about=made.subject,
            key=f"{made.subject}:{role.value}",
        )
    return made


@transaction.atomic
def concur(
    *, viewer: Viewer, extension_id: int, digest: str, agreed: bool, remark: str = ""
) -> Extension:
    """The viewer's department of the province agrees, or not, to the extension."""
    viewer.require(*PROVINCIAL)
    row = _locked(viewer, extension_id)
    _require_open(row)
    if digest != row.digest():
        raise WrongState("延期申请的内容不是您所见的。", remedy="请刷新页面，核对后再表态。")
    concurrence.give(
        viewer=viewer,
        act=EXTEND,
        subject=row.subject,
        digest=digest,
        agreed=agreed,
        remark=remark,
    )
    return row


@transaction.atomic
def grant(*, viewer: Viewer, extension_id: int) -> Extension:
    """Grant the extension that both departments agree to.

    Effects, in order: state granted, event `extension.granted`; the construction's due date, and
    periods of reports up to it; a message to the unit. Raises `WrongState` while a department is
    missing or the project is no longer under construction, `LimitReached` for a second one (4.3).
    """
    row = _locked(viewer, extension_id)
    building = locked(viewer, row.construction_id)
    _require_open(row)
    require_running(building)

    def both_agree() -> None:
        concurrence.require(act=EXTEND, subject=row.subject, digest=row.digest(), clause="4.3")

    def first_extension() -> None:
        if building.extensions.filter(state=ExtensionState.GRANTED).exists():
            raise _once(building)

    row.decided_at, row.decided_by = clock.now(), viewer.name
    move(
        row,
        step="grant",
        by=viewer,
        guards={"both_agree": both_agree, "first_extension": first_extension},
        payload={"construction": building.subject, "due": row.due, "before": building.due},
        also=("decided_at", "decided_by"),
    )
    begins = building.due + timedelta(days=1)
    building.due = row.due
    building.save(update_fields=["due"])
    lay_periods(building, begins)
    _tell(row, f"已同意延期，建设期至{clock.long_date(row.due)}")
    return row


@transaction.atomic
def refuse(*, viewer: Viewer, extension_id: int, reason: str) -> Extension:
    """Refuse an extension, with reasons.

    Effects: state refused, event `extension.refused` with the digest of the reason; concurrences
    void; a message to the unit, which may ask again. Raises `Invalid` without a reason.
    """
    row = _locked(viewer, extension_id)
    answer = reason.strip()

    def reasons_given() -> None:
        words(answer, "不同意的理由", "reason", clause="4.3")

    row.answer, row.decided_at, row.decided_by = answer, clock.now(), viewer.name
    move(
        row,
        step="refuse",
        by=viewer,
        guards={"reasons_given": reasons_given},
        payload={"reason": digest_of(answer)},
        also=("answer", "decided_at", "decided_by"),
    )
    concurrence.void(subject=row.subject, reason="不同意延期", by=viewer, acts=(EXTEND,))
    _tell(row, "延期申请未获同意", answer)
    return row


def _locked(viewer: Viewer, extension_id: int) -> Extension:
    rows = extensions(viewer).select_for_update(of=("self",))
    found = rows.filter(pk=extension_id).first()
    if found is None:
        raise NotFound("没有这份延期申请。", remedy="它可能属于其他省份。")
    return found


def _require_open(row: Extension) -> None:
    if row.state != ExtensionState.REQUESTED:
        raise WrongState(
            f"这份申请已办理：{ExtensionState(row.state).label}。",
            remedy="请刷新页面。",
            clause="4.3",
        )


def _require_within(row: Construction, due: date) -> None:
    last = latest_due(row)
    if due <= row.due:
        raise Invalid(
            f"延期后的日期应晚于现在的期满日{clock.long_date(row.due)}。", clause="4.3", field="due"
        )
    if due > last:
        raise Invalid(
            f"最长可延至{clock.long_date(last)}。",
            remedy="建设期一般不超过 2 年，延长有上限。",
            clause="4.3",
            field="due",
        )


def _once(row: Construction) -> LimitReached:
    granted = row.extensions.filter(state=ExtensionState.GRANTED).exists()
    if granted:
        return LimitReached(
            "该项目已经延期一次，不能再次延期。", remedy="请在期满时申请验收。", clause="4.3"
        )
    return LimitReached("该项目已有一份待审批的延期申请。", remedy="请等待办理。", clause="4.3")


def _tell(row: Extension, title: str, text: str = "") -> None:
    owner = row.construction.title
    tell_unit(
        uscc=owner.uscc,
        title=f"“{owner.name}”{title}",
        text=text,
        about=owner.subject,
        key=f"{row.subject}:{row.state}",
    )
