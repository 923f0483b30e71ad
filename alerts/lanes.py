"""Sends under way: each lane sends one claim after the other.

A lane goes on with whatever may start next when its own send has ended, so that a busy worker
makes some lanes and not a task for each of a hundred thousand sends.
"""

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime

from alerts.sending import Channels
from despatch.errors import UsageError
from despatch.model import DeliveryId
from despatch.ports import Claim, Clock, Sent


class Lanes:
    """As many as there are claims that may be under way at once. One event loop's own.

    `starting` yields the claims that may start now, noted as started; `ended` is told what came of
    one, when it began and when it ended.
    """

    def __init__(
        self,
        senders: Channels,
        clock: Clock,
        starting: Callable[[], Iterator[Claim]],
        ended: Callable[[Claim, Sent, datetime, datetime], None],
    ) -> None:
        self.began: dict[DeliveryId, datetime] = {}
        """When each send that is under way began."""
        self._senders = senders
        self._clock = clock
        self._starting = starting
        self._ended = ended
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Open a lane for each claim that may start."""
        for claim in self._starting():
            self._open(claim)

    async def land(self) -> None:
        """Wait for the sends under way, no longer than a send can take."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._senders.time_limit.total_seconds())

    def _open(self, claim: Claim) -> None:
        self.began[claim.delivery] = self._clock.now()
        task = asyncio.create_task(self._send_on(claim))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send_on(self, first: Claim) -> None:
        """Send one claim, and then whatever may start since it ended."""
        claim: Claim | None = first
        while claim is not None:
            sent = await _send(self._senders, claim)
            self._ended(claim, sent, self.began.pop(claim.delivery), self._clock.now())
            starting = self._starting()
            claim = next(starting, None)
            for other in starting:
                self._open(other)
            if claim is not None:
                self.began[claim.delivery] = self._clock.now()


async def _send(senders: Channels, claim: Claim) -> Sent:
    """Return what came of a send; a sender that raised has a fault, named by its class alone."""
    try:
        sender = senders.sender_for(claim.url)
    except UsageError as exc:
        return Sent("permanent", f"bad channel: {exc}")
    try:
        return await sender.send(claim.url, claim.alert, claim.delivery)
    except Exception as exc:  # noqa: BLE001 - the others in the lane are not to suffer for it
        return Sent("temporary", f"fault: the channel's own code failed: {type(exc).__name__}")
