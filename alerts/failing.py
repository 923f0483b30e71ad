"""What channels fail for good, as the operator hears of it: addresses that bounce are one alarm.

A webhook that fails is somebody's integration: an alarm of its own. Of e-mail channels, hundreds
fail at once and for one cause: an alarm for each cause, which counts them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from despatch.errors import TransientError
from despatch.model import ChannelId
from despatch.ports import Alarms, Finished, Store

BOUNCE = "bounce"
"""The failure's word for an address that there is not."""
BOUNCES = "addresses bounce"
"""The alarm's key."""
BOUNCED_WITHIN = timedelta(days=1)
"""An address that bounced so long ago is no news: with the last one the alarm ends."""

_MAIL_FAILS = "mail fails: "
_CHANNEL = "channel "
_LOOK_EVERY = timedelta(seconds=30)
_MAIL = ("mail:", "mailto:", "mailtos:")


class Failing:
    """The alarms of channels that were stopped. One worker's own; all share what the store says."""

    def __init__(self, store: Store, alarms: Alarms) -> None:
        self._store = store
        self._alarms = alarms
        self._open: set[str] = set()
        self._looked_at: datetime | None = None

    def raise_alarms(self, broken: Sequence[Finished], now: datetime) -> None:
        """Say which channels fail for good, each cause once; a crash says it twice."""
        by_key: dict[str, list[Finished]] = {}
        for one in broken:
            by_key.setdefault(key_of(one), []).append(one)
        for key, its in by_key.items():
            self._open.add(key)
            self._alarms.open(key, self._text(key, its, now))

    def delivered(self, channels: set[ChannelId], now: datetime) -> None:
        """End the alarms of channels that deliver again, and those of which nothing is left."""
        if self._looked_at is None or now - self._looked_at >= _LOOK_EVERY:
            self._looked_at = now
            self._look(now)
        for key in sorted({f"{_CHANNEL}{one} fails" for one in channels} & self._open):
            self._close(key)

    def _look(self, now: datetime) -> None:
        """Learn what other workers found failing, and what the operator mended meanwhile."""
        try:
            with self._store.transaction() as tx:
                keys = {one.key for one in tx.alarms()}
                self._open |= {key for key in keys if _is_ours(key)}
                over = [
                    key
                    for key in self._open
                    if (key == BOUNCES and not tx.bounced_since(now - BOUNCED_WITHIN))
                    or (key.startswith(_MAIL_FAILS) and not _count(tx.stopped_channels(), key))
                ]
        except TransientError:
            return
        for key in sorted(over):
            self._close(key)

    def _close(self, key: str) -> None:
        self._open.discard(key)
        self._alarms.close(key)

    def _text(self, key: str, its: Sequence[Finished], now: datetime) -> str:
        last = its[-1]
        if key == BOUNCES:
            return self._bounces(its, now)
        what = _tried(last)
        if not key.startswith(_MAIL_FAILS):
            return f"{key}: {what}. The channel is paused. {_mend(last)}"
        with self._store.transaction() as tx:
            before = _count(tx.stopped_channels(), key)
        many = before + len(its)
        return (
            f"{key}: {_channels(many)} paused. The last one: {what}. {_mend(last)}. All that are "
            "paused so: despatch subscriptions list --stopped"
        )

    def _bounces(self, its: Sequence[Finished], now: datetime) -> str:
        with self._store.transaction() as tx:
            before = tx.bounced_since(now - BOUNCED_WITHIN)
        many = before + len(its)
        return (
            f"{many:,} {'address' if many == 1 else 'addresses'} bounced within 24 hours and "
            f"{'is' if many == 1 else 'are'} written to no more. The last one: {_tried(its[-1])}. "
            "Whose: despatch subscriptions list --stopped. One that works again: "
            "despatch unsuppress ADDRESS"
        )


def bounced(one: Finished) -> bool:
    """Tell whether the other side said that there is no such address."""
    return one.reason.startswith(f"{BOUNCE}:")


def key_of(one: Finished) -> str:
    """Return the key of the alarm for a channel that failed for good."""
    if bounced(one):
        return BOUNCES
    if one.claim.url.get_secret_value().startswith(_MAIL):
        return _MAIL_FAILS + _failure(one.reason)
    return f"{_CHANNEL}{one.claim.channel} fails"


def _failure(reason: str) -> str:
    return reason.partition(":")[0]


def _count(stopped: Mapping[str, int], key: str) -> int:
    """Return how many channels stand still for an alarm's cause."""
    failure = key.removeprefix(_MAIL_FAILS)
    return sum(number for why, number in stopped.items() if _failure(why) == failure)


def _is_ours(key: str) -> bool:
    return key == BOUNCES or key.startswith((_CHANNEL, _MAIL_FAILS))


def _channels(many: int) -> str:
    return "1 channel is" if many == 1 else f"{many:,} channels are"


def _tried(one: Finished) -> str:
    tries = one.claim.tries + (one.attempt is not None)
    said = "1 try" if tries == 1 else f"{tries} tries"
    return f"delivery {one.claim.delivery} failed for good after {said}: {one.reason}"


def _mend(one: Finished) -> str:
    named = one.claim.alert.subscriptions
    return (
        f"Once it works: despatch subscriptions resume {named[0] if named else 'ID'}, then "
        f"despatch deliveries retry {one.claim.channel}"
    )
