"""Alarms: what a person should look at, kept in the store and told to the operator once."""

import threading
from datetime import datetime
from typing import Literal
from uuid import uuid4

from pydantic import SecretStr

from alerts.channels import shown
from alerts.outbox import OPERATOR
from alerts.sending import Channels, send_now
from despatch import log
from despatch.errors import TransientError, UsageError
from despatch.fingerprint import digest
from despatch.model import Alert, AlertId, Channel, ChannelId, DeliveryId, Subscriber
from despatch.ports import Clock, Store, Transaction

_REASON = "you are the operator of this installation (setting operator_url)"


class StoreAlarms:
    """Alarms for `despatch.runner`: one row while open, one alert at the opening, one at the end.

    The same key again only counts. While the store is away an alarm is logged, and sent straight
    to the operator, once for the outage. Shared between threads.
    """

    def __init__(
        self, store: Store, clock: Clock, operator_url: SecretStr | None, senders: Channels
    ) -> None:
        self._store = store
        self._clock = clock
        self._url = operator_url
        self._senders = senders
        self._outage: str | None = None
        self._still_open: set[str] = set()
        """Alarms that are over, though the store was away when they were to be closed."""
        self._lock = threading.Lock()
        self._log = log.get()

    def open(self, key: str, text: str) -> None:
        self._log.error("alarm", key=key, text=text)
        self._still_open.discard(key)
        now = self._clock.now()
        try:
            with self._store.transaction() as tx:
                if tx.open_alarm(key, text, now):
                    self._tell(tx, "alarm", key, text, now)
                self._store_is_back(tx, now)
        except TransientError as exc:
            self._tell_directly(f"{text}\n\nThe store is away, too: {exc}")

    def close(self, key: str) -> None:
        now = self._clock.now()
        try:
            with self._store.transaction() as tx:
                alarm = tx.close_alarm(key, now)
                if alarm is not None:
                    self._log.info("alarm over", key=key)
                    since = f"since {alarm.opened_at:%d %B %Y, %H:%M} UTC, {alarm.count} times"
                    self._tell(tx, "recovered", key, f"{alarm.text}\n\nIt was so {since}.", now)
                self._store_is_back(tx, now)
        except TransientError as exc:
            self._still_open.add(key)
            self._log.warning("alarm not closed yet", key=key, why=str(exc))
        else:
            self._still_open.discard(key)

    def catch_up(self) -> None:
        """Close what could not be closed while the store was away; cheap if there is nothing."""
        for key in tuple(self._still_open):
            self.close(key)

    def _tell(
        self,
        tx: Transaction,
        event: Literal["alarm", "recovered"],
        key: str,
        text: str,
        now: datetime,
    ) -> None:
        """Write one alert for the operator, to be delivered like any other."""
        if self._url is not None:
            tx.add_alert(_alert(event, key, text, now), [self._channel(tx, self._url, now)], now)

    def _channel(self, tx: Transaction, url: SecretStr, now: datetime) -> ChannelId:
        tx.add_subscriber(Subscriber(id=OPERATOR, name=str(OPERATOR), created_at=now))
        channel = tx.add_channel(
            Channel(
                id=ChannelId(f"c-{uuid4().hex[:12]}"),
                subscriber=OPERATOR,
                url=url,
                shown=shown(url),
                created_at=now,
            )
        )
        if channel.state != "active":
            tx.set_channel_state(channel.id, "active")
        return channel.id

    def _tell_directly(self, text: str) -> None:
        """Send past the store, once for its outage."""
        with self._lock:
            if self._outage is not None:
                return
            self._outage = f"outage {uuid4().hex[:12]}"
            outage = self._outage
        if self._url is None:
            return
        alert = _alert("alarm", outage, text, self._clock.now())
        try:
            key = DeliveryId("y-" + digest("direct", outage))
            sent = send_now(self._senders, self._url, alert, key)
        except UsageError as exc:
            self._log.error("operator not told", why=str(exc))
        else:
            self._log.warning("operator told directly", outcome=sent.outcome, reason=sent.reason)

    def _store_is_back(self, tx: Transaction, now: datetime) -> None:
        """Tell the end of an outage whose begin was sent past the store."""
        with self._lock:
            outage, self._outage = self._outage, None
        if outage is not None:
            self._tell(tx, "recovered", outage, "The store answers again.", now)


def _alert(event: Literal["alarm", "recovered"], key: str, text: str, now: datetime) -> Alert:
    return Alert(
        id=AlertId("a-" + digest(event, key, now.isoformat())),
        subscriber=OPERATOR,
        event=event,
        classified=None,
        reason=_REASON,
        subject=key,
        body=text,
        created_at=now,
    )
