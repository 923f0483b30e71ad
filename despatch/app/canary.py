"""Sends canaries, and says where one that does not arrive stands."""

import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from despatch import canary, log
from despatch.app.running import waiting
from despatch.app.wiring import PROCESSORS_GROUP, App
from despatch.canary import Flight
from despatch.errors import DespatchError, ServerAway
from despatch.ports import Outgoing
from despatch.topics import RELEASES, encode

LOOK_EVERY = timedelta(seconds=5)
ALARM = "canary"
"""The alarm's key while one does not arrive."""


@dataclass(frozen=True, slots=True)
class Seen:
    """How the last canaries fared."""

    arrived_at: datetime | None
    """When the last one arrived; None if none has yet."""
    took: timedelta | None
    """How long that one took."""
    under_way_since: datetime | None
    """When the one was sent that has not arrived."""
    stands_in: str
    """The stage that it has not left; empty if none is under way."""


def seen(app: App) -> Seen:
    """Return how the last canaries fared; one that the log keeps, being away, stands in the log.

    Raises ServerAway if the store can't be asked.
    """
    with app.store.transaction() as tx:
        flights = tx.canaries()
    there, late = canary.arrived(flights), canary.under_way(flights)
    arrived_at = there.delivered_at if there is not None else None
    took = arrived_at - there.sent_at if there is not None and arrived_at is not None else None
    where = ""
    if late is not None:
        try:
            where = _stands_in(app, late)
        except ServerAway:  # the log's: the store was asked already
            where = "log"
    return Seen(arrived_at, took, late.sent_at if late is not None else None, where)


class Canaries:
    """Sends one now and then, and looks for it, in a thread of its own. Several may run."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._every = app.settings.canary_every
        self._stop = threading.Event()
        self._alarmed = True
        """Whether the alarm is open; an earlier life may have left it so."""
        self._said = ""
        """What the alarm says: which one, and where."""
        self._refused = ""
        """Why the log did not take the last one; empty if it did."""
        self._thread = threading.Thread(target=self._run, name="canary", daemon=True)
        self._log = log.get(stage="canary")

    def __enter__(self) -> "Canaries":
        if self._every:
            self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stop.set()
        if self._every:
            self._thread.join(timeout=10)

    def _run(self) -> None:
        while not self._stop.wait(LOOK_EVERY.total_seconds()):
            try:
                self.look()
            except DespatchError as exc:  # whoever is away is an alarm of the stages already
                self._log.warning("canary not sent", why=str(exc))

    def look(self) -> None:
        """Send one if it is time, and open or close the alarm."""
        now = self._app.clock.now()
        with self._app.store.transaction() as tx:
            flights = tx.canaries()
        late = canary.under_way(flights)
        self._judge(late, now)
        if late is not None and late.published_at is None:
            self._publish(late)  # the log was away; what stands there twice is taken once
        elif now >= canary.next_at(flights, now, self._every):
            self._send(now)

    def _send(self, now: datetime) -> None:
        flight = Flight(canary.name_of(now, self._every), now)
        with self._app.store.transaction() as tx:
            tx.forget_canaries(now - 2 * canary.KEPT)
            new = tx.send_canary(flight)
        if new:
            self._publish(flight)

    def _publish(self, flight: Flight) -> None:
        revision = canary.revision_of(flight)
        try:
            self._app.bus.publish([Outgoing(RELEASES, revision.release.id, encode(revision))])
        except DespatchError as exc:
            self._refused = f" ({exc})"
            raise
        self._refused = ""
        with self._app.store.transaction() as tx:
            tx.canary_published(flight.id, self._app.clock.now())

    def _judge(self, late: Flight | None, now: datetime) -> None:
        if late is None:
            if self._alarmed:
                self._app.alarms.close(ALARM)
                self._alarmed, self._said = False, ""
        elif now - late.sent_at >= self._app.settings.canary_within:
            where = _stands_in(self._app, late)
            if self._said == f"{late.id} {where}":
                return
            self._alarmed, self._said = True, f"{late.id} {where}"
            why = self._refused if late.published_at is None else ""
            self._app.alarms.open(
                ALARM,
                f"a probe that was sent at {late.sent_at:%d %B %Y, %H:%M:%S} UTC has not come "
                f"through: it stands in {where}{why}. What sources publish waits there too; see: "
                "despatch status",
            )


def _stands_in(app: App, flight: Flight) -> str:
    """Return the stage that a canary has not left."""
    before = None
    if flight.published_at is not None and flight.taken_at is None:
        before = _oldest_waiting(app)
    return canary.stands_in(flight, before)


def _oldest_waiting(app: App) -> datetime | None:
    """Return when the log took the oldest message that the processors have before them."""
    found = []
    for place, extent in waiting(app, PROCESSORS_GROUP, RELEASES).items():
        with suppress(StopIteration):
            first = app.bus.browse(RELEASES, partition=place.partition, offset=extent.oldest)
            found.append(next(first).at)
    return min(found, default=None)
