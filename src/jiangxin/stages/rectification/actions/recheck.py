"""The re-check, by somebody who did not mend: passed by both departments, sent back, or expired."""

from collections.abc import Mapping

from django.db import transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, WrongState
from jiangxin.core.workflow import Guard, ProjectState, RectificationState, Role
from jiangxin.records.concurrence import actions as concurrence
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.actions import tell_unit
from jiangxin.records.ledger.actions import append, move
from jiangxin.stages.application.titled import move_project
from jiangxin.stages.construction.reading import words
from jiangxin.stages.rectification.choices import Word
from jiangxin.stages.rectification.models import Attempt, Rectification
from jiangxin.stages.rectification.queries import PASS, failed
from jiangxin.stages.rectification.rules import is_over, require_other
from jiangxin.stages.titles.models import Title

from .mending import require_within
from .order import locked

OPINION, NOTE = 2000, 500  # letters


@transaction.atomic
def check(
    *,
    viewer: Viewer,
    rectification_id: int,
    marks: Mapping[int, str],
    notes: Mapping[int, str],
    opinion: str,
) -> Attempt:
    """Record what was found of each item of the submission; may be done again until it is concluded.

    Effects: the re-check; concurrences on it voided; event `rectification.checked` with its digest.
    Raises `NotPermitted` for who acted for the unit, `Invalid` for an item without a word, an unmet
    one without a note, or a missing opinion.
    """
    viewer.require(Role.PROVINCE_HR)
    row = locked(viewer, rectification_id)
    attempt = _submission(row)
    require_other(viewer, row)
    found = {}
    for item in attempt.items:
        number = item["number"]
        word = marks.get(number, "")
        if word not in Word.values:
            raise Invalid(
                f"请选择第 {number} 条是否整改到位。", clause="4.3", field=f"word-{number}"
            )
        note = words(
            notes.get(number, ""),
            f"第 {number} 条未整改到位的情况",
            f"note-{number}",
            most=NOTE,
            required=word == Word.UNMET,
        )
        found[str(number)] = {"word": word, "note": note}
    attempt.words = found
    attempt.opinion = words(opinion, "复查意见", "opinion", most=OPINION, clause="4.3")
    attempt.checked_at, attempt.checked_by = clock.now(), viewer.actor
    attempt.checker = viewer.name
    attempt.save(update_fields=["words", "opinion", "checked_at", "checked_by", "checker"])
    met = all(each["word"] == Word.MET for each in found.values())
    row.recheck = Word.MET if met else Word.UNMET
    row.save(update_fields=["recheck"])
    concurrence.void(subject=row.subject, reason="复查意见已修改", by=viewer, acts=(PASS,))
    append(
        type="rectification.checked",
        subject=row.subject,
        by=viewer,
        payload={"attempt": attempt.number, "met": met, "digest": attempt.digest()},
    )
    return attempt


@transaction.atomic
def concur_pass(
    *, viewer: Viewer, rectification_id: int, digest: str, agreed: bool, remark: str = ""
) -> Rectification:
    """The viewer's department agrees, or not, that everything is mended.

    Raises `NotPermitted` for who acted for the unit, `WrongState` unless every item was found met.
    """
    viewer.require(Role.PROVINCE_HR, Role.PROVINCE_FINANCE)
    row = locked(viewer, rectification_id)
    attempt = _submission(row)
    require_other(viewer, row)
    _require_met(row)
    if digest != attempt.digest():
        raise WrongState("复查意见刚刚改动。", remedy="请刷新页面，核对后再表态。")
    concurrence.give(
        viewer=viewer,
        act=PASS,
        subject=row.subject,
        digest=digest,
        agreed=agreed,
        remark=remark,
    )
    return row


@transaction.atomic
def pass_recheck(*, viewer: Viewer, rectification_id: int) -> Rectification:
    """Conclude that everything is mended, with both departments' agreement.

    A submission in time may pass after the term. Effects, in order: order passed, event
    `rectification.passed`; project accepted, or under construction again when it was ordered
    during it; a message to the unit. Raises `WrongState` until both agree and every item is met,
    `NotPermitted` for who acted for the unit.
    """
    row = locked(viewer, rectification_id)
    attempt = _last(row)

    def both_agree() -> None:
        if attempt is None:
            raise _nothing()
        _require_met(row)
        concurrence.require(act=PASS, subject=row.subject, digest=attempt.digest(), clause="4.3")

    guards = {"both_agree": both_agree, "checked_by_another": lambda: require_other(viewer, row)}
    row.closed_at = clock.now()
    row.closing = attempt.opinion if attempt else ""
    move(
        row,
        step="pass",
        by=viewer,
        guards=guards,
        payload={"attempt": attempt.number if attempt else 0},
        also=("closed_at", "closing"),
    )
    building = row.before == ProjectState.UNDER_CONSTRUCTION
    move_project(
        row.title,
        step="resume_construction" if building else "pass_recheck",
        by=viewer,
        guards=guards,
        payload={"rectification": row.subject},
    )
    tell_unit(
        uscc=row.title.uscc,
        title=f"整改复查合格：{row.title.name}",
        text=row.closing,
        about=row.subject,
    )
    return row


