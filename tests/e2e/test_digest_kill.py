"""A run of digests killed in the middle goes out once each, whoever runs the rest of it."""

import random
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from despatch.app import App
from despatch.settings import read
from despatch.testing import a_classified, a_release, a_revision
from despatch.testing.installation import LOOPBACK, Installation, wait_for
from despatch.testing.postgres_server import PostgresServer
from despatch.testing.unreliable import Unreliable, unreliable_webhook
from despatch.testing.waiting import let_wait

SUBSCRIBERS = 400
RELEASES = [a_classified(a_revision(a_release(name))) for name in ("fees", "boats")]
KILLS = 4
STAGES = ("alert-1", "alert-2")
PATIENCE = {"DESPATCH_SEND_TIMEOUT": "4s"}


def left(app: App) -> int:
    with app.store.transaction() as tx:
        return tx.counts().digests_waiting


def run_under_kills(installation: Installation, app: App, webhook: Unreliable, seed: int) -> None:
    chance = random.Random(seed)
    url = f"json://127.0.0.1:{webhook.port}"
    let_wait(app.store, SUBSCRIBERS, RELEASES, app.clock.now(), lambda number: f"{url}/s{number}")
    for name in STAGES:
        installation.start(name, "alert")
    seen = SUBSCRIBERS
    for kill in range(KILLS):
        fewer = _below(app, seen)
        wait_for(fewer, f"digests to be run, {kill} kills so far", 120)
        seen = left(app)
        name = chance.choice(STAGES)
        installation.kill(name)
        installation.start(name, "alert")

    def all_over() -> bool:
        with app.store.transaction() as tx:
            counts = tx.counts()
        return not left(app) and counts.deliveries["delivered"] >= SUBSCRIBERS

    wait_for(all_over, f"{SUBSCRIBERS} digests", 120)
    for name in STAGES:
        assert installation.stop(name) == 0, installation.log(name)
    check(app, webhook)


def _below(app: App, seen: int) -> Callable[[], bool]:
    return lambda: left(app) < seen or not seen


def check(app: App, webhook: Unreliable) -> None:
    with app.store.transaction() as tx:
        counts = tx.counts().deliveries
        runs = tx.digest_runs(10_000)
        items = [item for one in RELEASES for item in tx.trace(one.revision.release.id).items]
    keys: dict[str, set[str]] = defaultdict(set)
    for path, key in webhook.taken:
        keys[path].add(key)
    assert counts == {**dict.fromkeys(counts, 0), "delivered": SUBSCRIBERS}
    assert [(run.state, run.items) for run in runs] == [("sent", 2)] * SUBSCRIBERS
    assert {item.state for item in items} == {"sent"}
    assert len(items) == 2 * SUBSCRIBERS
    assert len(keys) == SUBSCRIBERS, "each has theirs"
    assert {len(theirs) for theirs in keys.values()} == {1}, "and never another"


def installed(home: Path, environ: dict[str, str]) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    with (
        unreliable_webhook(random.Random(seed)) as webhook,
        Installation(home, PATIENCE | environ) as installation,
    ):
        for once in (("migrate",), ("topics", "create")):
            done = installation.run(*once)
            assert done.returncode == 0, done.stderr
        store = SecretStr(environ.get("DESPATCH_STORE", "local"))
        with App(read(home, environ={}, allow_networks=LOOPBACK, store=store)) as app:
            run_under_kills(installation, app, webhook, seed)


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_killed_run_of_digests_goes_out_once_on_sqlite(tmp_path: Path) -> None:
    installed(tmp_path / "home", {})


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.timeout(400)
def test_a_killed_run_of_digests_goes_out_once_on_postgresql(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    installed(tmp_path / "home", {"DESPATCH_STORE": postgres_server.new_database()})
