"""Whether the unit itself stands behind just what its draft says."""

from dataclasses import dataclass

from jiangxin.core.kernel.errors import WrongState
from jiangxin.core.workflow import ApprovalState, Duty
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.waiting import Waits
from jiangxin.stages.programme.models import Call
from jiangxin.stages.programme.queries import own_parameter

from .models import Application, Approval
from .paper import content_digest, frozen_evidence

STANDING = (ApprovalState.WAITING, ApprovalState.APPROVED)


@dataclass(frozen=True)
class Standing:
    """The unit's word on a draft: the newest one, and whether it is about the draft as it stands."""

    newest: Approval | None
    digest: str

    @property
    def current(self) -> bool:
        return self.newest is not None and self.newest.digest == self.digest

    @property
    def approved(self) -> bool:
        return self.current and self.newest is not None and self.newest.state == "approved"

    @property
    def waiting(self) -> bool:
        return self.current and self.newest is not None and self.newest.state == "waiting"

    @property
    def stale(self) -> bool:
        """Whether a word stands that was about something else: the draft was changed since."""
        return self.newest is not None and not self.current and self.newest.state in STANDING

    @property
    def remarks(self) -> dict[str, str]:
        """What the unit's own reviewer wants mended, by section; empty unless that is the last word."""
        sent_back = self.newest is not None and self.newest.state == "sent_back"
        return dict(self.newest.remarks) if sent_back and self.newest else {}


def standing(project: Application, seal: str = "") -> Standing:
    """The unit's word on the draft; `seal` is its digest where the caller has it. At most two queries."""
    newest = project.approvals.order_by("-id").first()
    if newest is None and not seal:
        return Standing(None, "")
    return Standing(newest, seal or content_digest(project, frozen_evidence(project)))


def require_approved(project: Application, seal: str) -> None:
    """Raises `WrongState` unless the unit's reviewer has approved just this content."""
    found = standing(project, seal)
    if found.approved:
        return
    if found.waiting:
        raise WrongState(
            "本单位审核人还没有审核。", remedy="审核人登录后在“核对全文”页审核。", clause="3.1"
        )
    if found.stale:
        raise WrongState(
            "送审之后内容有改动，原审核意见已失效。",
            remedy="请在“核对全文”页重新送审。",
            clause="3.1",
        )
    raise WrongState(
        "提交前须经本单位审核人审核通过。",
        remedy="请在“核对全文”页填好送审；审核人审核通过后即可提交。",
        clause="3.1",
    )


def four_eyes(call: Call) -> bool:
    """Whether whoever asks for approval and whoever approves must be two people."""
    return bool(own_parameter("application.four_eyes", call))


def approvals(project: Application) -> list[Approval]:
    """Every word of the unit on this application, oldest first."""
    return list(project.approvals.order_by("id"))


def waiting_for(viewer: Viewer) -> Waits:
    """The drafts of the viewer's unit that wait for its reviewer, if the viewer is one."""
    rows = Approval.objects.filter(
        application__unit=viewer.organisation_id or 0, state=ApprovalState.WAITING
    )
    return Waits(rows if viewer.has(Duty.CHECK) else rows.none())
