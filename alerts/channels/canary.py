"""The channel of canaries: it sends nothing, and is nobody's to choose."""

from datetime import timedelta

from pydantic import SecretStr

from alerts.channels.setup import ChannelSetup
from despatch.errors import UsageError
from despatch.model import Alert, DeliveryId
from despatch.ports import Sent

SCHEMES = frozenset({"canary"})


class CanarySender:
    """Says of each that it arrived."""

    def __init__(self, time_limit: timedelta) -> None:
        self.time_limit = time_limit

    def check(self, url: SecretStr) -> None:
        raise UsageError("canary:// is where Despatch's own canaries go: it reaches nobody")

    def pause(self, url: SecretStr) -> timedelta:
        return timedelta(0)

    async def send(self, url: SecretStr, alert: Alert, key: DeliveryId) -> Sent:
        return Sent("delivered", "arrived")

    async def close(self) -> None:
        return None


def open_channel(setup: ChannelSetup) -> CanarySender:
    """Return the sender."""
    return CanarySender(setup.time_limit)
