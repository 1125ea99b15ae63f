"""After the registration: construction, acceptance, mending, revocation, the assessment of the old."""

from collections.abc import Iterator

from jiangxin.core.kernel import clock
from jiangxin.core.policy.values import years_later
from jiangxin.core.workflow import (
    AcceptanceState,
    AssessmentState,
    FindingState,
    RevocationState,
    TitleState,
)
from jiangxin.records.ledger.models import Event
from jiangxin.stages.acceptance.models import Acceptance
from jiangxin.stages.application.titled import project_of
from jiangxin.stages.assessment.models import Assessment
from jiangxin.stages.construction.choices import Word
from jiangxin.stages.construction.models import Construction, Extension, Finding
from jiangxin.stages.construction.queries.building import all_done, milestones
from jiangxin.stages.experience.models import Experience
from jiangxin.stages.programme.queries import parameter
from jiangxin.stages.rectification.models import Attempt, Rectification
from jiangxin.stages.revocation.models import Revocation
from jiangxin.stages.titles.models import Title

from . import invariant


@invariant("N46", title="建设期不超过规定年数，只延期一次")
def building_ends_in_time() -> Iterator[str]:
    for row in Construction.objects.order_by("id"):
        if row.first_due > years_later(row.starts_on, parameter("build.years", 2025)):
            yield f"建设 {row.pk} 的期限超过规定。"
        granted = list(Extension.objects.filter(construction=row, state="granted"))
        if len(granted) > 1 or row.due != (granted[0].due if granted else row.first_due):
            yield f"建设 {row.pk} 的期满日与延期记录不符。"


@invariant("N47", title="每个建设项目都有冻结的目标和任务")
def goals_are_frozen() -> Iterator[str]:
    for row in Construction.objects.order_by("id"):
        if not row.goals.exists() or not row.milestones.exists() or len(row.digest) != 64:
            yield f"建设 {row.pk} 没有目标或任务。"


@invariant("N39", "N48", title="检查问题由整改单位以外的人销号")
def findings_are_closed_by_another() -> Iterator[str]:
    for row in Finding.objects.filter(state=FindingState.CLOSED).order_by("id"):
        actors = {
            word: set(row.remarks.filter(word=word).values_list("actor", flat=True))
            for word in (Word.ANSWERED, Word.CLOSED)
        }
        if not actors[Word.CLOSED] or actors[Word.ANSWERED] & actors[Word.CLOSED]:
            yield f"问题 {row.pk} 由整改者销号。"


@invariant("N49", title="验收合格的项目都有签署的评价和两部门的结论，且建设期已满")
def accepted_after_the_end() -> Iterator[str]:
    for row in Acceptance.objects.filter(state=AcceptanceState.CONCLUDED).select_related("title"):
        sheets = row.sheets.filter(replaced_at=None)
        if not sheets.exists() or sheets.exclude(state="signed").exists():
            yield f"{row.subject} 有未签署的评价表。"
        building = Construction.objects.filter(title=row.title).first()
        if building is None:
            yield f"{row.subject} 没有建设记录。"
            continue
        early = row.applied_at.astimezone(clock.BEIJING).date() <= building.due
        if early and not all_done(milestones(row.title)):
            yield f"{row.subject} 在建设期满前申请。"


@invariant("N50", title="整改期不超过一年，自送达起算")
def mending_within_a_year() -> Iterator[str]:
    years = parameter("rectification.years", 2025)
    for row in Rectification.objects.exclude(ends_on=None).order_by("id"):
        if not (row.served_on and row.ends_on and row.ends_on <= years_later(row.served_on, years)):
            yield f"{row.subject} 的期限超过 {years} 年。"


@invariant("N50", title="复查的人不是整改的人")
def rechecked_by_another() -> Iterator[str]:
    for row in Attempt.objects.exclude(checked_by="").order_by("id"):
        if row.checked_by == row.actor:
            yield f"整改材料 {row.pk} 由提交者复查。"


@invariant("N45", "N51", title="没有告知、听取和两部门决定就没有取消称号")
def no_revocation_without_a_hearing() -> Iterator[str]:
    order = ["revocation.proposed", "revocation.noticed", "revocation.heard", "revocation.decided"]
    for title in Title.objects.filter(state=TitleState.REVOKED).order_by("id"):
        decided = (RevocationState.DECIDED, RevocationState.PUBLISHED)
        case = Revocation.objects.filter(title=title, state__in=decided).first()
        if case is None:
            yield f"{title.number} 已取消而没有取消程序。"
            continue
        types = Event.objects.filter(subject=case.subject, type__in=order).order_by("id")
        if list(types.values_list("type", flat=True)) != order:
            yield f"{title.number} 的取消程序缺少步骤。"
        if case.served_on is None:
            yield f"{title.number} 的告知没有送达。"


@invariant("N51", title="因整改取消的，整改期确已届满")
def revoked_only_after_the_term() -> Iterator[str]:
    cases = Revocation.objects.filter(cause="rectification", state=RevocationState.PUBLISHED)
    for case in cases.order_by("id"):
        expired = Rectification.objects.filter(title=case.title_id, state="expired")
        if not any(row.ends_on and row.ends_on < case.proposed_at.date() for row in expired):
            yield f"{case.subject} 没有期满的整改。"


@invariant("N44", "N45", title="称号与背后的项目同时存续、同时终止")
def title_and_project_end_together() -> Iterator[str]:
    for title in Title.objects.exclude(origin="").order_by("id"):
        project = project_of(title)
        ended = project is not None and project.state in (TitleState.REVOKED, TitleState.ENDED)
        if project is None or ended != (title.state != TitleState.TITLED):
            yield f"{title.number} 与项目的状态不一致。"


@invariant("N41", title="考核结论写入名录，名录中的结论都有考核")
def assessments_are_in_the_register() -> Iterator[str]:
    done = Assessment.objects.filter(state=AssessmentState.CONCLUDED).select_related("title")
    for row in done.order_by("id"):
        expected = "failed" if row.grade == "unqualified" else "passed"
        newest = row.title.assessments.filter(state=AssessmentState.CONCLUDED).order_by("-year")
        if newest[0] == row and row.title.assessment != expected:
            yield f"{row.title.number} 的考核结论没有写入名录。"


@invariant("N42", title="考核的都是有效的 2011—2020 年项目")
def only_legacy_is_assessed() -> Iterator[str]:
    last = parameter("legacy.last_year", 2025)
    for row in Assessment.objects.filter(title__year__gt=last).select_related("title"):
        yield f"{row.title.number} 不属于 2011—2020 年名录。"


@invariant("N40", title="发布的经验案例都经过审核")
def experience_was_approved() -> Iterator[str]:
    for row in Experience.objects.filter(state="published").order_by("id"):
        types = Event.objects.filter(subject=row.subject).values_list("type", flat=True)
        if "experience.approved" not in set(types):
            yield f"{row.subject} 未经审核。"
