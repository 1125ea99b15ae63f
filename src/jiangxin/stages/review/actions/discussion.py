"""Blind first, then discuss: the panel meets over signed sheets, and may mark one anew."""

from collections.abc import Mapping

from django.db import transaction

from jiangxin.core.kernel import chance, clock
from jiangxin.core.kernel.canonical import digest
from jiangxin.core.kernel.errors import Invalid, WrongState
from jiangxin.core.scoring.marking import score
from jiangxin.core.workflow import RoundState
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.actions import tell_person
from jiangxin.records.ledger.actions import append, move
from jiangxin.stages.review import signing
from jiangxin.stages.review.choices import SeatStatus, SheetState
from jiangxin.stages.review.marks import marks_of, problems_of, stored
from jiangxin.stages.review.models import Revision, Round
from jiangxin.stages.review.queries.coverage import require_all_signed, require_last_phase
from jiangxin.stages.review.rubrics import rubric_of

from .rounds import locked as locked_round
from .sheets import CLAUSE, locked, named

REASON = 500  # letters


@transaction.atomic
def open_discussion(*, viewer: Viewer, round_id: int) -> Round:
    """Let the panel meet, once every sheet is sealed and signed.

    Effects: round discussing, event `round.discussion_opened`; a message to each expert. Raises
    `WrongState` while a sheet is open or a phase is still to come. No score is opened to anybody.
    """
    row = locked_round(viewer, round_id)

    def all_sheets_signed() -> None:
        require_last_phase(row)
        require_all_signed(row)

    move(row, step="discuss", by=viewer, guards={"all_sheets_signed": all_sheets_signed})
    for seat in row.panel.filter(status=SeatStatus.ACCEPTED).select_related("expert"):
        if seat.expert.user_id:
            tell_person(
                person_id=seat.expert.user_id,
                title=f"{row.call.year}年评审开始合议",
                text="各人的评分表已经封存。合议后需要改评的，请写明理由重新签署；原评分保留。",
                about=row.subject,
            )
    return row


@transaction.atomic
def revise(
    *, viewer: Viewer, sheet_id: int, data: Mapping[str, str], comment: str, reason: str
) -> Revision:
    """Mark a signed sheet anew while the panel meets; written and signed in this one step.

    The first values stay as they were signed, and the ranking shows both. Effects: one revision;
    event `sheet.revised` with its digest and not the score. Raises `Invalid` without a reason, for
    an item that is missing or wrong, or when nothing differs; `WrongState` outside the discussion.
    """
    sheet = locked(viewer, sheet_id, state=RoundState.DISCUSSING)
    if sheet.state != SheetState.SIGNED:
        raise WrongState("这份评分表没有签署，不能改评。", clause=CLAUSE)
    before = sheet.revisions.order_by("-number").first()
    by, now = rubric_of(sheet), before or sheet
    why = reason.replace("\0", "").strip()
    if not why or len(why) > REASON:
        raise Invalid(f"请写明改评的理由，最多 {REASON} 字。", clause=CLAUSE, field="reason")
    made = Revision(
        sheet=sheet,
        number=before.number + 1 if before else 1,
        marks={item.id: stored(item, data, sheet.marks.get(item.id)) for item in by.items()},
        comment=comment.replace("\0", "").strip()[: signing.COMMENT],
        reason=why,
        salt=chance.token(16),
        signed_at=clock.now(),
    )
    signing.require_complete(by, problems_of(by, made), clause=CLAUSE)
    if (made.marks, made.comment) == (now.marks, now.comment):
        raise Invalid("评分与原来相同，无须改评。", clause=CLAUSE, field="reason")
    result = score(by, marks_of(by, made))
    made.total, made.qualified = result.total, result.qualified
    content = {"marks": made.marks, "comment": made.comment, "reason": why, "total": made.total}
    made.digest = digest(
        {"salt": made.salt, **named(sheet), "number": made.number, "first": sheet.digest, **content}
    )
    made.save(force_insert=True)
    append(
        type="sheet.revised",
        subject=sheet.subject,
        by=viewer,
        payload={**named(sheet), "number": made.number, "digest": made.digest},
    )
    return made
