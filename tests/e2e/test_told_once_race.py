"""Two alert stages, a process each, take the same releases at once: nobody hears one twice.

Each reads a log of its own and writes the same store. Either the second log is a copy of the first,
topic ids and all, so that both stages own the same partitions, as after a rebalance that one of
them has not heard of; or it is another log to which all was published once more. Each story is
published by two sources; what is alone has no signature, so that no lock on stories is held for it.
"""

from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from shutil import copy

import pytest
from pydantic import SecretStr

from despatch.app import App
from despatch.app.wiring import ALERTS_GROUP
from despatch.bus.local import LocalBus
from despatch.fingerprint import digest
from despatch.model import Classified, SourceId
from despatch.ports import Bus, Outgoing
from despatch.settings import read
from despatch.signature import signature
from despatch.testing import a_classified, a_release, a_revision
from despatch.testing.channels import WebhookServer, webhook_server
from despatch.testing.installation import LOOPBACK, Installation, wait_for
from despatch.testing.postgres_server import PostgresServer
from despatch.testing.subscribers import a_channel, a_subscriber, a_subscription
from despatch.topics import CLASSIFIED, encode

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(300)]

SUBSCRIBERS = 5
ROUNDS, STORIES = 6, 5
"""So many stories are published at once, and the next when both stages have been through them."""
NOW = datetime.now(UTC)
"""What was seen 72 hours ago is of no story any more, and a stage forgets it as it starts."""
SOURCES = ("home-office", "no10")


def published(by: str, story: int) -> Classified:
    """Return what a source says of a story: the same as the other one, and of no other story."""
    text = " ".join(f"word{digest(str(story), str(n), length=4)}" for n in range(80))
    release = a_release(f"{by}-{story}", source=SourceId(by), title=f"Ferries {story}", text=text)
    revision = a_revision(release, observed_at=NOW)
    return a_classified(revision, signature=signature(release.title, release.text))


def alone(number: int) -> Classified:
    return a_classified(a_revision(a_release(f"alone-{number}", title=f"Alone {number}")))


def of_round(number: int) -> list[Classified]:
    """Return what is published together: both copies of some stories, and as many alone."""
    stories = range(number * STORIES, (number + 1) * STORIES)
    return [one for n in stories for one in (*(published(by, n) for by in SOURCES), alone(n))]


def everything() -> list[Classified]:
    return [one for number in range(ROUNDS) for one in of_round(number)]


def outgoing(one: Classified) -> Outgoing:
    return Outgoing(CLASSIFIED, one.revision.release.id, encode(one))


def subscribe(app: App, webhook: WebhookServer) -> None:
    with app.store.transaction() as tx:
        for number in range(SUBSCRIBERS):
            who = a_subscriber(f"s{number}")
            channel = a_channel(who, f"json://{webhook.address}/s{number}")
            tx.add_subscriber(who)
            tx.add_channel(channel)
            tx.add_subscription(a_subscription(channel, name=f"of s{number}"))


def second_home(first: Path, *, same_log: bool) -> Path:
    """Return a home with the same store and key, and with a copy of the log if it is to be one."""
    home = first.with_name("second")
    home.mkdir()
    copy(first / "secret.key", home)
    if (first / "store.db").exists():
        (home / "store.db").symlink_to(first / "store.db")
    if same_log:
        copy(first / "log.db", home)
    return home


def beating(app: App) -> int:
    """Return how many alert stages have shown life."""
    with app.store.transaction() as tx:
        return sum(beat.stage == "alerts" for beat in tx.beats())


def is_taken(app: App, bus: Bus) -> bool:
    """Return whether all of a log was taken, by the store's word."""
    with app.store.transaction() as tx:
        return all(
            extent.end in {0, tx.position(ALERTS_GROUP, place)}
            for place, extent in bus.extents(CLASSIFIED).items()
        )


def delivered(app: App) -> int:
    with app.store.transaction() as tx:
        return tx.counts().deliveries["delivered"]


def told(app: App) -> Counter[tuple[str, str]]:
    """Return how often each subscriber was sent an alert about each story, by its title."""
    with app.store.transaction() as tx:
        return Counter(
            (alert.subscriber, one.revision.release.title)
            for one in everything()
            for alert in tx.trace(one.revision.release.id).alerts
        )


def takers(app: App) -> Counter[str]:
    """Return how many releases were taken from each log."""
    with app.store.transaction() as tx:
        return Counter(
            tx.trace(one.revision.release.id).taken[0].place.cluster for one in everything()
        )


def race(
    homes: tuple[Path, Path], environ: dict[str, str], app: App, webhook: WebhookServer
) -> None:
    """Have both stages take everything at once, and look at who was told of what."""
    subscribe(app, webhook)
    names = ("alert-1", "alert-2")
    expected = {
        (f"u-s{number}", one.revision.release.title): 1
        for number in range(SUBSCRIBERS)
        for one in everything()
    }
    with (
        Installation(homes[0], environ) as first,
        Installation(homes[1], environ) as second,
        closing(LocalBus(homes[1] / "log.db")) as other,
    ):
        for installation, name in zip((first, second), names, strict=True):
            installation.start(name, "alert")
        wait_for(lambda: beating(app) == 2, "both stages", 60)
        for number in range(ROUNDS):
            some = [outgoing(one) for one in of_round(number)]
            for bus in (app.bus, other) if number % 2 else (other, app.bus):
                bus.publish(some)
            wait_for(lambda: is_taken(app, app.bus) and is_taken(app, other), "all to be taken")
        wait_for(lambda: delivered(app) >= len(expected), "every alert", 120)
        for installation, name in zip((first, second), names, strict=True):
            assert installation.stop(name) == 0, installation.log(name)
    print(f"taken from each log: {takers(app)}")
    assert told(app) == expected
    keys = [request.headers["idempotency-key"] for request in webhook.requests]
    assert len(keys) == len(set(keys)) == len(expected)


def installed(folder: Path, environ: dict[str, str], *, same_log: bool) -> None:
    store = SecretStr(environ.get("DESPATCH_STORE", "local"))
    first = folder / "first"
    settings = read(first, environ={}, allow_networks=LOOPBACK, store=store)
    if environ:
        with Installation(first, environ) as installation:
            done = installation.run("migrate")
            assert done.returncode == 0, done.stderr
    with App(settings) as app:  # makes its files, and closes them: so the log can be copied
        assert app.bus.extents(CLASSIFIED)
        app.store.close()
    second = second_home(first, same_log=same_log)
    if not same_log:
        with App(read(second, environ={}, store=store)) as app:
            assert app.bus.extents(CLASSIFIED)
    with webhook_server() as webhook, App(settings) as app:
        race((first, second), environ, app, webhook)


same_log = pytest.mark.parametrize(
    "same_log", [True, False], ids=["both-own-the-partitions", "all-was-published-twice"]
)


@same_log
def test_two_stages_tell_nobody_twice_on_sqlite(tmp_path: Path, same_log: bool) -> None:
    installed(tmp_path, {}, same_log=same_log)


@same_log
@pytest.mark.postgres
def test_two_stages_tell_nobody_twice_on_postgresql(
    tmp_path: Path, postgres_server: PostgresServer, same_log: bool
) -> None:
    installed(tmp_path, {"DESPATCH_STORE": postgres_server.new_database()}, same_log=same_log)
