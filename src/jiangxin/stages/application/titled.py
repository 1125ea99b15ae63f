"""The project behind a title, and its steps after registration; a title of 2011–2020 has none."""

from collections.abc import Mapping
from typing import Any

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import Guard
from jiangxin.records.ledger.actions import Actor, move
from jiangxin.records.ledger.models import Event
from jiangxin.stages.programme.queries import overlay_of_call, pack
from jiangxin.stages.titles.models import Title

from .models import Application


def project_of(title: Title, *, lock: bool = False) -> Application | None:
    """The project that won this title, with call and unit; None for what was named before 2022.

    `lock` locks the row until the end of the transaction: for whoever is going to move it.
    """
    name, _, number = title.origin.partition(":")
    if name != "project" or not number:
        return None
    rows = Application.objects.select_related("call", "unit")
    if lock:
        rows = rows.select_for_update(of=("self",))
    return rows.get(pk=int(number))


def move_project(
    title: Title,
    *,
    step: str,
    by: Actor,
    guards: Mapping[str, Guard] | None = None,
    payload: Mapping[str, Any] | None = None,
) -> Event | None:
    """Take the project behind `title` one step, in the caller's transaction; see `ledger.move`.

    Returns its event, or None for a title without a project, to which nothing happens here.
    """
    project = project_of(title, lock=True)
    if project is None:
        return None
    return move(project, step=step, by=by, guards=guards, payload=payload)


def rule_for(title: Title, name: str) -> Any:
    """The value of a parameter that holds for a title today: the province's own where it set one.

    A project goes by the detailed rules that its call chose; a title of 2011–2020 by the newest
    ones of its province.
    """
    today = clock.today()
    project = project_of(title)
    if project is not None:
        overlay = overlay_of_call(project.call)
    else:
        own = [
            each
            for each in pack().overlays
            if each.province == title.province and each.year <= today.year
        ]
        overlay = max(own, key=lambda each: each.year, default=None)
    return pack().value(name, today, overlay)
