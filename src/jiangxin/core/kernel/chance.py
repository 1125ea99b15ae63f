"""The one source of chance: salts, draw secrets and passwords come from the operating system.

Only a simulation may put a seeded generator in its place, so that the same seed gives the same
country down to the last draw; the block that does so is the only way, and it ends with the block.
"""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from random import Random
from typing import TypeVar

Item = TypeVar("Item")

_seeded: ContextVar[Random | None] = ContextVar("seeded", default=None)


def token(size: int) -> str:
    """`size` random bytes as lower-case hexadecimal digits."""
    rng = _seeded.get()
    return rng.randbytes(size).hex() if rng else secrets.token_hex(size)


def pick(items: Sequence[Item]) -> Item:
    """One of `items`, each with the same chance. Raises `IndexError` when there are none."""
    rng = _seeded.get()
    return rng.choice(items) if rng else secrets.choice(items)


@contextmanager
def seeded(rng: Random) -> Iterator[None]:
    """Inside the block chance is predictable: for simulations and demonstrations, never for a draw
    that anybody relies on."""
    reset = _seeded.set(rng)
    try:
        yield
    finally:
        _seeded.reset(reset)
