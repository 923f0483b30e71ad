"""A story is told to nobody twice, by the database's word: of two workers that race, one wins."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from alerts.match import Matcher
from alerts.stage import Alerting
from alerts.stories import keys
from alerts.taking import Received, Taking
from despatch.bus.local import LocalBus
from despatch.fingerprint import digest
from despatch.model import Classified, SourceId
from despatch.ports import Batch, Member, Message, Place, Store, Taken, Told, Transaction
from despatch.signature import signature
from despatch.testing import FakeClock, a_classified, a_release, a_revision
from despatch.testing.releases import SEEN
from despatch.testing.stages import ListReader
from despatch.testing.stores import StoreUnderTest
from despatch.testing.subscribers import a_channel, a_subscriber, a_subscription
from despatch.topics import CLASSIFIED, encode

NAMES = ("ada", "bob", "cyd")
STORIES = 25


def place(partition: int) -> Place:
    return Place("cluster", CLASSIFIED, "topic", partition)


def published(by: str, story: int = 1) -> Classified:
    """Return what a source says of a story: the same as any other source, and about no other."""
    text = " ".join(f"word{digest(str(story), str(n), length=4)}" for n in range(80))
    release = a_release(f"{by}-{story}", source=SourceId(by), title="Ferries", text=text)
    return a_classified(a_revision(release), signature=signature(release.title, release.text))


def enrol(store: Store) -> None:
    with store.transaction() as tx:
        for name in NAMES:
            tx.add_subscriber(a_subscriber(name))
            channel = tx.add_channel(a_channel(a_subscriber(name)))
            tx.add_subscription(a_subscription(channel, name=name))


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[LocalBus]:
    """A log, for dead letters: what is read is given by hand."""
    with closing(LocalBus(tmp_path / "log.db")) as bus:
        yield bus


def told(store: Store, *releases: Classified) -> list[tuple[str, str]]:
    """Return who was sent an alert about which source's release."""
    with store.transaction() as tx:
        return [
            (alert.subscriber, one.revision.release.source)
            for one in releases
            for alert in tx.trace(one.revision.release.id).alerts
        ]


def reasons(store: Store, of: Classified) -> list[str]:
    with store.transaction() as tx:
        matches = tx.trace(of.revision.release.id).matches
    return [one.reason for one in matches if one.outcome == "held"]


def a_stage(database: StoreUnderTest, bus: LocalBus) -> Alerting:
    clock = FakeClock()
    return Alerting(database.open(clock=clock), bus, clock)


def finish(stage: Alerting, partition: int, offset: int, classified: Classified) -> None:
    """Have a stage take one message of its partition."""
    key = classified.revision.release.id
    message = Message(CLASSIFIED, partition, offset, key, encode(classified), (), SEEN)
    batch = Batch(place(partition), offset, offset + 1, (message,))
    stage.finish(ListReader(()), batch, [stage.handle(message)], ())


def test_two_alert_stages_that_race_tell_each_story_once(
    database: StoreUnderTest, bus: LocalBus
) -> None:
    """Each has a partition with one of two copies, and both take theirs at the same moment."""
    enrol(database.open())
    start = threading.Barrier(2, timeout=60)

    def run(partition: int, source: str) -> None:
        stage = a_stage(database, bus)
        for story in range(STORIES):
            start.wait()
            finish(stage, partition, story, published(source, story))

    with ThreadPoolExecutor(2) as pool:
        for running in [pool.submit(run, 0, "home-office"), pool.submit(run, 1, "no10")]:
            running.result()
    store = database.open()
    for story in range(STORIES):
        copies = published("home-office", story), published("no10", story)
        heard = Counter(who for who, _source in told(store, *copies))
        assert heard == {f"u-{name}": 1 for name in NAMES}, f"story {story}"
        held = [reason for one in copies for reason in reasons(store, one)]
        assert len(held) == len(NAMES)
        assert all("; also published by " in reason for reason in held)


def test_whoever_is_told_by_another_transaction_meanwhile_is_held_back_with_the_reason(
    database: StoreUnderTest,
) -> None:
    """The other one holds no lock but its row: the row's key is what decides.

    It is waited for, then what it committed is looked at, and the copy is known for what it is.
    """
    store = database.open()
    enrol(store)
    first, copy, third = (published(by) for by in ("home-office", "no10", "wire"))
    with store.transaction() as tx:
        archive(tx, first, 0)
    worker = threading.Thread(target=take, args=(database.open(), third))
    with database.open().transaction() as tx:
        archive(tx, copy, 1)
        release = copy.revision.release.id
        for name in NAMES[:2]:
            who = a_subscriber(name).id
            assert tx.add_told(Told(who, release, copy.revision.id, "new", SEEN, "t-ferries"))
        worker.start()
        waits(database)
    worker.join(60)
    assert told(store, third) == [("u-cyd", "wire")]
    held = reasons(store, third)
    assert len(held) == 2
    wanted = f"; also published by no10: told on 2 March 2026 of {release}"
    assert all(reason.endswith(wanted) for reason in held)


def archive(tx: Transaction, classified: Classified, offset: int) -> None:
    """Keep a release of the story `t-ferries`, of which nobody is told by this."""
    release = classified.revision.release
    tx.archive(Taken(classified, place(0), offset, SEEN, "new: x"), best=True)
    tx.add_to_story(Member(release.id, "t-ferries", release.source, SEEN), keys(classified))


def take(store: Store, classified: Classified) -> None:
    matcher = Matcher()
    matcher.prepare(store)
    with store.transaction() as tx:
        taking = Taking(tx, place(1), matcher, FakeClock(), timedelta(days=7))
        taking.take([Received(classified, 0)])


def waits(database: StoreUnderTest) -> None:
    """Return once somebody waits for a row on PostgreSQL; on SQLite they wait to begin."""
    if database.url.startswith("sqlite"):
        return
    asked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = "
    with psycopg.connect(database.url.replace("+psycopg", ""), autocommit=True) as server:
        deadline = time.monotonic() + 60
        while server.execute((asked + "current_database()").encode()).fetchone() == (0,):
            assert time.monotonic() < deadline, "nobody waits for the other's row"
            time.sleep(0.01)
