"""Addresses of views by name. A list of fifty rows asks for a hundred: patterns are resolved once."""

from functools import lru_cache
from typing import Any

from django.conf import settings
from django.urls import reverse

_PLACEHOLDERS = (910_000_001, 910_000_002, 910_000_003)


def path_of(name: str, *args: Any, **kwargs: Any) -> str:
    """The path of the view called `name`. Raises `NoReverseMatch` like Django's `reverse`."""
    if kwargs or not all(isinstance(each, int) for each in args):
        return reverse(name, args=args or None, kwargs=kwargs or None)
    return _pattern(settings.ROOT_URLCONF, name, len(args)).format(*args)


@lru_cache(maxsize=1024)
def _pattern(urlconf: str, name: str, count: int) -> str:
    """The path with `{}` for each of its numbers; part of the key, `urlconf` may change in tests."""
    path = reverse(name, args=_PLACEHOLDERS[:count] or None)
    for each in _PLACEHOLDERS[:count]:
        path = path.replace(str(each), "{}", 1)
    return path
