"""Takes a batch of classified releases: all that follows is written in one transaction."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from alerts.match import Matcher
from alerts.revisions import Verdict, verdict
from alerts.telling import candidates, follows_up, settle
from despatch.model import Classified, ReleaseId, SubscriberId, Subscription
from despatch.ports import Archived, Clock, Place, Taken, Told, Transaction


@dataclass(frozen=True, slots=True)
class Received:
    """A classified release, and where in its partition it stands."""

    classified: Classified
    offset: int

    @property
    def release(self) -> ReleaseId:
        """Which release it is a revision of."""
        return self.classified.revision.release.id


class Taking:
    """One batch of a partition, within its transaction."""

    def __init__(
        self,
        tx: Transaction,
        place: Place,
        matcher: Matcher,
        clock: Clock,
        max_alert_age: timedelta,
    ) -> None:
        self._tx = tx
        self._place = place
        self._matcher = matcher
        self._clock = clock
        self._max_alert_age = max_alert_age

    def take(self, received: Sequence[Received]) -> None:
        """Write what follows from each, in order; a repeat changes nothing.

        What is archived of the batch's releases is read once; of one that comes twice, again after
        the first time.
        """
        if not received:
            return
        archived = dict(self._tx.archived({one.release for one in received}))
        self._matcher.catch_up(self._tx)
        changed: set[ReleaseId] = set()
        for one in received:
            if one.release in changed:
                archived |= self._tx.archived([one.release])
            kept = archived.get(one.release)
            found = verdict(one.classified, kept)
            if not found.repeat:
                self._write(found, one, kept)
                changed.add(one.release)

    def _write(self, found: Verdict, one: Received, kept: Archived | None) -> None:
        tx, now = self._tx, self._clock.now()
        said = f"{found.cause or 'nothing'}: {found.reason}"
        version = self._matcher.version
        taken = Taken(one.classified, self._place, one.offset, now, said, version)
        tx.archive(taken, best=found.best)
        heard = tx.subscribers_told(one.release) if kept is not None else frozenset()
        met = self._matcher.meet(tx, one.classified)
        theirs = self._active(heard) if follows_up(found, kept) else {}
        asked = candidates(found, kept, met, theirs)
        told = self._told([each.subscription.subscriber for each in asked], one.release, heard)
        outcome = settle(
            found, one.classified, asked, told, now=now, max_alert_age=self._max_alert_age
        )
        for match in outcome.matches:
            tx.add_match(match)
        for one_told in outcome.told:
            tx.add_told(one_told)
        for alert, channels in outcome.alerts:
            tx.add_alert(alert, channels, now)

    def _active(
        self, heard: frozenset[SubscriberId]
    ) -> Mapping[SubscriberId, Sequence[Subscription]]:
        """Return the active subscriptions of those who heard of a release."""
        found: dict[SubscriberId, list[Subscription]] = defaultdict(list)
        for one in self._tx.subscriptions_of(heard):
            if one.state == "active":
                found[one.subscriber].append(one)
        return found

    def _told(
        self,
        subscribers: Sequence[SubscriberId],
        release: ReleaseId,
        heard: frozenset[SubscriberId],
    ) -> Mapping[SubscriberId, Sequence[Told]]:
        """Return what each has heard of a release; asks only about those who heard anything."""
        found: dict[SubscriberId, list[Told]] = defaultdict(list)
        wanted = heard.intersection(subscribers)
        for told in self._tx.told(wanted, release) if wanted else ():
            found[told.subscriber].append(told)
        return found
