"""A source in our hands: what a turn comes to is kept under its lease, until it is given back."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

from despatch.errors import FencedError, OperatorError, TransientError
from despatch.ports import Body, Due, Gap, Health, KnownEntry, Leased, Poll, Progress
from ingest.ledger import Ledger
from ingest.manner import World
from ingest.patience import Patience
from ingest.source import Part

NOT_WHOLE = "it was not read whole"


class Lent:
    """A source that is lent to us, for the length of a turn.

    Raises FencedError wherever its lease turns out to be another's.
    """

    def __init__(
        self,
        world: World,
        leased: Leased,
        ledger: Ledger,
        patience: Patience,
        leased_at: datetime,
    ) -> None:
        self.leased = leased
        self._world = world
        self._leased_at = leased_at
        self._ledger = ledger
        self._patience = patience
        self._id = leased.source.id
        self._unsaved: Progress | None = None
        """What the page before has come to; its revisions are published."""
        self._stored = leased.cursor
        """The cursor as the store has it."""

    def progress(
        self,
        cursor: Mapping[str, Any],
        bodies: Sequence[Part],
        known: Sequence[KnownEntry],
        gap: Gap | None,
        title: str = "",
    ) -> Progress:
        """Return what a page has come to; `title` is what the source calls itself there."""
        # `ok_at` stays as it is until the source is read whole: so long lasts the first contact.
        health = self.leased.health._replace(polled_at=self._world.clock.now())
        return Progress(
            source=self._id,
            epoch=self.leased.epoch,
            health=health,
            cursor=None if cursor == self._stored else cursor,
            entries=known,
            bodies=[Body(p.fetched.body_sha256, p.body, p.fetched.at) for p in bodies],
            gap=gap,
            title=title if title and title != self.leased.source.title else None,
        )

    def will_save(self, progress: Progress) -> None:
        """Take what a page has come to, to be saved before the next one, or as we give back."""
        self._unsaved = progress

    async def save(self) -> None:
        """Save how far the source is read, now that all of it up to there is published."""
        if self._unsaved is not None:
            await self.keep_lease()
            unsaved = self._unsaved._replace(epoch=self.leased.epoch)
            await self._patience.insist_on(partial(self._ledger.keep, unsaved))
            if unsaved.cursor is not None:
                self._stored = unsaved.cursor
            self._unsaved = None

    async def give_back(self, due: Due, health: Health, poll: Poll) -> None:
        """Give the source back, with what is not saved yet and how the poll went."""
        last = self._last(due, health, poll)
        await self._patience.insist_on(partial(self._ledger.keep, last))
        self._unsaved = None

    async def leave(self) -> None:
        """Give the source back at once, for another to go on; nothing is counted against it."""
        with suppress(FencedError, TransientError, OperatorError):  # its lease ends by itself
            now = self._world.clock.now()
            await self._ledger.keep(self._last(Due(now, NOT_WHOLE), self.leased.health))

    async def keep_lease(self) -> None:
        """Lease the source anew when half of the lease is gone; raise FencedError if it is lost.

        It is lost too if another had it meanwhile and gave it back: that one read on from here.
        """
        world = self._world
        if world.clock.now() - self._leased_at < world.lease / 2:
            return
        renewed = await self._patience.insist(self._lease)
        if renewed is None:
            raise FencedError(f"source {self._id} was paused, removed, or taken by another poller")
        self.leased = self.leased._replace(epoch=renewed.epoch)
        self._leased_at = world.clock.now()

    def _lease(self) -> Leased | None:
        world = self._world
        with world.store.transaction() as tx:
            found = tx.lease_source(self._id, world.owner, world.clock.now(), world.lease)
            if found is not None and found.epoch != self.leased.epoch + 1:
                raise FencedError(f"source {self._id} was read by another poller meanwhile")
            return found

    def _last(self, due: Due, health: Health, poll: Poll | None = None) -> Progress:
        """Return what is kept when the source is given back: what is not saved yet with it."""
        epoch = self.leased.epoch
        unsaved = self._unsaved or Progress(self._id, epoch, health)
        return unsaved._replace(epoch=epoch, health=health, due=due, poll=poll)
