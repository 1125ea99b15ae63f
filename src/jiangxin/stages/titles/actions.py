"""Award a title; bring named units of 2011–2020 into the register."""

from collections.abc import Mapping, Sequence

from django.db import IntegrityError, transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import LimitReached
from jiangxin.records.ledger.actions import Actor, append, append_many
from jiangxin.stages.programme.models import Kind

from .changing import locked_unit, require_leader_free, unit_keys
from .models import Title


@transaction.atomic
def award(*, by: Actor, **fields: object) -> Title:
    """Enter a project that both ministries have registered; `fields` are those of `Title`.

    Effects: the row; event `title.awarded`. Raises `LimitReached` when the same leader already
    leads a valid studio of the same unit under any of its names and codes (N26), or the project has
    its title already.
    """
    title = Title(registered_at=clock.now(), **fields)
    _require_leader_free(title)
    try:
        with transaction.atomic():
            title.save(force_insert=True)
    except IntegrityError as error:
        if "one_studio_per_leader_and_unit" in str(error):
            raise LimitReached(
                f"{title.leader_name}已是{title.unit_name}国家级技能大师工作室的带头人。",
                remedy="同一带头人不得以相同单位再次申报。",
                clause="2.2",
            ) from None
        raise LimitReached("该项目已经登记。") from None
    append(
        type="title.awarded",
        subject=title.subject,
        by=by,
        payload={"number": title.number, "origin": title.origin},
    )
    return title


def _require_leader_free(title: Title) -> None:
    """The constraint knows leader and code; a unit may have had other names and codes besides."""
    if title.kind == Kind.STUDIO and title.leader_hash:
        require_leader_free(
            title,
            locked_unit(title),
            leader_hash=title.leader_hash,
            leader_name=title.leader_name,
            keys=unit_keys(title),
        )


def enter_legacy(*, by: Actor, **fields: object) -> Title:
    """Enter a base or studio named in 2011–2020. Effects: the row; event `title.entered`."""
    with transaction.atomic():
        title = Title.objects.create(**fields)
        append(
            type="title.entered",
            subject=title.subject,
            by=by,
            payload={"number": title.number},
        )
        return title


@transaction.atomic
def enter_legacy_many(*, by: Actor, rows: Sequence[Mapping[str, object]]) -> list[Title]:
    """Enter many bases and studios of 2011–2020, all or none, in a few statements.

    Effects: the rows; one event `title.entered` each. Raises `LimitReached` when somebody has
    entered one of the numbers at the same moment.
    """
    try:
        with transaction.atomic():
            titles = Title.objects.bulk_create([Title(**row) for row in rows], batch_size=1000)
    except IntegrityError:
        raise LimitReached(
            "有编号刚刚被录入名录，本次没有录入任何一行。", remedy="请刷新页面，重新核对后再录入。"
        ) from None
    append_many(
        type="title.entered",
        by=by,
        payloads=[(title.subject, {"number": title.number}) for title in titles],
    )
    return titles


@transaction.atomic
def record_assessment(*, by: Actor, title: Title, passed: bool, year: int) -> Title:
    """Put on a title of 2011–2020 what its assessment concluded (4.2).

    The caller has locked the row and looked whether the title stands. Effects: outcome and year on
    the row, from which on the existing-base track finds it (N16); event `title.assessed`.
    """
    title.assessment = Title.Assessment.PASSED if passed else Title.Assessment.FAILED
    title.assessed_year = year
    title.save(update_fields=["assessment", "assessed_year"])
    append(
        type="title.assessed",
        subject=title.subject,
        by=by,
        payload={"outcome": title.assessment, "year": year},
    )
    return title
