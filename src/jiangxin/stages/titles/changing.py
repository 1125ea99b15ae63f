"""What is known of a unit under each of its names, and the change of a title's own facts (N26)."""

from collections.abc import Collection, Mapping
from itertools import chain
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from jiangxin.core.kernel.errors import LimitReached
from jiangxin.core.workflow import TitleState
from jiangxin.records.ledger.actions import Actor, append
from jiangxin.stages.programme.models import Kind

from .models import Title
from .queries import names_of


def same_unit(keys: Collection[str]) -> QuerySet[Title]:
    """The titles of a unit that is known under any of these names and codes, by id."""
    known = list(keys)
    of_unit = Q(uscc__in=known) | Q(unit_name__in=known) | Q(former_names__has_any_keys=known)
    return Title.objects.filter(of_unit).order_by("id")


def unit_keys(title: Title, *more: str) -> set[str]:
    """Every name and code of the title's unit that the register knows, and `more`."""
    own = {*names_of(title), *filter(None, more)}
    return own.union(*map(names_of, same_unit(own)))


def locked_unit(title: Title, *more: str) -> list[Title]:
    """`title` and every other title of its unit, locked in the order of their ids.

    Who changes one of a unit's titles has locked all of them: two leaders cannot come to one unit
    at the same moment, not even under two of its names.
    """
    found = Q(pk=title.pk) | Q(pk__in=same_unit(unit_keys(title, *more)).values("pk"))
    return list(Title.objects.select_for_update().filter(found).order_by("id"))


def require_leader_free(
    title: Title, unit: Collection[Title], *, leader_hash: str, leader_name: str, keys: set[str]
) -> None:
    """Raises `LimitReached` when this leader leads another valid studio of the same unit (2.2).

    `unit`: the unit's titles as `locked_unit` found them; `keys`: the names that it has, or is about to have.
    """
    if title.kind != Kind.STUDIO or not leader_hash:
        return
    known = keys.union(chain.from_iterable(map(names_of, unit)))
    others = Title.objects.filter(
        kind=Kind.STUDIO, state=TitleState.TITLED, leader_hash=leader_hash
    ).exclude(pk=title.pk)
    for other in others:
        if known & set(names_of(other)):
            raise _leads_already(leader_name, other.name)


def _leads_already(leader: str, studio: str) -> LimitReached:
    return LimitReached(
        f"{leader}已是同一单位另一国家级技能大师工作室“{studio}”的带头人。",
        remedy="同一带头人不得以相同单位（包括曾用名称和代码）领衔两个工作室，请另选带头人。",
        clause="2.2",
        field="leader_name",
    )


def amend(
    title: Title, *, by: Actor, fields: Mapping[str, str], payload: Mapping[str, Any]
) -> Title:
    """Change a title's own facts; the caller has locked the row and asked whether it may be.

    Effects: the fields; a former name or code of the unit goes to `former_names`, where the
    register finds it again; event `title.changed`. Raises `LimitReached` when the leader leads
    another valid studio of the same unit.
    """
    before = [title.unit_name, title.uscc]
    for name, value in fields.items():
        setattr(title, name, value)
    now = {title.unit_name, title.uscc}
    gone = [name for name in before if name and name not in now]
    title.former_names = list(
        dict.fromkeys(name for name in (*title.former_names, *gone) if name not in now)
    )
    try:
        with transaction.atomic():
            title.save(update_fields=[*fields, "former_names"])
    except IntegrityError as error:
        if "one_studio_per_leader_and_unit" in str(error):
            raise _leads_already(title.leader_name, title.name) from None
        raise
    append(type="title.changed", subject=title.subject, by=by, payload=payload)
    return title
