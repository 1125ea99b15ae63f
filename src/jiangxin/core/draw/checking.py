"""Does a published record hold? The same questions that the stand-alone verifier asks."""

from collections.abc import Iterable, Mapping
from typing import Any

from ..kernel.canonical import canonical
from ..kernel.errors import DomainError
from ..proof.hashing import is_hash_hex
from .plan import Plan, missing_bits, plan_from
from .pool import SALT_PATTERN, Entry, freeze, leaf_of, leaves_root, person_hash
from .record import FORMAT, VoidReason, digest_of, seal_of
from .shares import check_reveal, require_secret, seed
from .walk import STATED_REASONS, SkipReason, order

RECORD_KEYS = {"format", "sealed", "seal", "opened", "void", "digest"}
SEALED_KEYS = {"plan", "leaves", "root", "excluded", "commitments"}
OPENED_KEYS = {"shares", "public_number", "seed", "named", "walk"}
STEP_KEYS = {"leaf", "as", "reason", "field", "person", "opening"}
OPENING_KEYS = {"expert", "salt", "unit"}
VOID_KEYS = {"reason", "parties", "note"}


def verify(record: object) -> list[str]:
    """The problems of a record in Chinese, the first stage that fails; empty when it holds.

    Takes any JSON value and never raises for a bad one. That `seal` and `digest` are those of
    the ledger is for the reader to compare.
    """
    try:
        return _verify(record)
    except DomainError as refused:
        return [refused.message]
    except (TypeError, ValueError, KeyError, AttributeError, RecursionError):
        return ["记录的字段类型不正确，无法核验"]


def form_problems(record: object, data: bytes) -> list[str]:
    """What is wrong with the spelling of a record in a file: it must be the canonical bytes.

    Spaces, escapes or another order of keys would mean the same; demanding one spelling means that
    no byte of a published file can change unseen.
    """
    try:
        same = canonical(record) == data
    except (TypeError, ValueError, RecursionError):
        same = False
    return [] if same else ["文件不是公布时的规范写法：有空格、换行、转义或顺序的改动"]


def check_pool(record: Mapping[str, Any], entries: Iterable[Entry]) -> list[str]:
    """For those who may see the whole pool (supervisor, auditor): that the leaves are exactly
    these experts, each once. No outsider can check this; see the algorithm's limits."""
    plan = plan_from(record["sealed"]["plan"])
    try:
        pool = freeze(entries, plan.algorithm)
    except DomainError as refused:
        return [refused.message]
    if list(pool) != record["sealed"]["leaves"]:
        return ["封存的条目与专家名单不一致"]
    strangers = [entry.expert for entry in pool.values() if entry.field not in plan.seats]
    return [f"专家 {expert} 的专业不在抽取方案中" for expert in strangers]


def _verify(record: Any) -> list[str]:
    if not _has(record, RECORD_KEYS) or not _has(record["sealed"], SEALED_KEYS):
        return ["记录的字段不符合 jiangxin-draw/v1"]
    if record["format"] != FORMAT:
        return [f"不是 {FORMAT} 格式"]
    sealed, opened, void = record["sealed"], record["opened"], record["void"]
    plan = plan_from(sealed["plan"])
    problems = [*_seal_problems(record, plan), *_pool_problems(sealed, plan)]
    if problems:
        return problems
    if void is not None:
        return _void_problems(void, opened, plan)
    if opened is None:
        return []
    if not _has(opened, OPENED_KEYS) or type(opened["named"]) is not bool:
        return ["公开部分的字段不完整"]
    return _seed_problems(record, opened, plan) or _walk_problems(sealed, opened, plan)


def _seal_problems(record: dict[str, Any], plan: Plan) -> list[str]:
    problems = []
    if seal_of(record["sealed"], plan.algorithm) != record["seal"]:
        problems.append("封存内容与封存值不符：封存后被改动过")
    if digest_of(record, plan.algorithm) != record["digest"]:
        problems.append("记录内容与摘要不符：公布后被改动过")
    return problems


def _pool_problems(sealed: dict[str, Any], plan: Plan) -> list[str]:
    leaves, commitments, excluded = (
        sealed["leaves"],
        sealed["commitments"],
        sealed["excluded"],
    )
    if not leaves or not all(map(is_hash_hex, leaves)) or leaves != sorted(set(leaves)):
        return ["抽取名单的条目为空、重复、未排序或写法不正确"]
    problems = []
    if leaves_root(leaves, plan.algorithm) != sealed["root"]:
        problems.append("抽取名单的默克尔根不符")
    if set(commitments) != set(plan.parties) or not all(map(is_hash_hex, commitments.values())):
        problems.append("承诺与参与方不一致")
    if not set(excluded) <= set(leaves) or not set(excluded.values()) <= STATED_REASONS:
        problems.append("事先排除的条目不在名单中，或理由不在规定之列")
    lacking = missing_bits(plan, len(leaves))
    if lacking:
        problems.append(f"随机数位数不足，还差 {lacking} 位")
    return problems


