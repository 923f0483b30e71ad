"""Watching over one source's turn: what its window passed over is found, told as late, or said."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property, partial
from typing import Any, cast

from structlog.typing import FilteringBoundLogger

from despatch import log
from despatch.errors import PermanentError, TransientError
from despatch.fingerprint import digest
from despatch.ports import Alarms, Clock, Gap, KnownEntry, Leased, Store
from ingest.entry import Entry
from ingest.gaps import Sight, is_gap, joins, may_be_gap, missed_until, sights
from ingest.newness import Contact, Decision, decide
from ingest.older import BySearch, LooksBack, Way, looks_back
from ingest.patience import Patience
from ingest.source import Page, Part, ReadFailed, Source, Tools, Window

MOST_TRIES = 5
"""So many polls try to repair a gap; then it stays, until a person has seen to it."""

RECONCILE_EVERY = timedelta(days=1)
RECONCILED = timedelta(days=3)
"""So far back the search API is asked each day: a day that fails is made up for by the next."""

NOT_YET = timedelta(hours=1)
"""What is younger may still come through the feed, which is cached."""

MEMORY = "watch"
"""The cursor's field that is ours."""


@dataclass(frozen=True, slots=True)
class Hands:
    """What a turn lends: how it asks, reads and keeps."""

    patience: Patience
    next: Callable[[AsyncGenerator[Page, None]], Awaitable[Page | None]]
    """Return the next page; raises ReadFailed."""
    known: Callable[[Sequence[Entry]], Awaitable[Mapping[str, KnownEntry]]]
    save: Callable[[], Awaitable[None]]
    """Keep what was taken last."""
    take: Callable[[Page], Awaitable[int]]
    """Publish what is new of an older page, as late, and keep it; return how many were new."""


