"""Which rows of a page were picked."""

from django.http import HttpRequest


def picked(request: HttpRequest, name: str) -> list[int]:
    """The numbers sent under `name` (ticked rows, pressed buttons); anything else is left out."""
    return [
        int(text)
        for text in request.POST.getlist(name)
        if text.isascii() and text.isdigit() and len(text) < 10
    ]
