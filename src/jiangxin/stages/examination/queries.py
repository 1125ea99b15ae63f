"""What stands on the examiner's desk, and what an applicant has to correct.

Officials work on what was submitted: the newest version, never the unit's unfinished corrections.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import NotFound, WrongState
from jiangxin.core.policy import Finding, assess, facts_from
from jiangxin.core.policy import Verdict as Kleene
from jiangxin.core.workflow import ProjectState, Role
from jiangxin.records.identity.models import User
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.waiting import Waits
from jiangxin.stages.application.models import Application, Version
from jiangxin.stages.application.queries import form_of, latest_version, visible
from jiangxin.stages.application.sealing import opened_answers
from jiangxin.stages.copied.queries import with_copies
from jiangxin.stages.programme.queries import last_day, overlay_of_call, own_parameter, pack
from jiangxin.stages.titles.queries import registers_for

from .models import Case, ClauseState, Conclusion, Rejection, ReturnItem, Verdict

SOON = timedelta(days=3)


def queue(viewer: Viewer) -> QuerySet[Application]:
    """What waits for examination and what is being corrected; `judged` counts the clauses on which
    an examiner has spoken in the present version."""
    spoken = (
        Verdict.objects.filter(application=OuterRef("pk"), version=OuterRef("version"))
        .order_by()
        .values("application")
        .annotate(n=Count("id"))
        .values("n")
    )
    return (
        visible(viewer)
        .filter(state__in=(ProjectState.SUBMITTED, ProjectState.RETURNED))
        .annotate(judged=Coalesce(Subquery(spoken), 0))
    )


def examinations_due(viewer: Viewer) -> Waits:
    """What 人社 has to examine within three days, or should have: nobody wants to hear of it earlier."""
    if viewer.role is not Role.PROVINCE_HR:
        return Waits(Application.objects.none())
    return Waits(visible(viewer).filter(near()), due="case__due")


def near() -> Q:
    """To be examined within three days, or late already."""
    return Q(state=ProjectState.SUBMITTED.value, case__due__lte=clock.today() + SOON)


def due_by_examiner(last: date) -> list[tuple[int, date, int]]:
    """(account, day, how many) of the cases that their examiners have to conclude by `last`; one query."""
    rows = Case.objects.filter(
        application__state=ProjectState.SUBMITTED, examiner__is_active=True, due__lte=last
    )
    found = rows.order_by().values_list("examiner_id", "due").annotate(n=Count("id"))
    return [(person, day, number) for person, day, number in found.order_by("examiner_id", "due")]


def colleagues(viewer: Viewer) -> list[User]:
    """Who examines in the viewer's province: the accounts of its 人社 department that are in use."""
    rows = User.objects.filter(
        role=Role.PROVINCE_HR.value, province=viewer.province, is_active=True
    )
    return list(rows.order_by("name", "pk"))


def examined(viewer: Viewer, application_id: int) -> Application:
    """One application with call, unit, case and people, and `copies` (passages that others wrote alike).

    One query. Raises `NotFound` beyond the viewer's scope.
    """
    rows = with_copies(visible(viewer)).select_related(
        "call", "unit", "case__examiner", "case__second"
    )
    found = rows.filter(pk=application_id).first()
    if found is None:
        raise NotFound("没有这个项目。", remedy="它可能不在您的查看范围内，或已被撤回。")
    return found


def case(application: Application) -> Case | None:
    """Whose case it is; None while nobody has touched it and the worker has not listed it."""
    found: Case | None = getattr(application, "case", None)
    return found


def conclusions(application: Application) -> list[Conclusion]:
    """What the examiners concluded on the present version, in the order in which they spoke."""
    rows = Conclusion.objects.filter(
        application=application, version=application.version, void=False
    )
    return list(rows.order_by("seat"))


def mine(viewer: Viewer) -> Q:
    """What waits for this person: their own cases, and those that want the word of another one."""
    me = viewer.user_id or 0
    spoken = Conclusion.objects.filter(
        application=OuterRef("pk"), version=OuterRef("version"), user_id=me, void=False
    )
    open_to_me = Q(case__standing=2) | Q(case__second=None) | Q(case__second_id=me)
    wants = Q(case__standing__gte=1) & open_to_me & Q(~Exists(spoken))
    own = Q(case__standing=0, case__examiner_id=me)
    return Q(state=ProjectState.SUBMITTED.value) & (own | wants)


def clause_is(place: str, word: str) -> Q:
    """Applications whose present version stands so on a clause (`2.1.1.3`) or a norm (`N11`)."""
    field = "norm" if place[:1].isalpha() or "-" in place else "clause"
    rows = ClauseState.objects.filter(
        **{field: place}, word=word, application=OuterRef("pk"), version=OuterRef("version")
    )
    return Q(Exists(rows))


CLAUSE_WORDS = {each.label: each.value for each in ClauseState.Word}


def chosen(viewer: Viewer, ids: list[int]) -> list[Application]:
    """These applications as far as the viewer sees them, with call and unit, in order of number."""
    rows = visible(viewer).filter(pk__in=ids).select_related("call", "unit", "case__examiner")
    return list(rows.order_by("number", "id"))


