"""What the tests of ingest share: an installation on files, and a way to run a coroutine."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from despatch.bus.local import LocalBus
from despatch.model import Revision, SourceId
from despatch.ports import Due, Health, Leased, Poll, SourceRecord, Store
from despatch.testing import FakeClock, FakeFetcher
from despatch.testing.stores import temporary_store
from despatch.topics import RELEASES, decode, topic_specs
from ingest.feedparse import ParsedFeed, parse_feed
from ingest.poller import Poller, PollReport

R = TypeVar("R")

FEED = "https://example.gov/feed.atom"
ADDED = datetime(2026, 3, 1, tzinfo=UTC)


async def parse_here(body: bytes, content_type: str, address: str) -> ParsedFeed:
    """Parse without a child process."""
    return parse_feed(body, content_type, address)


class Failing:
    """An object whose methods fail as told: `Failing(bus, publish=[ServerAway("away"), None])`.

    Each call takes the next of its method's list: an error is raised instead of the call, None
    lets it pass; behind the list all pass. `journal` has the names of the calls that passed.
    """

    def __init__(
        self, of: Any, journal: list[str] | None = None, **errors: Sequence[BaseException | None]
    ) -> None:
        self._of = of
        self._errors = {name: list(given) for name, given in errors.items()}
        self.journal = journal if journal is not None else []

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._of, name)
        if not callable(real):
            return real

        def call(*args: Any, **kwargs: Any) -> Any:
            error = self._errors[name].pop(0) if self._errors.get(name) else None
            if error is not None:
                raise error
            self.journal.append(name)
            return real(*args, **kwargs)

        return call


class FailingStore:
    """A store whose transactions' methods fail as told; see `Failing`."""

    def __init__(
        self,
        store: Store,
        journal: list[str] | None = None,
        **errors: Sequence[BaseException | None],
    ) -> None:
        self._store = store
        self._given = Failing(None, journal, **errors)
        self.journal = self._given.journal

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        with self._store.transaction() as tx:
            self._given._of = tx
            yield self._given


@dataclass
class NotedAlarms:
    """Alarms as they were opened, and closed while open."""

    opened: dict[str, str] = field(default_factory=dict)
    closed: list[str] = field(default_factory=list)

    def open(self, key: str, text: str) -> None:
        self.opened[key] = text

    def close(self, key: str) -> None:
        if self.opened.pop(key, None) is not None:
            self.closed.append(key)


@dataclass
class Installation:
    """A log, a store, a clock, a fetcher: all that a poller works with."""

    feed = FEED
    added = ADDED
    failing = staticmethod(Failing)
    failing_store = FailingStore
    parse = staticmethod(parse_here)

    bus: LocalBus
    store: Store
    clock: FakeClock
    fetcher: FakeFetcher
    alarms: NotedAlarms = field(default_factory=NotedAlarms)

    def add(self, id_: str = "example", kind: str = "feed", **settings: Any) -> SourceId:
        """Add a source; a feed at FEED unless told otherwise."""
        settings = settings or {"address": FEED}
        source = SourceId(id_)
        with self.store.transaction() as tx:
            tx.add_source(SourceRecord(source, kind, settings, added_at=ADDED))
        return source

    def lease(self, source: SourceId, owner: str = "test") -> Leased:
        """Lend a source for two minutes."""
        with self.store.transaction() as tx:
            leased = tx.lease_source(source, owner, self.clock.now(), timedelta(minutes=2))
        assert leased is not None
        return leased

    def poller(self, **changed: Any) -> Poller:
        """Return a poller over all this; any argument can be given."""
        bus, store = changed.pop("bus", self.bus), changed.pop("store", self.store)
        fetcher = changed.pop("fetcher", self.fetcher)
        options: dict[str, Any] = {
            "owner": "test",
            "alarms": self.alarms,
            "parse": parse_here,
        } | changed
        return Poller(bus, store, fetcher, self.clock, **options)

    def poll(self, source: SourceId, **manner: Any) -> PollReport:
        """Poll one source now."""
        parts = {name: manner.pop(name) for name in ("bus", "store", "parse") if name in manner}
        return asyncio.run(self.poller(**parts).poll(self.lease(source), **manner))

    def published(self) -> list[Revision]:
        """Return every revision on the log, in the order of its release."""
        found = [decode(Revision, message.value) for message in self.bus.browse(RELEASES)]
        return sorted(found, key=lambda revision: (revision.release.title, revision.number))

    def health(self, source: SourceId) -> tuple[str, Health, datetime | None]:
        """Return a source's state, its health, and when it is next due."""
        with self.store.transaction() as tx:
            for record, health, due in tx.sources():
                if record.id == source:
                    return record.state, health, due
        raise AssertionError(f"{source} is not there")

    def due(self, source: SourceId) -> Due:
        """Return when a source is polled next, and why."""
        with self.store.transaction() as tx:
            due = tx.due(source)
        assert due is not None
        return due

    def polls(self, source: SourceId) -> Sequence[Poll]:
        """Return a source's last polls, newest first."""
        with self.store.transaction() as tx:
            return tx.polls_of(source)

    def cursor(self, source: SourceId) -> Mapping[str, Any]:
        """Return what is kept of how far a source is read."""
        leased = self.lease(source, "look")
        with self.store.transaction() as tx:
            tx.release_source(source, leased.epoch, Due(self.clock.now()), leased.health)
        return leased.cursor


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    """An empty installation with its topics."""
    clock = FakeClock()
    bus = LocalBus(tmp_path / "log.db", clock=clock)
    bus.create_topics(topic_specs([]))
    with temporary_store(tmp_path, clock=clock) as store:
        yield Installation(bus, store, clock, FakeFetcher())
    bus.close()


@pytest.fixture
def run() -> Callable[[Coroutine[Any, Any, R]], R]:
    """Run a coroutine in an event loop of its own."""
    return asyncio.run
