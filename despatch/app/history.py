"""Polls a feed's saved history through the very code that polls the live feed.

Only the network and the clock are others: a fetcher answers with the snapshots, one a poll, and
the clock stands at the time of each. What was known of the feed is kept in a store that lasts as
long as the replay: no poller finds the source in the live one and goes on with it.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from despatch.app.wiring import App
from despatch.errors import BadStatus, UsageError
from despatch.model import SourceId
from despatch.ports import Body, Gap, Grow, Response, SourceRecord, Validators

if TYPE_CHECKING:
    from ingest.report import PollReport
    from ingest.saved import Window

LEASE = timedelta(days=1)
"""Nobody else has this store, and its clock stands still."""

NOWHERE = "https://snapshots.invalid/feed"
"""The address of a feed that doesn't say where it is."""

_NONE = Validators()


@dataclass(frozen=True, slots=True)
class Polled:
    """What the polls of a history came to."""

    polls: int
    first_seen: int
    """Ids that the feed showed, each counted once: what it held at first contact is among them."""
    new: int
    """Releases: fewer than ids where a release was published again under another."""
    changed: int
    flapped: int
    """Sights of an older state again, of which nobody is told."""
    gaps: tuple[Gap, ...]
    """Newest first."""
    known: int
    skipped: tuple[str, ...]


class Answers:
    """A `Fetcher` that answers with what one poll saw; whatever else is asked for was not saved."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._answer: Response | None = None

    def will(self, body: bytes, at: datetime) -> None:
        """Answer with this from now on."""
        self._answer = Response(self._address, 200, body, at)

    async def get(
        self,
        address: str,
        validators: Validators = _NONE,
        *,
        accept: str = "*/*",
        grow: Grow | None = None,
    ) -> Response:
        if address != self._address or self._answer is None:
            raise BadStatus(
                f"http 404: {address} is not in the history", status=404, address=address
            )
        return self._answer


class StandingClock:
    """A clock that stands at the time of a snapshot."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def sleep(self, wait: timedelta) -> None:
        """Return at once: in the past nothing is worth waiting for."""


class Unheard:
    """Alarms of the past: they are in the report, and nobody is called."""

    def open(self, key: str, text: str) -> None:
        """Raise nothing."""

    def close(self, key: str) -> None:
        """Close nothing."""


async def poll_history(
    app: App,
    memory: App,
    path: Path,
    window: "Window",
    *,
    rate: float | None = None,
    keep_bodies: bool,
    progress: Callable[[str, int, int | None], None],
) -> Polled:
    """Poll each snapshot at a path, and publish to an installation; `memory` has an empty store.

    With `keep_bodies` the bytes behind what was published are kept, for `trace`. Raises UsageError
    if there is nothing that could be polled.
    """
    from ingest.feedchild import ChildParser
    from ingest.poller import Poller
    from ingest.snapshots import opened, own_address

    with opened(path, window) as history:
        first = history.snapshots[0]
        address = own_address(first.body()) or NOWHERE
        clock, answers = StandingClock(first.at), Answers(address)
        source = SourceRecord(
            id=SourceId(path.resolve().name[:80]),
            kind="feed",
            settings={"address": address},
            added_at=first.at,
        )
        with memory.store.transaction() as tx:
            tx.add_source(source)
        reports: list[PollReport] = []
        skipped = list(history.skipped)
        async with ChildParser() as parser:
            poller = Poller(
                app.bus,
                memory.store,
                answers,
                clock,
                owner=app.instance,
                lease=LEASE,
                alarms=Unheard(),
                parse=parser.parse,
            )
            for number, snapshot in enumerate(history.snapshots):
                progress("polling", number, len(history.snapshots))
                body, clock.at = snapshot.body(), snapshot.at
                answers.will(body, snapshot.at)
                with memory.store.transaction() as tx:
                    leased = tx.lease_source(source.id, app.instance, clock.at, LEASE)
                if leased is None:
                    skipped.append(f"{snapshot.name} and later ones: the feed said that it ended")
                    break
                report = await poller.poll(leased, rate=rate)
                reports.append(report)
                if report.problem:
                    skipped.append(f"{snapshot.name}: {report.problem}")
                skipped += report.skipped
                if keep_bodies and report.new + report.changed:
                    _keep(app, body)
        progress("polling", len(reports), len(history.snapshots))
    if not any(report.entries for report in reports):
        raise UsageError(f"{path}: no entry of a feed could be read: {'; '.join(skipped[:3])}")
    with memory.store.transaction() as tx:
        gaps = tuple(tx.gaps(open_only=False))
    return _summed(reports, gaps, skipped)


def _keep(app: App, body: bytes) -> None:
    with app.store.transaction() as tx:
        tx.keep_bodies([Body(hashlib.sha256(body).hexdigest(), body, app.clock.now())])


def _summed(
    reports: "Sequence[PollReport]", gaps: tuple[Gap, ...], skipped: Sequence[str]
) -> Polled:
    return Polled(
        polls=len(reports),
        first_seen=sum(report.first_seen for report in reports),
        new=sum(report.new for report in reports),
        changed=sum(report.changed for report in reports),
        flapped=sum(report.flapped for report in reports),
        gaps=gaps,
        known=sum(report.ignored for report in reports),
        skipped=tuple(skipped),
    )
