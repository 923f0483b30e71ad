"""What stages ask for senders, and one send for whoever has no event loop."""

import asyncio
from datetime import timedelta
from typing import Protocol

from pydantic import SecretStr

from despatch.model import Alert, DeliveryId
from despatch.ports import Sender, Sent


class Channels(Protocol):
    """What is asked for a sender: `alerts.channels.Senders`. One event loop's own."""

    @property
    def time_limit(self) -> timedelta:
        """How long a send can take at most, over any channel."""
        ...

    def sender_for(self, url: SecretStr) -> Sender:
        """Return the sender for a URL; raises UsageError if there is none."""
        ...

    def pause(self, url: SecretStr) -> timedelta:
        """Return what must lie between two sends to this URL's host."""
        ...

    async def close(self) -> None:
        """Let go of kept connections."""
        ...


def send_now(senders: Channels, url: SecretStr, alert: Alert, key: DeliveryId) -> Sent:
    """Send one alert and return what came of it; keeps no connection.

    Raises UsageError if there is no sender. Not to be called within an event loop.
    """
    return asyncio.run(_send(senders, url, alert, key))


async def _send(senders: Channels, url: SecretStr, alert: Alert, key: DeliveryId) -> Sent:
    try:
        return await senders.sender_for(url).send(url, alert, key)
    finally:
        await senders.close()
