"""From a document to a recorded delivery: documents a second, and seconds from log to webhook."""

import json
import random
import time
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

from bench.measure import Cost, Stopwatch, alternate, percentile
from bench.report import Contest, Report, Values
from bench.server import Server
from despatch import settings
from despatch.app.replay import replay
from despatch.app.wiring import App
from despatch.ports import Bus, Outgoing, SystemClock
from despatch.testing.installation import LOOPBACK, Installation, generate_documents
from despatch.testing.releases import a_release, a_revision
from despatch.testing.subscribers import a_channel, a_subscriber, a_subscription
from despatch.topics import RELEASES, encode
from processors.classify import classifier
from processors.themes import load_themes

DOCUMENTS = 500
PUBLISHED = 40
GAP_S = (0.05, 0.25)

OURS = "Despatch, replay --deliver"
BARE = "a script that reads, classifies, posts"

_THEMES = ("migration", "partnerships")


def run(runs: int, folder: Path) -> Report:
    """Return throughput in one process, and latency through the stages' own processes."""
    rows = generate_documents(DOCUMENTS)
    file = folder / "documents.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    names = count()
    with Server() as server:
        contenders: dict[str, Callable[[], Cost]] = {
            OURS: lambda: _replay(folder / str(next(names)), server, file),
            BARE: lambda: _script(server, file),
        }
        costs = alternate(contenders, runs)
        latencies = _latencies(folder / "services", server, runs)
    return Report(
        "path",
        [
            Contest(
                f"{DOCUMENTS} documents to recorded webhooks in one process, log and store made",
                "documents",
                costs,
                [BARE],
            ),
            Values(
                f"From published on the log to the webhook, stages as processes, {PUBLISHED} "
                "releases a run, 3 to 20 a second",
                "seconds",
                {
                    "half come within": [percentile(each, 50) for each in latencies],
                    "95% come within": [percentile(each, 95) for each in latencies],
                },
            ),
        ],
    )


def _replay(home: Path, server: Server, file: Path) -> Cost:
    """Replay into an installation with one subscriber, and hold it to what it promises."""
    server.ask("/forget")
    channel = a_channel(url=f"json://127.0.0.1:{server.port}/hook")
    with App(settings.read(home, environ={}, allow_networks=LOOPBACK)) as app:
        with app.store.transaction() as tx:
            tx.add_subscriber(a_subscriber())
            tx.add_channel(channel)
            tx.add_subscription(a_subscription(channel, themes=_THEMES))
        with Stopwatch() as watch:
            report = replay(app, file, deliver=True)
    arrived = server.ask("/count")
    if report.new != DOCUMENTS or dict(report.deliveries) != {"delivered": arrived}:
        raise RuntimeError(f"{report.new} new, {report.deliveries}, {arrived} arrived")
    return watch.cost(DOCUMENTS)


def _script(server: Server, file: Path) -> Cost:
    """Do the same with no log, no store and no promise: what it would cost without Despatch."""
    judge = classifier(load_themes())
    connection = HTTPConnection("127.0.0.1", server.port)
    with closing(connection), Stopwatch() as watch, file.open() as lines:
        for line in lines:
            row = json.loads(line)
            found = judge.classify(row["title"], row["text"])
            if found:
                themes = [score.model_dump(mode="json") for score in found]
                _post(connection, {"release": {"id": row["id"]}, "row": row, "themes": themes})
    return watch.cost(DOCUMENTS)


def _post(connection: HTTPConnection, body: dict[str, Any]) -> None:
    connection.request("POST", "/hook", json.dumps(body))
    connection.getresponse().read()


def _latencies(home: Path, server: Server, runs: int) -> list[list[float]]:
    with Installation(home) as installation:
        to = f"json://127.0.0.1:{server.port}/hook"
        subscribed = installation.run("subscribe", "--theme", "migration", "--to", to)
        if subscribed.returncode:
            raise RuntimeError(subscribed.stderr)
        for name in ("process", "alert"):
            installation.start(name, name)
        with App(settings.read(home, environ={}, allow_networks=LOOPBACK)) as app:
            _one_round(app.bus, server, 3)  # until all is connected and imported
            return [_one_round(app.bus, server, PUBLISHED) for _ in range(runs)]


def _one_round(bus: Bus, server: Server, times: int) -> list[float]:
    """Publish some releases at random moments; return the seconds that each took."""
    chance = random.Random(times)  # noqa: S311 - the same gaps each time are wanted
    server.ask("/forget")
    published: dict[str, float] = {}
    for _ in range(times):
        revision = a_revision(
            a_release(uuid4().hex, title="New visa rules for migrants", text=_TEXT),
            observed_at=SystemClock().now(),
        )
        published[revision.release.id] = time.monotonic()
        bus.publish([Outgoing(RELEASES, revision.release.id, encode(revision))])
        time.sleep(chance.uniform(*GAP_S))
    server.ask(f"/wait/{times}")
    return [at - published[release] for at, release in server.ask("/arrivals")]


_TEXT = "The Home Office has published new immigration rules.\n\nAsylum seekers get visas sooner."
