"""Sending one alert over one channel, as a port."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, Protocol

from pydantic import SecretStr

from despatch.model import Alert, DeliveryId


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of one try. `reason` is a sentence and holds no secret."""

    outcome: Literal["delivered", "temporary", "permanent", "in doubt"]
    """`in doubt`: the other side may have it (no answer in time); it is tried again, same key."""
    reason: str
    retry_after: timedelta | None = None


class Sender(Protocol):
    """Sends over one kind of channel. Called from several threads at once."""

    time_limit: timedelta
    """How long a send can take at most; a delivery's lease is at least twice as long."""

    def check(self, url: SecretStr) -> None:
        """Raise UsageError, without the secret, if the URL can't be a channel of this kind."""
        ...

    def send(self, url: SecretStr, alert: Alert, key: DeliveryId) -> Sent:
        """Try once, within the time limit; never raises for what the other side does.

        Carries `key` where the protocol has room for it (a header, a Message-ID), so that a
        repeat can be told. No secret appears in what it returns, raises or logs.
        """
        ...
