"""Two examiners, where the province asks for them: each concludes alone, a third decides between them.

The first examiner's conclusion waits for a second person. When both say the same, it is done; when
they differ, a third person of the same office decides. All that was said is kept, and the database
lets nobody speak twice on one version. A verdict that is changed afterwards voids what was
concluded on the former sheet.
"""

from collections.abc import Sequence

from django.db import IntegrityError, transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, WrongState
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.actions import tell_person
from jiangxin.records.ledger.actions import append
from jiangxin.stages.application.models import Application
from jiangxin.stages.programme.queries import own_parameter

from .cases import case_of, own_case
from .models import Case, Conclusion
from .queries import conclusions

Word = Conclusion.Word


def needed(project: Application) -> bool:
    """Whether two people must come to the same conclusion on this application (overlay)."""
    return int(own_parameter("examination.examiners", project.call)) > 1


def decided(project: Application) -> Word | None:
    """What the examiners have decided on the present version; None while one more has to speak."""
    said = conclusions(project)
    if len(said) > 2:
        return Word(said[2].word)
    if len(said) == 2 and said[0].word == said[1].word:
        return Word(said[0].word)
    return None


def conclude(
    *, viewer: Viewer, project: Application, word: Word, reason: str, norms: Sequence[str] = ()
) -> bool:
    """Record what the viewer concludes on a locked application; whether `word` is now decided.

    Effects: the row; `standing`; event `examination.concluded` (seat and word, no reasons); a message
    to the first examiner when the second differs. Raises `WrongState` for the same person twice and
    for a second other than the one named, `Invalid` for a differing word without a reason.
    """
    said = conclusions(project)
    seat = len(said) + 1
    case = own_case(viewer, project) if seat == 1 else case_of(project)
    _require_speaker(viewer, case, said, word, reason)
    row = Conclusion(
        application=project,
        version=project.version,
        seat=seat,
        word=word,
        reason=reason.strip(),
        norms=list(norms),
        user_id=viewer.user_id or 0,
        name=viewer.name,
        at=clock.now(),
    )
    _save(row)
    case.standing = seat
    case.save(update_fields=["standing"])
    append(
        type="examination.concluded",
        subject=project.subject,
        by=viewer,
        payload={"version": project.version, "seat": seat, "word": word.value},
    )
    if seat == 2 and word != said[0].word:
        tell_person(
            person_id=said[0].user_id,
            title=f"复核结论与您不同，待第三人决定：{project.title}"[:200],
            about=project.subject,
        )
    return decided(project) == word


def reopen(*, viewer: Viewer, project: Application, case: Case) -> None:
    """What was concluded on a sheet that has changed since no longer counts; it is kept as void."""
    if not case.standing:
        return
    Conclusion.objects.filter(application=project, version=project.version, void=False).update(
        void=True
    )
    case.standing = 0
    case.save(update_fields=["standing"])
    append(
        type="examination.reopened",
        subject=project.subject,
        by=viewer,
        payload={"version": project.version},
    )


def require(project: Application, word: Word) -> None:
    """Guard of passing and rejecting. Raises `WrongState` while the examiners have not decided so."""
    if needed(project) and decided(project) != word:
        raise WrongState("须由两人得出同一结论，目前还没有。", clause="3.1")


def _require_speaker(
    viewer: Viewer, case: Case, said: list[Conclusion], word: Word, reason: str
) -> None:
    if any(each.user_id == viewer.user_id for each in said):
        who = "第二人复核" if len(said) == 1 else "第三人决定"
        raise WrongState(
            f"您对本次提交已经作出结论，须由{who}。",
            remedy="请由同部门的另一人办理。",
            clause="3.1",
        )
    if len(said) == 1 and case.second_id not in (None, viewer.user_id) and case.second:
        raise WrongState(
            f"本件由{case.second.name}复核。", remedy="需要改由您复核的，请先改派。", clause="3.1"
        )
    differs = len(said) == 2 or (len(said) == 1 and said[0].word != word)
    if differs and not reason.strip():
        raise Invalid("与前面的结论不同，请写明理由。", clause="3.1", field="reason")


def _save(row: Conclusion) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        if "examiners_are_different_people" not in str(error):
            raise
        raise WrongState(
            "审查人和复核人必须是两个人。", remedy="请由同部门的另一人办理。", clause="3.1"
        ) from None
