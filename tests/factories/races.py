"""Several at the same moment, and the control in which nothing keeps them apart."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import pytest
from django.db import connections
from django.db.models import QuerySet

from jiangxin.core.kernel import clock

Act = Callable[[], object]


def together(acts: Sequence[Act], *, at: datetime) -> list[object]:
    """Each act in a thread of its own, all at once, at the time `at`; what each returned or raised."""
    results: list[object] = [None] * len(acts)
    gate = threading.Barrier(len(acts), timeout=20)

    def run(number: int) -> None:
        try:
            with clock.at(at):
                gate.wait()
                results[number] = acts[number]()
        except Exception as error:  # noqa: BLE001 -- the outcome is what the tests look at
            results[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[number]) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def numbered(count: int, act: Callable[[int], object]) -> list[Act]:
    """The acts `act(0)`, `act(1)`, … of `count` clients."""
    return [lambda number=number: act(number) for number in range(count)]  # type: ignore[misc]


@contextmanager
def without_locks(*, held: type | None = None, clients: int = 2) -> Iterator[None]:
    """Row locks off; all clients held before their first write of the model `held` until all have read."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(QuerySet, "select_for_update", lambda self, **_: self)
        if held is not None:
            patch.setattr(held, "save", _late(held.save, clients))  # type: ignore[attr-defined]
        yield


def _late(save: Callable[..., None], clients: int) -> Callable[..., None]:
    gate, seen = threading.Barrier(clients, timeout=20), threading.local()

    def late(self: object, *args: object, **kwargs: object) -> None:
        if not getattr(seen, "waited", False):
            seen.waited = True
            gate.wait()
        save(self, *args, **kwargs)

    return late
