"""What many recipients go by, as the operator hears of it: one alarm for each that fails.

A mail server, or a service's token, that refuses us says nothing of any recipient. What goes by
it waits and nobody is paused, so the alarm is all that there is to see of it: it names the server,
what is wrong, and the way out.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from alerts.attempts import HELD_UP_FOR, HELD_UP_WAIT
from despatch.errors import TransientError
from despatch.ports import Alarms, Finished, Store

QUIET_FOR = timedelta(hours=1)
"""An alarm of which nothing was seen for so long is over: nothing waits for that server any more.

It is looked at four times as often while anything does."""

_END = " holds up deliveries"
_LOOK_EVERY = timedelta(seconds=30)

_WAYS_OUT = {
    "login": "put the user and the password (or the token) right in {where}",
    "sender": "let it take mail from the sender that {where} or mail_from names",
    "relay": "let this machine send by it, or give a user and a password in {where}",
    "tls": "see to its certificate, or to port and mode= in {where}",
    "unsupported": "see to port and mode= in {where}: it offers no STARTTLS, or no login, there",
    "dns": "see to its name in {where}, and to this machine's name servers",
}
_ELSE = "see whether it runs and can be reached from here, at the host and port in {where}"


class Servers:
    """The alarms of what many go by. One worker's own; all share what the store says."""

    def __init__(self, store: Store, alarms: Alarms) -> None:
        self._store = store
        self._alarms = alarms
        self._open: set[str] = set()
        self._looked_at: datetime | None = None

    def raise_alarms(self, finished: Sequence[Finished]) -> None:
        """Say once in this exchange of each server that it holds up what goes by it."""
        for key, one in {key_of(one.by): one for one in finished if _held_up(one)}.items():
            self._open.add(key)
            self._alarms.open(key, text_of(one))

    def look(self, finished: Sequence[Finished], now: datetime) -> None:
        """End the alarms of what works again, and of what nothing waits for any more."""
        if self._looked_at is None or now - self._looked_at >= _LOOK_EVERY:
            self._looked_at = now
            self._learn(now)
        works = {key_of(one.by) for one in finished if one.by and one.state == "delivered"}
        for key in sorted(works & self._open):
            self._close(key)

    def _learn(self, now: datetime) -> None:
        """Learn what other workers found failing."""
        try:
            with self._store.transaction() as tx:
                open_now = {one.key: one for one in tx.alarms() if one.key.endswith(_END)}
        except TransientError:
            return
        self._open = set(open_now)
        for key, one in sorted(open_now.items()):
            if now - one.last_at > QUIET_FOR:
                self._close(key)

    def _close(self, key: str) -> None:
        self._open.discard(key)
        self._alarms.close(key)


def key_of(by: str) -> str:
    """Return the alarm's key: `mail server smtp.example.org:587 holds up deliveries`."""
    return f"{by}{_END}"


def text_of(one: Finished) -> str:
    """Return what the operator reads: which server, what it said, what that means, the way out."""
    reason = one.attempt.reason if one.attempt else one.reason
    way_out = _WAYS_OUT.get(reason.partition(":")[0], _ELSE).format(where=_where(one))
    minutes = HELD_UP_WAIT // timedelta(minutes=1)
    return (
        f"{key_of(one.by)}. {reason}. All that goes by it waits, for {HELD_UP_FOR.days} days at "
        f"most; no channel is paused, and no try is counted. The way out: {way_out}. Then it goes "
        f"on by itself, within {minutes} minutes"
    )


def _held_up(one: Finished) -> bool:
    return one.attempt is not None and one.attempt.outcome == "held up"


def _where(one: Finished) -> str:
    scheme = one.claim.url.get_secret_value().strip().partition("://")[0].lower()
    return "the setting mail_url" if scheme == "mail" else f"the {scheme}:// URLs that name it"
