"""Alarms: what a person should look at, kept in the store and told to the operator in groups."""

import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal
from uuid import uuid4

from pydantic import SecretStr

from alerts.channels import shown
from alerts.grouping import LOOK_BACK, Due, Pace, body, due, subject
from alerts.outage import SharedOutage
from alerts.outbox import OPERATOR
from alerts.sending import Channels, send_now
from despatch import log
from despatch.errors import TransientError, UsageError
from despatch.fingerprint import digest
from despatch.model import Alert, AlertId, Channel, ChannelId, DeliveryId, Subscriber
from despatch.ports import Clock, Store, Transaction

_REASON = "you are the operator of this installation (setting operator_url)"
_AWAY = "the store is away"
"""The subject of what is sent past it."""
_NOTICES_KEPT = timedelta(days=1)
"""What was told to be over; by then nothing is asked of it any more."""


class StoreAlarms:
    """Alarms for `despatch.runner`: one row while open, one message for what comes together.

    The same key again only counts. What is open and what is over is told by `tell`, in groups
    (`alerts.grouping`); who says so in which process doesn't matter. While the store is away an
    alarm is logged, and sent straight to the operator, once for the outage: once for all processes
    that are given the same `outage_file`. Shared between threads.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        operator_url: SecretStr | None,
        senders: Channels,
        pace: Pace = Pace(),  # noqa: B008 - it is frozen
        outage_file: Path | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._url = operator_url
        self._senders = senders
        self._pace = pace
        self._outage = SharedOutage(outage_file)
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
                tx.open_alarm(key, text, now)
                self._store_is_back(tx, now)
        except TransientError as exc:
            self._tell_directly(f"{text}\n\nThe store is away, too: {exc}")

    def close(self, key: str) -> None:
        now = self._clock.now()
        try:
            with self._store.transaction() as tx:
                if tx.close_alarm(key, now) is not None:
                    self._log.info("alarm over", key=key)
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

    def tell(self) -> Due | None:
        """Write one message to the operator if one is due; return what it says.

        Message and what was told are one transaction: a crash repeats neither and loses neither.
        To be called every few seconds, by as many processes as like.
        """
        if self._url is None:
            return None
        now = self._clock.now()
        with self._store.transaction() as tx:
            self._store_is_back(tx, now)
            tx.hold_notices()
            message = due(tx.alarms_to_tell(now - LOOK_BACK), tx.notices(), now, self._pace)
            if message is not None:
                self._write(tx, message, self._url, now)
        return message

    def _write(self, tx: Transaction, message: Due, url: SecretStr, now: datetime) -> None:
        recovered = bool(message.over) and not message.new
        event: Literal["alarm", "recovered"] = "recovered" if recovered else "alarm"
        alert = _alert(event, subject(message), body(message), now)
        tx.add_alert(alert, [self._channel(tx, url, now)], now)
        told = message.new or (() if message.over else message.still)
        tx.forget_notices(now - _NOTICES_KEPT)
        tx.note_told([alarm.key for alarm in told], now)
        tx.note_over([alarm.key for alarm in message.over], now)

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
        now = self._clock.now()
        with self._lock:
            ours = self._outage.begin(now)
        if not ours:
            return
        if self._url is None or self._sent_directly(self._url, text, now):
            with self._lock:
                self._outage.told(now)
        else:
            with self._lock:
                self._outage.not_told()

    def _sent_directly(self, url: SecretStr, text: str, now: datetime) -> bool:
        alert = _alert("alarm", _AWAY, text, now)
        try:
            key = DeliveryId("y-" + digest("direct", uuid4().hex))
            sent = send_now(self._senders, url, alert, key)
        except UsageError as exc:
            self._log.error("operator not told", why=str(exc))
            return True  # nor would another try, or another process, come further
        self._log.warning("operator told directly", outcome=sent.outcome, reason=sent.reason)
        return sent.outcome in {"delivered", "in doubt"}

    def _store_is_back(self, tx: Transaction, now: datetime) -> None:
        """Tell the end of an outage whose begin was sent past the store."""
        with self._lock:
            ours = self._outage.end(now)
        if ours and self._url is not None:
            alert = _alert("recovered", _AWAY, "The store answers again.", now)
            tx.add_alert(alert, [self._channel(tx, self._url, now)], now)


def _alert(event: Literal["alarm", "recovered"], about: str, text: str, now: datetime) -> Alert:
    return Alert(
        id=AlertId("a-" + digest(event, about, now.isoformat())),
        subscriber=OPERATOR,
        event=event,
        classified=None,
        reason=_REASON,
        subject=about,
        body=text,
        created_at=now,
    )
