"""A store with one release's immediate alerts to as many subscribers, and a worker that drains it.

What is measured begins with the first claim and ends when every outcome is recorded.
"""

from collections.abc import Callable
from itertools import count
from pathlib import Path

from alerts.channels import Senders
from alerts.deliver import DeliveryWorker
from bench.measure import Cost, Stopwatch
from despatch.guard import EVERYWHERE
from despatch.model import Alert, Classified
from despatch.ports import Store, SystemClock
from despatch.testing.installation import generate_documents
from despatch.testing.releases import a_classified, a_release, a_revision
from despatch.testing.stores import temporary_store
from despatch.testing.subscribers import a_channel, a_subscriber, a_subscription, an_alert

_CLOCK = SystemClock()
_AT_ONCE = 500
_names = count()


def a_release_s_alert() -> Classified:
    """Return what all alerts are about."""
    (row,) = generate_documents(1)
    release = a_release("bench", title=row["title"], text=row["text"])
    return a_classified(a_revision(release))


def drained(folder: Path, deliveries: int, url_of: Callable[[int], str]) -> Cost:
    """Deliver to so many subscribers, each with a channel of their own; hold it to all of them."""
    home = folder / f"store-{next(_names)}"
    home.mkdir()
    with temporary_store(home) as store:
        _fill(store, deliveries, url_of)
        senders = Senders(mail_from="Alerts <alerts@example.org>", allow_networks=EVERYWHERE)
        worker = DeliveryWorker(store, senders, _CLOCK, owner="bench")
        with Stopwatch() as watch:
            worker.drain(_CLOCK.now())
        with store.transaction() as tx:
            counts = tx.counts().deliveries
    if counts.get("delivered", 0) != deliveries:
        raise RuntimeError(f"of {deliveries} deliveries {dict(counts)} are recorded")
    (home / "store.db").unlink()
    return watch.cost(deliveries)


def _fill(store: Store, deliveries: int, url_of: Callable[[int], str]) -> None:
    about = a_release_s_alert()
    for first in range(0, deliveries, _AT_ONCE):
        with store.transaction() as tx:
            for number in range(first, min(first + _AT_ONCE, deliveries)):
                who = a_subscriber(f"s{number}")
                channel = a_channel(who, url_of(number))
                asked = a_subscription(channel, name=f"of s{number}")
                tx.add_subscriber(who)
                tx.add_channel(channel)
                tx.add_subscription(asked)
                alert = _alert(about, number, asked.name).model_copy(
                    update={"subscriptions": (asked.id,), "created_at": _CLOCK.now()}
                )
                tx.add_alert(alert, [channel.id], _CLOCK.now())


def _alert(about: Classified, number: int, name: str) -> Alert:
    who = a_subscriber(f"s{number}")
    return an_alert(about, who, reason=f"your subscription “{name}” asks for migration")
