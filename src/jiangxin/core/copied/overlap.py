"""What two passages share exactly: as a coefficient, and letter by letter for the eye."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import groupby

from .text import WIDTH, characters, shingles


@dataclass(frozen=True)
class Piece:
    """A stretch of a text, and whether the other text has it too."""

    text: str
    shared: bool


def jaccard(one: AbstractSet[str], other: AbstractSet[str]) -> float:
    """Shared pieces ÷ all pieces, between 0 and 1; two empty sets share nothing."""
    every = len(one | other)
    return len(one & other) / every if every else 0.0


def marked(text: str, other: str) -> list[Piece]:
    """`text` cut into stretches that `other` shares, in pieces of at least four characters, or not.

    Together the stretches are `text` again. Punctuation between two shared characters is shared.
    """
    common = shingles(other)
    counted = list(characters(text))
    hit = [False] * len(counted)
    plain = "".join(one for _, one in counted)
    for start in range(len(plain) - WIDTH + 1):
        if plain[start : start + WIDTH] in common:
            hit[start : start + WIDTH] = [True] * WIDTH
    flags = _spread(text, [place for place, _ in counted], hit)
    return [
        Piece("".join(char for char, _ in group), shared)
        for shared, group in groupby(zip(text, flags, strict=True), key=lambda pair: pair[1])
    ]


def _spread(text: str, places: list[int], hit: list[bool]) -> list[bool]:
    """From the characters that count to all of the text: what lies between two shared ones is shared."""
    flags = [False] * len(text)
    last = None
    for place, shared in zip(places, hit, strict=True):
        if shared:
            start = last + 1 if last is not None else place
            flags[start : place + 1] = [True] * (place + 1 - start)
        last = place if shared else None
    return flags
