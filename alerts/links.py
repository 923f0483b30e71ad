"""Signed links by which whoever gets a message acts: confirm, manage, unsubscribe. Pure.

A token is `1.u.0.s-1f2e3d4c.<signature>`: the version of this form, what it is for, when it ends
(seconds since 1970; 0: never), ids apart by `~`, and the HMAC-SHA256 of all that stands before it.
Ids are all that it says of anybody. The signature is compared as it is written: of 43 letters of
base64 the last has bits that mean nothing, and decoding first would take four of them.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

from alerts.outbox import OPERATOR
from despatch.model import Alert, SubscriberId

Purpose = Literal["confirm", "manage", "unsubscribe", "leave", "receipt"]
"""`unsubscribe` ends the subscriptions that it names, `leave` all that a subscriber has, `receipt`
their receipts and nothing else."""

CONFIRM_WITHIN = timedelta(days=7)
"""How long the link of a sign-up works, and an unconfirmed sign-up is kept."""

MAX_IDS_CHARS = 500
"""An e-mail's line ends at 998 characters (RFC 5322 §2.1.1), and the link stands on one."""

_VERSION = "1"
_LETTERS: dict[Purpose, str] = {
    "confirm": "c",
    "manage": "m",
    "unsubscribe": "u",
    "leave": "l",
    "receipt": "r",
}
_PURPOSES: dict[str, Purpose] = {_LETTERS[purpose]: purpose for purpose in get_args(Purpose)}
_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_MAX_TOKEN_CHARS = 1_000


@dataclass(frozen=True, slots=True)
class Opened:
    """What a token that we signed asks for."""

    purpose: Purpose
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a token is not acted on."""

    reason: Literal["wrong", "ended"]


class Signer:
    """Signs with the first of its keys, and knows what any of them signed."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys:
            raise ValueError("links need a key")
        self._keys = tuple(keys)

    def sign(
        self, purpose: Purpose, ids: Sequence[str], ends_at: datetime | None = None
    ) -> str | None:
        """Return a token; None for ids that can't stand in a link, or none."""
        if not ids or not all(_ID.fullmatch(one) for one in ids):
            return None
        ends = 0 if ends_at is None else int(ends_at.timestamp())
        said = f"{_VERSION}.{_LETTERS[purpose]}.{ends}.{'~'.join(ids)}"
        return f"{said}.{_signature(self._keys[0], said)}"

    def read(self, token: str, purposes: Sequence[Purpose], now: datetime) -> Opened | Refused:
        """Return what a token asks for, if we signed it for one of these purposes."""
        said, _dot, signature = token.rpartition(".")
        if (
            len(token) > _MAX_TOKEN_CHARS
            or not token.isascii()
            or not self._signed(said, signature)
        ):
            return Refused("wrong")
        version, letter, ends, ids = said.split(".")
        if version != _VERSION or _PURPOSES[letter] not in purposes:
            return Refused("wrong")
        if int(ends) and now >= datetime.fromtimestamp(int(ends), UTC):
            return Refused("ended")
        return Opened(_PURPOSES[letter], tuple(ids.split("~")))

    def _signed(self, said: str, signature: str) -> bool:
        """Compare with every key, in the same time whether one fits or none."""
        given = signature.encode()
        fits = [hmac.compare_digest(given, _signature(key, said).encode()) for key in self._keys]
        return any(fits)


class SignedLinks:
    """The links of an installation whose pages are reached at `address`."""

    def __init__(self, address: str, signer: Signer) -> None:
        self._address = address.rstrip("/")
        self._signer = signer

    def unsubscribe(self, alert: Alert) -> str | None:
        """Return the link that ends the alert's subscriptions; of a receipt, the receipts alone.

        Who wants no more receipts has not said that they want no alerts. None for what no
        subscription asked for, and for the operator. Where they are too many for a line, the link
        ends all that the subscriber has.
        """
        if alert.subscriber == OPERATOR or not alert.subscriptions:
            return None
        if alert.event == "receipt":
            return self._link("unsubscribe", self._signer.sign("receipt", [alert.subscriber]))
        if sum(len(one) + 1 for one in alert.subscriptions) > MAX_IDS_CHARS:
            return self._link("unsubscribe", self._signer.sign("leave", [alert.subscriber]))
        return self._link("unsubscribe", self._signer.sign("unsubscribe", alert.subscriptions))

    def manage(self, alert: Alert) -> str | None:
        """Return the link to all that the subscriber has; None for the operator."""
        if alert.subscriber == OPERATOR or alert.event == "confirm":
            return None
        return self.manage_all(alert.subscriber)

    def manage_all(self, subscriber: SubscriberId) -> str | None:
        """Return the link to all that a subscriber has."""
        return self._link("manage", self._signer.sign("manage", [subscriber]))

    def confirm(self, signup: str, now: datetime) -> str | None:
        """Return the link that confirms a sign-up; it works for a week."""
        return self._link("confirm", self._signer.sign("confirm", [signup], now + CONFIRM_WITHIN))

    def _link(self, page: str, token: str | None) -> str | None:
        return None if token is None else f"{self._address}/{page}/{token}"


def _signature(key: bytes, said: str) -> str:
    made = hmac.new(key, said.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()
