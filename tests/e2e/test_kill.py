"""Whichever process is killed at whichever instruction: nothing lost, nobody told twice.

`make test` kills ten times a bus, `make chaos` two hundred times (DESPATCH_TEST_KILLS). The seed
of the chances is printed, so that a run can be repeated.
"""

import json
import os
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from despatch.bus.kafka import KafkaBus
from despatch.bus.local import LocalBus
from despatch.canary import is_canary
from despatch.model import Classified, Release, ReleaseId, SourceId
from despatch.ports import Bus
from despatch.testing.channels import WebhookServer, webhook_server
from despatch.testing.installation import Installation, generate_documents, wait_for
from despatch.testing.kafka_broker import KafkaBroker
from despatch.testing.postgres_server import PostgresServer
from despatch.topics import CLASSIFIED, decode
from processors.classify import classify
from processors.themes import load_themes

KILLS = int(os.environ.get("DESPATCH_TEST_KILLS", "10"))
DOCUMENTS = 500
STAGES = {
    "process-1": ("process",),
    "process-2": ("process",),
    "alert-1": ("alert",),
    "alert-2": ("alert",),
}


@pytest.fixture
def webhook() -> Iterator[WebhookServer]:
    with webhook_server() as server:
        yield server


def titles(webhook: WebhookServer) -> Iterator[tuple[str, str]]:
    """Yield the title and the idempotency key of each alert that came."""
    for request in list(webhook.requests):
        body = json.loads(request.body)
        yield body["release"]["title"], request.headers["idempotency-key"]


def expected_titles(documents: list[dict[str, str]]) -> set[str]:
    """Return the titles of the documents that belong to a theme, judged here and now."""
    themes = load_themes()
    return {
        row["title"]
        for row in documents
        if classify(
            Release(
                id=ReleaseId("r"),
                address=row["url"],
                source=SourceId("s"),
                entry=row["id"],
                title=row["title"],
                text=row["text"],
                text_kind="full",
                text_from="file",
            ),
            themes,
        )
    }


def run_under_kills(
    installation: Installation,
    webhook: WebhookServer,
    open_bus: Callable[[], Bus],
    kill_broker: Callable[[], None] | None,
    seed: int,
) -> None:
    """Replay documents while stages are killed; then hold what came out against what went in."""
    chance = random.Random(seed)
    documents = generate_documents(DOCUMENTS)
    file = installation.home / "documents.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in documents))
    subscribed = installation.run(
        "subscribe",
        "--theme",
        "migration",
        "--theme",
        "partnerships",
        "--to",
        f"json://{webhook.address}/",
    )
    assert subscribed.returncode == 0, subscribed.stderr
    for name, arguments in STAGES.items():
        installation.start(name, *arguments)
    wait_for(
        lambda: (
            {b["stage"] for b in installation.ask("status", "--json")[0]["beats"]}
            >= {"processors", "alerts"}
        ),
        "the stages' first signs of life",
    )
    replaying = ("replay", str(file), "--deliver", "--yes", "--json", "--rate", "40")
    installation.start("replay", *replaying)
    broker_kills = sorted(chance.sample(range(KILLS), 2)) if kill_broker else []
    for number in range(KILLS):
        time.sleep(chance.uniform(0.3, 1.5))
        name = chance.choice([*STAGES, "replay"])
        if name == "replay" and installation.running["replay"].poll() is not None:
            name = "process-1"
        installation.kill(name)
        if number in broker_kills and kill_broker:
            kill_broker()
        installation.start(name, *(replaying if name == "replay" else STAGES[name]))
    for again in range(5):
        code = installation.running.pop("replay").wait(timeout=240)
        if code == 0:
            break
        assert again < 4, installation.log("replay")
        installation.start("replay", *replaying)
    expected = expected_titles(documents)

    def all_told() -> bool:
        return {title for title, _key in titles(webhook)} >= expected

    wait_for(all_told, f"{len(expected)} alerts at the webhook", 120)
    wait_for(
        lambda: (
            not {"waiting", "sending"}
            & {s for s, n in installation.ask("status", "--json")[0]["deliveries"].items() if n}
        ),
        "all deliveries to end",
        120,
    )
    for name in STAGES:
        assert installation.stop(name) == 0, installation.log(name)
    check(webhook, open_bus(), documents, expected)


def check(
    webhook: WebhookServer, bus: Bus, documents: list[dict[str, str]], expected: set[str]
) -> None:
    classified: dict[str, set[str]] = defaultdict(set)
    for message in bus.browse(CLASSIFIED):
        found = decode(Classified, message.value)
        if is_canary(found):
            continue
        classified[found.revision.release.title].add(found.id)
    bus.close()
    assert set(classified) == {row["title"] for row in documents}, "every document is classified"
    assert {len(ids) for ids in classified.values()} == {1}, "a repeat has the same id"
    keys: dict[str, set[str]] = defaultdict(set)
    for title, key in titles(webhook):
        keys[title].add(key)
    assert set(keys) == expected, "each that matches is told, and no other"
    assert {len(of_one) for of_one in keys.values()} == {1}, "a repeat has the same key"


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.timeout(900 + KILLS * 10)
def test_killed_stages_lose_nothing_on_the_embedded_log(
    tmp_path: Path, webhook: WebhookServer
) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    with Installation(tmp_path / "home") as installation:
        run_under_kills(
            installation, webhook, lambda: LocalBus(tmp_path / "home" / "log.db"), None, seed
        )


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.kafka
@pytest.mark.postgres
@pytest.mark.timeout(900 + KILLS * 20)
def test_killed_stages_and_a_killed_broker_lose_nothing_on_kafka_and_postgresql(
    tmp_path: Path, webhook: WebhookServer, kafka_here: None, postgres_server: PostgresServer
) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    with KafkaBroker(tmp_path / "kafka") as broker:
        environ = {
            "DESPATCH_BUS": "kafka://" + ",".join(broker.servers),
            "DESPATCH_STORE": postgres_server.new_database(),
        }

        def kill_broker() -> None:
            broker.kill()
            broker.start()

        with Installation(tmp_path / "home", environ) as installation:
            for once in (("migrate",), ("topics", "create")):
                done = installation.run(*once)
                assert done.returncode == 0, done.stderr
            run_under_kills(
                installation, webhook, lambda: KafkaBus(broker.servers), kill_broker, seed
            )
