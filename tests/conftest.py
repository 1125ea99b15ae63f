"""What every test stands on: a PostgreSQL of the tests' own, for the session."""

from collections.abc import Iterable, Iterator

import pytest
from django.conf import settings
from django.db import transaction
from django.db.backends.postgresql.operations import DatabaseOperations
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from jiangxin.ops import postgres

# A busy machine must not fail a test: neither a slow example nor slow generation is an error.
hypothesis_settings.register_profile(
    "jiangxin", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("jiangxin")


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> Iterator[None]:
    """Start the embedded server before the test database is made, stop it afterwards."""
    if settings.EMBEDDED_POSTGRES is None:
        yield
        return
    postgres.ensure_running(settings.EMBEDDED_POSTGRES, durable=False)
    yield
    postgres.release(settings.EMBEDDED_POSTGRES)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that empty all tables come late, tests with a browser (its own event loop) last.

    The sort is stable: within each kind the random order stays.
    """

    def lateness(item: pytest.Item) -> int:
        if item.get_closest_marker("e2e"):
            return 2
        marker = item.get_closest_marker("django_db")
        fixtures = getattr(item, "fixturenames", ())
        empties = {"transactional_db", "live_server"} & set(fixtures)
        return 1 if empties or (marker and marker.kwargs.get("transaction")) else 0

    items.sort(key=lateness)


@pytest.fixture(scope="session", autouse=True)
def _emptying_reaches_append_only_tables() -> Iterator[None]:
    """Let Django empty the tables after a test that committed, although triggers forbid TRUNCATE.

    The triggers are off only inside the transaction that empties; every test meets them on.
    """
    truncate = DatabaseOperations.execute_sql_flush

    def execute(self: DatabaseOperations, sql_list: Iterable[str]) -> None:
        with transaction.atomic(using=self.connection.alias), self.connection.cursor() as cursor:
            cursor.execute(
                "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger"
                " WHERE NOT tgisinternal AND tgtype & 32 <> 0"  # 32: fires on TRUNCATE
            )
            guarded = [table for (table,) in cursor.fetchall()]
            for table in guarded:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            truncate(self, sql_list)
            for table in guarded:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "execute_sql_flush", execute)
        yield
