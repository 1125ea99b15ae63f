"""What a draw is opened with: when it may be, which number is announced, who stands in the lot."""

import json
from datetime import datetime

from jiangxin.core.draw.plan import Plan, missing_bits
from jiangxin.core.draw.pool import Entry, freeze, leaves_root
from jiangxin.core.draw.walk import adequacy
from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, WrongState
from jiangxin.core.workflow import DrawState, RoundState
from jiangxin.records.identity.secrets import seal
from jiangxin.stages.experts.choices import Field
from jiangxin.stages.programme.queries import own_parameter, pack
from jiangxin.stages.review.models import DrawSession, Round
from jiangxin.stages.review.queries.ceremony import expert_code, expert_id
from jiangxin.stages.review.queries.preparation import (
    entry_of,
    examined,
    lot,
    projects_to_judge,
    recusal_rules,
    require_not_too_early,
)

MOST_SOURCE = 80


def require_openable(row: Round, rehearsal: bool) -> None:
    """Raises `WrongState` once scoring runs, too early, or for a rehearsal beside a real draw."""
    if row.state != RoundState.PREPARING:
        raise WrongState(
            "评审已经开始，不能再抽取。", remedy="缺席的专家按原顺序递补。", clause="3.2"
        )
    if not rehearsal:
        require_not_too_early(row)
    elif row.sessions.filter(rehearsal=False).exclude(state=DrawState.VOID).exists():
        raise WrongState("正式抽取已经开场，不能再演练。", clause="3.2")


def _announced(source: str, at: datetime | None) -> str | None:
    """The public number as the plan names it. Raises `Invalid` for half of an announcement."""
    if not source.strip() and at is None:
        return None
    if not source.strip() or at is None:
        raise Invalid(
            "公共随机数须同时写明来源和公布时刻。",
            remedy="例如：双色球第2025101期开奖号码，当日21:15；不使用的，两项都不填。",
            clause="3.2",
            field="number_source" if at else "number_at",
        )
    if at <= clock.now():
        raise Invalid(
            "公共随机数必须在开场以后公布。",
            remedy="已经公布的数，谁都可以事先知道，不能使用。",
            clause="3.2",
            field="number_at",
        )
    if len(source.strip()) > MOST_SOURCE or not source.strip().isprintable():
        raise Invalid(f"来源最多 {MOST_SOURCE} 字，不含换行。", field="number_source")
    return f"{source.strip()}（{clock.long_moment(at)}公布）"


def frozen(
    row: Round, *, rehearsal: bool, number_source: str, number_at: datetime | None
) -> DrawSession:
    """The session with its lot as it stands now, not yet saved. Raises what `open_session` says."""
    source = _announced(number_source, number_at)
    projects = examined(row) if rehearsal else projects_to_judge(row)
    experts, barred = lot(row, projects)
    number = row.sessions.count() + 1
    plan = _plan(row, number, rehearsal, source)
    entries = [entry_of(each) for each in experts]
    _require_enough(entries, plan, {expert_code(pk) for pk in barred})
    pool = freeze(entries, plan.algorithm)
    return DrawSession(
        round=row,
        number=number,
        plan=plan.to_json(),
        pool_sealed=seal(json.dumps([vars(entry) for entry in entries])),
        leaves=list(pool),
        root=leaves_root(pool, plan.algorithm),
        excluded={
            leaf: barred[expert_id(entry.expert)].reason.value
            for leaf, entry in pool.items()
            if expert_id(entry.expert) in barred
        },
        projects=[project.pk for project in projects],
        rehearsal=rehearsal,
        number_source=number_source.strip(),
        number_at=number_at,
        opened_at=clock.now(),
    )


def _plan(row: Round, number: int, rehearsal: bool, source: str | None) -> Plan:
    """A rehearsal says so in its name, which seal, seed and record carry."""
    name = f"{row.call.province}-{row.call.year}-{row.kind}-{number}"
    return Plan(
        session=f"演练-{name}" if rehearsal else name,
        seats={Field(field).label: count for field, count in row.seats.items() if count},
        substitutes=row.substitutes,
        rule_version=(
            f"{pack().code} 回避：{recusal_rules(row.call).text}；"
            f"每年评审不超过{own_parameter('panel.most_per_year', row.call)}次"
        ),
        public_source=source,
    )


def _require_enough(entries: list[Entry], plan: Plan, out: set[str]) -> None:
    short = [
        f"{row.field}需 {row.needed} 人，可参加 {row.eligible} 人"
        for row in adequacy(entries, plan, out)
        if row.eligible < row.needed
    ]
    if short:
        raise WrongState(
            f"回避后专家不足：{'；'.join(short)}。",
            remedy="请先补充专家库，或向其他省份商借专家；也可在规定范围内调整各专业席位。",
            clause="3.2",
        )
    if missing_bits(plan, len(entries)):
        raise WrongState("抽取名单过大，随机数位数不足。", remedy="请分场次抽取。", clause="3.2")
