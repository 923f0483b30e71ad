"""Whichever poller is killed or paused at whichever instruction: nothing lost, nothing told twice.

Two pollers share a set of feeds that change all the time. `make test` kills ten times a bus,
`make chaos` two hundred times (DESPATCH_TEST_KILLS). The seed of the chances is printed.
"""

import os
import random
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from despatch.app.wiring import App
from despatch.bus.kafka import KafkaBus
from despatch.bus.local import LocalBus
from despatch.canary import is_canary
from despatch.model import Revision, SourceId
from despatch.ports import Bus, SourceRecord
from despatch.settings import read
from despatch.testing import Answer, LoopbackServer
from despatch.testing.channels import WebhookServer, webhook_server
from despatch.testing.hostile import item, rss
from despatch.testing.installation import SUBJECTS, Installation, wait_for
from despatch.testing.kafka_broker import KafkaBroker
from despatch.testing.postgres_server import PostgresServer
from despatch.topics import RELEASES, decode

KILLS = int(os.environ.get("DESPATCH_TEST_KILLS", "10"))
FEEDS = 12
SPEED = 300
"""Five minutes, the least between two polls, are a second."""
LEASE_S = 2.0
POLLER = Path(__file__).parent / "hurried_poller.py"
THEMED = SUBJECTS[:3]
"""Those that belong to a theme: all of them are to be told."""

LOOPBACK = {
    "DESPATCH_ALLOW_NETWORKS": "127.0.0.0/8",
    "DESPATCH_HOST_PAUSE": "0s",
    "DESPATCH_HOST_AT_ONCE": "16",
}


@dataclass
class Publisher:
    """Feeds that gain entries, and whose entries are edited."""

    server: LoopbackServer
    chance: random.Random
    texts: dict[str, str] = field(default_factory=dict)
    """The text of each entry as it is now, by its title."""
    _feeds: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    _subjects: dict[str, str] = field(default_factory=dict)

    def path(self, feed: int) -> str:
        return f"/feed-{feed}"

    def change(self, feed: int) -> None:
        """Add an entry, or edit one."""
        titles = self._feeds[feed]
        if titles and self.chance.random() < 0.4:
            title = self.chance.choice(titles)
        else:
            subject, words = self.chance.choice(THEMED)
            title = f"{subject} ({feed}-{len(titles)})"
            titles.append(title)
            self._subjects[title] = words
        number = self.chance.randrange(10**9)
        words = " ".join(self._subjects[title].split())
        self.texts[title] = f"{words} It concerns {number} people in all."
        now = datetime.now(UTC).isoformat()
        body = rss(*(item(one, self.texts[one], date=now) for one in reversed(titles)))
        self.server.will(self.path(feed), Answer(headers=[("ETag", f'"{number}"')], body=body))


@pytest.fixture
def webhook() -> Iterator[WebhookServer]:
    with webhook_server() as server:
        yield server


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    with LoopbackServer() as server:
        yield Publisher(server, random.Random(seed))


def run_under_kills(
    installation: Installation,
    webhook: WebhookServer,
    publisher: Publisher,
    open_bus: Callable[[], Bus],
) -> None:
    """Kill and pause pollers while feeds change; then hold what came out against what went in."""
    chance = publisher.chance
    add_feeds(installation, publisher)
    themes = ("--theme", "migration", "--theme", "partnerships")
    done = installation.run("subscribe", *themes, "--to", f"json://{webhook.address}/")
    assert done.returncode == 0, done.stderr
    for stage in ("process", "alert"):
        installation.start(stage, stage)
    began = time.time()

    def start(name: str) -> None:
        said = (str(began), str(SPEED), str(LEASE_S))
        installation.start_program(name, sys.executable, str(POLLER), *said)

    for name in ("poll-1", "poll-2"):
        start(name)
    for _number in range(KILLS):
        ends = time.monotonic() + chance.uniform(0.5, 3)
        while time.monotonic() < ends:
            publisher.change(chance.randrange(FEEDS))
            time.sleep(0.1)
        name = chance.choice(["poll-1", "poll-2"])
        if chance.random() < 0.25:
            sleeper = installation.running[name]
            sleeper.send_signal(signal.SIGSTOP)
            time.sleep(LEASE_S * 1.5)
            sleeper.send_signal(signal.SIGCONT)
        else:
            installation.kill(name)
            start(name)
    installation.kill("poll-1")
    for feed in range(FEEDS):
        publisher.change(feed)

    def all_told() -> bool:
        return {t for _event, t, _revision, _key in told(webhook)} >= set(publisher.texts)

    wait_for(all_told, "the poller that is left to bring every entry", 240)
    bus = open_bus()
    try:
        wait_for(lambda: last_texts(bus) == publisher.texts, "the last edits to be published", 60)
        wait_for(lambda: waiting(installation) == 0, "all deliveries to end", 120)
        for name in ("poll-2", "process", "alert"):
            assert installation.stop(name) == 0, installation.log(name)
        check(webhook, bus, publisher)
    finally:
        bus.close()


