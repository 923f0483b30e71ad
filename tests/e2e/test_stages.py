"""Stages as processes: paused ones, poisoned messages, a feed that reaches a subscriber."""

import json
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from despatch.bus.kafka import KafkaBus
from despatch.bus.local import LocalBus
from despatch.ports import Bus, Outgoing
from despatch.testing import Answer, LoopbackServer
from despatch.testing.channels import WebhookServer, webhook_server
from despatch.testing.installation import Installation, generate_documents, wait_for
from despatch.testing.kafka_broker import KafkaBroker
from despatch.testing.postgres_server import PostgresServer
from despatch.topics import CLASSIFIED, RELEASES

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SESSION_S = 10
"""How long a paused member keeps its partitions (despatch/ports/bus.py)."""


@pytest.fixture
def webhook() -> Iterator[WebhookServer]:
    with webhook_server() as server:
        yield server


class Running:
    """An installation on one of the two buses."""

    def __init__(self, installation: Installation, open_bus: Callable[[], Bus]) -> None:
        self.installation = installation
        self.open_bus = open_bus


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Running]:
    with Installation(tmp_path / "home") as installation:
        yield Running(installation, lambda: LocalBus(installation.home / "log.db"))


@pytest.fixture
def on_servers(
    tmp_path: Path, kafka_broker: KafkaBroker, postgres_server: PostgresServer
) -> Iterator[Running]:
    """The topics are those of the whole session: such a test reads only what it put there."""
    environ = {
        "DESPATCH_BUS": "kafka://" + ",".join(kafka_broker.servers),
        "DESPATCH_STORE": postgres_server.new_database(),
    }
    with Installation(tmp_path / "home", environ) as installation:
        for once in (("migrate",), ("topics", "create")):
            done = installation.run(*once)
            assert done.returncode == 0, done.stderr
        yield Running(installation, lambda: KafkaBus(kafka_broker.servers))


@pytest.fixture(
    params=[
        "embedded",
        pytest.param("on_servers", marks=[pytest.mark.kafka, pytest.mark.postgres]),
    ]
)
def running(request: pytest.FixtureRequest) -> Running:
    found: Running = request.getfixturevalue(request.param)
    return found


def beating(installation: Installation, stage: str) -> int:
    """Return how many processes of a stage show life."""
    return sum(beat["stage"] == stage for beat in installation.ask("status", "--json")[0]["beats"])


def test_a_stage_paused_beyond_its_session_changes_nothing_when_it_wakes_up(
    running: Running, webhook: WebhookServer
) -> None:
    """Its successor's work stands: nobody is told twice, no position goes back, nothing is lost."""
    installation = running.installation
    subscribe = ("subscribe", "--theme", "migration", "--theme", "partnerships")
    done = installation.run(*subscribe, "--to", f"json://{webhook.address}/")
    assert done.returncode == 0, done.stderr
    documents = generate_documents(60)
    file = installation.home / "documents.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in documents))
    installation.start("process", "process")
    sleeper = installation.start("alert-1", "alert")
    wait_for(lambda: beating(installation, "alerts") == 1, "the first alert stage")
    installation.start("replay", "replay", str(file), "--deliver", "--yes", "--rate", "20")
    wait_for(lambda: len(webhook.requests) > 3, "the first alerts")
    sleeper.send_signal(signal.SIGSTOP)
    told = len(webhook.requests)
    try:
        installation.start("alert-2", "alert")
        time.sleep(SESSION_S + 3)
    finally:
        sleeper.send_signal(signal.SIGCONT)
    assert installation.running.pop("replay").wait(120) == 0, installation.log("replay")

    def counts() -> Any:
        return installation.ask("status", "--json")[0]["counts"]

    def all_over() -> bool:
        """What was about to connect when it was stopped ran out of time, and is tried again."""
        found = counts()
        return bool(found["told"] == found["deliveries"]["delivered"])

    wait_for(all_over, "every delivery that was told of")
    assert counts()["releases"] == len(documents)
    assert counts()["told"] > told > 3
    keys = [request.headers["idempotency-key"] for request in webhook.requests]
    assert len(set(keys)) == counts()["told"]
    assert sleeper.poll() is None, "it goes on as a member like any other"
    for name in ("alert-1", "alert-2", "process"):
        assert installation.stop(name) == 0, installation.log(name)


