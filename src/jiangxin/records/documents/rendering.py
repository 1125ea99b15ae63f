"""Official documents as PDF: Typst templates over plain data, byte-identical on every run.

The layout follows GB/T 9704-2012 (margins 37, 28, 35 and 26 mm; 22 lines of 28 characters; page number
`— 1 —`), with free CJK fonts in place of 小标宋 and 仿宋.
"""

import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import typst

TEMPLATES = Path(__file__).parent / "typst"


@cache
def _fonts() -> typst.Fonts:
    """The machine's fonts, searched once: that takes as long as a document."""
    return typst.Fonts()


def pdf(template: str, data: dict[str, Any], *, at: datetime) -> bytes:
    """The PDF of `template` (a file name without its ending) over JSON-able `data`.

    `at` is the moment that the file names as its creation: the same data and moment give the same
    bytes. Raises `typst.TypstError` for a template that does not fit its data.
    """
    return typst.compile(
        str(TEMPLATES / f"{template}.typ"),
        root=str(TEMPLATES),
        font_paths=_fonts(),
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        timestamp=int(at.timestamp()),
    )
