"""The lots of an inspection: what may be drawn, and whether there are enough inspectors for each project."""

import json
from collections.abc import Iterable, Mapping
from datetime import date

from jiangxin.core.draw.plan import Plan, missing_bits
from jiangxin.core.draw.pool import Entry, freeze
from jiangxin.core.draw.walk import adequacy
from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, WrongState
from jiangxin.records.identity.secrets import seal
from jiangxin.stages.experts.choices import Field
from jiangxin.stages.experts.models import Expert
from jiangxin.stages.experts.queries import drawable, recusals
from jiangxin.stages.programme.queries import pack
from jiangxin.stages.review.queries.ceremony import expert_code, expert_id
from jiangxin.stages.review.queries.preparation import entry_of

from .models import Construction, Inspection, Lot
from .rules import terms_of

SUBSTITUTES = 1  # for each field of each project
MOST = 20  # inspectors of one field


def plan_of(name: str, seats: Mapping[str, int], substitutes: int) -> Plan:
    """The plan of one lot of a session."""
    return Plan(
        session=name,
        seats=dict(seats),
        substitutes=substitutes,
        rule_version=f"{pack().code} 双随机现场检查",
    )


def sealed(entries: Iterable[Entry]) -> str:
    """The entries with their salts, encrypted."""
    return seal(json.dumps([vars(entry) for entry in entries]))


def require_sense(
    found: list[Construction], projects: int, seats: Mapping[str, int], visit_by: date
) -> None:
    """Raises `Invalid` or `WrongState` for what can not be drawn."""
    if not found:
        raise WrongState("本省没有正在建设的项目，不能抽查。", clause="4.3")
    if not 1 <= projects <= len(found):
        raise Invalid(
            f"抽查项目数应在 1 至 {len(found)} 之间（本省正在建设 {len(found)} 个）。",
            clause="4.3",
            field="projects",
        )
    least = max(terms_of(each.project).inspectors for each in found)
    counts = list(seats.values())
    if set(seats) - set(Field.values) or any(not 0 < each <= MOST for each in counts):
        raise Invalid("检查人员的专业或人数不对。", field="seats")
    if sum(counts) < least:
        raise Invalid(f"每个项目至少抽取 {least} 名检查人员。", clause="4.3", field="seats")
    if visit_by < clock.today():
        raise Invalid("检查完成期限不能早于今天。", field="visit_by")


def lots_of(
    row: Inspection, found: list[Construction], name: str, seats: Mapping[str, int]
) -> list[Lot]:
    """A lot of inspectors for every project that may be drawn. Raises `WrongState` when one is short."""
    experts = [each for each in drawable(row.province) if seats.get(each.field)]
    plan = plan_of(name, {Field(key).label: n for key, n in seats.items()}, SUBSTITUTES)
    return [_lot(row, each, plan, experts) for each in found]


def _lot(row: Inspection, building: Construction, plan: Plan, experts: list[Expert]) -> Lot:
    barred = recusals(experts, [building.project], year=building.project.year)
    entries = [entry_of(each) for each in experts]
    out = {expert_code(pk) for pk in barred}
    short = [
        f"{line.field}需 {line.needed} 人，可参加 {line.eligible} 人"
        for line in adequacy(entries, plan, out)
        if line.eligible < line.needed
    ]
    if short:
        raise WrongState(
            f"“{building.title.name}”回避后检查人员不足：{'；'.join(short)}。",
            remedy="请先补充专家库，或减少检查人员。",
            clause="4.3",
        )
    if missing_bits(plan, len(entries)):
        raise WrongState("抽取名单过大，随机数位数不足。", remedy="请减少检查人员。", clause="4.3")
    pool = freeze(entries, plan.algorithm)
    return Lot(
        inspection=row,
        construction=building,
        plan=plan.to_json(),
        pool_sealed=sealed(entries),
        leaves=list(pool),
        excluded={
            leaf: barred[expert_id(entry.expert)].reason.value
            for leaf, entry in pool.items()
            if expert_id(entry.expert) in barred
        },
    )
