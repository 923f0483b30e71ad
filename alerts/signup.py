"""Signing up by e-mail address: asked on a page, confirmed by its owner, and nothing in between.

Whoever asks gets the same answer whether the address is known, suppressed or has been asked too
often: a page must not tell strangers who is subscribed. Limits count confirmations that were sent,
and are kept in the store, so that they hold for all processes and across a restart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol
from uuid import uuid4

from pydantic import SecretStr

from alerts.addresses import mailbox_of
from alerts.channels.own_mail import mail_to
from alerts.in_words import about, topic
from alerts.links import CONFIRM_WITHIN
from alerts.pacing import wait_anew
from alerts.subscribe import MAX_NAME, CheckingChannels, add_channel
from despatch import log
from despatch.errors import OperatorError
from despatch.filter import Filter
from despatch.fingerprint import digest
from despatch.frequency import Frequency
from despatch.model import (
    Alert,
    AlertId,
    ChannelId,
    Subscriber,
    SubscriberId,
    Subscription,
    SubscriptionId,
)
from despatch.ports import Clock, Signup, Store, Transaction
from despatch.shorten import shorten

Answer = Literal["asked", "later"]

PER_MAILBOX = 3
"""Sign-ups that a mailbox may have unconfirmed, and so the most mail a week that it never asked
for."""
PER_NETWORK = 20
"""Sign-ups an hour from one network: an IPv4 /24 or an IPv6 /48."""
AN_HOUR = timedelta(hours=1)
TWICE_WITHIN = timedelta(minutes=10)
"""The same wish again so soon is a second click on one button."""


class ConfirmLinks(Protocol):
    """What makes the link of a confirmation: `alerts.links.SignedLinks`."""

    def confirm(self, signup: str, now: datetime) -> str | None:
        """Return the link that confirms a sign-up."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody typed into the page."""

    address: SecretStr
    filter: Filter
    frequency: Frequency
    network: str
    """Where it came from, such as `192.0.2.0/24`; kept as a keyed hash."""


