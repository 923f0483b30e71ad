"""Canaries over real processes: a stage that is stopped is named to the operator, and its end."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from despatch.testing.channels import WebhookServer, webhook_server
from despatch.testing.installation import Installation, wait_for
from despatch.testing.kafka_broker import KafkaBroker
from despatch.testing.postgres_server import PostgresServer

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

HURRIED = {
    "DESPATCH_CANARY_EVERY": "2s",
    "DESPATCH_CANARY_WITHIN": "8s",
    "DESPATCH_ALARM_WAIT": "1s",
    "DESPATCH_ALARM_INTERVAL": "1s",
}


@pytest.fixture
def operator() -> Iterator[WebhookServer]:
    with webhook_server() as server:
        yield server


@pytest.fixture
def embedded(tmp_path: Path, operator: WebhookServer) -> Iterator[Installation]:
    told = {"DESPATCH_OPERATOR_URL": f"json://{operator.address}/"}
    with Installation(tmp_path / "home", HURRIED | told) as installation:
        yield installation


@pytest.fixture
def on_servers(
    tmp_path: Path,
    operator: WebhookServer,
    kafka_broker: KafkaBroker,
    postgres_server: PostgresServer,
) -> Iterator[Installation]:
    """What other tests left in the session's topics waits before the canary, and passes."""
    environ = HURRIED | {
        "DESPATCH_OPERATOR_URL": f"json://{operator.address}/",
        "DESPATCH_BUS": "kafka://" + ",".join(kafka_broker.servers),
        "DESPATCH_STORE": postgres_server.new_database(),
    }
    with Installation(tmp_path / "home", environ) as installation:
        for once in (("migrate",), ("topics", "create")):
            done = installation.run(*once)
            assert done.returncode == 0, done.stderr
        yield installation


@pytest.fixture(
    params=[
        "embedded",
        pytest.param("on_servers", marks=[pytest.mark.kafka, pytest.mark.postgres]),
    ]
)
def installation(request: pytest.FixtureRequest) -> Installation:
    found: Installation = request.getfixturevalue(request.param)
    return found


def told(operator: WebhookServer, event: str, *words: str) -> list[str]:
    """Return what the operator was told as this event that has one of these words."""
    said: list[dict[str, Any]] = [request.json() for request in operator.requests]
    texts = [f"{one['subject']}\n{one['text']}" for one in said if one["event"] == event]
    return [text for text in texts if all(word in text for word in words)]


def test_processors_that_are_stopped_are_named_and_their_recovery_is_told(
    installation: Installation, operator: WebhookServer
) -> None:
    processors = installation.start("process", "process")
    installation.start("alert", "alert")

    def arrived() -> Any:
        return installation.ask("status", "--json")[0]["canary"]["arrived_at"]

    wait_for(lambda: arrived() is not None, "the first canary")
    processors.send_signal(signal.SIGSTOP)
    try:
        wait_for(lambda: bool(told(operator, "alarm", "stands in processors")), "the alarm")
        stopped_at = arrived()
    finally:
        processors.send_signal(signal.SIGCONT)
    wait_for(lambda: bool(told(operator, "recovered", "canary")), "that it is well again")
    assert arrived() > stopped_at
    for name in ("alert", "process"):
        assert installation.stop(name) == 0, installation.log(name)
