"""Closed lists whose members carry a Chinese label; what `TextChoices` is, without Django."""

from enum import StrEnum
from typing import Self


class Labelled(StrEnum):
    """Members are written `NAME = "value", "标签"`; a member is its value, `label` its Chinese name."""

    label: str

    def __new__(cls, value: str, label: str = "") -> Self:
        # `label` has a default only so that type checkers accept the look-up `Kind("base")`.
        if not label:
            raise TypeError(f"{cls.__name__}: {value!r} needs a label")
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        """(value, label) pairs in order, as Django's fields and the pages want them."""
        return [(member.value, member.label) for member in cls]
