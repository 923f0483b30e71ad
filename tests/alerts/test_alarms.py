"""Alarms: told in groups, once at the opening and once at the end; past the store if it is away."""

import sqlite3
import threading
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from alerts.alarms import StoreAlarms
from alerts.deliver import DeliveryWorker
from despatch.store.sql import SqlStore
from despatch.testing import FakeClock
from despatch.testing.channels import RecordingSender
from despatch.testing.crashes import CrashingStore, Killed
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


def go_on(alarms: StoreAlarms, clock: FakeClock) -> None:
    """Let ten minutes pass, and tell what is due."""
    clock.move(timedelta(minutes=10))
    alarms.tell()


def text(sender: RecordingSender) -> str:
    return sender.sent[-1][1].body


def test_what_opens_together_is_told_in_one_message_after_a_little_while(
    store: SqlStore, clock: FakeClock, sender: RecordingSender
) -> None:
    alarms = StoreAlarms(store, clock, URL, sender)
    for _ in range(3):
        alarms.open(KEY, "the broker is away")
        alarms.open("life of ingest", "ingest shows no life")
        alarms.tell()
        clock.move(timedelta(seconds=10))
    assert said(store, sender, clock) == []
    alarms.tell()
    alarms.tell()
    assert said(store, sender, clock) == [("alarm", f"2 alarms: life of ingest, {KEY}")]
    assert "the broker is away\nSince 2 March 2026, 12:00 UTC, seen 3 times." in text(sender)
    with store.transaction() as tx:
        assert [alarm.count for alarm in tx.alarms()] == [3, 3]


def test_the_end_is_told_once(store: SqlStore, clock: FakeClock, sender: RecordingSender) -> None:
    alarms = StoreAlarms(store, clock, URL, sender)
    alarms.close(KEY)
    alarms.open(KEY, "the broker is away")
    go_on(alarms, clock)
    alarms.close(KEY)
    alarms.close(KEY)
    go_on(alarms, clock)
    go_on(alarms, clock)
    assert said(store, sender, clock) == [("alarm", KEY), ("recovered", KEY)]
    assert f"- {KEY}, from 2 March 2026, 12:00 UTC to 2 March 2026, 12:10 UTC" in text(sender)


def test_what_is_over_before_it_was_told_is_kept_and_not_sent(
    store: SqlStore, clock: FakeClock, sender: RecordingSender
) -> None:
    alarms = StoreAlarms(store, clock, URL, sender)
    alarms.open(KEY, "the broker is away")
    clock.move(timedelta(seconds=20))
    alarms.close(KEY)
    go_on(alarms, clock)
    assert said(store, sender, clock) == []
    with store.transaction() as tx:
        assert [alarm.key for alarm in tx.alarms(open_only=False)] == [KEY]


def test_an_alarm_that_was_opened_before_a_crash_is_told_by_whoever_comes_next(
    store: SqlStore, clock: FakeClock, sender: RecordingSender
) -> None:
    StoreAlarms(store, clock, URL, sender).open(KEY, "the broker is away")
    go_on(StoreAlarms(store, clock, URL, sender), clock)
    assert said(store, sender, clock) == [("alarm", KEY)]


def test_a_crash_at_whichever_step_neither_loses_nor_repeats_what_is_told(
    tmp_path: Path, clock: FakeClock
) -> None:
    steps = 0
    while True:
        steps += 1
        folder = tmp_path / str(steps)
        folder.mkdir()
        with temporary_store(folder, clock=clock) as store:
            sender = RecordingSender()
            StoreAlarms(store, clock, URL, sender).open(KEY, "the broker is away")
            clock.move(timedelta(minutes=1))
            crashing = CrashingStore(store, steps)
            with suppress(Killed):
                StoreAlarms(crashing, clock, URL, sender).tell()
            alarms = StoreAlarms(store, clock, URL, sender)
            alarms.tell()
            alarms.tell()
            assert said(store, sender, clock) == [("alarm", KEY)]
        if crashing.steps < steps:
            break
    assert steps > 8


def test_processes_that_tell_at_once_tell_it_once(
    store: SqlStore, clock: FakeClock, sender: RecordingSender
) -> None:
    both = [StoreAlarms(store, clock, URL, sender) for _ in range(2)]
    both[0].open(KEY, "the broker is away")
    clock.move(timedelta(minutes=1))
    threads = [threading.Thread(target=each.tell) for each in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said(store, sender, clock) == [("alarm", KEY)]


def test_without_an_operator_alarms_are_kept_all_the_same(
    store: SqlStore, clock: FakeClock, sender: RecordingSender
) -> None:
    alarms = StoreAlarms(store, clock, None, sender)
    alarms.open(KEY, "the broker is away")
    go_on(alarms, clock)
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
        assert sender.sent[0][1].subject == "the store is away"
        assert "the store is locked" in sender.sent[0][1].body
        alarms.close(KEY)
    events = [event for event, _subject in said(store, sender, clock)]
    assert events == ["alarm", "recovered"]


def test_of_several_processes_one_tells_that_the_store_is_away_and_one_that_it_is_back(
    store: SqlStore, tmp_path: Path, clock: FakeClock, sender: RecordingSender
) -> None:
    with temporary_store(tmp_path, busy=timedelta(milliseconds=30), clock=clock) as impatient:
        file = tmp_path / "store-is-away"
        every = [
            StoreAlarms(impatient, clock, URL, sender, outage_file=file) for _process in range(3)
        ]
        with closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as lock:
            lock.execute("BEGIN IMMEDIATE")
            for alarms in every:
                alarms.open(KEY, "the store is locked")
        for alarms in every:
            alarms.tell()
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
    with store.transaction() as tx:
        assert tx.alarms() == []


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
    alarms = StoreAlarms(store, clock, URL, sender)
    alarms.open(KEY, "the broker is away")
    go_on(alarms, clock)
    assert said(store, sender, clock) == [("alarm", KEY)]
    assert "hunter2" not in "".join(capsys.readouterr())
