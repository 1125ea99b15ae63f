"""QR codes for printed pages: level M, four modules of margin as ISO/IEC 18004 demands."""

import io

import segno


def svg(text: str) -> str:
    """The code as an SVG for Typst."""
    buffer = io.BytesIO()
    segno.make(text, error="m", micro=False).save(buffer, kind="svg", border=4, xmldecl=False)
    return buffer.getvalue().decode()


def png(text: str, *, scale: int = 8) -> bytes:
    """The code as a PNG for Word, `scale` pixels a module."""
    buffer = io.BytesIO()
    segno.make(text, error="m", micro=False).save(buffer, kind="png", border=4, scale=scale)
    return buffer.getvalue()
