"""Award a title; bring named units of 2011–2020 into the register."""

from django.db import IntegrityError, transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import LimitReached
from jiangxin.records.ledger.actions import Actor, append

from .models import Title


@transaction.atomic
def award(*, by: Actor, **fields: object) -> Title:
    """Enter a project that both ministries have registered; `fields` are those of `Title`.

    Effects: the row; event `title.awarded`. Raises `LimitReached` when the same leader already
    leads a valid studio of the same unit (N26), or the project has its title already.
    """
    title = Title(registered_at=clock.now(), **fields)
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
