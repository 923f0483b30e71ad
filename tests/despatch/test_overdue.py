"""Digests and receipts that are not sent though due are an operator's alarm until they are."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from despatch.app import App
from despatch.app.housekeeping import Housekeeper
from despatch.app.status import status
from despatch.frequency import HOURLY
from despatch.ports import Item
from despatch.testing import FakeClock, a_classified
from despatch.testing.subscribers import a_channel, a_subscriber, a_subscription

MINUTE = timedelta(minutes=1)


@pytest.fixture
def due(installed: App, clock: FakeClock) -> datetime:
    """When a digest and a receipt are due that nobody runs."""
    who = a_subscriber().model_copy(update={"receipt": HOURLY})
    asked = a_subscription(a_channel(who), frequency=HOURLY)
    with installed.store.transaction() as tx:
        tx.add_subscriber(who)
        tx.add_channel(a_channel(who))
        tx.add_subscription(asked)
        at = tx.receipt_due(who.id)
        assert at is not None
        tx.wait([an_item(at)], clock.now())
    return at


def an_item(at: datetime) -> Item:
    asked = a_subscription(frequency=HOURLY)
    return Item(
        subscriber=asked.subscriber,
        classified=a_classified(),
        event="new",
        reason="asked",
        changed="",
        subscriptions=(asked.id,),
        through=(asked.id,),
        waits_for="digest",
        why="hourly",
        since=at - 60 * MINUTE,
        due_at=at,
        held_at=at - MINUTE,
    )


@pytest.fixture
def house(installed: App) -> Housekeeper:
    return Housekeeper(installed)


def overdue(app: App) -> Sequence[str]:
    return sorted(one.key for one in status(app).alarms if one.key.endswith("overdue"))


def test_what_is_due_for_longer_than_a_run_takes_is_an_alarm_at_the_second_look(
    installed: App, clock: FakeClock, house: Housekeeper, due: datetime
) -> None:
    clock.move(due + 15 * MINUTE - clock.now())
    house.once()
    house.once()
    assert overdue(installed) == [], "it may just be running"
    clock.move(MINUTE)
    house.once()
    assert overdue(installed) == [], "the machine may have slept: it is run at once"
    clock.move(MINUTE)
    house.once()
    assert overdue(installed) == ["digests overdue", "receipts overdue"]
    (text,) = (one.text for one in status(installed).alarms if one.key == "digests overdue")
    assert text.startswith(f"1 digest not sent though due: the first since {due:%d %B %Y, %H:%M}")


def test_it_ends_when_they_are_run(
    installed: App, clock: FakeClock, house: Housekeeper, due: datetime
) -> None:
    clock.move(due + 20 * MINUTE - clock.now())
    house.once()
    house.once()
    assert installed.digesting().run_due() == 1
    house.once()
    assert overdue(installed) == ["receipts overdue"]
    installed.receipting().run_due()
    house.once()
    assert overdue(installed) == []


def test_one_that_is_sent_between_two_looks_is_none(
    installed: App, clock: FakeClock, house: Housekeeper, due: datetime
) -> None:
    clock.move(due + 20 * MINUTE - clock.now())
    house.once()
    installed.digesting().run_due()
    installed.receipting().run_due()
    house.once()
    house.once()
    assert overdue(installed) == []
