"""Judge what was reported, agree on it in both departments, and conclude; one title or a whole batch."""

from collections.abc import Sequence

from django.db import transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.canonical import digest
from jiangxin.core.kernel.errors import Invalid, WrongState
from jiangxin.core.workflow import PROVINCIAL, AssessmentState, Role
from jiangxin.records.concurrence import actions as concurrence
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.actions import tell_unit
from jiangxin.records.ledger.actions import move
from jiangxin.stages.titles.actions import record_assessment

from .actions import locked
from .choices import Grade
from .models import Assessment, Batch
from .queries import CONCLUDE
from .rules import clean, require_share, require_stands, require_text

LONGEST_PANEL = 300


@transaction.atomic
def judge(
    *, viewer: Viewer, ids: Sequence[int], grade: str, reasons: str, panel: str = ""
) -> list[Assessment]:
    """Give the same grade for the same reasons to one title or several; again where it was judged.

    Effects, each: grade, reasons and digest; judged, event `assessment.judged`; what the departments
    had said on an earlier judgement is void. Raises `Invalid` without grade or reasons, `WrongState`
    before the report or when the title is gone, `LimitReached` for too many 优秀 in a batch: then
    nothing is judged.
    """
    viewer.require(Role.PROVINCE_HR)
    rows = locked(viewer, ids)
    batches = _locked_batches(rows)
    if grade not in Grade.values:
        raise Invalid("请选择考核等次。", clause="4.2", field="grade")
    reasons, panel = clean(reasons), clean(panel)
    if len(panel) > LONGEST_PANEL:
        raise Invalid(f"考核组名单最多 {LONGEST_PANEL} 字。", field="panel")
    for row in rows:
        row.grade, row.reasons, row.panel = grade, reasons, panel
        row.judged_at, row.judged_by = clock.now(), viewer.name
        row.digest = row.content_digest()
        move(
            row,
            step="judge",
            by=viewer,
            guards={
                "title_stands": lambda row=row: require_stands(row.title),  # type: ignore[misc]
                "reasons_given": lambda: _required(reasons),
            },
            payload={"grade": grade, "digest": row.digest},
            also=("grade", "reasons", "panel", "judged_at", "judged_by", "digest"),
        )
        concurrence.void(subject=row.subject, reason="评定已修改", by=viewer)
    for batch in batches:
        require_share(batch)
    return rows


def _required(reasons: str) -> None:
    require_text(reasons, "评定理由", field="reasons")


def selection_digest(rows: Sequence[Assessment]) -> str:
    """What a page shows of several judgements: all their digests in one; of a single one its own."""
    if len(rows) == 1:
        return rows[0].digest
    return digest({row.subject: row.digest for row in rows})


@transaction.atomic
def concur(
    *, viewer: Viewer, ids: Sequence[int], digest: str, agreed: bool, remark: str = ""
) -> list[Assessment]:
    """The viewer's department agrees, or not, to the judgements as its page showed them (`digest`).

    Effects: a concurrence on each. Raises `WrongState` when one of them is not judged or has
    changed meanwhile, `Invalid` for a refusal without reasons.
    """
    viewer.require(*PROVINCIAL)
    rows = locked(viewer, ids)
    _require_judged(rows)
    if digest != selection_digest(rows):
        raise WrongState("评定刚刚改动。", remedy="请刷新页面，核对后再表态。", clause="4.2")
    for row in rows:
        concurrence.give(
            viewer=viewer,
            act=CONCLUDE,
            subject=row.subject,
            digest=row.digest,
            agreed=agreed,
            remark=remark,
        )
    return rows


@transaction.atomic
def conclude(*, viewer: Viewer, ids: Sequence[int]) -> list[Assessment]:
    """Conclude what both departments agree to; all of them or none.

    Effects, each in order: concluded, event `assessment.concluded`; outcome and year on the title,
    event `title.assessed`: a pass opens the existing-base track (N16, N44), a failed title lies
    ready for revocation (N45); a message to the unit. Raises `WrongState` while a department is
    missing or when the title is gone.
    """
    rows = locked(viewer, ids)
    for row in rows:
        row.concluded_at = clock.now()
        move(
            row,
            step="conclude",
            by=viewer,
            guards={
                "both_agree": lambda row=row: concurrence.require(  # type: ignore[misc]
                    act=CONCLUDE, subject=row.subject, digest=row.digest, clause="4.2"
                ),
                "title_stands": lambda row=row: require_stands(row.title),  # type: ignore[misc]
            },
            payload={"grade": row.grade, "digest": row.digest, "title": row.title.subject},
            also=("concluded_at",),
        )
        record_assessment(by=viewer, title=row.title, passed=row.passes, year=row.year)
        tell_unit(
            uscc=row.title.uscc,
            title=f"“{row.title.name}”考核结论：{Grade(row.grade).label}",
            text=row.reasons if row.passes else f"{row.reasons}{AFTER_FAILURE}",
            about=row.subject,
        )
    return rows


AFTER_FAILURE = "省级人社、财政部门将按程序告知拟取消称号；单位可以陈述申辩。"


@transaction.atomic
def cancel(*, viewer: Viewer, assessment_id: int, reason: str) -> Assessment:
    """Take a title out of its batch, for example because it is gone; it may be assessed anew.

    Effects: cancelled, event `assessment.cancelled`; what the departments had said is void. Raises
    `Invalid` without a reason, `LimitReached` when too many of the batch would then be 优秀.
    """
    row = locked(viewer, [assessment_id])[0]
    _locked_batches([row])
    row.cancel_reason = clean(reason)
    move(
        row,
        step="cancel",
        by=viewer,
        guards={
            "reasons_given": lambda: _reason(row.cancel_reason),
        },
        payload={"digest": digest(row.cancel_reason)},
        also=("cancel_reason",),
    )
    concurrence.void(subject=row.subject, reason="考核已撤销", by=viewer)
    require_share(row.batch)
    return row


def _reason(text: str) -> None:
    require_text(text, "撤销的原因", field="reason")


def _locked_batches(rows: Sequence[Assessment]) -> list[Batch]:
    """The batches of these assessments, locked: the share of 优秀 is counted over a whole batch."""
    ids = {row.batch_id for row in rows}
    return list(Batch.objects.select_for_update().filter(pk__in=ids).order_by("id"))


def _require_judged(rows: Sequence[Assessment]) -> None:
    early = [row for row in rows if row.state != AssessmentState.JUDGED]
    if early:
        raise WrongState(
            f"“{early[0].title.name}”当前为“{AssessmentState(early[0].state).label}”，不能表态。",
            remedy="只有在“待结论”状态下才能表态；请刷新后重新选择。",
            clause="4.2",
        )
