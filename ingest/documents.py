"""The documents behind what is new in a feed are read before it is published.

Several at a time, each host at its own pace, and no longer than a deadline: what is not read by
then goes out as the feed gave it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from despatch.errors import PermanentError, TransientError
from despatch.model import ReleaseId, SourceId
from despatch.ports import Clock, DocumentRecord, KnownEntry, Progress
from ingest.entry import Entry
from ingest.fulltext import FullText, Read, in_full
from ingest.newness import Decision, Ignore, Publish, unknown
from ingest.patience import Patience
from ingest.reading import Ask, DocumentReader, InFull
from ingest.rereading import first_reading
from ingest.source import Part

DEADLINE = timedelta(minutes=2)
"""For all documents of a page."""

AT_ONCE = 4
MOST_BYTES = 32 * 1024 * 1024
"""So much is kept of what was read until all of a page is published; the rest is read later."""

MOST_AT_A_PAGE = 200
"""A feed of 10,000 entries at first contact: the newest are read at once, the rest later."""

Readings = Mapping[str, Read | TransientError | PermanentError]
"""What was read, or why not, by the document's address; one that is missing had no time."""


@dataclass
class Documents:
    """The documents behind the entries of one source, for the length of a poll."""

    source: SourceId
    wanted: InFull | None
    """None: this source's entries are all there is."""
    reader: DocumentReader
    clock: Clock
    patience: Patience
    lease: timedelta
    keep_lease: Callable[[], Awaitable[None]]
    """Called now and then while documents are read."""
    deadline: timedelta = DEADLINE
    _readings: Readings = field(default_factory=dict)

    async def read(self, parts: Sequence[Part], known: Mapping[str, KnownEntry]) -> Sequence[Part]:
        """Return the same entries in the same order, in full where their document was read."""
        asks = to_read(parts, known.values(), self.wanted)
        self._readings = {}
        if not asks:
            return parts
        reading = read_all(
            asks,
            self.reader,
            deadline=self.deadline,
            every=self.lease / 4,
            meanwhile=self.keep_lease,
        )
        self._readings = await self.patience.unless_stopped(reading)
        return with_texts(parts, self.wanted, self._readings)

    def kept(
        self, progress: Progress, entries: Sequence[Entry], decisions: Sequence[Decision]
    ) -> Progress:
        """Return a page's progress with what is known now of its documents.

        `entries` as their feed gave them, one decision each.
        """
        now = self.clock.now()
        return progress._replace(
            documents=documents_of(
                self.source, entries, decisions, self.wanted, self._readings, now
            ),
            reread=rereads_of(entries, decisions),
        )


def to_read(
    parts: Iterable[Part], known: Iterable[KnownEntry], wanted: InFull | None
) -> Sequence[Ask]:
    """Return which documents to read before anything is published, the newest first.

    Those of entries that were never seen. What is known is read again by whoever does so in its
    own time (`ingest/rereads.py`).
    """
    if wanted is None:
        return ()
    entries = [entry for part in parts for entry in part.entries]
    asks = {ask.address: ask for one in unknown(entries, known) if (ask := wanted.ask(one))}
    return list(asks.values())[: -MOST_AT_A_PAGE - 1 : -1]


async def read_all(
    asks: Sequence[Ask],
    reader: DocumentReader,
    *,
    deadline: timedelta,
    every: timedelta,
    meanwhile: Callable[[], Awaitable[None]],
) -> Readings:
    """Return what was read within the deadline, and within `MOST_BYTES`.

    Calls `meanwhile` now and then, to keep a lease.
    """
    loop, room = asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE)

    async def one(ask: Ask) -> Read | TransientError | PermanentError:
        async with room:
            try:
                read = await reader.read(ask)
            except (TransientError, PermanentError) as exc:
                return exc
        if isinstance(read, Read):
            return read
        return TransientError(f"bad answer: {ask.address} is said to be as it was, at first sight")

    tasks = {ask.address: asyncio.create_task(one(ask)) for ask in asks}
    until = loop.time() + deadline.total_seconds()
    pending = set(tasks.values())
    try:
        room_for = MOST_BYTES
        while pending and room_for > 0 and (left := until - loop.time()) > 0:
            done, pending = await asyncio.wait(
                pending,
                timeout=min(left, every.total_seconds()),
                return_when=asyncio.FIRST_COMPLETED,
            )
            reads = (task.result() for task in done)
            room_for -= sum(len(read.body) for read in reads if isinstance(read, Read))
            await meanwhile()
    finally:
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
    return {address: task.result() for address, task in tasks.items() if not task.cancelled()}


def with_texts(parts: Iterable[Part], wanted: InFull | None, readings: Readings) -> list[Part]:
    """Return the same entries in the same order, each that was read in a part of its own."""
    if wanted is None or not readings:
        return list(parts)
    return [piece for part in parts for piece in _pieces(part, wanted, readings)]


def documents_of(
    source: SourceId,
    entries: Sequence[Entry],
    decisions: Sequence[Decision],
    wanted: InFull | None,
    readings: Readings,
    now: datetime,
) -> list[DocumentRecord]:
    """Return what to keep of the documents of what is new; `entries` as their feed gave them."""
    if wanted is None:
        return []
    return [
        first_reading(entry, decision.known, source, ask, readings.get(ask.address), now)
        for entry, decision in zip(entries, decisions, strict=True)
        if isinstance(decision, Publish)
        and decision.cause == "new"
        and (ask := wanted.ask(entry)) is not None
        and (wanted.complete or _full(readings, ask) is not None)
    ]


def rereads_of(entries: Sequence[Entry], decisions: Sequence[Decision]) -> dict[ReleaseId, str]:
    """Return whose documents are to be read again at once, with the titles that they have now."""
    return {
        decision.known.release: entry.title
        for entry, decision in zip(entries, decisions, strict=True)
        if isinstance(decision, Ignore) and decision.reread and decision.known is not None
    }


def _pieces(part: Part, wanted: InFull, readings: Readings) -> Iterator[Part]:
    together: list[Entry] = []
    for entry in part.entries:
        ask = wanted.ask(entry)
        full = None if ask is None else _full(readings, ask)
        if full is None:
            together.append(entry)
            continue
        if together:
            yield Part(part.fetched, part.body, tuple(together))
            together = []
        read, text = full
        yield Part(read.fetched, read.body, (in_full(entry, text),), text.details)
    if together:
        yield Part(part.fetched, part.body, tuple(together))


def _full(readings: Readings, ask: Ask) -> tuple[Read, FullText] | None:
    read = readings.get(ask.address)
    if isinstance(read, Read) and isinstance(read.found, FullText):
        return read, read.found
    return None
