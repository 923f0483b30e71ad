"""The alert stage: takes classified releases from the log and writes who is told.

Archive, matches, told, alerts, deliveries and the stage's own position are one transaction of the
store, so a classified release is taken once whatever crashes. The group's position in the log is
moved afterwards, as a hint.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from alerts.match import Matcher
from alerts.revisions import MAX_ALERT_AGE, Verdict, verdict
from alerts.telling import candidates, settle
from despatch import log
from despatch.errors import FencedError, TransientError
from despatch.model import Classified, ReleaseId, SubscriberId
from despatch.ports import (
    Archived,
    Batch,
    Bus,
    Clock,
    Message,
    Outgoing,
    Place,
    Reader,
    Store,
    Taken,
    Told,
    Transaction,
)
from despatch.topics import CLASSIFIED, decode


@dataclass(frozen=True, slots=True)
class Received:
    """A classified release, and where in its partition it stands."""

    classified: Classified
    offset: int


class Alerting:
    """A stage for `despatch.runner`: one reader, in one thread."""

    name = "alerts"
    topics: Sequence[str] = (CLASSIFIED,)

    def __init__(
        self,
        store: Store,
        bus: Bus,
        clock: Clock,
        *,
        group: str = "despatch.alerts",
        max_alert_age: timedelta = MAX_ALERT_AGE,
    ) -> None:
        self.group = group
        self._store = store
        self._bus = bus
        self._clock = clock
        self._max_alert_age = max_alert_age
        self._fenced: dict[Place, int] = {}
        self._buried: Sequence[Outgoing] = ()
        self._log = log.get(stage=self.name)

    def start_at(self, place: Place) -> int | None:
        """Return the store's position: what counts, whatever the log's own says."""
        with self._store.transaction() as tx:
            return tx.position(self.group, place)

    def handle(self, message: Message) -> Received:
        return Received(decode(Classified, message.value), message.offset)

    def finish(
        self, reader: Reader, batch: Batch, results: Sequence[Received], dead: Sequence[Outgoing]
    ) -> None:
        if dead and dead is not self._buried:
            self._bus.publish(dead)
            self._buried = dead  # not again each time that the store is tried again
        with self._store.transaction() as tx:
            first = self._advance(tx, batch)
            if first is not None:
                fresh = [one for one in results if one.offset >= first]
                _Taking(self, tx, batch.place, fresh).all()
        try:
            reader.commit(batch)
        except TransientError as exc:  # only a hint: the position stands in the store
            self._log.warning("hint not kept", place=str(batch.place), why=str(exc))

    def _advance(self, tx: Transaction, batch: Batch) -> int | None:
        """Move the position behind a batch; return from where on it is new, None if nowhere.

        A position behind the batch: all of it was taken before a crash, and only the hint was
        lost. One inside it, or before it, is another owner's: nothing is changed, the runner asks
        for a new place. If the very same comes again, nobody else is going on: we do, from there.
        """
        at = tx.position(self.group, batch.place)
        first = batch.first
        if at is not None and at >= batch.next:
            return None
        if at is not None and at != first:
            if at < first or self._fenced.get(batch.place) != at:
                self._fenced[batch.place] = at
                raise FencedError(
                    f"{self.group} stands at {batch.place}@{at}, and this batch starts at {first}: "
                    "another owner has gone on; nothing of it is kept"
                )
            first = at
        tx.advance(self.group, batch.place, first, batch.next)
        self._fenced.pop(batch.place, None)
        return first

    def take(
        self, tx: Transaction, matcher: Matcher, one: Received, place: Place, kept: Archived | None
    ) -> Verdict:
        """Write all that follows from one message; a repeat changes nothing."""
        found = verdict(one.classified, kept)
        if found.repeat:
            return found
        now = self._clock.now()
        said = f"{found.cause or 'nothing'}: {found.reason}"
        tx.archive(Taken(one.classified, place, one.offset, now, said), best=found.best)
        release = one.classified.revision.release.id
        heard = tx.subscribers_told(release) if kept is not None else frozenset()
        asked = candidates(found, one.classified, kept, matcher, heard)
        told = _by_subscriber(tx, [c.subscription.subscriber for c in asked], release, heard)
        outcome = settle(
            found, one.classified, asked, told, now=now, max_alert_age=self._max_alert_age
        )
        for match in outcome.matches:
            tx.add_match(match)
        for one_told in outcome.told:
            tx.add_told(one_told)
        for alert, channels in outcome.alerts:
            tx.add_alert(alert, channels, now)
        return found


class _Taking:
    """One batch within its transaction: what is archived of its releases is read once."""

    def __init__(
        self, stage: Alerting, tx: Transaction, place: Place, received: Sequence[Received]
    ) -> None:
        self._stage = stage
        self._tx = tx
        self._place = place
        self._received = received
        releases = {one.classified.revision.release.id for one in received}
        self._archived = dict(tx.archived(releases)) if releases else {}
        self._changed: set[ReleaseId] = set()

    def all(self) -> None:
        if not self._received:
            return
        matcher = Matcher(self._tx.subscriptions())
        for one in self._received:
            kept = self._kept(one.classified.revision.release.id)
            found = self._stage.take(self._tx, matcher, one, self._place, kept)
            if not found.repeat:
                self._changed.add(one.classified.revision.release.id)

    def _kept(self, release: ReleaseId) -> Archived | None:
        """A release that came twice in one batch is read again after the first time."""
        if release in self._changed:
            self._archived |= self._tx.archived([release])
            self._changed.discard(release)
        return self._archived.get(release)


def _by_subscriber(
    tx: Transaction,
    subscribers: Sequence[SubscriberId],
    release: ReleaseId,
    heard: frozenset[SubscriberId],
) -> Mapping[SubscriberId, Sequence[Told]]:
    """Return what each has heard of a release; asks only about those who heard anything."""
    found: dict[SubscriberId, list[Told]] = defaultdict(list)
    wanted = heard.intersection(subscribers)
    for told in tx.told(wanted, release) if wanted else ():
        found[told.subscriber].append(told)
    return found