def add_feeds(installation: Installation, publisher: Publisher) -> None:
    with App(read(environ=installation.environ)) as app:
        for feed in range(FEEDS):
            publisher.server.will(publisher.path(feed), Answer(body=rss()))
            address = {"address": publisher.server.url(publisher.path(feed))}
            source = SourceRecord(SourceId(f"feed-{feed}"), "feed", address, app.clock.now())
            with app.store.transaction() as tx:
                tx.add_source(source)


def told(webhook: WebhookServer) -> Iterator[tuple[str, str, str, str]]:
    """Yield event, title, revision and idempotency key of each alert that came."""
    for request in list(webhook.requests):
        body = request.json()
        release = body["release"]
        yield body["event"], release["title"], release["revision"], body["key"]


def published(bus: Bus) -> list[Revision]:
    found = (decode(Revision, message.value) for message in bus.browse(RELEASES))
    return [revision for revision in found if not is_canary(revision)]


def last_texts(bus: Bus) -> dict[str, str]:
    """Return the text of each release as it was observed last, by its title."""
    found = sorted(published(bus), key=lambda revision: revision.observed_at)
    return {revision.release.title: revision.release.text for revision in found}


def waiting(installation: Installation) -> int:
    deliveries = installation.ask("status", "--json")[0]["deliveries"]
    return sum(deliveries.get(state, 0) for state in ("waiting", "sending"))


def check(webhook: WebhookServer, bus: Bus, publisher: Publisher) -> None:
    # A poller that died after it published, and before it saved that, leaves a number to be given
    # again; if the entry was edited meanwhile, to another revision, which its id tells apart.
    revisions: dict[str, set[str]] = defaultdict(set)
    releases: dict[str, set[str]] = defaultdict(set)
    for revision in published(bus):
        revisions[revision.id].add(revision.release.text)
        releases[revision.release.title].add(revision.release.id)
        assert (revision.number == 1) == (revision.cause == "new"), revision
        assert not revision.backlog
    assert set(releases) == set(publisher.texts), "every entry is published, and nothing else"
    assert {len(ids) for ids in releases.values()} == {1}, "an entry is one release"
    assert {len(texts) for texts in revisions.values()} == {1}, "a repeat has the same id"
    keys: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    news: dict[str, set[str]] = defaultdict(set)
    for event, title, revision_id, key in told(webhook):
        keys[event, title, revision_id].add(key)
        if event == "new":
            news[title].add(key)
    assert set(news) == set(publisher.texts), "every entry is told"
    assert {len(of_one) for of_one in news.values()} == {1}, "and once"
    assert {len(of_one) for of_one in keys.values()} == {1}, "a repeat has the same key"


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.timeout(600 + KILLS * 10)
def test_killed_pollers_lose_nothing_on_the_embedded_log(
    tmp_path: Path, webhook: WebhookServer, publisher: Publisher
) -> None:
    with Installation(tmp_path / "home", LOOPBACK) as installation:
        run_under_kills(
            installation, webhook, publisher, lambda: LocalBus(tmp_path / "home" / "log.db")
        )


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.kafka
@pytest.mark.postgres
@pytest.mark.timeout(600 + KILLS * 10)
def test_killed_pollers_lose_nothing_on_kafka_and_postgresql(
    tmp_path: Path,
    webhook: WebhookServer,
    publisher: Publisher,
    kafka_here: None,
    postgres_server: PostgresServer,
) -> None:
    with KafkaBroker(tmp_path / "kafka") as broker:
        environ = LOOPBACK | {
            "DESPATCH_BUS": "kafka://" + ",".join(broker.servers),
            "DESPATCH_STORE": postgres_server.new_database(),
        }
        with Installation(tmp_path / "home", environ) as installation:
            for once in (("migrate",), ("topics", "create")):
                done = installation.run(*once)
                assert done.returncode == 0, done.stderr
            run_under_kills(installation, webhook, publisher, lambda: KafkaBus(broker.servers))
