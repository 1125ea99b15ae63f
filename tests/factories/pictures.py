"""Registered titles with the projects behind them, made directly: what the pictures count."""

from itertools import count
from typing import Any

from jiangxin.core.kernel import clock
from jiangxin.records.identity.models import Organisation
from jiangxin.records.identity.viewer import System
from jiangxin.stages.application.models import Application
from jiangxin.stages.programme.models import Call
from jiangxin.stages.programme.tracks import Track
from jiangxin.stages.titles.actions import award
from jiangxin.stages.titles.models import Title

NUMBERS = count(1)


def project(
    code: str, *occupations: str, year: int = 2024, track: Track = Track.NEW_BASE, **fields: Any
) -> Application:
    """A project whose form names these occupations; a studio's leader has the first."""
    number = next(NUMBERS)
    made_at = clock.beijing(year, 6, 1, 9)
    call, _ = Call.objects.get_or_create(
        province=code,
        year=year,
        defaults={
            "title": f"{code} 申报通知",
            "opens_at": made_at,
            "closes_at": clock.beijing(year, 7, 1, 9),
            "publicity_days": 5,
            "panel_size": 5,
            "phone": "0",
            "state": "open",
        },
    )
    unit = Organisation.objects.create(
        name=f"单位{number}", province=code, uscc=f"{number:018d}", created_at=made_at
    )
    studio = track is Track.STUDIO
    answers = (
        {"leader_occupation": occupations[0]}
        if studio
        else {"occupations": [{"occupation": each} for each in occupations]}
    )
    values: dict[str, Any] = {
        "number": f"P{number}",
        "kind": track.kind.value,
        "track": track.value,
        "title": f"项目{number}",
        "answers": answers,
        "state": "registered",
        "version": 1,
        "updated_at": made_at,
    }
    return Application.objects.create(
        call=call, province=code, year=year, unit=unit, unit_name=unit.name, **(values | fields)
    )


def titled(code: str, *occupations: str, state: str = "titled", **fields: Any) -> Title:
    """A title and the project that won it."""
    row = project(code, *occupations, **fields)
    return award(
        by=System(),
        number=row.number,
        kind=row.kind,
        track=row.track,
        province=row.province,
        year=row.year,
        name=row.title,
        unit_name=row.unit_name,
        uscc=row.unit.uscc,
        priority_field=row.priority_field,
        origin=row.subject,
        state=state,
    )