class SignUps:
    """Takes sign-ups and confirms them. Shared between threads."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        senders: CheckingChannels,
        links: ConfirmLinks,
        *,
        an_hour: int,
        page: str,
    ) -> None:
        """`an_hour` is how many are taken in all; `page` is where people sign up, for the mail."""
        self._store = store
        self._clock = clock
        self._senders = senders
        self._links = links
        self._an_hour = an_hour
        self._page = page
        self._log = log.get(stage="web")

    def ask(self, asked: Asked) -> Answer:
        """Write to the address's owner, unless there is a reason not to; say nothing of either.

        `later` means that nobody, or nobody of this network, can sign up just now.
        """
        now = self._clock.now()
        mailbox = mailbox_of(asked.address)
        with self._store.transaction() as tx:
            if self._too_many(tx, asked.network, now):
                self._log.warning("sign-up refused", why="too many within an hour")
                return "later"
            why_not = _why_not(tx, asked, mailbox, now)
            if why_not:
                self._log.info("sign-up not sent", why=why_not)
                return "asked"
            signup = self._signup(tx, asked, now)
            tx.add_signup(signup, mailbox=mailbox, network=asked.network)
            tx.add_alert(self._message(signup, now), [signup.channel], now)
        self._log.info("sign-up to be confirmed", signup=signup.id)
        return "asked"

    def waiting(self, id_: str) -> Signup | None:
        """Return a sign-up, confirmed or not; None if it is not kept any more."""
        with self._store.transaction() as tx:
            return tx.signup(id_)

    def confirm(self, id_: str) -> Signup | None:
        """Begin the subscription that a sign-up asked for, once; None if it is not kept any more.

        Where its owner has the same subscription already, that one takes the frequency.
        """
        with self._store.transaction() as tx:
            signup = tx.signup(id_)
            if signup is None or signup.subscription is not None:
                return signup
            subscription = _begin(tx, signup, self._clock.now())
            tx.confirm_signup(signup.id, subscription)
            tx.set_channel_state(signup.channel, "active")  # it has just been shown to work
            signup = tx.signup(id_)
        self._log.info("sign-up confirmed", signup=id_, subscription=subscription)
        return signup

    def _too_many(self, tx: Transaction, network: str, now: datetime) -> bool:
        since = now - AN_HOUR
        return (
            tx.count_signups(since) >= self._an_hour
            or tx.count_signups(since, network=network) >= PER_NETWORK
        )

    def _signup(self, tx: Transaction, asked: Asked, now: datetime) -> Signup:
        who, channel = self._person(tx, asked.address, now)
        id_ = f"g-{uuid4().hex}"
        return Signup(
            id=id_,
            subscriber=who,
            channel=channel,
            alert=AlertId("a-" + digest("confirm", id_)),
            filter=asked.filter,
            frequency=asked.frequency,
            created_at=now,
            ends_at=now + CONFIRM_WITHIN,
        )

    def _person(
        self, tx: Transaction, address: SecretStr, now: datetime
    ) -> tuple[SubscriberId, ChannelId]:
        """Return who is reached at an address and nowhere else; a new subscriber, if nobody is.

        Who is reached elsewhere too may be several people, such as a desk: it stays as it is.
        """
        for channel in tx.channels_at(address):
            if len(tx.channels_of(channel.subscriber)) == 1:
                return channel.subscriber, channel.id
        random = uuid4().hex[:12]
        who = Subscriber(id=SubscriberId(f"p-{random}"), name=f"reader-{random}", created_at=now)
        tx.add_subscriber(who)
        return who.id, add_channel(tx, self._senders, who.id, mail_to(address), now)

    def _message(self, signup: Signup, now: datetime) -> Alert:
        link = self._links.confirm(signup.id, now)
        if link is None:
            raise OperatorError(f"there is no link for the sign-up {signup.id}")
        what = topic(signup.filter)
        return Alert(
            id=signup.alert,
            subscriber=signup.subscriber,
            event="confirm",
            classified=None,
            reason=f"this address was entered at {self._page}",
            subject=f"alerts about {what}",
            body=(
                f"Alerts about {what} were asked for at this address.\n\n"
                f"If it was you, confirm it within 7 days:\n\n{link}\n\n"
                "If it was not you, do nothing: no alert will come, and the address is erased "
                "after 7 days."
            ),
            created_at=now,
        )


def _why_not(tx: Transaction, asked: Asked, mailbox: SecretStr, now: datetime) -> str:
    """Return why nothing is sent; empty if it is."""
    if tx.suppressed(asked.address) == "forgotten":
        return "whoever has the address asked to be forgotten"
    waiting = [one for one in tx.signups_of(mailbox) if one.subscription is None]
    if len(waiting) >= PER_MAILBOX:
        return f"its mailbox has {PER_MAILBOX} unconfirmed"
    here = {channel.id for channel in tx.channels_at(asked.address)}
    if any(one.channel in here and _is_second_click(one, asked, now) for one in waiting):
        return "it is a second click"
    return ""


def _is_second_click(one: Signup, asked: Asked, now: datetime) -> bool:
    same = (one.filter, one.frequency) == (asked.filter, asked.frequency)
    return same and now - one.created_at < TWICE_WITHIN


def _begin(tx: Transaction, signup: Signup, now: datetime) -> SubscriptionId:
    made = Subscription(
        id=SubscriptionId("s-" + digest("signup", signup.id, length=12)),
        subscriber=signup.subscriber,
        name=shorten(about(signup.filter), MAX_NAME),
        filter=signup.filter,
        channels=(signup.channel,),
        frequency=signup.frequency,
        created_at=now,
    )
    same = _same(tx.subscriptions_of([signup.subscriber]), made)
    if same is None:
        tx.add_subscription(made)
        return made.id
    kept = {"frequency": signup.frequency, "state": "active"}
    tx.change_subscription(same.model_copy(update=kept))
    wait_anew(tx, signup.subscriber, now)
    return same.id


def _same(theirs: Sequence[Subscription], made: Subscription) -> Subscription | None:
    for one in theirs:
        if (one.filter, one.events, one.channels) == (made.filter, made.events, made.channels):
            return one
    return None
