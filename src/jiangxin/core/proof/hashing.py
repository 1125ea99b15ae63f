"""The two hashes that the product signs its word with: SHA-256 and SM3 (GM/T 0004-2012)."""

import hashlib
import re
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from typing import Any

from ..kernel.errors import Invalid

HASH_BYTES = 32


class Algorithm(StrEnum):
    """A hash of 32 bytes, by the name that records carry."""

    SHA256 = "sha256"
    SM3 = "sm3"


def algorithm_named(name: object) -> Algorithm:
    """The algorithm that a record names; `Invalid` when it is none of ours."""
    if isinstance(name, str) and name in tuple(Algorithm):
        return Algorithm(name)
    raise Invalid(
        f"不支持的杂凑算法：{name}",
        remedy="请使用 sha256 或 sm3。",
        field="algorithm",
    )


def hasher(algorithm: Algorithm) -> Callable[[bytes], Any]:
    """What makes a hash object of bytes: for loops over many. SHA-256 by its own constructor, which
    takes half the time of the one by name. `Invalid` when this machine's OpenSSL lacks the algorithm."""
    if algorithm is Algorithm.SHA256:
        return hashlib.sha256
    try:
        hashlib.new(algorithm.value, b"")
    except ValueError as missing:
        raise Invalid(
            f"本机的 OpenSSL 不提供 {algorithm.value} 杂凑算法",
            remedy="请升级 OpenSSL，或改用 sha256。",
            field="algorithm",
        ) from missing
    return partial(hashlib.new, algorithm.value)


def hash_bytes(data: bytes, algorithm: Algorithm = Algorithm.SHA256) -> bytes:
    """32 bytes: the hash of `data`. `Invalid` when this machine's OpenSSL lacks the algorithm."""
    made: bytes = hasher(algorithm)(data).digest()
    return made


_HEX = re.compile("[0-9a-f]{64}")


def is_hash_hex(text: object) -> bool:
    """True for 64 lower-case hex digits: the one spelling of a hash that records may use."""
    return isinstance(text, str) and _HEX.fullmatch(text) is not None
