"""Commit and reveal: the seed is nobody's alone."""

import re
from collections.abc import Mapping

from ..kernel.canonical import canonical
from ..kernel.errors import Invalid, Tampered
from ..proof.hashing import Algorithm, hash_bytes
from .plan import MAX_SECRET_BITS, MIN_SECRET_BITS, party_label

SECRET_PATTERN = re.compile(r"(?:[0-9a-f]{2})+")


def require_secret(secret_hex: str, bits: int = MIN_SECRET_BITS) -> None:
    """`Invalid` unless this is lower-case hex of at least `bits` and at most 512 bits."""
    length = len(secret_hex) * 4 if SECRET_PATTERN.fullmatch(secret_hex) else 0
    if not bits <= length <= MAX_SECRET_BITS:
        raise Invalid(
            f"随机数应为 {bits} 至 {MAX_SECRET_BITS} 位的小写十六进制数",
            remedy="请使用系统生成的随机数，不要手工编写。",
            field="secret",
        )


def commitment(
    party: str, session: str, secret_hex: str, algorithm: Algorithm = Algorithm.SHA256
) -> str:
    """What a party publishes before the pool is sealed: 64 hex digits that hide the secret.

    Bound to party and session, so that it is worth nothing elsewhere.
    """
    require_secret(secret_hex)
    body = canonical({"party": party, "secret": secret_hex, "session": session})
    return hash_bytes(b"jiangxin-draw/v1 commitment\n" + body, algorithm).hex()


def check_reveal(
    *,
    party: str,
    session: str,
    secret_hex: str,
    committed: str,
    algorithm: Algorithm = Algorithm.SHA256,
) -> None:
    """`Tampered` when the secret is not the one that was committed to."""
    if commitment(party, session, secret_hex, algorithm) != committed:
        raise Tampered(
            f"{party_label(party)}方公开的随机数与事先封存的承诺不符",
            remedy="请核对是否用错场次或输错；无法更正的，本场抽取作废并记录原因。",
            clause="3.2",
            field="secret",
        )


def seed(
    seal: str,
    shares: Mapping[str, str],
    public_number: str | None,
    algorithm: Algorithm = Algorithm.SHA256,
) -> str:
    """64 hex digits from the seal (digest of all that was fixed), every party's secret and the
    public number. Binding the seal means that no part of it can be exchanged afterwards."""
    body = canonical({"public_number": public_number, "seal": seal, "shares": dict(shares)})
    return hash_bytes(b"jiangxin-draw/v1 seed\n" + body, algorithm).hex()
