"""The ledger: append-only in the database, provable by receipt, faults named by fsck."""

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError

from jiangxin.core.kernel import clock
from jiangxin.core.proof.receipts import receipt_problems
from jiangxin.core.workflow import Role
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.actions import append, seal
from jiangxin.records.ledger.models import Checkpoint, Event, Leaf
from jiangxin.records.ledger.queries import faults, receipt

SOMEBODY = Viewer(role=Role.APPLICANT, name="某人", user_id=7)


def write(count: int) -> list[Event]:
    return [
        append(type="test.happened", subject=f"thing:{n}", by=SOMEBODY, payload={"n": n})
        for n in range(count)
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_event SET type = 'x'",
        "DELETE FROM ledger_event",
        "UPDATE ledger_leaf SET index = 99",
        "DELETE FROM ledger_checkpoint",
        "TRUNCATE ledger_event CASCADE",
    ],
)
def test_the_database_refuses_to_change_the_past(statement: str) -> None:
    write(2)
    seal()
    connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        connection.cursor().execute(statement)
    assert Event.objects.count() == 2
    assert Leaf.objects.count() == 2
    assert Checkpoint.objects.count() == 1


@pytest.mark.django_db
def test_sealing_places_every_event_once_and_grows_the_tree() -> None:
    write(3)
    first = seal()
    assert first is not None
    assert seal() == first
    write(2)
    second = seal()
    assert second is not None
    assert (first.size, second.size) == (3, 5)
    assert list(Leaf.objects.order_by("index").values_list("index", flat=True)) == [
        0,
        1,
        2,
        3,
        4,
    ]
    assert list(faults()) == []


@pytest.mark.django_db
def test_an_empty_ledger_has_no_checkpoint() -> None:
    assert seal() is None
    assert list(faults()) == []


@pytest.mark.django_db
def test_a_receipt_proves_its_event_offline() -> None:
    events = write(6)
    slip = receipt(events[3].pk)
    assert slip["event"]["payload"] == {"n": 3}
    assert receipt_problems(slip) == []
    slip["event"]["payload"] = {"n": 4}
    assert receipt_problems(slip) != []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("statement", "named"),
    [
        (
            "UPDATE ledger_event SET payload = '{\"n\": 9}' WHERE subject = 'thing:1'",
            "序号 1",
        ),
        (
            "UPDATE ledger_event SET actor = 'user:8' WHERE subject = 'thing:2'",
            "序号 2",
        ),
        ("DELETE FROM ledger_leaf WHERE index = 1", "序号 1 缺失"),
        ("DELETE FROM ledger_leaf WHERE index = 3", "检查点 4"),
        ("UPDATE ledger_checkpoint SET root = repeat('0', 64)", "检查点 4"),
    ],
)
def test_fsck_names_what_somebody_with_all_rights_has_changed(statement: str, named: str) -> None:
    write(4)
    seal()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("ledger_event", "ledger_leaf", "ledger_checkpoint"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement)
    found = list(faults())
    assert found, "the change went unnoticed"
    assert named in found[0]


@pytest.mark.django_db
def test_time_in_the_ledger_is_the_one_clock() -> None:
    with clock.at(clock.beijing(2025, 6, 1, 9)):
        event = write(1)[0]
    assert event.at == clock.beijing(2025, 6, 1, 9)
