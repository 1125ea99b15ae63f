"""Keys of the installation: personal numbers are encrypted at rest and found again by keyed hash."""

import base64
from functools import cache

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


def _derive(purpose: bytes) -> bytes:
    kdf = HKDF(hashes.SHA256(), length=32, salt=None, info=purpose)
    return kdf.derive(settings.SECRET_KEY.encode())


@cache
def hash_key() -> bytes:
    """The key of `keyed_hash` for personal numbers."""
    return _derive(b"personal numbers: hash")


@cache
def _box() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_derive(b"personal numbers: encryption")))


def seal(text: str) -> str:
    """`text` encrypted and authenticated, as ASCII."""
    return _box().encrypt(text.encode()).decode()


def open_sealed(token: str) -> str:
    """What `seal` was given. Raises `cryptography.fernet.InvalidToken` for anything else."""
    return _box().decrypt(token.encode()).decode()
