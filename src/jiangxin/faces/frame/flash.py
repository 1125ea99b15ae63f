"""One-line messages that survive a redirect (post, redirect, get), on Django's messages."""

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest


@dataclass(frozen=True)
class Flash:
    tone: str
    text: str


def done(request: HttpRequest, text: str) -> None:
    """Say on the next page what has just been done."""
    messages.success(request, text)


def warn(request: HttpRequest, text: str) -> None:
    """Say on the next page what did not happen, and why."""
    messages.warning(request, text)


def read(message: Message) -> Flash:
    """The message as the layout shows it: tone `green` or `amber`, and its text."""
    return Flash("green" if message.level == messages.SUCCESS else "amber", str(message))