@dataclass(frozen=True)
class Line:
    """One clause on the examination sheet: what the rules say, what the examiner said, and what was
    said on the version before."""

    finding: Finding
    verdict: Verdict | None
    before: Verdict | None = None

    @property
    def settled(self) -> bool:
        """Whether this line lets the application pass."""
        refused = self.verdict is not None and self.verdict.word == Verdict.Word.NOT_MET
        return self.finding.verdict is Kleene.MET and not refused


def submitted_version(application: Application) -> Version:
    """The version that officials work on. Raises `WrongState` before the first submission."""
    version = latest_version(application)
    if version is None:
        raise WrongState("该项目尚未提交。", clause="3.1")
    return version


def submitted_facts(application: Application, version: Version) -> dict[str, Any]:
    """A submitted version as facts for the policy engine, the register looked up; two queries."""
    form = form_of(application)
    number = version.answers.get("leader_id_number")
    registers = registers_for(
        unit_name=application.unit_name,
        uscc=application.unit.uscc,
        leader_hash=number["hash"] if isinstance(number, dict) else "",
    )
    counts = Counter(item["field"] for item in version.evidence)
    answers = opened_answers(form, version.answers)
    return facts_from(form, answers, counts, registers=registers)


def judged(
    application: Application,
    version: Version,
    facts: Mapping[str, Any],
    said: Mapping[str, tuple[str, str]],
) -> list[Finding]:
    """The findings on `facts` with what examiners said folded in: norm → (word, reason).

    A reasoned 符合 counts as an exception where the notice says 一般; it moves no other figure.
    """
    exceptions = {
        norm: reason for norm, (word, reason) in said.items() if word == Verdict.Word.MET and reason
    }
    examined = {norm: word for norm, (word, _) in said.items()}
    return assess(
        pack(),
        track=application.track,
        on=version.at.astimezone(clock.BEIJING).date(),
        facts={**facts, "examined": examined, "exceptions": exceptions},
        overlay=overlay_of_call(application.call),
    )


def words(application: Application) -> dict[str, Verdict]:
    """The examiner's verdicts on the present version, by norm."""
    return words_by_version(application).get(application.version, {})


def words_by_version(application: Application) -> dict[int, dict[str, Verdict]]:
    """Every verdict: version → norm → verdict; one query."""
    found: dict[int, dict[str, Verdict]] = {}
    for row in Verdict.objects.filter(application=application).order_by("version", "norm"):
        found.setdefault(row.version, {})[row.norm] = row
    return found


def sheet(application: Application, version: Version | None = None) -> list[Line]:
    """Clause by clause: the computed finding with the examiner's word folded in.

    At most four queries, one less when the newest `version` is given.
    """
    version = version or submitted_version(application)
    every = words_by_version(application)
    said, before = every.get(version.number, {}), every.get(version.number - 1, {})
    findings = judged(
        application,
        version,
        submitted_facts(application, version),
        {norm: (row.word, row.reason) for norm, row in said.items()},
    )
    return [Line(each, said.get(each.norm), before.get(each.norm)) for each in findings]


def open_lines(application: Application) -> list[Line]:
    """The lines that still keep the application from passing."""
    return [line for line in sheet(application) if not line.settled]


def returns(application: Application) -> list[ReturnItem]:
    """Everything that was ever returned, oldest first."""
    return list(application.returns.all())


def open_returns(application: Application) -> list[ReturnItem]:
    """What the unit has to correct now: the items of the version that was returned."""
    return [item for item in returns(application) if item.version == application.version]


def rejection(application: Application) -> Rejection | None:
    """Why the application was not let through; None when it was, or is still open."""
    return Rejection.objects.filter(application=application).first()


def unchanged_norms(application: Application, older: Version, newer: Version) -> set[str]:
    """The norms whose every answer and file is the same in both versions."""
    touched, known = set(), set()
    for _, field in form_of(application).fields():
        known |= set(field.norms)
        if _held(older, field.key) != _held(newer, field.key):
            touched |= set(field.norms)
    return known - touched


def _held(version: Version, key: str) -> tuple[Any, list[str]]:
    files = sorted(item["sha256"] for item in version.evidence if item["field"] == key)
    answer = version.answers.get(key)
    return answer["hash"] if isinstance(answer, dict) and "hash" in answer else answer, files


def correction_overdue(application: Application) -> bool:
    """Whether the day by which the unit had to correct is over."""
    due = application.correction_due
    return due is not None and clock.today() > due


def correction_due(application: Application, *, today: date) -> date:
    """The last day for corrections when the application is returned on `today`."""
    return last_day(today + timedelta(days=1), application.call.correction_days)


def examination_due(application: Application) -> date:
    """The last day for examining the present version, in working days after its submission (overlay)."""
    submitted = application.submitted_at or clock.now()
    days = int(own_parameter("examination.working_days", application.call))
    first = submitted.astimezone(clock.BEIJING).date() + timedelta(days=1)
    return last_day(first, max(1, days))
