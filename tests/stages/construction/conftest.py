"""A province on the day after the registration."""

from collections.abc import Iterator

import pytest

from jiangxin.core.kernel import clock
from tests.factories.construction import Site, make_site


@pytest.fixture
def site(db: None) -> Site:
    return make_site()


@pytest.fixture
def _in_2026() -> Iterator[None]:
    with clock.at(clock.beijing(2026, 3, 2, 9)):
        yield
