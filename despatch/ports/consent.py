"""What people agreed to, and what is kept when they want it no more: sign-ups, suppression."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from pydantic import SecretStr

from despatch.filter import Filter
from despatch.frequency import Frequency
from despatch.model import (
    Alert,
    AlertId,
    Channel,
    ChannelId,
    Delivery,
    SubscriberId,
    SubscriptionId,
)

Suppressed = Literal["forgotten", "bounced"]
"""Why an address is written to no more: its owner's wish, or a mail server's word that there is no
such address."""


@dataclass(frozen=True, slots=True)
class Signup:
    """What somebody asked for on the pages, in the name of an address that has yet to agree."""

    id: str
    """Random, such as `g-5f2d…`."""
    subscriber: SubscriberId
    channel: ChannelId
    alert: AlertId
    """The message that asks the address's owner to confirm."""
    filter: Filter
    frequency: Frequency
    created_at: datetime
    ends_at: datetime
    """Unconfirmed by then, it vanishes."""
    subscription: SubscriptionId | None = None
    """What it became, once it was confirmed."""


class Consent(Protocol):
    """The part of a store's transaction that consent and privacy are.

    An address is kept nowhere but in a channel's URL, encrypted. It is found by a hash of it, in
    lower case, under a secret salt of this store's own, which is kept encrypted and survives a
    change of keys.
    """

    def channels_at(self, address: SecretStr) -> Sequence[Channel]:
        """Return the channels that were added with this address and not removed, oldest first."""
        ...

    def channels_of(self, subscriber: SubscriberId) -> Sequence[Channel]:
        """Return a subscriber's channels that are not removed, oldest first."""
        ...

    def add_signup(self, signup: Signup, *, mailbox: SecretStr, network: str) -> None:
        """Keep a sign-up, and by keyed hashes whose mailbox it names and where it came from.

        Raises UsageError if its subscriber or channel is unknown.
        """
        ...

    def signup(self, id_: str) -> Signup | None:
        """Return a sign-up that is still kept."""
        ...

    def signups_of(self, mailbox: SecretStr) -> Sequence[Signup]:
        """Return what is kept of sign-ups that name a mailbox, oldest first."""
        ...

    def signups_by(self, subscriber: SubscriberId) -> Sequence[Signup]:
        """Return what is kept of sign-ups that became, or would become, this subscriber's."""
        ...

    def count_signups(self, since: datetime, *, network: str | None = None) -> int:
        """Return how many sign-ups came since then, from one network or in all."""
        ...

    def confirm_signup(self, id_: str, subscription: SubscriptionId) -> bool:
        """Record what a sign-up became; False if it is not there or was confirmed before."""
        ...

    def drop_signups(self, now: datetime) -> int:
        """Forget the sign-ups that ended; return how many.

        With one that was never confirmed goes all that it brought: the message, and the channel and
        the subscriber unless they are somebody's who had subscribed before.
        """
        ...

    def suppress(self, address: SecretStr, why: Suppressed, now: datetime) -> None:
        """Keep the address's hash: no channel is made of it any more.

        Its owner's wish stands before what a mail server said, whichever came first.
        """
        ...

    def suppressed(self, address: SecretStr) -> Suppressed | None:
        """Return why an address is written to no more; None if it may be."""
        ...

    def unsuppress(self, address: SecretStr) -> bool:
        """Let an address be written to again; False if it may be already.

        Its channels that were stopped for having bounced are active again.
        """
        ...

    def stop_channel(
        self, channel: ChannelId, why: str, now: datetime, *, bounced: bool = False
    ) -> None:
        """Pause a channel that fails, with the reason, until somebody says that it works again.

        `bounced`: there is no such address. Then it is written to over no other channel either,
        and suppressed, until a channel with it is set active, or `unsuppress`.
        """
        ...

    def stopped_channels(self) -> Mapping[str, int]:
        """Return how many channels stand still for having failed, by the reason."""
        ...

    def bounced_since(self, since: datetime) -> int:
        """Return how many addresses are suppressed for having bounced since then."""
        ...

    def forget_channel(self, channel: ChannelId) -> None:
        """Erase a channel, what may be shown of it too; what waits for it is cancelled."""
        ...

    def forget_subscriber(self, subscriber: SubscriberId, now: datetime) -> None:
        """Erase who a subscriber is and what they asked for; what waits for them is cancelled.

        Name, channels, subscriptions, reasons and texts go. What stays names nobody: that some
        subscriber was told of a release, when, and how the delivery ended.
        """
        ...

    def sent_to(
        self, subscriber: SubscriberId
    ) -> Sequence[tuple[Alert, Sequence[tuple[Delivery, str]]]]:
        """Return every alert for a subscriber, oldest first, each with its deliveries.

        With each delivery, what may be shown of its channel.
        """
        ...
