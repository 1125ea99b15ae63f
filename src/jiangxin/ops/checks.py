"""What Django checks before `migrate` and `serve`: the database must be new enough."""

from collections.abc import Iterable
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

from jiangxin.ops.postgres import MINIMUM_VERSION


@register(Tags.database)
def database_version(databases: Iterable[str] | None = None, **_: Any) -> list[CheckMessage]:
    """An error for each database older than `MINIMUM_VERSION` (psycopg's form: 15.4 is 150004)."""
    errors: list[CheckMessage] = []
    for alias in databases or ():
        with connections[alias].temporary_connection():
            version = connections[alias].connection.info.server_version
        if version < MINIMUM_VERSION:
            errors.append(
                Error(
                    f"PostgreSQL {version // 10_000} 太旧，至少需要 {MINIMUM_VERSION // 10_000}。",
                    hint="请升级数据库，或去掉 DATABASE_URL 改用内置数据库。",
                    id="jiangxin.E001",
                )
            )
    return errors
