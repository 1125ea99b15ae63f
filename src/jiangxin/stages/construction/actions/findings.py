"""Problems that supervision found: raised, answered by the unit, closed by another person (N39, N48)."""

from collections.abc import Iterable
from datetime import date

from django.db import transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.canonical import digest as digest_of
from jiangxin.core.kernel.errors import Invalid, NotFound, NotPermitted, WrongState
from jiangxin.core.workflow import PROVINCIAL, TitleState
from jiangxin.records.documents.papers import Upload
from jiangxin.records.identity.models import User
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.actions import tell_unit
from jiangxin.records.ledger.actions import append, move
from jiangxin.stages.construction.choices import Word
from jiangxin.stages.construction.files import keep
from jiangxin.stages.construction.models import Finding, FindingFile, Remark, Visit
from jiangxin.stages.construction.queries.supervision import findings
from jiangxin.stages.construction.reading import known, words
from jiangxin.stages.programme.queries import pack
from jiangxin.stages.titles.models import Title
from jiangxin.stages.titles.queries import title_of


@transaction.atomic
def raise_finding(*, viewer: Viewer, title_id: int, text: str, clause: str, due: date) -> Finding:
    """The province names a problem of a title by hand, with clause and date.

    Effects: the row, open; event `finding.raised`; a message to the unit. Raises `Invalid` for a
    date before today, an unknown clause or no text, `WrongState` for a title that is gone.
    """
    viewer.require(*PROVINCIAL)
    return name_problem(viewer, title_of(viewer, title_id), text, clause, due)


def name_problem(
    viewer: Viewer, title: Title, text: str, clause: str, due: date, visit: Visit | None = None
) -> Finding:
    """`raise_finding` inside the caller's transaction, for a problem that a visit may have found."""
    if title.state != TitleState.TITLED:
        raise WrongState("该称号已不再有效，不再提出检查问题。", clause="4.1")
    text = words(text, "问题", "text", clause="4.1")
    known(clause, pack().clauses, "依据条款", "clause")
    if due < clock.today():
        raise Invalid("整改期限不能早于今天。", clause="4.1", field="due")
    row = Finding.objects.create(
        title=title,
        visit=visit,
        text=text,
        clause=clause,
        due=due,
        raised_at=clock.now(),
        raised_by=viewer.name,
    )
    append(
        type="finding.raised",
        subject=row.subject,
        by=viewer,
        payload={
            "title": title.subject,
            "visit": visit.subject if visit else "",
            "clause": clause,
            "due": due,
            "text": digest_of(text),
        },
    )
    _tell(row, "检查发现问题，请按期整改", text, key="raised")
    return row


@transaction.atomic
def answer(*, viewer: Viewer, finding_id: int, text: str, files: Iterable[Upload] = ()) -> Finding:
    """The unit says what it has done about the problem, with proof.

    Effects: the remark with its files; state answered, event `finding.answered`. Raises `Invalid`
    without a text, `WrongState` when it is not open.
    """
    row = _locked(viewer, finding_id)

    def reasons_given() -> None:
        words(text, "整改情况", "text", clause="4.1")

    row.answered_at, row.answered_by = clock.now(), viewer.actor
    move(
        row,
        step="answer",
        by=viewer,
        guards={"reasons_given": reasons_given},
        payload={"text": digest_of(text.strip())},
        also=("answered_at", "answered_by"),
    )
    _say(viewer, row, Word.ANSWERED, text, files)
    return row


@transaction.atomic
def close(*, viewer: Viewer, finding_id: int, remark: str = "") -> Finding:
    """An officer of the province, who is not the one that mended it, closes the problem.

    Effects: the remark; state closed, event `finding.closed`. Raises `NotPermitted` for the person
    who answered, under whatever account, `WrongState` when it is not answered.
    """
    row = _locked(viewer, finding_id)
    row.closed_at, row.closed_by = clock.now(), viewer.actor
    move(
        row,
        step="close",
        by=viewer,
        guards={"checked_by_another": lambda: _require_another(viewer, row)},
        also=("closed_at", "closed_by"),
    )
    _say(viewer, row, Word.CLOSED, remark, required=False)
    _tell(row, "检查问题已销号", remark.strip(), key="closed")
    return row


@transaction.atomic
def reopen(*, viewer: Viewer, finding_id: int, reason: str, due: date | None = None) -> Finding:
    """The province is not content; the unit mends on, until the old date or a new one.

    Effects: the remark; date and state open, event `finding.reopened`; a message to the unit.
    Raises `Invalid` without a reason or for a date before today.
    """
    row = _locked(viewer, finding_id)

    def reasons_given() -> None:
        words(reason, "退回理由", "reason", clause="4.1")
        if due is not None and due < clock.today():
            raise Invalid("整改期限不能早于今天。", clause="4.1", field="due")

    row.due = due or row.due
    move(
        row,
        step="reopen",
        by=viewer,
        guards={"reasons_given": reasons_given},
        payload={"reason": digest_of(reason.strip()), "due": row.due},
        also=("due",),
    )
    said = _say(viewer, row, Word.REOPENED, reason)
    _tell(row, "整改情况已退回，请继续整改", reason.strip(), key=f"reopened:{said.pk}")
    return row


def _require_another(viewer: Viewer, row: Finding) -> None:
    """Not the account that answered, nor another account of that person (same name and phone)."""
    same = row.answered_by == viewer.actor
    if not same and row.answered_by.startswith("user:"):
        ids = [int(row.answered_by.partition(":")[2]), viewer.user_id or 0]
        people = [(user.name, user.phone) for user in User.objects.filter(pk__in=ids)]
        same = len(people) == 2 and people[0] == people[1] and bool(people[0][1])
    if same:
        raise NotPermitted(
            "整改人不能给自己的问题销号。", remedy="请由另一位工作人员复核。", clause="4.1"
        )


def _say(
    viewer: Viewer,
    row: Finding,
    word: Word,
    text: str,
    files: Iterable[Upload] = (),
    *,
    required: bool = True,
) -> Remark:
    said = Remark.objects.create(
        finding=row,
        word=word,
        text=words(text, word.label, "text", required=required),
        at=clock.now(),
        actor=viewer.actor,
        by=viewer.name,
    )
    FindingFile.objects.bulk_create(
        FindingFile(remark=said, document=each) for each in keep(viewer, files)
    )
    return said


def _locked(viewer: Viewer, finding_id: int) -> Finding:
    row = findings(viewer).select_for_update(of=("self",)).filter(pk=finding_id).first()
    if row is None:
        raise NotFound("没有这个检查问题。", remedy="它可能不在您的查看范围内。")
    return row


def _tell(row: Finding, title: str, text: str, *, key: str) -> None:
    tell_unit(
        uscc=row.title.uscc,
        title=f"“{row.title.name}”{title}",
        text=text,
        about=row.title.subject,
        due=row.due if row.state == "open" else None,
        key=f"{row.subject}:{key}",
    )