def test_a_poisoned_message_is_a_dead_letter_and_can_be_retried(running: Running) -> None:
    """The rest goes on; list, show and retry say who, when, why and from where."""
    installation = running.installation
    bus = running.open_bus()
    installation.start("process", "process")
    installation.start("alert", "alert")
    wait_for(lambda: beating(installation, "alerts") == 1, "the stages")
    bus.publish(
        [
            Outgoing(RELEASES, "r-poison-1", b'{"no": "revision"}'),
            Outgoing(CLASSIFIED, "r-poison-2", b"\xff\x00 no JSON"),
        ]
    )
    bus.close()

    def poisoned() -> dict[str, dict[str, str]]:
        letters = installation.ask("dead", "list", "--json")
        shown = [installation.ask("dead", "show", one["id"], "--json")[0] for one in letters]
        return {one["key"]: one for one in shown if one["key"].startswith("r-poison")}

    wait_for(lambda: len(poisoned()) == 2, "two dead letters", 180)
    first, second = (poisoned()[f"r-poison-{number}"] for number in (1, 2))
    assert (first["stage"], first["topic"]) == ("processors", RELEASES)
    assert (second["stage"], second["topic"]) == ("alerts", CLASSIFIED)
    assert "not a Revision" in first["reason"]
    assert first["value"] == '{"no": "revision"}'
    assert installation.run("replay", "--deliver", "--yes").returncode == 0, "the rest goes on"
    retried = installation.ask("dead", "retry", first["id"], "--json")
    assert retried == [{"retried": first["id"], "topic": RELEASES}]
    wait_for(
        lambda: (
            sum(one["reason"] == first["reason"] for one in poisoned().values())
            + len(installation.ask("dead", "list", "--json"))
            >= 4
        ),
        "it to fail again",
        180,
    )
    [alarm] = [
        one
        for one in installation.ask("status", "--json")[0]["alarms"]
        if one["key"] == "dead letters of processors"
    ]
    assert "despatch dead show" in alarm["text"]


ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>News</title><id>tag:example.gov,2026:news</id>
<updated>2026-11-01T00:00:00Z</updated>{entries}</feed>"""

ENTRY = """<entry><id>tag:example.gov,2026:{name}</id><title>{title}</title>
<link href="https://example.gov/{name}"/><updated>{at}</updated>
<summary>{text}</summary></entry>"""


def test_a_feed_reaches_a_subscriber_and_its_backlog_does_not(
    embedded: Running, webhook: WebhookServer
) -> None:
    """First contact tells nobody of old entries; a new one, an edit and the reason come through."""
    installation = embedded.installation
    installation.environ["DESPATCH_ALLOW_NETWORKS"] = "127.0.0.0/8"

    def entry(name: str, at: str, text: str) -> str:
        title = f"Small boats and illegal migration: {name}"
        return ENTRY.format(name=name, at=at, title=title, text=text)

    def told() -> list[tuple[str, str]]:
        bodies = [request.json() for request in webhook.requests]
        return [(body["event"], body["release"]["link"]) for body in bodies]

    def heard(events: int) -> bool:
        return len(told()) == events

    old = entry("old", "2020-01-01T00:00:00Z", "Asylum seekers and people smuggling, long ago.")
    new = entry("new", "2099-01-01T00:00:00Z", "People smuggling gangs: 20 arrests.")
    edited = entry("new", "2099-01-02T00:00:00Z", "People smuggling gangs: 90 arrests.")
    with LoopbackServer() as feeds:
        feeds.answers["/feed.atom"] = Answer(body=ATOM.format(entries=old).encode())
        subscribed = installation.run(
            "subscribe", "--theme", "migration", "--to", f"json://{webhook.address}/"
        )
        assert subscribed.returncode == 0, subscribed.stderr
        added = installation.run("sources", "add", feeds.url("/feed.atom"), "--name", "news")
        assert added.returncode == 0, added.stderr
        installation.start("up", "up", "--listen", "127.0.0.1:0")
        wait_for(
            lambda: installation.ask("status", "--json")[0]["counts"]["releases"] == 1,
            "the backlog to be archived",
        )
        assert told() == []
        for entries, events in ((new + old, 1), (edited + old, 2)):
            feeds.answers["/feed.atom"] = Answer(body=ATOM.format(entries=entries).encode())
            [polled] = installation.ask("poll", "--once", "--all", "--json")
            assert (polled["sources"], polled["fetched"], polled["failed"]) == (1, 1, 0)
            wait_for(partial(heard, events), f"alert {events}")
    assert told() == [("new", "https://example.gov/new"), ("revised", "https://example.gov/new")]
    assert "90" in json.dumps(webhook.requests[-1].json())
    traced = installation.ask("trace", "https://example.gov/new", "--json")[0]
    assert [one["classified"]["revision"]["cause"] for one in traced["taken"]] == ["new", "revised"]
    assert {d["state"] for d in traced["deliveries"]} == {"delivered"}
    assert installation.stop("up") == 0
