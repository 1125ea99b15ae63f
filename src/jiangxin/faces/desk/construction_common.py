"""What every page of construction at the desk shares."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse

from jiangxin.core.kernel.errors import DomainError
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import PROVINCIAL, Role
from jiangxin.faces.frame.listing import Keyword, choice, contains, number, province
from jiangxin.faces.frame.pages import Request
from jiangxin.stages.programme.tracks import Track

from .navigation import DESK, desk_page

WATCHERS = DESK
HR = frozenset({Role.PROVINCE_HR})
BOTH = frozenset(PROVINCIAL)
TRACKS = dict(Track.choices())
BUILT = (Track.NEW_BASE, Track.STUDIO)


def common(owner: str) -> tuple[Keyword, ...]:
    """The words by which every list of this stage is searched; `owner` leads to the title."""
    return (
        province(f"{owner}__province"),
        number("年", f"{owner}__year", "登记年度，例如 2025", example="2025"),
        choice("类型", f"{owner}__track", Track),
        contains("单位", f"{owner}__unit_name", example="单位:学院"),
    )


def own(request: Request, title: Any) -> bool:
    """Whether the viewer is an officer of the title's own province."""
    return request.viewer.role in BOTH and request.viewer.province == title.province


def place(title: Any) -> str:
    """Where a title is, for the line above a page's head."""
    return f"{province_name(title.province)} · {title.year} 年度 · {title.number}"


def by_field(problems: list[DomainError]) -> dict[str, str]:
    """The messages by the input that they concern."""
    return {each.field: each.message for each in problems if each.field}


def confirm_page(request: Request, **given: Any) -> HttpResponse:
    """What, by name, what follows; then one button. `hidden` is sent again with it."""
    usual: Mapping[str, Any] = {"hidden": {}, "clause": "4.3", "danger": False, "kicker": ""}
    return desk_page(request, "desk/construction/confirm.html", {**usual, **given})
