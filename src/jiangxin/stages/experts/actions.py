"""Keep the expert pool: register, activate, suspend, remove, edit, record what binds whom."""

import secrets
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, LimitReached, NotFound, NotPermitted, WrongState
from jiangxin.core.kernel.identifiers import keyed_hash, mask, read_id_number, read_uscc
from jiangxin.core.workflow import Role
from jiangxin.records.identity.actions import open_account
from jiangxin.records.identity.secrets import hash_key, seal
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.actions import append
from jiangxin.stages.experts.choices import Field, Origin, State, Tie
from jiangxin.stages.programme.queries import pack

from .models import Employment, Expert, Relation

EDITABLE = [
    "name",
    "unit_name",
    "unit_uscc",
    "field",
    "occupations",
    "title",
    "phone",
    "email",
    "term_until",
    "trained",
]
OWN = frozenset({"unit_name", "unit_uscc", "occupations", "title", "phone", "email"})


@transaction.atomic
def register(
    *,
    viewer: Viewer,
    id_number: str,
    username: str = "",
    password: str | None = None,
    demo: bool = False,
    origin: Origin = Origin.OFFICE,
    **fields: Any,
) -> Expert:
    """A new expert of the viewer's province, waiting for activation, with an account.

    `fields` are those of `EDITABLE`. Without `password` the account cannot log in by password until
    one is set. Effects: account, row, event `expert.registered` (`expert.imported`). Raises `Invalid`
    for wrong input, `LimitReached` when the person is in this province's pool already or the
    account's name is taken.
    """
    viewer.require(Role.PROVINCE_HR)
    expert = new_expert(viewer.province, id_number, origin, fields)
    try:
        with transaction.atomic():
            expert.save(force_insert=True)
            give_account(expert, username=username, password=password, demo=demo)
    except IntegrityError as error:
        if "one_expert_per_person_and_province" in str(error):
            raise LimitReached(
                "本省专家库中已有公民身份号码相同的专家。",
                remedy="请在专家库中按姓名查找；曾退出的专家可重新启用。",
                clause="3.2",
                field="id_number",
            ) from None
        raise LimitReached(
            f"账号“{username}”已被使用。", remedy="请换一个账号名。", field="username"
        ) from None
    append(
        type="expert.imported" if origin is Origin.IMPORT else "expert.registered",
        subject=expert.subject,
        by=viewer,
        payload={"field": expert.field, "term_until": expert.term_until},
    )
    return expert


def new_expert(province: str, id_number: str, origin: Origin, fields: dict[str, Any]) -> Expert:
    """A row that waits for the province's review, not yet saved. Raises `Invalid` for wrong input."""
    number = read_id_number(id_number)
    expert = Expert(
        province=province,
        id_sealed=seal(number),
        id_hash=keyed_hash(number, hash_key()),
        id_mask=mask(number),
        origin=origin,
        created_at=clock.now(),
    )
    _fill(expert, fields)
    return expert


def give_account(
    expert: Expert, *, username: str = "", password: str | None = None, demo: bool = False
) -> None:
    """Open the expert's account; without `username` it is called zj and six digits."""
    expert.user = open_account(
        username=username.strip() or f"zj{expert.pk:06d}",
        password=password,
        name=expert.name,
        role=Role.EXPERT,
        province=expert.province,
        phone=expert.phone,
        email=expert.email,
        demo=demo,
    )
    expert.save(update_fields=["user"])


@transaction.atomic
def reset_password(*, viewer: Viewer, expert_id: int) -> str:
    """A new initial password for the expert's account, returned once and kept only as its hash.

    Effects: the account's password; event `expert.password_reset`.
    """
    expert = locked(viewer, expert_id)
    if expert.user is None:
        raise WrongState("该专家还没有账号。", remedy="请联系技术支持补建账号。")
    password = secrets.token_urlsafe(9)
    expert.user.set_password(password)
    expert.user.save(update_fields=["password"])
    append(type="expert.password_reset", subject=expert.subject, by=viewer)
    return password


