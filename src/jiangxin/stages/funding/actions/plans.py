"""The funding plan of a year: budget, lines, the word of both ministries, approval (N52, N53, N54)."""

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.db.models import Sum

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, LimitReached, NotFound, WrongState
from jiangxin.core.kernel.money import wan
from jiangxin.core.workflow import MINISTRIES, PROVINCIAL, PlanState
from jiangxin.records.concurrence import actions as concurrence
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.actions import tell_office, tell_unit
from jiangxin.records.ledger.actions import append, move
from jiangxin.stages.titles.models import Title

from ..checks import (
    require_due,
    require_registered_before,
    require_within_band,
    require_within_budget,
)
from ..models import Plan, PlanLine
from ..queries.plans import APPROVE, eligible, left_out
from ..rules import band_text, is_outside, sound_amount, sound_text, supported_years

LONGEST_REASON = 500


@transaction.atomic
def draft_plan(*, viewer: Viewer, year: int, budget: int) -> Plan:
    """Begin the plan of a year, or the next supplement to it for projects that it left out.

    Effects: the row; event `plan.drafted`. Raises `Invalid` for a year in which nothing is due or
    an impossible budget, `LimitReached` while a draft of the year is open, or when its plans hold
    every project that is due.
    """
    viewer.require(*MINISTRIES)
    sound_amount(budget, "budget")
    if not 2000 <= year <= 2999 or not supported_years(year):
        raise Invalid(
            f"{year} 年没有可以补助的项目年度。",
            remedy="两部备案登记的项目，在下一年度补助。",
            clause="4.4",
            field="year",
        )
    if year > clock.today().year + 1:
        raise Invalid("最早可提前一年编制分配方案。", clause="4.4", field="year")
    states = list(Plan.objects.filter(year=year).values_list("state", flat=True))
    part = 1 + len(states)
    if states and PlanState.DRAFT not in states and not left_out(year).exists():
        raise LimitReached(
            f"{year} 年已有资金分配方案，到期应补助的项目都已列入。", clause="4.4", field="year"
        )
    try:
        with transaction.atomic():
            row = Plan.objects.create(year=year, part=part, budget=budget)
    except IntegrityError as error:
        if "one_plan_per_year" not in str(error) and "one_draft_plan" not in str(error):
            raise
        raise LimitReached(
            f"{year} 年已有资金分配方案在编制。", remedy="请在原方案上办理。", field="year"
        ) from None
    append(
        type="plan.drafted",
        subject=row.subject,
        by=viewer,
        payload={"year": year, "part": part, "budget": budget},
    )
    return row


@transaction.atomic
def set_budget(*, viewer: Viewer, plan_id: int, budget: int) -> Plan:
    """Change the budget of a draft. Effects: the row; concurrences voided; event `plan.changed`."""
    row = _draft(viewer, plan_id)
    row.budget = sound_amount(budget, "budget")
    row.save(update_fields=["budget"])
    _changed(viewer, row, "预算已修改", {"budget": budget})
    return row


@transaction.atomic
def add_lines(*, viewer: Viewer, plan_id: int, title_ids: Iterable[int]) -> list[PlanLine]:
    """Put projects into the plan, each with the amount of its verified tier; all of them or none.

    Effects: the lines; concurrences voided; event `plan.changed`. Raises `Invalid` when none is
    given, `WrongState` naming the first that does not belong: of another year, not registered by
    both ministries, its title gone, its tier not fixed; `LimitReached` for one that is in a plan.
    """
    row = _draft(viewer, plan_id)
    wanted = sorted(set(title_ids))
    if not wanted:
        raise Invalid("没有选中项目。", remedy="请先勾选再列入。")
    titles = list(Title.objects.select_for_update().filter(pk__in=wanted).order_by("pk"))
    if len(titles) < len(wanted):
        raise NotFound("名录中没有所选的某个项目。", remedy="请刷新页面后再选。")
    ready = {title.pk: title for title in eligible(row).filter(pk__in=wanted)}
    for title in titles:
        if title.pk not in ready:
            _refuse(row, title)
    try:
        with transaction.atomic():
            lines = [_line(row, ready[each.pk]) for each in titles]
    except IntegrityError as error:
        if "title_planned_once" not in str(error):
            raise
        raise LimitReached("所选的某个项目刚刚被列入方案。", remedy="请刷新页面。") from None
    added = [{"title": each.title.subject, "amount": each.amount} for each in lines]
    _changed(viewer, row, "方案项目已增加", {"added": added})
    return lines


def _line(row: Plan, title: Title) -> PlanLine:
    """The pack may have moved its band since the tier was fixed: then a reason says so."""
    amount = title.claim.amount or 0
    outside = is_outside(title.kind, title.year, amount)
    reason = f"类档确定的标准，现行幅度为{band_text(title.kind, title.year)}" if outside else ""
    return PlanLine.objects.create(
        plan=row, title=title, amount=amount, outside=outside, reason=reason
    )


def _refuse(row: Plan, title: Title) -> None:
    """Why this title can not be in this plan."""
    require_due(row, title)
    if PlanLine.objects.filter(title=title).exists():
        raise LimitReached(
            f"“{title.name}”已列入资金分配方案。", remedy="每个项目只补助一次。", clause="4.4"
        )
    raise WrongState(
        f"“{title.name}”的类档还没有确定。", remedy="两部确定类档后才能列入。", clause="4.4"
    )


