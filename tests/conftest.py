"""What every test stands on: a PostgreSQL of the tests' own, for the session."""

from collections.abc import Iterator

import pytest
from django.conf import settings

from jiangxin.ops import postgres


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> Iterator[None]:
    """Start the embedded server before the test database is made, stop it afterwards."""
    if settings.EMBEDDED_POSTGRES is None:
        yield
        return
    postgres.ensure_running(settings.EMBEDDED_POSTGRES, durable=False)
    yield
    postgres.release(settings.EMBEDDED_POSTGRES)