@transaction.atomic
def edit(*, viewer: Viewer, expert_id: int, **fields: Any) -> Expert:
    """Change what the pool knows of an expert; `fields` are some of `EDITABLE`.

    Experts themselves may change those of `OWN`. A change of unit keeps the former one as an
    employment that ends today, so that recusal goes on counting it. Effects: the row; that
    employment; event `expert.edited` names the fields, not their values. Raises `NotPermitted` for an
    expert's word on what the province decides.
    """
    expert = locked(viewer, expert_id)
    if viewer.role is Role.EXPERT and set(fields) - OWN:
        raise NotPermitted("姓名、专业和聘期由省级人社部门维护。", clause="3.2")
    before = {name: getattr(expert, name) for name in EDITABLE}
    _fill(expert, fields)
    changed = sorted(name for name in EDITABLE if getattr(expert, name) != before[name])
    if not changed:
        return expert
    if "unit_name" in changed and before["unit_name"]:
        Employment.objects.create(
            expert=expert,
            unit_name=before["unit_name"],
            unit_uscc=before["unit_uscc"],
            since=min(expert.created_at.astimezone(clock.BEIJING).date(), clock.today()),
            until=clock.today(),
        )
    expert.save(update_fields=changed)
    append(type="expert.edited", subject=expert.subject, by=viewer, payload={"fields": changed})
    return expert


@transaction.atomic
def activate(*, viewer: Viewer, expert_id: int, reason: str = "") -> Expert:
    """Let the expert be drawn: for somebody who applied, the province's review.

    Effects: an account for whoever has none; state active; event `expert.activated`. Raises
    `WrongState` when the term is over, `Invalid` when somebody suspended or removed comes back
    without a reason.
    """
    expert = locked(viewer, expert_id)
    if expert.term_until < clock.today():
        raise WrongState(
            f"聘期已于{clock.long_date(expert.term_until)}届满，不能启用。",
            remedy="请先续聘（修改聘期）再启用。",
            clause="3.2",
        )
    sources = (State.PENDING, State.SUSPENDED, State.REMOVED)
    if expert.user is None and expert.state in sources:
        give_account(expert)
    return _turn(
        viewer, expert, State.ACTIVE, sources, reason, reasoned=expert.state != State.PENDING
    )


@transaction.atomic
def suspend(*, viewer: Viewer, expert_id: int, reason: str) -> Expert:
    """Take the expert out of draws for a time. Effects: state suspended; event `expert.suspended`."""
    expert = locked(viewer, expert_id)
    return _turn(viewer, expert, State.SUSPENDED, (State.ACTIVE,), reason)


@transaction.atomic
def remove(*, viewer: Viewer, expert_id: int, reason: str) -> Expert:
    """End the expert's service; the row and the record of service stay.

    Effects: state removed; event `expert.removed`.
    """
    expert = locked(viewer, expert_id)
    sources = (State.PENDING, State.ACTIVE, State.SUSPENDED)
    return _turn(viewer, expert, State.REMOVED, sources, reason)


@transaction.atomic
def turn_all(*, viewer: Viewer, expert_ids: Sequence[int], target: State, reason: str) -> None:
    """The same step for several experts, all or none; what each step does and refuses, see there."""
    for expert_id in sorted(expert_ids):
        if target is State.ACTIVE:
            activate(viewer=viewer, expert_id=expert_id, reason=reason)
        elif target is State.SUSPENDED:
            suspend(viewer=viewer, expert_id=expert_id, reason=reason)
        else:
            remove(viewer=viewer, expert_id=expert_id, reason=reason)


VERBS = {State.ACTIVE: "activated", State.SUSPENDED: "suspended", State.REMOVED: "removed"}


def _turn(
    viewer: Viewer,
    expert: Expert,
    target: State,
    sources: tuple[State, ...],
    reason: str,
    *,
    reasoned: bool = True,
) -> Expert:
    if expert.state not in sources:
        raise WrongState(
            f"{expert.name}当前为“{State(expert.state).label}”，不能改为“{target.label}”。",
            remedy="页面可能已过时，请刷新后再看。",
            clause="3.2",
        )
    if reasoned and not reason.strip():
        raise Invalid(f"请写明{expert.name}{target.label}的原因。", clause="3.2", field="reason")
    before = expert.state
    expert.state, expert.state_reason = target, reason.strip()[:300]
    expert.save(update_fields=["state", "state_reason"])
    append(
        type=f"expert.{VERBS[target]}",
        subject=expert.subject,
        by=viewer,
        payload={"from": before, "to": target.value},
    )
    return expert


