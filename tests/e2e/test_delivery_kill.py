"""Alert stages and delivery workers killed at any instruction: each is delivered, none lost.

An alert stage, which delivers too, and two processes that only deliver, over 5,000 deliveries to a
webhook that is busy for one in twenty and slow for some. `make test` kills ten times, `make chaos`
two hundred.
"""

import os
import random
from collections import defaultdict
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
from pydantic import SecretStr

from despatch.app import App
from despatch.model import Classified, ReleaseId
from despatch.ports import Outgoing
from despatch.settings import read
from despatch.testing import a_classified, a_release, a_revision
from despatch.testing.installation import LOOPBACK, Installation, wait_for
from despatch.testing.postgres_server import PostgresServer
from despatch.testing.subscribers import a_channel, a_subscriber, a_subscription
from despatch.testing.unreliable import Unreliable, unreliable_webhook
from despatch.topics import CLASSIFIED, encode

KILLS = int(os.environ.get("DESPATCH_TEST_KILLS", "10"))
SUBSCRIBERS = 20
RELEASES = max(250, KILLS)
STAGES = {"alert": "alert", "deliver-1": "deliver", "deliver-2": "deliver"}
PATIENCE = {"DESPATCH_SEND_TIMEOUT": "4s"}
"""A dead worker's deliveries go to the other one after twice as long."""


def subscribe(app: App, webhook: Unreliable) -> None:
    with app.store.transaction() as tx:
        for number in range(SUBSCRIBERS):
            who = a_subscriber(f"s{number}")
            channel = a_channel(who, f"json://127.0.0.1:{webhook.port}/s{number}")
            tx.add_subscriber(who)
            tx.add_channel(channel)
            tx.add_subscription(a_subscription(channel, name=f"of s{number}"))


def releases() -> list[Classified]:
    return [a_classified(a_revision(a_release(f"r{n}"))) for n in range(RELEASES)]


def shares() -> list[list[Classified]]:
    """Return the releases in as many parts as there are kills, so that each finds work to do."""
    every = releases()
    ends = [kill * RELEASES // KILLS for kill in range(KILLS + 1)]
    return [every[start:end] for start, end in pairwise(ends)]


def publish(app: App, some: list[Classified]) -> None:
    app.bus.publish(
        [Outgoing(CLASSIFIED, str(one.revision.release.id), encode(one)) for one in some]
    )


def run_under_kills(installation: Installation, app: App, webhook: Unreliable, seed: int) -> None:
    chance = random.Random(seed)
    subscribe(app, webhook)
    for name, command in STAGES.items():
        installation.start(name, command)
    for some in shares():
        before = webhook.tries.total()
        publish(app, some)
        few = chance.randrange(1, len(some) * SUBSCRIBERS)
        wait_for(partial(webhook.came, before + few), "work to be under way", 120)
        name = chance.choice(sorted(STAGES))
        installation.kill(name)
        installation.start(name, STAGES[name])

    def all_over() -> bool:
        with app.store.transaction() as tx:
            counts = tx.counts()
        return counts.deliveries["delivered"] == SUBSCRIBERS * RELEASES

    wait_for(all_over, f"{SUBSCRIBERS * RELEASES} deliveries", 240)
    for name in STAGES:
        assert installation.stop(name) == 0, installation.log(name)
    check(app, webhook)


def check(app: App, webhook: Unreliable) -> None:
    keys: dict[tuple[str, str], set[str]] = defaultdict(set)
    with app.store.transaction() as tx:
        counts = tx.counts().deliveries
        for one in releases():
            release = ReleaseId(one.revision.release.id)
            for delivery, _shown in tx.trace(release).deliveries:
                keys[release, delivery.channel].add(delivery.id)
    wanted = {key for of_one in keys.values() for key in of_one}
    came = {key for _path, key in webhook.taken}
    assert counts == {**dict.fromkeys(counts, 0), "delivered": SUBSCRIBERS * RELEASES}
    assert {len(of_one) for of_one in keys.values()} == {1}, "one delivery a subscriber and release"
    assert len(wanted) == SUBSCRIBERS * RELEASES
    assert came == wanted, "each that was recorded has come, and nothing else"
    repeated = sum(1 for count in webhook.taken.values() if count > 1)
    print(f"{sum(webhook.tries.values())} on the wire, {repeated} came twice with the same key")


def installed(home: Path, environ: dict[str, str], webhook: Unreliable, seed: int) -> None:
    with Installation(home, PATIENCE | environ) as installation:
        for once in (("migrate",), ("topics", "create")):
            done = installation.run(*once)
            assert done.returncode == 0, done.stderr
        store = SecretStr(environ.get("DESPATCH_STORE", "local"))
        with App(read(home, environ={}, allow_networks=LOOPBACK, store=store)) as app:
            run_under_kills(installation, app, webhook, seed)


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.timeout(600 + KILLS * 5)
def test_killed_workers_lose_no_delivery_on_sqlite(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    with unreliable_webhook(random.Random(seed)) as webhook:
        installed(tmp_path / "home", {}, webhook, seed)


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.timeout(600 + KILLS * 5)
def test_killed_workers_lose_no_delivery_on_postgresql(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    with unreliable_webhook(random.Random(seed)) as webhook:
        environ = {"DESPATCH_STORE": postgres_server.new_database()}
        installed(tmp_path / "home", environ, webhook, seed)