def _void_problems(void: Any, opened: Any, plan: Plan) -> list[str]:
    if opened is not None or not _has(void, VOID_KEYS) or not isinstance(void["note"], str):
        return ["作废记录的字段不正确"]
    if void["reason"] not in tuple(VoidReason) or not set(void["parties"]) <= set(plan.parties):
        return ["作废理由或责任方不在规定之列"]
    return []


def _seed_problems(record: dict[str, Any], opened: dict[str, Any], plan: Plan) -> list[str]:
    shares, number = opened["shares"], opened["public_number"]
    if set(shares) != set(plan.parties) or len(set(shares.values())) != len(shares):
        return ["随机数与参与方不一致，或两方相同"]
    for party, secret in shares.items():
        require_secret(secret, plan.secret_bits)
        check_reveal(
            party=party,
            session=plan.session,
            secret_hex=secret,
            committed=record["sealed"]["commitments"][party],
            algorithm=plan.algorithm,
        )
    announced = isinstance(number, str) and bool(number.strip())
    if announced != (plan.public_source is not None) or not (announced or number is None):
        return ["公共随机数与抽取方案不一致"]
    if seed(record["seal"], shares, number, plan.algorithm) != opened["seed"]:
        return ["种子与各方随机数不符"]
    return []


def _walk_problems(sealed: dict[str, Any], opened: dict[str, Any], plan: Plan) -> list[str]:
    steps = opened["walk"]
    ordered = order(sealed["leaves"], opened["seed"], plan.algorithm)
    if not all(_has(step, STEP_KEYS) for step in steps):
        return ["抽取步骤的字段不完整"]
    if [step["leaf"] for step in steps] != ordered[: len(steps)]:
        return ["抽取步骤与公开顺序不一致：有人被插入、漏过或调换"]
    problems: list[str] = []
    left = dict(plan.seats)
    spare = dict.fromkeys(plan.seats, plan.substitutes)
    for number, step in enumerate(steps, 1):
        if not any(left.values()) and not any(spare.values()):
            return [*problems, f"第 {number} 步多余：此前名额已满"]
        wrong = _opening_problem(step, plan, opened["named"]) or _role_problem(
            step, left, spare, sealed["excluded"]
        )
        if wrong:
            problems.append(f"第 {number} 步：{wrong}")
    if any(left.values()):
        problems.append("席位未满")
    if any(spare.values()) and len(steps) < len(ordered):
        problems.append("候补未满而抽取提前结束")
    experts = [step["opening"]["expert"] for step in steps if step["opening"]]
    if len(set(experts)) != len(experts):
        problems.append("同一专家出现两次")
    return problems


def _opening_problem(step: dict[str, Any], plan: Plan, named: bool) -> str:
    """What is wrong with the way in which a step opens its leaf; empty when nothing."""
    opening, person = step["opening"], step["person"]
    if step["field"] not in plan.seats or not is_hash_hex(person):
        return "专业不在方案中或人员杂凑值写法不正确"
    field_leaf = leaf_of(field=step["field"], person=person, algorithm=plan.algorithm)
    if field_leaf != step["leaf"]:
        return "专业与条目不符"
    hidden = not named or step["reason"] == SkipReason.FIELD_FULL
    if hidden != (opening is None):
        return "不应公开姓名信息而公开" if hidden else "应公开而未公开"
    if opening is None:
        return ""
    if not _has(opening, OPENING_KEYS) or not SALT_PATTERN.fullmatch(opening["salt"]):
        return "公开内容的字段不完整"
    same = person_hash(**opening, algorithm=plan.algorithm) == person
    return "" if same else "公开内容与条目不符"


def _role_problem(
    step: dict[str, Any],
    left: dict[str, int],
    spare: dict[str, int],
    excluded: Mapping[str, str],
) -> str:
    """What is wrong with a step's role, counting it off `left` and `spare`; empty if right."""
    name, role, reason = step["field"], step["as"], step["reason"]
    counter, expected = (left, "seat") if left[name] else (spare, "substitute")
    if not counter[name]:
        return "" if (role, reason) == ("skip", SkipReason.FIELD_FULL) else "该专业名额已满"
    if step["leaf"] in excluded:
        same = (role, reason) == ("skip", excluded[step["leaf"]])
        return "" if same else "事先排除的条目未按封存的理由跳过"
    if role == "skip":
        return "" if reason in STATED_REASONS else "跳过的理由不在规定之列"
    counter[name] -= 1
    return "" if (role, reason) == (expected, None) else f"应为{_ROLES[expected]}"


_ROLES = {"seat": "席位", "substitute": "候补"}


def _has(value: object, keys: set[str]) -> bool:
    return isinstance(value, dict) and set(value) == keys