@transaction.atomic
def set_line(
    *, viewer: Viewer, plan_id: int, line_id: int, amount: int, reason: str = ""
) -> PlanLine:
    """Another amount for one project; outside the band with the reason for it.

    Effects: the line; concurrences voided; event `plan.changed`. Raises `Invalid` for an amount
    outside the band without a reason (N53, N54): with one, both ministries agree to it by the plan.
    """
    row = _draft(viewer, plan_id)
    line = _line_of(row, line_id)
    title = line.title
    sound_amount(amount)
    outside = is_outside(title.kind, title.year, amount)
    if outside and not reason.strip():
        raise Invalid(
            f"金额应在 {band_text(title.kind, title.year)}之内。",
            remedy="确需超出的，请写明理由，由两部共同批准。",
            clause="4.4",
            field="reason",
        )
    if reason.strip():
        reason = sound_text(reason, "理由", "reason", longest=LONGEST_REASON)
    line.amount, line.outside, line.reason = amount, outside, reason.strip()
    line.save(update_fields=["amount", "outside", "reason"])
    changed = {"title": title.subject, "amount": amount, "outside": outside}
    _changed(viewer, row, "方案金额已修改", {"changed": changed})
    return line


@transaction.atomic
def remove_line(*, viewer: Viewer, plan_id: int, line_id: int) -> None:
    """Take a project out of a draft. Effects: the line; concurrences voided; event `plan.changed`."""
    row = _draft(viewer, plan_id)
    line = _line_of(row, line_id)
    subject = line.title.subject
    line.delete()
    _changed(viewer, row, "方案项目已移出", {"removed": subject})


@transaction.atomic
def concur_plan(
    *, viewer: Viewer, plan_id: int, digest: str, agreed: bool, remark: str = ""
) -> Plan:
    """A ministry agrees, or not, to the plan with this digest (that of its page).

    Raises `WrongState` when the plan has changed since; nobody can agree to one that may not be
    approved: empty, over the budget, or with a project that does not belong.
    """
    row = _draft(viewer, plan_id)
    if digest != row.digest():
        raise WrongState("方案刚刚改动。", remedy="请刷新页面，核对后再表态。")
    if agreed:
        lines = _lines(row)
        require_within_budget(row, lines)
        require_within_band(lines)
        require_registered_before(row, lines)
    concurrence.give(
        viewer=viewer,
        act=APPROVE,
        subject=row.subject,
        digest=digest,
        agreed=agreed,
        remark=remark,
    )
    return row


@transaction.atomic
def approve(*, viewer: Viewer, plan_id: int) -> Plan:
    """Approve the plan; from then on nothing in it changes.

    Effects, in order: state approved with total and time, event `plan.approved`; the departments
    of every province with a line and every unit are told. Raises `WrongState` until both agree, over
    the budget, before the year has begun, or when a project no longer belongs; `Invalid` for an
    amount outside the band without a reason.
    """
    row = _draft(viewer, plan_id)
    lines = _lines(row)
    row.total, row.approved_at = sum(each.amount for each in lines), clock.now()
    move(
        row,
        step="approve",
        by=viewer,
        guards={
            "both_agree": lambda: concurrence.require(
                act=APPROVE, subject=row.subject, digest=row.digest(), clause="4.4"
            ),
            "within_budget": lambda: require_within_budget(row, lines),
            "within_band": lambda: require_within_band(lines),
            "registered_the_year_before": lambda: _require_its_year(row, lines),
        },
        payload={"digest": row.digest(), "total": row.total, "projects": len(lines)},
        also=("total", "approved_at"),
    )
    _tell(row, lines)
    return row


def _require_its_year(row: Plan, lines: list[PlanLine]) -> None:
    """Support comes after the fact, in the next year: not before that year has begun (N52)."""
    if clock.today().year < row.year:
        raise WrongState(
            f"{row.year} 年的补助自 {row.year} 年 1 月 1 日起批准。",
            remedy="两部备案登记的项目，在下一年度后补助。",
            clause="4.4",
        )
    require_registered_before(row, lines)


def _lines(row: Plan) -> list[PlanLine]:
    """The lines with their titles, which stay as they are until the end of the transaction."""
    lines = row.lines.select_for_update(of=("self", "title")).order_by("title_id")
    return list(lines.select_related("title", "title__claim"))


def _draft(viewer: Viewer, plan_id: int) -> Plan:
    viewer.require(*MINISTRIES)
    row = Plan.objects.select_for_update().filter(pk=plan_id).first()
    if row is None:
        raise NotFound("没有这份资金分配方案。")
    if row.state != PlanState.DRAFT:
        raise WrongState("方案已批准，不能再改。", clause="4.4")
    return row


def _line_of(row: Plan, line_id: int) -> PlanLine:
    line = row.lines.select_related("title").filter(pk=line_id).first()
    if line is None:
        raise NotFound("方案中没有这一项。", remedy="它可能刚刚被移出，请刷新页面。")
    return line


def _changed(viewer: Viewer, row: Plan, reason: str, payload: dict[str, object]) -> None:
    concurrence.void(subject=row.subject, reason=reason, by=viewer)
    append(
        type="plan.changed",
        subject=row.subject,
        by=viewer,
        payload={**payload, "digest": row.digest()},
    )


def _tell(row: Plan, lines: list[PlanLine]) -> None:
    sums = row.lines.order_by("title__province").values_list("title__province")
    for province, amount in sums.annotate(n=Sum("amount")):
        for role in PROVINCIAL:
            tell_office(
                role=role,
                province=province,
                title=f"{row.name}已批准",
                text=f"本省 {wan(amount)} 万元。请在资金到省后及时转拨项目单位。",
                about=row.subject,
            )
    for each in lines:
        tell_unit(
            uscc=each.title.uscc,
            title=f"“{each.title.name}”列入 {row.year} 年后补助",
            text=f"{wan(each.amount)} 万元。资金到账后请在系统中确认。",
            about=row.subject,
        )
