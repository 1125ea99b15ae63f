"""A review in September, after the call has closed."""

from collections.abc import Iterator

import pytest

from jiangxin.core.kernel import clock
from tests.factories.review import NOW, Province, make_province


@pytest.fixture(autouse=True)
def _in_september() -> Iterator[None]:
    with clock.at(NOW):
        yield


@pytest.fixture
def province(db: None) -> Province:
    return make_province("37")
