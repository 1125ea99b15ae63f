"""The pool as each viewer may see it, and who must not judge whom."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q, QuerySet

from jiangxin.core.draw.walk import SkipReason
from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import NotFound
from jiangxin.core.policy import Overlay
from jiangxin.core.policy.values import years_later
from jiangxin.core.workflow import LoanState, Role
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.waiting import Waits
from jiangxin.records.ledger.models import Event
from jiangxin.stages.application.models import Application
from jiangxin.stages.experts.choices import Field, Origin, State

from .models import Expert, Loan
from .rules import Rules, rules_of

READERS = (Role.PROVINCE_HR, Role.PROVINCE_FINANCE, Role.SUPERVISOR, Role.AUDITOR)


def pool(viewer: Viewer) -> QuerySet[Expert]:
    """The one scope of experts: a province sees its own pool, an expert the own row, others nothing.

    National supervision and audit read every pool; the ministries read none.
    """
    rows = Expert.objects.all()
    if viewer.role is Role.EXPERT:
        return rows.filter(user_id=viewer.user_id or 0)
    if viewer.role in READERS and viewer.province:
        return rows.filter(province=viewer.province)
    if viewer.role in (Role.SUPERVISOR, Role.AUDITOR):
        return rows
    return rows.none()


def borrowed(viewer: Viewer) -> QuerySet[Expert]:
    """The experts of other provinces who are, or were, on loan to the viewer's, by their own consent."""
    if viewer.role not in READERS or not viewer.province:
        return Expert.objects.none()
    lent = Loan.objects.filter(borrower=viewer.province, accepted_at__isnull=False)
    return Expert.objects.filter(pk__in=lent.values("expert"))


def expert(viewer: Viewer, expert_id: int) -> Expert:
    """One expert with account, employments and relations. Raises `NotFound` beyond the scope."""
    rows = pool(viewer) | borrowed(viewer)
    rows = rows.select_related("user").prefetch_related("employments", "relations")
    found = rows.filter(pk=expert_id).first()
    if found is None:
        raise NotFound("没有这位专家。", remedy="可能属于其他省份的专家库。")
    return found


def own_expert(viewer: Viewer) -> Expert:
    """The row of the expert who is logged in. Raises `NotFound` for an account without one."""
    rows = pool(viewer).prefetch_related("employments", "relations")
    found = rows.first() if viewer.role is Role.EXPERT else None
    if found is None:
        raise NotFound("您的账号没有对应的专家资料。", remedy="请联系省级人社部门。")
    return found


def applications_waiting(viewer: Viewer) -> Waits:
    """Who has asked to be taken into the viewer's pool and waits for its review."""
    if viewer.role is not Role.PROVINCE_HR or not viewer.province:
        return Waits(Expert.objects.none())
    return Waits(pool(viewer).filter(state=State.PENDING, origin=Origin.SELF))


def history(row: Expert) -> list[Event]:
    """The ledger's record of an expert, oldest first."""
    return list(Event.objects.filter(subject=row.subject).order_by("id"))


def counts(viewer: Viewer) -> dict[str, dict[str, int]]:
    """field → state → number of experts in the viewer's pool."""
    rows = pool(viewer).order_by().values_list("field", "state").annotate(n=Count("id"))
    found: dict[str, dict[str, int]] = {
        field: dict.fromkeys(State.values, 0) for field in Field.values
    }
    for field, state, n in rows:
        found[field][state] = n
    return found


def drawable(province: str) -> list[Expert]:
    """Who stands in the lot of a draw, in order of id: everybody active or suspended, and who is on
    loan from another province today.

    Those suspended or out of term are in it too, with their exclusion stated: so nobody can be
    left out of a draw without a trace.
    """
    lent = Loan.objects.filter(
        borrower=province, state=LoanState.LENT, until__gte=clock.today()
    ).values("expert")
    rows = Expert.objects.filter(
        Q(province=province) | Q(pk__in=lent), state__in=(State.ACTIVE, State.SUSPENDED)
    )
    return list(rows.prefetch_related("employments", "relations").order_by("id"))


@dataclass(frozen=True)
class Recusal:
    """Why an expert stays out: the reason as the draw knows it, in words, and for which projects."""

    reason: SkipReason
    text: str
    projects: tuple[int, ...] = ()


