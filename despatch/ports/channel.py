"""Sending one alert over one channel, as a port."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, Protocol

from pydantic import SecretStr

from despatch.model import Alert, DeliveryId


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of one try.

    `reason` is a sentence and holds no secret. That of a failure begins with the failure's word
    and a colon, such as `timeout: no answer within 15 s` (docs/reference/delivery.md lists them).
    """

    outcome: Literal["delivered", "temporary", "permanent", "in doubt", "held up"]
    """`in doubt`: the other side may have it (no answer in time); it is tried again, same key.

    `held up`: what all go by failed, such as the operator's own mail server. It says nothing of
    this recipient: it counts as no try, and no channel is paused for it.
    """
    reason: str
    retry_after: timedelta | None = None
    """How long the other side asked us to leave this channel alone."""
    by: str = ""
    """What many recipients go by, as an operator may read it: `mail server smtp.example.org:587`;
    empty where there is nothing between us and the recipient. Never so if held up."""

    @property
    def failure(self) -> str:
        """The failure's word, `http 503`; empty if it was delivered."""
        return "" if self.outcome == "delivered" else self.reason.partition(":")[0]


class Sender(Protocol):
    """Sends over one kind of channel. One event loop's own, but for `check` and `pause`."""

    time_limit: timedelta
    """How long a send can take at most; a delivery's lease is at least twice as long."""

    def check(self, url: SecretStr) -> None:
        """Raise UsageError, without the secret, if the URL can't be a channel of this kind."""
        ...

    def pause(self, url: SecretStr) -> timedelta:
        """Return what must lie between the starts of two sends to this URL's host; mostly zero."""
        ...

    async def send(self, url: SecretStr, alert: Alert, key: DeliveryId) -> Sent:
        """Try once, within the time limit; never raises for what the other side does.

        Many run at once. Carries `key` where the protocol has room for it (a header, a
        Message-ID), so that a repeat can be told. No secret appears in what it returns, raises or
        logs.
        """
        ...

    async def close(self) -> None:
        """Let go of the connections that are kept; a later send opens new ones."""
        ...
