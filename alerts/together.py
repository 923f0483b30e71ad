"""What the receipts of one time have in common: what was looked at, and what is said of it.

A hundred thousand that are due at eight cover the time up to the same moment. The sources, gaps and
alarms are asked for once, and each text is made once for all whose subscriptions read the same
sources in the same zone and period, and to whom as much came.
"""

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from datetime import datetime

from alerts.receipt import Came, Looked, Wording, scope_of, wording, zone_of
from despatch.ended import Ended, ended
from despatch.model import SourceId, Subscription
from despatch.ports import Alarm, DueReceipt, SourceRecord, Transaction


class Together:
    """The receipts that are sent up to one moment. One thread's own."""

    def __init__(self, until: datetime) -> None:
        self.until = until
        self._looked: dict[datetime, Looked] = {}
        """By the moment from which on."""
        self._said: dict[Hashable, Wording] = {}

    def look(self, tx: Transaction, since: Collection[datetime]) -> None:
        """Learn what there is to know of the time from each of these moments on."""
        new = set(since) - self._looked.keys()
        if not new:
            return
        known = next(iter(self._looked.values()), None)
        sources = known.sources if known is not None else tx.sources()
        ends = known.ended if known is not None else _ended(tx, (one[0] for one in sources))
        gaps = known.gaps if known is not None else tx.gaps()
        alarms = tx.alarms_to_tell(min(new))
        judged = tx.judged_since(new, self.until)
        for moment in new:
            self._looked[moment] = Looked(
                since=moment,
                until=self.until,
                judged=judged[moment],
                sources=sources,
                ended=ends,
                gaps=gaps,
                alarms=_of_the_time(alarms, moment),
            )

    def says(self, due: DueReceipt, theirs: Sequence[Subscription], came: Came) -> Wording:
        """Return what a receipt says of a time that was looked at."""
        zone = zone_of(due.who)
        key = (scope_of(theirs), zone.key, due.since, came)
        if key not in self._said:
            self._said[key] = wording(theirs, zone, self._looked[due.since], came)
        return self._said[key]


def _ended(tx: Transaction, sources: Iterable[SourceRecord]) -> Mapping[SourceId, Ended]:
    each = ((record.id, ended(tx, record)) for record in sources)
    return {id_: end for id_, end in each if end is not None}


def _of_the_time(alarms: Sequence[Alarm], since: datetime) -> list[Alarm]:
    """Return those that are open, and those that ended in the time."""
    return [one for one in alarms if one.closed_at is None or one.closed_at > since]