class Watch:
    """Watches over a source for the length of a turn; between turns the cursor holds its memory."""

    def __init__(
        self,
        leased: Leased,
        source: Source,
        tools: Tools,
        hands: Hands,
        store: Store,
        clock: Clock,
        alarms: Alarms,
    ) -> None:
        self._leased = leased
        self._id = leased.source.id
        self._source = cast(LooksBack, source) if looks_back(type(source)) else None
        self._search = self._source.search() if self._source is not None else None
        self._tools = tools
        self._hands = hands
        self._store = store
        self._clock = clock
        self._alarms = alarms
        memory = leased.cursor.get(MEMORY) or {}
        self._gaps: list[str] = list(memory.get("gaps", ()))
        self._reconciled: str = memory.get("reconciled", "")
        self._reconcile_now = False

    @cached_property
    def _log(self) -> FilteringBoundLogger:
        return log.get(stage="ingest", source=self._id)

    async def look(self, page: Page, decisions: Sequence[Decision]) -> Gap | None:
        """Return the gap between a window and what is known, before any of it is kept."""
        health, window = self._leased.health, page.window
        if window is None or health.ok_at is None or health.newest_at is None:
            return None  # no window, its first contact, or one that has shown nothing yet
        if not may_be_gap(decisions, page.unchanged):
            return None
        page = await self._whole(page, window)
        seen = await self._sights(page)
        if not is_gap(seen):
            return None
        now = self._clock.now()
        return Gap(
            id="g-" + digest(self._id, now.isoformat(), length=8),
            source=self._id,
            found_at=now,
            since=health.ok_at,
            until=missed_until(seen, health.ok_at, now),
            link=page.window.older if page.window else "",
        )

    async def remember(self, cursor: Mapping[str, Any], missed: Gap | None) -> Mapping[str, Any]:
        """Return the cursor with what we must know at the next poll."""
        if self._gaps:
            self._gaps = await self._hands.patience.insist(self._still_to_be_tried)
        if missed is not None:
            self._gaps.append(missed.id)
        memory: dict[str, Any] = {"gaps": self._gaps} if self._gaps else {}
        if self._search is not None:
            now = self._clock.now()
            due = self._is_due(now)
            self._reconcile_now = due and not self._leased.first_contact
            memory["reconciled"] = now.isoformat() if due else self._reconciled
        return {**cursor, MEMORY: memory} if memory else cursor

    async def follow_up(self) -> None:
        """Repair what is open, and once a day compare with the search API.

        Nothing of it fails the poll: the window itself was read.
        """
        if self._gaps or self._reconcile_now:
            await self._hands.save()
        for id_ in self._gaps:
            await self._repair(id_)
        if self._reconcile_now:
            await self._reconcile()

    async def _repair(self, id_: str) -> None:
        gap = await self._hands.patience.insist(partial(self._gap, id_))
        if gap is None or gap.state != "open":
            return
        late, said, repaired = 0, [], False
        for way in self._source.ways(gap.link) if self._source is not None else ():
            found, repaired, why = await self._go(way, gap)
            late += found
            said.append(f"{way}: {why}")
            if repaired:
                break
        reason = "; ".join(said) or "it has no older pages that could be read"
        self._log.warning("gap tried", gap=id_, repaired=repaired, late=late, why=reason)
        key = f"gap {id_} of {self._id}"
        # First the alarm: killed in between, the next poll does both again.
        tell = (
            partial(self._alarms.close, key)
            if repaired
            else partial(self._alarms.open, key, said_of(gap, reason))
        )
        await self._hands.patience.insist(tell)
        at = self._clock.now() if repaired else None
        await self._hands.patience.insist(partial(self._tried, id_, late, reason, at))

    async def _go(self, way: Way, gap: Gap) -> tuple[int, bool, str]:
        """Go back one way; return how many were found, whether it met what is known, and words."""
        late = pages = 0
        reading = cast(AsyncGenerator[Page, None], way.read(self._tools, gap.since))
        try:
            async with aclosing(reading) as older:
                while (page := await self._hands.next(older)) is not None:
                    pages += 1
                    met = page.whole or joins(await self._sights(page, before=gap.found_at))
                    if isinstance(way, BySearch):
                        page = await self._new_of(page, until=self._clock.now())
                    late += await self._hands.take(page)
                    if met:
                        return late, True, f"{pages} pages, up to what is known"
        except ReadFailed as exc:
            return late, False, f"{exc} (after {pages} pages)"
        return late, False, f"{pages} pages, and none of them meets what is known"

    async def _reconcile(self) -> None:
        """Ask the search API for the last days; what the feed never showed is told as late."""
        if self._search is None:
            return
        now = self._clock.now()
        listed = missing = 0
        reading = cast(
            AsyncGenerator[Page, None], BySearch(self._search).read(self._tools, now - RECONCILED)
        )
        try:
            async with aclosing(reading) as results:
                while (page := await self._hands.next(results)) is not None:
                    listed += sum(len(part.entries) for part in page.parts)
                    missing += await self._hands.take(await self._new_of(page, now - NOT_YET))
        except ReadFailed as exc:
            self._log.warning("not reconciled", why=str(exc), listed=listed, missing=missing)
        else:
            self._log.info("reconciled", listed=listed, missing=missing)

    async def _sights(self, page: Page, *, before: datetime | None = None) -> list[Sight]:
        """Return what a page's entries say."""
        part = page.parts[0]
        entries, places = part.entries, page.window.places if page.window else ()
        known = await self._hands.known(entries)
        decisions = decide(entries, known.values(), self._contact(part))
        in_order = places or range(len(entries), 0, -1)
        return sights(entries, in_order, decisions, known, before=before)

    async def _whole(self, page: Page, window: Window) -> Page:
        """Return a window with all of its entries: those that were familiar were not parsed."""
        part = page.parts[0]
        if len(window.places) == len(part.entries):
            return page
        try:
            feed = await self._tools.parse(part.body, window.content_type, part.fetched.address)
        except (TransientError, PermanentError) as exc:
            raise ReadFailed(exc) from exc
        whole = replace(window, places=feed.places, older=feed.older)
        return page._replace(parts=(replace(part, entries=feed.entries),), window=whole)

    async def _new_of(self, page: Page, until: datetime) -> Page:
        """Return a page of search results with what the source never showed, and should have.

        Of what it did show the search has other words, which are no change of it.
        """
        part = page.parts[0]
        known = await self._hands.known(part.entries)
        addresses = {one.address for one in known.values()}
        new = [
            entry
            for entry in part.entries
            if entry.key not in known
            and entry.address not in addresses
            and entry.updated_at is not None
            and self._leased.source.added_at <= entry.updated_at <= until
        ]
        return page._replace(parts=(replace(part, entries=tuple(new)),))

    def _contact(self, part: Part) -> Contact:
        return Contact(
            source=self._id,
            added_at=self._leased.source.added_at,
            first=False,
            now=self._clock.now(),
            fetched=part.fetched,
        )

    def _is_due(self, now: datetime) -> bool:
        last = datetime.fromisoformat(self._reconciled) if self._reconciled else None
        return last is None or now - last >= RECONCILE_EVERY

    def _still_to_be_tried(self) -> list[str]:
        with self._store.transaction() as tx:
            found = [tx.gap(id_) for id_ in self._gaps]
        return [g.id for g in found if g and g.state == "open" and g.tries < MOST_TRIES]

    def _gap(self, id_: str) -> Gap | None:
        with self._store.transaction() as tx:
            return tx.gap(id_)

    def _tried(self, id_: str, late: int, reason: str, at: datetime | None) -> None:
        with self._store.transaction() as tx:
            tx.try_gap(id_, late, reason[:500], at)


def said_of(gap: Gap, reason: str) -> str:
    """Return what an operator is told of a gap that could not be repaired."""
    return (
        f"{gap.source}: what it published from {_spelt(gap.since)} to {_spelt(gap.until)} may be "
        "missing: its window had moved past all that was known, and reading back did not reach "
        f"it ({reason}). Look at its site for that time, and replay what you find. Once that is "
        f"done: despatch gaps close {gap.id}"
    )


def _spelt(at: datetime) -> str:
    return f"{at:%d %B %Y, %H:%M} UTC"
