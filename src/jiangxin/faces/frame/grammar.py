"""The search language of lists: `省:江苏,浙江 -状态:草稿 分:>85 "两个 词" 文字`.

Terms are parted by white space (full-width too). `词:值` filters, a leading `-` excludes, commas
(，、,) give alternatives, quotes keep spaces, colons may be full-width.
"""

import re
from dataclasses import dataclass

_TERM = re.compile(
    r'(?P<minus>[-－])?(?:(?P<word>[^\s"“”:：\-－][^\s"“”:：]*)[:：])?'
    r'(?:"(?P<quoted>[^"]*)"?|“(?P<chinese>[^”]*)”?|(?P<plain>[^\s"“”]+))|(?P<rest>\S)'
)
_COMMAS = re.compile(r"[,，、]")
_NEEDS_QUOTES = re.compile(r"[\s,，、:：“”]|^[-－]|^$")


@dataclass(frozen=True)
class Term:
    """One condition: `word` is empty for free text; any of `values` will do; `exclude` turns it round."""

    word: str
    values: tuple[str, ...]
    exclude: bool = False

    def __str__(self) -> str:
        """The term as a person would type it; parsing it gives the term back."""
        sign = "-" if self.exclude else ""
        joined = ",".join(self.values)
        if len(self.values) == 1:
            only = self.values[0]
            joined = f'"{only}"' if _NEEDS_QUOTES.search(only) else only
        return f"{sign}{self.word}:{joined}" if self.word else f"{sign}{joined}"


def parse(text: str) -> list[Term]:
    """The terms of a search text, in order; never raises: what is no term is taken as text."""
    terms = []
    for match in _TERM.finditer(text[:500]):
        quoted = match["quoted"] if match["quoted"] is not None else match["chinese"]
        word, exclude = match["word"] or "", bool(match["minus"])
        if quoted is not None:
            values: tuple[str, ...] = (quoted.strip(),)
        elif word:
            values = tuple(part for part in _COMMAS.split(match["plain"]) if part)
        else:
            values = (match["plain"] or match["rest"],)
        if any(values) and match["rest"] not in ("-", "－", '"', "“", "”"):
            terms.append(Term(word, values, exclude))
    return terms


def write(terms: list[Term]) -> str:
    """The search text of these terms."""
    return " ".join(map(str, terms))
