"""The alert stage: takes classified releases from the log and writes who is told.

Archive, matches, told, alerts, deliveries and the stage's own position are one transaction of the
store, so a classified release is taken once whatever crashes. The group's position in the log is
moved afterwards, as a hint.
"""

from collections.abc import Sequence
from datetime import timedelta

from alerts.match import Matcher
from alerts.phrases import Submit
from alerts.revisions import MAX_ALERT_AGE
from alerts.taking import Received, Taking
from despatch import log
from despatch.errors import FencedError, TransientError
from despatch.model import Classified
from despatch.ports import Batch, Bus, Clock, Message, Outgoing, Place, Reader, Store, Transaction
from despatch.topics import CLASSIFIED, decode


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
        stories: bool = True,
        submit: Submit | None = None,
    ) -> None:
        """`submit` runs what the matcher does in the background; without it, it does so at once.

        Without `stories`, a copy that another source publishes is told like anything else.
        """
        self.group = group
        self._store = store
        self._bus = bus
        self._clock = clock
        self._max_alert_age = max_alert_age
        self._stories = stories
        self._matcher = Matcher(submit)
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
        self._matcher.prepare(self._store)
        with self._store.transaction() as tx:
            first = self._advance(tx, batch)
            if first is not None:
                fresh = [one for one in results if one.offset >= first]
                taking = Taking(
                    tx,
                    batch.place,
                    self._matcher,
                    self._clock,
                    self._max_alert_age,
                    stories=self._stories,
                )
                taking.take(fresh)
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
