"""Ask for a change of a title, agree to it with both departments, and carry it out."""

from collections.abc import Sequence

from django.db import IntegrityError, transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import LimitReached, NotFound, WrongState
from jiangxin.core.workflow import ChangeState, Role, TitleState
from jiangxin.records.concurrence import actions as concurrence
from jiangxin.records.documents.papers import Upload, keep
from jiangxin.records.identity.actions import rename_unit
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.actions import tell_office, tell_unit
from jiangxin.records.ledger.actions import append, move
from jiangxin.stages.application.titled import move_project
from jiangxin.stages.revocation.queries import open_case
from jiangxin.stages.titles.changing import (
    amend,
    locked_unit,
    require_leader_free,
    same_unit,
    unit_keys,
)
from jiangxin.stages.titles.models import Title
from jiangxin.stages.titles.queries import in_scope

from .choices import ChangeKind
from .models import Change, standing
from .rules import Wanted, read_kind, read_reason, read_wanted

APPROVE = "change.approve"
# A title may not slip away from a case against it into other hands, or out of the register.
HELD_BY_A_CASE = (ChangeKind.MERGER, ChangeKind.CLOSURE)


@transaction.atomic
def request(
    *,
    viewer: Viewer,
    title_id: int,
    kind: str,
    reason: str,
    wanted: Wanted,
    uploads: Sequence[Upload] = (),
) -> Change:
    """The unit, or HR for it, asks for a change, with its reason and the proof.

    Effects: the row; event `change.requested`; a message to both departments, to HR only when the
    unit asks. Raises `WrongState` for a title that does not stand, `LimitReached` while another
    change is open or when the new leader leads a studio of the same unit already (2.2), `Invalid`.
    """
    viewer.require(Role.APPLICANT, Role.PROVINCE_HR)
    title = Title.objects.select_for_update().filter(in_scope(viewer, ""), pk=title_id).first()
    if title is None:
        raise NotFound("没有这个称号。", remedy="它可能属于其他单位或其他省份。")
    _require_standing(title)
    wish = read_kind(kind, title)
    row = Change(
        title=title,
        kind=wish,
        reason=read_reason(reason),
        by_unit=viewer.role is Role.APPLICANT,
        requested_by=viewer.name,
        requested_at=clock.now(),
        **read_wanted(wish, title, wanted),
    )
    _require_leader_free(row, list(same_unit(unit_keys(title, row.unit_name, row.uscc))))
    row.papers = keep(uploads, owner_id=viewer.organisation_id)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise LimitReached(
            f"“{title.name}”已有一项正在办理的变更。",
            remedy="请等待办结，或请省级人社部门退回后重新申请。",
            clause="2.2",
        ) from None
    append(
        type="change.requested",
        subject=row.subject,
        by=viewer,
        payload={"title": title.subject, "kind": row.kind, "digest": row.digest()},
    )
    for role in (Role.PROVINCE_HR, Role.PROVINCE_FINANCE):
        if role is not viewer.role:
            _tell_office(row, role)
    return row


def _tell_office(row: Change, role: Role) -> None:
    tell_office(
        role=role,
        province=row.title.province,
        title=f"{row.get_kind_display()}，等待本部门意见",
        text=row.title.name,
        about=row.subject,
        key=f"{row.subject}:requested:{role.value}",
    )


@transaction.atomic
def concur(
    *, viewer: Viewer, change_id: int, digest: str, agreed: bool, remark: str = ""
) -> Change:
    """The viewer's department agrees to the change, or not. Raises `WrongState` when the change is
    decided, or when title or request are no longer what the page showed."""
    viewer.require(Role.PROVINCE_HR, Role.PROVINCE_FINANCE)
    row = _locked(viewer, change_id)
    _require_open(row)
    if digest != row.digest():
        raise WrongState("称号或申请内容刚刚改动。", remedy="请刷新页面，核对后再表态。")
    concurrence.give(
        viewer=viewer,
        act=APPROVE,
        subject=row.subject,
        digest=digest,
        agreed=agreed,
        remark=remark,
    )
    return row


@transaction.atomic
def approve(*, viewer: Viewer, change_id: int) -> Change:
    """Carry the change out.

    Effects, in order: all titles of the unit locked; state approved, event `change.approved`, what
    stood before kept; then by kind: leader, or unit with its code, on the title, event
    `title.changed`; a new name on every valid title of the unit, the same event on each, and on
    the unit's account; for a closure title and project ended, events `title.ended`, `project.ended`;
    a message to the unit, to the one before as well. Raises `WrongState` until both departments
    agree, for a title that no longer stands or that a revocation holds; `LimitReached` when the
    leader leads another valid studio of the unit under any of its names (2.2).
    """
    row = _locked(viewer, change_id)
    unit = locked_unit(row.title, row.unit_name, row.uscc)
    row.title = title = next(each for each in unit if each.pk == row.title_id)
    _require_standing(title)
    _require_not_held(row)
    row.before = standing(title)
    row.ended_at = clock.now()

    def both_agree() -> None:
        concurrence.require(act=APPROVE, subject=row.subject, digest=row.digest(), clause="3.1")

    move(
        row,
        step="approve",
        by=viewer,
        guards={"both_agree": both_agree, "leader_free": lambda: _require_leader_free(row, unit)},
        payload={"title": title.subject, "kind": row.kind, "digest": row.digest()},
        also=("before", "ended_at"),
    )
    if row.kind == ChangeKind.CLOSURE:
        told = {"change": row.subject}
        move(title, step="end", by=viewer, guards={"both_agree": both_agree}, payload=told)
        move_project(title, step="end", by=viewer, guards={"both_agree": both_agree}, payload=told)
    else:
        _carry_out(row, unit, viewer)
    _tell_units(row)
    return row


