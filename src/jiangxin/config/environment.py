"""Reading what an installation chose: environment variables, the secret key, the database."""

import os
import secrets
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from jiangxin.ops import postgres

_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"", "0", "false", "no", "off"}


def flag(name: str) -> bool:
    """The truth of an environment variable: 1/true/yes/on, or 0/false/no/off/unset.

    Raises:
        ImproperlyConfigured: any other word.
    """
    value = os.environ.get(name, "").strip().lower()
    if value not in _TRUE | _FALSE:
        raise ImproperlyConfigured(f"环境变量 {name}={value!r} 无法识别。请写 1 或 0。")
    return value in _TRUE


def words(name: str) -> list[str]:
    """The words of an environment variable, parted by blanks or commas."""
    return os.environ.get(name, "").replace(",", " ").split()


def secret_key(folder: Path) -> str:
    """`JIANGXIN_SECRET_KEY`, or the key in `folder/secret-key`, made once, for its owner's eyes only.

    Several processes may start at once: each writes a draft; the first to link it in place wins.
    """
    if given := os.environ.get("JIANGXIN_SECRET_KEY"):
        return given
    place = folder / "secret-key"
    if not place.exists():
        draft = folder / f".secret-key-{os.getpid()}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(50))
        try:
            os.link(draft, place)
        except FileExistsError:
            pass  # another process was first: its key counts
        finally:
            draft.unlink()
    return place.read_text()


def database(folder: Path | None) -> dict[str, Any]:
    """Django's description of the embedded server in `folder`, or (None) of `DATABASE_URL`.

    Raises:
        ImproperlyConfigured: `DATABASE_URL` is not a PostgreSQL address.
    """
    described: dict[str, Any] = {
        "ENGINE": "django.db.backends.postgresql",
        "OPTIONS": {"application_name": "jiangxin"},
    }
    if folder is not None:
        return described | {
            "NAME": postgres.DATABASE,
            "USER": postgres.ROLE,
            "HOST": str(postgres.socket_directory(folder)),
            "PORT": "5432",
        }
    try:
        given = conninfo_to_dict(os.environ["DATABASE_URL"])
    except ProgrammingError as error:
        raise ImproperlyConfigured(
            f"DATABASE_URL 无法识别:{error}。格式:postgresql://用户:口令@主机:5432/数据库"
        ) from error
    named = {
        "dbname": "NAME",
        "user": "USER",
        "password": "PASSWORD",
        "host": "HOST",
        "port": "PORT",
    }
    described |= {named[key]: str(value) for key, value in given.items() if key in named}
    described["OPTIONS"] |= {key: value for key, value in given.items() if key not in named}
    return described
