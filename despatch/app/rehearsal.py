"""A temporary installation, in which what is tried leaves the live one as it is."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from despatch.app.wiring import App
from despatch.model import Subscriber


@contextmanager
def rehearsal(live: App) -> Iterator[App]:
    """Yield a temporary installation with the live subscriptions and nowhere to send.

    Channels are copied by name alone, without their URLs.
    """
    with apart(live) as app:
        _copy_subscriptions(live, app)
        yield app


@contextmanager
def apart(live: App) -> Iterator[App]:
    """Yield a temporary installation that is empty."""
    with tempfile.TemporaryDirectory(prefix="despatch-rehearsal-") as folder:
        settings = live.settings.model_copy(
            update={
                "home": Path(folder),
                "bus": "local",
                "store": SecretStr("local"),
                "secret_key": None,
                "operator_url": None,
            }
        )
        with App(settings, clock=live.clock) as app:
            yield app


def _copy_subscriptions(live: App, app: App) -> None:
    with live.store.transaction() as tx:
        subscriptions = [s for s in tx.subscriptions() if s.state == "active"]
        channels = {c.id: c for c in tx.channels()}
    now = live.clock.now()
    with app.store.transaction() as tx:
        for subscription in subscriptions:
            name = str(subscription.subscriber)
            tx.add_subscriber(Subscriber(id=subscription.subscriber, name=name, created_at=now))
            for channel in subscription.channels:
                nowhere = SecretStr(f"rehearsal://{channel}")
                tx.add_channel(channels[channel].model_copy(update={"url": nowhere}))
            tx.add_subscription(subscription)
