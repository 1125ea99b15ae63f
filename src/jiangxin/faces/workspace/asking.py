"""A short form on a page of its own, in the workspace's layout."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpResponse

from jiangxin.core.kernel.errors import DomainError
from jiangxin.faces.frame.asking import Ask, asking
from jiangxin.faces.frame.pages import Request

from .navigation import workspace_page


def ask_page(
    request: Request,
    ask: Ask,
    problems: Sequence[DomainError],
    stored: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """The form; like the desk's."""
    context = asking(request, ask, problems, stored)
    return workspace_page(request, "workspace/titles/ask.html", context)