@transaction.atomic
def fail(*, viewer: Viewer, rectification_id: int) -> Rectification:
    """Send a submission back with what the re-check found; the term runs on.

    Effects: order in the unit's hands again, event `rectification.failed`; a message to the unit.
    Raises `WrongState` when nothing was found unmet or the term is over (then it expires),
    `NotPermitted` for who acted for the unit.
    """
    row = locked(viewer, rectification_id)
    attempt = _last(row)
    move(
        row,
        step="fail",
        by=viewer,
        guards={
            "reasons_given": lambda: _require_unmet(row),
            "within_term": lambda: require_within(row),
            "checked_by_another": lambda: require_other(viewer, row),
        },
        payload={"attempt": attempt.number if attempt else 0},
    )
    tell_unit(
        uscc=row.title.uscc,
        title=f"整改复查不合格，请继续整改：{row.title.name}",
        text=attempt.opinion if attempt else "",
        about=row.subject,
        due=row.ends_on,
    )
    return row


@transaction.atomic
def expire(*, viewer: Viewer, rectification_id: int, reason: str) -> Rectification:
    """A person states that the term is over and the demands are not met; nothing does so by itself.

    Effects: order expired with the reason, event `rectification.expired`: a cause to revoke the
    title; a message to the unit. Raises `WrongState` while the term runs, or while a submission in
    time has not been looked into; `Invalid` without a reason.
    """
    row = locked(viewer, rectification_id)

    def reasons_given() -> None:
        row.closing = words(reason, "期满未通过的情况", "reason", most=OPINION, clause="4.3")

    row.closed_at = clock.now()
    move(
        row,
        step="expire",
        by=viewer,
        guards={
            "term_over": lambda: _require_over(row),
            "reasons_given": reasons_given,
            "submission_checked": lambda: _require_checked(row),
        },
        payload={"ends_on": row.ends_on},
        also=("closing", "closed_at"),
    )
    tell_unit(
        uscc=row.title.uscc,
        title=f"整改期满未通过：{row.title.name}",
        text=row.closing,
        about=row.subject,
    )
    return row


@transaction.atomic
def let_stand(*, title: Title, by: Viewer, guards: Mapping[str, Guard], case: str) -> None:
    """Close an order whose term ended in vain, because both departments let the title stand.

    Effects, in order: order kept, event `rectification.kept`; project under construction again,
    event `project.kept`: what it still owes is its acceptance (4.3). Nothing for a title without
    such an order. `guards` are those of the dismissed case, `case` is its subject.
    """
    found = failed(title)
    if found is None:
        return
    row = Rectification.objects.select_for_update().get(pk=found.pk)
    move(row, step="keep", by=by, guards=guards, payload={"case": case})
    move_project(title, step="keep", by=by, guards=guards, payload={"case": case})


def _last(row: Rectification) -> Attempt | None:
    return row.attempts.order_by("-number").first()


def _submission(row: Rectification) -> Attempt:
    """The submission that waits for its re-check. Raises `WrongState`."""
    attempt = _last(row)
    if row.state != RectificationState.SUBMITTED or attempt is None:
        raise _nothing()
    return attempt


def _nothing() -> WrongState:
    return WrongState(
        "现在没有待复查的整改材料。", remedy="单位提交整改材料后才能复查。", clause="4.3"
    )


def _require_met(row: Rectification) -> None:
    if row.recheck != Word.MET:
        raise WrongState(
            "还没有逐项复查合格，不能作出合格结论。",
            remedy="请先逐项复查；有未整改到位的，退回继续整改。",
            clause="4.3",
        )


def _require_unmet(row: Rectification) -> None:
    if row.recheck != Word.UNMET:
        raise WrongState(
            "复查没有发现未整改到位的要求，不能退回。",
            remedy="请先逐项复查，写明哪一条未整改到位。",
            clause="4.3",
        )


def _require_over(row: Rectification) -> None:
    if not is_over(row):
        until = f"，{clock.long_date(row.ends_on)}届满" if row.ends_on else ""
        raise WrongState(f"整改期限未满{until}。", clause="4.3")


def _require_checked(row: Rectification) -> None:
    """A submission in time is looked into first, whoever is late with it."""
    if row.state == RectificationState.SUBMITTED and row.recheck != Word.UNMET:
        raise WrongState(
            "单位在期限内提交的整改材料还没有复查结论。",
            remedy="请先逐项复查；全部到位的，作出合格结论。",
            clause="4.3",
        )