def recusals(
    experts: Iterable[Expert],
    applications: Iterable[Application],
    *,
    year: int,
    overlay: Overlay | None = None,
    renamed: Mapping[int, Iterable[str]] | None = None,
) -> dict[int, Recusal]:
    """expert id → why this expert may not judge any of `applications`; others are not in the result.

    Rules: not active or term over; works at, or within `recusal.years` worked at, an applicant
    unit; a recorded relation to an applicant unit or to a studio's leader that binds by its own
    parameter; `overlay` has what the province tightened. Units are compared by
    code, by name, and by the former names and codes that the form gives; `renamed` gives the names
    and codes that the unit of a project took since. `experts` come with employments and relations
    prefetched, `applications` with their unit.
    """
    today = clock.today()
    rules = rules_of(year, overlay)
    by_unit: dict[str, list[Application]] = defaultdict(list)
    by_leader: dict[str, list[Application]] = defaultdict(list)
    for project in applications:
        since = [key for name in (renamed or {}).get(project.pk, ()) for key in _keys(name, name)]
        for key in _unit_keys(project) | set(since):
            by_unit[key].append(project)
        if project.leader_name:
            by_leader[project.leader_name].append(project)
    found: dict[int, Recusal] = {}
    for each in experts:
        barred = _status(each, today) or _ties(each, by_unit, by_leader, today, rules)
        if barred:
            found[each.pk] = barred
    return found


def _status(each: Expert, today: date) -> Recusal | None:
    if each.state != State.ACTIVE:
        return Recusal(SkipReason.SUSPENDED, f"专家状态为“{State(each.state).label}”")
    if each.term_until < today:
        return Recusal(SkipReason.SUSPENDED, f"聘期已于{each.term_until.isoformat()}届满")
    return None


def _ties(
    each: Expert,
    by_unit: dict[str, list[Application]],
    by_leader: dict[str, list[Application]],
    today: date,
    rules: Rules,
) -> Recusal | None:
    texts: list[str] = []
    projects: set[int] = set()

    def meet(name: str, code: str, words: str) -> None:
        hits = {row.pk: row for key in _keys(name, code) for row in by_unit.get(key, ())}
        if hits:
            texts.append(f"{words}“{next(iter(hits.values())).unit_name}”")
            projects.update(hits)

    meet(each.unit_name, each.unit_uscc, "现任职于申报单位")
    for job in each.employments.all():
        if job.until is None:
            meet(job.unit_name, job.unit_uscc, "现任职于申报单位")
        elif years_later(job.until, rules.employment) >= today:
            meet(job.unit_name, job.unit_uscc, f"{rules.employment}年内曾任职于申报单位")
    for tie in each.relations.all():
        if not rules.binds(tie.kind, tie.until, today):
            continue
        label = tie.get_kind_display()
        meet(tie.unit_name, tie.unit_uscc, f"存在{label}关系：")
        led = by_leader.get(tie.person_name, ()) if tie.person_name else ()
        if led:
            texts.append(f"与带头人{tie.person_name}存在{label}关系")
            projects.update(row.pk for row in led)
    if not texts:
        return None
    unique = list(dict.fromkeys(texts))
    return Recusal(SkipReason.RECUSAL, "；".join(unique), tuple(sorted(projects)))


def _keys(name: str, code: str) -> list[str]:
    return [key for key in (code.strip().upper(), _plain(name)) if key]


def _plain(name: str) -> str:
    """A unit's name without spaces and with brackets of one width: how people type it differs."""
    return "".join(name.split()).replace("(", "（").replace(")", "）")


def _unit_keys(project: Application) -> set[str]:
    former = str(project.answers.get("unit_former_names") or "")
    for mark in "，,；;/ ":
        former = former.replace(mark, "、")
    names = [project.unit_name, project.unit.name, *former.split("、")]
    keys = {_plain(name) for name in names} | {name.strip().upper() for name in former.split("、")}
    return {key for key in (keys | {project.unit.uscc}) if key}


def matching(viewer: Viewer, *, text: str = "") -> QuerySet[Expert]:
    """The viewer's pool narrowed to names, units, titles that contain `text`."""
    rows = pool(viewer)
    for word in text.split():
        rows = rows.filter(
            Q(name__icontains=word) | Q(unit_name__icontains=word) | Q(title__icontains=word)
        )
    return rows
