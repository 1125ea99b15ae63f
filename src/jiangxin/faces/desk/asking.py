"""Two short pages that many steps of the desk share: a form, and a question before what cannot be undone."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpResponse

from jiangxin.core.kernel.errors import DomainError
from jiangxin.faces.frame.asking import Ask, asking
from jiangxin.faces.frame.pages import Request

from .navigation import desk_page


def ask_page(
    request: Request,
    ask: Ask,
    problems: Sequence[DomainError],
    stored: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """A form on a page of its own."""
    return desk_page(request, "desk/titles/ask.html", asking(request, ask, problems, stored))


def confirmed(request: Request) -> bool:
    """Whether the button of `confirm_page` was pressed."""
    return request.method == "POST" and request.POST.get("confirmed") == "yes"


def confirm_page(
    request: Request,
    *,
    title: str,
    kicker: str,
    question: str,
    names: Sequence[str],
    verb: str,
    consequences: Sequence[str],
    clause: str,
    back: str,
    danger: bool = False,
) -> HttpResponse:
    """What, how many, which by name, what follows; the form goes to this page's own address."""
    return desk_page(
        request,
        "desk/titles/confirm.html",
        {
            "title": title,
            "kicker": kicker,
            "question": question,
            "names": list(names),
            "verb": verb,
            "consequences": list(consequences),
            "clause": clause,
            "back": back,
            "danger": danger,
            "action": request.path,
        },
    )
