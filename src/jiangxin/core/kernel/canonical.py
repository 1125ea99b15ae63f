"""One byte string for one value: what gets hashed, signed and compared."""

import hashlib
import json
from datetime import date, datetime
from typing import Any

from .clock import BEIJING


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(BEIJING).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no canonical form")


def canonical(value: Any) -> bytes:
    """UTF-8 JSON with sorted keys and no spaces. Floats are refused: they have no exact form."""
    _refuse_floats(value)
    text = json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain
    )
    return text.encode()


def read_exactly(text: bytes) -> Any:
    """What JSON text says. Raises `ValueError` for a field given twice, a number without an exact
    form, nesting that is too deep, or text that is no JSON."""
    try:
        return json.loads(
            text, object_pairs_hook=_once, parse_float=_inexact, parse_constant=_inexact
        )
    except RecursionError:
        raise ValueError("嵌套过深") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("有重复的字段")
    return dict(pairs)


def _inexact(text: str) -> Any:
    raise ValueError(f"有不能精确表示的数 {text}")


def digest(value: Any) -> str:
    """SHA-256 of the canonical bytes, in hex."""
    return hashlib.sha256(canonical(value)).hexdigest()


def _refuse_floats(value: Any) -> None:
    if isinstance(value, str):  # most of what there is: a record has 100,000 of them
        return
    if isinstance(value, float):
        raise TypeError("floats have no canonical form; use int or str")
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError("keys must be strings")
            _refuse_floats(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_floats(item)
