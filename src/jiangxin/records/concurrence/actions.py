"""Give, and void, the agreement of a department."""

from django.db import IntegrityError, transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, NotPermitted, WrongState
from jiangxin.core.workflow import Department
from jiangxin.records.identity.viewer import System, Viewer
from jiangxin.records.ledger.actions import append

from .models import Concurrence
from .queries import marks


def give(
    *,
    viewer: Viewer,
    act: str,
    subject: str,
    digest: str,
    agreed: bool,
    remark: str = "",
) -> Concurrence:
    """Record what the viewer's own department says about content with this `digest`.

    Effects: an earlier word of the same department is voided; the new one and the event
    `concurrence.given` are written. Raises `NotPermitted` for anybody but the two departments,
    `Invalid` for a refusal without reason, `WrongState` when a colleague acted at the same moment.
    """
    department = viewer.department
    if department is None:
        raise NotPermitted("会商由人社部门和财政部门办理。", clause="3.1")
    if not agreed and not remark.strip():
        raise Invalid("不同意时请写明理由。", field="remark")
    try:
        with transaction.atomic():
            Concurrence.objects.filter(
                act=act, subject=subject, department=department, void_at=None
            ).update(void_at=clock.now(), void_reason="本部门重新表态")
            row = Concurrence.objects.create(
                act=act,
                subject=subject,
                department=department,
                agreed=agreed,
                remark=remark.strip(),
                digest=digest,
                actor=viewer.actor,
                name=viewer.name,
                at=clock.now(),
            )
            append(
                type="concurrence.given",
                subject=subject,
                by=viewer,
                payload={
                    "act": act,
                    "department": department.value,
                    "agreed": agreed,
                    "digest": digest,
                },
            )
            return row
    except IntegrityError:
        raise WrongState(
            "本部门的同事刚刚办理了同一事项。", remedy="请刷新页面查看其意见。"
        ) from None


def void(*, subject: str, reason: str, by: Viewer | System, acts: tuple[str, ...] = ()) -> int:
    """Void the standing concurrences on `subject` (all, or those of `acts`); returns how many.

    Effects: rows are marked with time and `reason`; one event `concurrence.voided` when there were any.
    """
    rows = Concurrence.objects.filter(subject=subject, void_at=None)
    if acts:
        rows = rows.filter(act__in=acts)
    count = rows.update(void_at=clock.now(), void_reason=reason)
    if count:
        append(
            type="concurrence.voided",
            subject=subject,
            by=by,
            payload={"acts": list(acts), "reason": reason, "count": count},
        )
    return count


def require(*, act: str, subject: str, digest: str, clause: str) -> None:
    """Raises `WrongState`, naming who is missing, unless both departments agree on this content."""
    pair = marks(act=act, subject=subject, digest=digest)
    missing = [d.label for d in Department if pair[d].state != "agreed"]
    if missing:
        raise WrongState(
            f"还缺{'、'.join(missing)}部门的同意。",
            remedy="两个部门都对当前内容表示同意后才能办理；内容改动后须重新会商。",
            clause=clause,
        )
