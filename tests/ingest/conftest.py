"""What the tests of ingest share: an installation on files, and a way to run a coroutine."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from despatch.bus.local import LocalBus
from despatch.model import Revision, SourceId
from despatch.ports import Health, Leased, SourceRecord, Store
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


@dataclass
class NotedAlarms:
    """Alarms as they were opened and closed."""

    opened: dict[str, str] = field(default_factory=dict)
    closed: list[str] = field(default_factory=list)

    def open(self, key: str, text: str) -> None:
        self.opened[key] = text

    def close(self, key: str) -> None:
        self.opened.pop(key, None)
        self.closed.append(key)


@dataclass
class Installation:
    """A log, a store, a clock, a fetcher: all that a poller works with."""

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
        parts = {"bus": self.bus, "store": self.store, "fetcher": self.fetcher} | {
            name: changed.pop(name) for name in ("bus", "store", "fetcher") if name in changed
        }
        options = {"owner": "test", "alarms": self.alarms, "parse": parse_here} | changed
        return Poller(parts["bus"], parts["store"], parts["fetcher"], self.clock, **options)

    def poll(self, source: SourceId, **manner: Any) -> PollReport:
        """Poll one source now."""
        return asyncio.run(self.poller().poll(self.lease(source), **manner))

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

    def cursor(self, source: SourceId) -> Mapping[str, Any]:
        """Return what is kept of how far a source is read."""
        leased = self.lease(source, "look")
        with self.store.transaction() as tx:
            tx.release_source(source, leased.epoch, self.clock.now(), leased.health)
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
