"""Alarms: told once at the opening, once at the end, and past the store when that is away."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from alerts.alarms import StoreAlarms
from alerts.deliver import DeliveryWorker
from despatch.store.sql import SqlStore
from despatch.testing import FakeClock
from despatch.testing.channels import RecordingSender
from despatch.testing.stores import temporary_store

URL = SecretStr("json://ops.example/hunter2")
KEY = "stage alerts waits"


@pytest.fixture
def sender() -> RecordingSender:
    return RecordingSender()


def said(store: SqlStore, sender: RecordingSender, clock: FakeClock) -> list[tuple[str, str]]:
    """Deliver what waits; return the events and subjects that reached the operator so far.

    In the order in which they came to be: several are sent at once.
    """
    DeliveryWorker(store, sender, clock, owner="here").run_once()
    sent = sorted((alert for _url, alert, _key in sender.sent), key=lambda one: one.created_at)
    return [(alert.event, alert.subject) for alert in sent]


def test_the_first_opening_is_told_and_the_same_key_again_only_counts(
    store: SqlStore, clock: FakeClock, sender: RecordingSender
) -> None:
    alarms = StoreAlarms(store, clock, URL, sender)
    for _ in range(3):
        alarms.open(KEY, "the broker is away")
        clock.move(timedelta(seconds=5))
    assert said(store, sender, clock) == [("alarm", KEY)]
    with store.transaction() as tx:
        (alarm,) = tx.alarms()
    assert alarm.count == 3


def test_the_end_is_told_once(store: SqlStore, clock: FakeClock, sender: RecordingSender) -> None:
    alarms = StoreAlarms(store, clock, URL, sender)
    alarms.close(KEY)
    alarms.open(KEY, "the broker is away")
    clock.move(timedelta(minutes=1))
    alarms.close(KEY)
    alarms.close(KEY)
    assert said(store, sender, clock) == [("alarm", KEY), ("recovered", KEY)]
    assert "the broker is away" in sender.sent[-1][1].body


def test_an_alarm_that_comes_back_is_told_again(
    store: SqlStore, clock: FakeClock, sender: RecordingSender
) -> None:
    alarms = StoreAlarms(store, clock, URL, sender)
    for _ in range(2):
        alarms.open(KEY, "the broker is away")
        clock.move(timedelta(minutes=1))
        alarms.close(KEY)
        clock.move(timedelta(minutes=1))
    assert [event for event, _ in said(store, sender, clock)] == [
        "alarm", "recovered", "alarm", "recovered",
    ]  # fmt: skip


def test_without_an_operator_alarms_are_kept_all_the_same(
    store: SqlStore, clock: FakeClock, sender: RecordingSender
) -> None:
    StoreAlarms(store, clock, None, sender).open(KEY, "the broker is away")
    assert said(store, sender, clock) == []
    with store.transaction() as tx:
        assert [alarm.key for alarm in tx.alarms()] == [KEY]


def test_while_the_store_is_away_the_operator_is_told_directly_once_and_of_the_end(
    store: SqlStore, tmp_path: Path, clock: FakeClock, sender: RecordingSender
) -> None:
    with temporary_store(tmp_path, busy=timedelta(milliseconds=30), clock=clock) as impatient:
        alarms = StoreAlarms(impatient, clock, URL, sender)
        with closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as lock:
            lock.execute("BEGIN IMMEDIATE")
            alarms.open(KEY, "the store is locked")
            alarms.open("another", "the store is locked still")
        assert [alert.event for _url, alert, _key in sender.sent] == ["alarm"]
        assert "the store is locked" in sender.sent[0][1].body
        alarms.close(KEY)
    events = [event for event, _subject in said(store, sender, clock)]
    assert events == ["alarm", "recovered"]


def test_an_alarm_that_is_over_while_the_store_is_away_is_closed_once_it_is_back(
    store: SqlStore, tmp_path: Path, clock: FakeClock, sender: RecordingSender
) -> None:
    with temporary_store(tmp_path, busy=timedelta(milliseconds=30), clock=clock) as impatient:
        alarms = StoreAlarms(impatient, clock, URL, sender)
        alarms.open(KEY, "the broker is away")
        with closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as lock:
            lock.execute("BEGIN IMMEDIATE")
            alarms.close(KEY)
        clock.move(timedelta(seconds=5))
        alarms.catch_up()
        alarms.catch_up()
    assert said(store, sender, clock) == [("alarm", KEY), ("recovered", KEY)]


def test_an_alarm_that_came_back_before_it_could_be_closed_stays_open(
    store: SqlStore, tmp_path: Path, clock: FakeClock, sender: RecordingSender
) -> None:
    with temporary_store(tmp_path, busy=timedelta(milliseconds=30), clock=clock) as impatient:
        alarms = StoreAlarms(impatient, clock, URL, sender)
        alarms.open(KEY, "the broker is away")
        with closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as lock:
            lock.execute("BEGIN IMMEDIATE")
            alarms.close(KEY)
        alarms.open(KEY, "the broker is away again")
        alarms.catch_up()
        with store.transaction() as tx:
            assert [alarm.key for alarm in tx.alarms()] == [KEY]


def test_the_operator_s_url_is_in_no_log(
    store: SqlStore,
    clock: FakeClock,
    sender: RecordingSender,
    capsys: pytest.CaptureFixture[str],
) -> None:
    StoreAlarms(store, clock, URL, sender).open(KEY, "the broker is away")
    said(store, sender, clock)
    assert "hunter2" not in "".join(capsys.readouterr())
