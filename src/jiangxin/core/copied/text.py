"""Texts as sets of pieces: what does not change the meaning does not count."""

import unicodedata
from collections.abc import Iterable, Iterator

WIDTH = 4  # characters in a piece: longer than nearly all words, shorter than any sentence
NUMBER = "0"


def characters(text: str) -> Iterator[tuple[int, str]]:
    """(place in `text`, character) of what counts: letters, Han and digits, in one shape each.

    Width and case are levelled (NFKC); punctuation and space fall out; every run of digits is one
    sign, so that a copied paragraph with other figures is still the same paragraph.
    """
    in_number = False
    for place, original in enumerate(text):
        for one in unicodedata.normalize("NFKC", original).casefold():
            kind = unicodedata.category(one)[0]
            if kind == "N":
                if not in_number:
                    yield place, NUMBER
                in_number = True
            elif kind == "L":
                in_number = False
                yield place, one


def normal(text: str) -> str:
    """What counts of `text`, without its places."""
    return "".join(one for _, one in characters(text))


def shingles(text: str, width: int = WIDTH) -> frozenset[str]:
    """Every piece of `width` characters of what counts in `text`; empty for a shorter text."""
    plain = normal(text)
    return frozenset(plain[start : start + width] for start in range(len(plain) - width + 1))


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a text, in order, without empty ones."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def without(text: str, names: Iterable[str]) -> str:
    """`text` without these names (of the unit, of its leader): they differ in every copy."""
    for name in names:
        if name:
            text = text.replace(name, "")
    return text
