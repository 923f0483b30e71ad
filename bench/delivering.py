"""Webhooks delivered from the store, every step committed, against sending with no promise."""

import json
import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from http.client import HTTPConnection
from itertools import count
from pathlib import Path

from apprise import Apprise

from alerts import message
from alerts.channels import Senders
from alerts.deliver import DeliveryWorker
from bench.measure import Cost, Stopwatch, alternate
from bench.report import Contest, Report
from bench.server import Server
from despatch.model import Alert, DeliveryId
from despatch.ports import Store, SystemClock
from despatch.testing.installation import generate_documents
from despatch.testing.releases import a_classified, a_release, a_revision
from despatch.testing.stores import temporary_store
from despatch.testing.subscribers import a_channel, a_subscriber, a_subscription, an_alert

DELIVERIES = 300

DRAINED = "Despatch, draining"
SERVICE = "Despatch, as a service"
APPRISE = "bare apprise"
KEPT = "http.client, one connection"
EACH = "http.client, a connection each"

_CLOCK = SystemClock()


def run(runs: int, folder: Path) -> Report:
    """Return deliveries a second to one webhook on loopback."""
    alerts = [
        _alert(n, row["title"], row["text"]) for n, row in enumerate(generate_documents(DELIVERIES))
    ]
    names = count()
    with Server() as server:
        contenders: dict[str, Callable[[], Cost]] = {
            DRAINED: lambda: _prepared(folder / str(next(names)), server, alerts, _drain),
            SERVICE: lambda: _prepared(folder / str(next(names)), server, alerts, _serve),
            APPRISE: partial(_apprise, server, alerts),
            KEPT: partial(_kept, server, alerts),
            EACH: partial(_each, server, alerts),
        }
        costs = alternate(contenders, runs)
    title = f"{DELIVERIES} immediate webhooks to one host; Despatch claims and records each"
    return Report("deliver", [Contest(title, "deliveries", costs, [APPRISE, KEPT])])


def _prepared(
    folder: Path,
    server: Server,
    alerts: Sequence[Alert],
    work: Callable[[DeliveryWorker, Server, Stopwatch], None],
) -> Cost:
    """Let a worker deliver all alerts from a new store, and hold it to having done so."""
    folder.mkdir()
    server.ask("/forget")
    watch = Stopwatch()
    with temporary_store(folder) as store:
        _fill(store, server, alerts)
        work(DeliveryWorker(store, Senders(), _CLOCK, owner="bench"), server, watch)
        with store.transaction() as tx:
            done = tx.counts().deliveries.get("delivered", 0)
    if done != len(alerts):
        raise RuntimeError(f"{done} of {len(alerts)} deliveries are recorded")
    return watch.cost(done)


def _drain(worker: DeliveryWorker, _server: Server, watch: Stopwatch) -> None:
    with watch:
        worker.drain(_CLOCK.now())


def _serve(worker: DeliveryWorker, server: Server, watch: Stopwatch) -> None:
    """Run as `despatch alert` does, until the last one has come and is recorded."""
    stop = threading.Event()

    def watch_server() -> None:
        try:
            server.ask(f"/wait/{DELIVERIES}")
        finally:
            stop.set()

    watching = threading.Thread(target=watch_server)
    with watch:
        watching.start()
        worker.run(stop)
    watching.join()


def _fill(store: Store, server: Server, alerts: Sequence[Alert]) -> None:
    channel = a_channel(url=f"json://127.0.0.1:{server.port}/hook")
    with store.transaction() as tx:
        tx.add_subscriber(a_subscriber())
        tx.add_channel(channel)
        tx.add_subscription(a_subscription(channel))
        for alert in alerts:
            tx.add_alert(alert, [channel.id], alert.created_at)


def _apprise(server: Server, alerts: Sequence[Alert]) -> Cost:
    logging.getLogger("apprise").setLevel(logging.WARNING)  # its default: our senders change it
    sender = Apprise()
    sender.add(f"json://127.0.0.1:{server.port}/hook")
    with Stopwatch() as watch:
        for alert in alerts:
            body = message.text(alert, DeliveryId(alert.id))
            if not sender.notify(title=message.subject(alert), body=body):
                raise RuntimeError("apprise could not send")
    return watch.cost(len(alerts))


def _kept(server: Server, alerts: Sequence[Alert]) -> Cost:
    connection = HTTPConnection("127.0.0.1", server.port)
    with closing(connection), Stopwatch() as watch:
        for alert in alerts:
            _post(connection, alert)
    return watch.cost(len(alerts))


def _each(server: Server, alerts: Sequence[Alert]) -> Cost:
    with Stopwatch() as watch:
        for alert in alerts:
            with closing(HTTPConnection("127.0.0.1", server.port)) as connection:
                _post(connection, alert)
    return watch.cost(len(alerts))


def _post(connection: HTTPConnection, alert: Alert) -> None:
    body = json.dumps(message.payload(alert, DeliveryId(alert.id)))
    connection.request("POST", "/hook", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise RuntimeError(f"the webhook answered {answer.status}")


def _alert(number: int, title: str, text: str) -> Alert:
    release = a_release(f"bench-{number}", title=title, text=text)
    return an_alert(a_classified(a_revision(release)), subscriptions=(a_subscription().id,))
