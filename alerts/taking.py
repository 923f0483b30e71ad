"""Takes a batch of classified releases: all that follows is written in one transaction."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from alerts.claiming import claim
from alerts.match import Matcher
from alerts.pacing import explained, tell
from alerts.revisions import Hold, Verdict, verdict
from alerts.stories import Copy, can_be_tied
from alerts.telling import Candidate, candidates, follows_up, settle
from alerts.tying import NOT_TIED, Tied, Tying
from despatch.canary import is_canary
from despatch.model import Classified, Linked, ReleaseId, SubscriberId, Subscription
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
        *,
        stories: bool = True,
    ) -> None:
        """`stories`: whether a copy that another source publishes is told to those who know it."""
        self._tx = tx
        self._place = place
        self._matcher = matcher
        self._clock = clock
        self._max_alert_age = max_alert_age
        self._tying = Tying(tx) if stories else None

    def take(self, received: Sequence[Received]) -> None:
        """Write what follows from each, in order; a repeat changes nothing.

        What is archived of the batch's releases is read once; of one that comes twice, again after
        the first time.
        """
        received = [one for one in received if not self._was_canary(one)]
        if not received:
            return
        if self._tying is not None and any(can_be_tied(one.classified) for one in received):
            self._tx.hold_stories()
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

    def _was_canary(self, one: Received) -> bool:
        """Have a canary delivered, and nothing else: it is no release."""
        if not is_canary(one.classified):
            return False
        self._tx.canary_taken(one.classified.revision.release.entry, self._clock.now())
        return True

    def _write(self, found: Verdict, one: Received, kept: Archived | None) -> None:
        tx, now = self._tx, self._clock.now()
        said = f"{found.cause or 'nothing'}: {found.reason}"
        version = self._matcher.version
        taken = Taken(one.classified, self._place, one.offset, now, said, version)
        tx.archive(taken, best=found.best)
        tied = self._tied(found, one.classified, known=kept is not None)
        heard = tx.subscribers_told(one.release) if kept is not None else frozenset()
        met = self._matcher.meet(tx, one.classified)
        theirs = self._active(heard) if follows_up(found, kept) else {}
        asked = candidates(found, kept, met, theirs)
        told = self._told([each.subscription.subscriber for each in asked], one.release, heard)
        settled = partial(
            settle,
            found,
            one.classified,
            asked,
            told,
            now=now,
            max_alert_age=self._max_alert_age,
            also=self._also(one.release, tied.copies) if asked else (),
            story=tied.story,
        )
        known = self._heard_of_copies(one.classified, asked, tied.copies)
        outcome = claim(tx, self._tying, one.classified, settled, known)
        if follows_up(found, kept):
            tx.mark_withdrawn(one.release, withdrawn=found.cause == "withdrawn")
        later = tell(tx, outcome.tellings, kept is not None, now)
        for match in outcome.matches:
            tx.add_match(explained(match, later.get(match.subscriber)))

    def _tied(self, found: Verdict, classified: Classified, *, known: bool) -> Tied:
        """Return who else published what is news, and keep that it is their story too."""
        if self._tying is None or found.cause is None:
            return NOT_TIED
        return self._tying.tie(classified, best=found.best, known=known)

    def _heard_of_copies(
        self, classified: Classified, asked: Sequence[Candidate], copies: Sequence[Copy]
    ) -> Mapping[SubscriberId, Hold]:
        if self._tying is None or not copies:
            return {}
        return self._tying.heard(classified, {one.subscription.subscriber for one in asked}, copies)

    def _also(self, release: ReleaseId, copies: Sequence[Copy]) -> tuple[Linked, ...]:
        """Return where else the same is published: by what it says now, else by its story."""
        if self._tying is None:
            return ()
        return tuple(copy.published for copy in copies) or tuple(self._tx.also_published(release))

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