@transaction.atomic
def add_employment(
    *,
    viewer: Viewer,
    expert_id: int,
    unit_name: str,
    unit_uscc: str = "",
    since: date,
    until: date | None = None,
) -> Employment:
    """Record a place of work, by the province or by the expert. Event `expert.employment_added`."""
    expert = locked(viewer, expert_id)
    if not unit_name.strip():
        raise Invalid("请填写单位名称。", field="unit_name")
    if since > clock.today():
        raise Invalid("起始日期不能晚于今天。", field="since")
    if until is not None and until < since:
        raise Invalid("离开日期不能早于起始日期。", field="until")
    row = Employment.objects.create(
        expert=expert,
        unit_name=unit_name.strip(),
        unit_uscc=_code(unit_uscc),
        since=since,
        until=until,
    )
    append(type="expert.employment_added", subject=expert.subject, by=viewer)
    return row


@transaction.atomic
def add_relation(
    *,
    viewer: Viewer,
    expert_id: int,
    kind: str,
    unit_name: str = "",
    unit_uscc: str = "",
    person_name: str = "",
    note: str = "",
    until: date | None = None,
) -> Relation:
    """Record a tie to a unit or a leader, by the province or by the expert.

    `until`: when it ended, None while it lasts. Effects: the row; event `expert.relation_added`.
    Raises `Invalid` for an unknown kind, an end in the future, or when neither unit nor person is
    named.
    """
    expert = locked(viewer, expert_id)
    if kind not in Tie.values:
        raise Invalid("请选择关系种类。", field="kind")
    if not (unit_name.strip() or unit_uscc.strip() or person_name.strip()):
        raise Invalid("请填写有关系的单位或带头人。", field="unit_name")
    if until is not None and until > clock.today():
        raise Invalid("结束日期不能晚于今天；关系仍在的不填。", field="until")
    row = Relation.objects.create(
        expert=expert,
        kind=kind,
        unit_name=unit_name.strip(),
        unit_uscc=_code(unit_uscc),
        person_name=person_name.strip(),
        note=note.strip()[:200],
        until=until,
        at=clock.now(),
    )
    append(type="expert.relation_added", subject=expert.subject, by=viewer, payload={"kind": kind})
    return row


@transaction.atomic
def drop_tie(
    *, viewer: Viewer, expert_id: int, employment_id: int = 0, relation_id: int = 0
) -> None:
    """Take back an employment or a relation entered by mistake; only the province may.

    Effects: the row is gone; event `expert.tie_dropped` keeps that it was there.
    """
    viewer.require(Role.PROVINCE_HR)
    expert = locked(viewer, expert_id)
    gone, _ = expert.employments.filter(pk=employment_id).delete()
    lost, _ = expert.relations.filter(pk=relation_id).delete()
    if not gone and not lost:
        raise NotFound("没有这条记录。", remedy="它可能已被删除，请刷新页面。")
    append(
        type="expert.tie_dropped",
        subject=expert.subject,
        by=viewer,
        payload={"tie": "employment" if gone else "relation"},
    )


def locked(viewer: Viewer, expert_id: int) -> Expert:
    """The expert, locked, for its own province or for the expert. Raises `NotFound`."""
    viewer.require(Role.PROVINCE_HR, Role.EXPERT)
    rows = Expert.objects.select_for_update(of=("self",)).select_related("user")
    if viewer.role is Role.EXPERT:
        rows = rows.filter(user_id=viewer.user_id or 0)
    expert = rows.filter(pk=expert_id, province=viewer.province).first()
    if expert is None:
        raise NotFound("没有这位专家。", remedy="可能属于其他省份的专家库。")
    return expert


def _fill(expert: Expert, fields: dict[str, Any]) -> None:
    unknown = set(fields) - set(EDITABLE)
    if unknown:
        raise TypeError(f"no such fields: {sorted(unknown)}")
    for name, value in fields.items():
        setattr(expert, name, value.strip() if isinstance(value, str) else value)
    expert.unit_uscc = _code(expert.unit_uscc)
    for name, label in (("name", "姓名"), ("unit_name", "工作单位"), ("term_until", "聘期")):
        if not getattr(expert, name):
            raise Invalid(f"请填写{label}。", clause="3.2", field=name)
    if expert.field not in Field.values:
        raise Invalid("请选择专业：技术、教育或财务。", clause="3.2", field="field")
    strange = [code for code in expert.occupations if code not in pack().occupations]
    if strange:
        raise Invalid(
            f"职业代码“{strange[0]}”不在国家职业分类大典中。",
            remedy="请从列表中选择。",
            field="occupations",
        )
    if expert.email:
        try:
            validate_email(expert.email)
        except ValidationError:
            raise Invalid(
                "邮箱地址不正确。", remedy="例如 name@example.cn。", field="email"
            ) from None


def _code(text: str) -> str:
    return read_uscc(text)[0] if text.strip() else ""