def renamed_with(row: Change, unit: Sequence[Title]) -> list[Title]:
    """The valid titles that get the unit's new name: all under the same code, the own one first."""
    if row.kind != ChangeKind.RENAMING or not row.title.uscc:
        return [row.title]
    others = [
        each
        for each in unit
        if each.uscc == row.title.uscc
        and each.state == TitleState.TITLED
        and each.pk != row.title_id
    ]
    return [row.title, *others]


def _carry_out(row: Change, unit: Sequence[Title], viewer: Viewer) -> None:
    """The new facts on the title, or on all titles of a unit that is only renamed."""
    new = {
        name: getattr(row, name)
        for name in ("leader_name", "leader_hash", "unit_name", "uscc")
        if getattr(row, name)
    }
    told = {"change": row.subject, "kind": row.kind}
    if row.unit_name:  # a unit's name is no personal data
        told |= {"from": row.title.unit_name, "to": row.unit_name}
    for title in renamed_with(row, unit):
        own = {"name": row.title_name} if row.title_name and title.pk == row.title_id else {}
        amend(title, by=viewer, fields=new | own, payload=told)
    if row.kind == ChangeKind.RENAMING:
        rename_unit(uscc=row.title.uscc, name=row.unit_name, by=viewer)


def _tell_units(row: Change) -> None:
    """The unit that has the title now, and the one that had it."""
    for uscc in dict.fromkeys((row.title.uscc, row.before["uscc"])):
        tell_unit(
            uscc=uscc,
            title=f"已同意：{row.get_kind_display()}",
            text=f"“{row.title.name}”的变更已经生效。",
            about=row.title.subject if uscc == row.title.uscc else "",  # no longer the other's
            key=f"{row.subject}:approved:{uscc}",
        )


@transaction.atomic
def refuse(*, viewer: Viewer, change_id: int, reason: str) -> Change:
    """HR turns the request down. Effects: state refused with the reason, event `change.refused`; a
    message to the unit. Raises `Invalid` without a reason."""
    row = _locked(viewer, change_id)
    row.before, row.ended_at = standing(row.title), clock.now()

    def reasons_given() -> None:
        row.answer = read_reason(reason, label="不同意的理由")

    move(
        row,
        step="refuse",
        by=viewer,
        guards={"reasons_given": reasons_given},
        payload={"digest": row.digest()},
        also=("answer", "before", "ended_at"),
    )
    tell_unit(
        uscc=row.title.uscc,
        title=f"不同意：{row.get_kind_display()}",
        text=row.answer,
        about=row.subject,
        key=f"{row.subject}:refused",
    )
    return row


def _locked(viewer: Viewer, change_id: int) -> Change:
    rows = Change.objects.select_for_update(of=("self",)).select_related("title")
    found = rows.filter(in_scope(viewer), pk=change_id).first()
    if found is None:
        raise NotFound("没有这项变更。", remedy="它可能不在您的查看范围内。")
    return found


def _require_open(row: Change) -> None:
    if row.state != ChangeState.REQUESTED:
        raise WrongState(f"这项变更已办结：{ChangeState(row.state).label}。", clause="2.2")


def _require_standing(title: Title) -> None:
    if title.state != TitleState.TITLED:
        raise WrongState(
            f"“{title.name}”的称号{TitleState(title.state).label}，不能再变更。", clause="2.2"
        )


def _require_not_held(row: Change) -> None:
    if row.kind in HELD_BY_A_CASE and open_case(row.title):
        raise WrongState(
            "该称号正在办理取消称号，不能先行划转或终止。",
            remedy="请先办结取消称号事项。",
            clause="4.2",
        )


def _require_leader_free(row: Change, unit: Sequence[Title]) -> None:
    """The leader that the title will have leads no other valid studio of the unit that it will have."""
    if row.kind == ChangeKind.CLOSURE:
        return
    keys = {name for name in (row.unit_name, row.uscc) if name}
    for title in renamed_with(row, unit):
        require_leader_free(
            title,
            unit,
            leader_hash=row.leader_hash or title.leader_hash,
            leader_name=row.leader_name or title.leader_name,
            keys=keys,
        )
