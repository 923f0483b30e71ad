"""An immediate alert does not wait behind a run of digests: two processes, one slow receiver.

The receiver answers a few digests and then none until the alert has come, so nothing is timed: if
the alert stood behind the digests, neither would ever arrive.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import cast

import pytest
from pydantic import SecretStr

from despatch.app import App
from despatch.ports import Outgoing
from despatch.settings import read
from despatch.testing import a_classified, a_release, a_revision
from despatch.testing.installation import LOOPBACK, Installation, wait_for
from despatch.testing.postgres_server import PostgresServer
from despatch.testing.subscribers import a_channel, a_subscriber, a_subscription
from despatch.testing.waiting import let_wait
from despatch.topics import CLASSIFIED, encode

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(300)]

DIGESTS = 2_000
FEW = 50
"""Digests that are answered before the alert is published."""
RELEASES = [a_classified(a_revision(a_release(name))) for name in ("fees", "boats")]
NEWS = a_classified(a_revision(a_release("news")), themes=("news",))
DESK = "/desk"
STAGES = {"alert": "alert", "deliver": "deliver"}


class Gate:
    """A receiver of webhooks that stops answering digests until the alert has come."""

    def __init__(self) -> None:
        self.port = 0
        self.came: list[str] = []
        """The path of each request that was answered, in order."""
        self._lock = threading.Lock()
        self._opens = threading.Event()

    def pass_through(self, path: str) -> None:
        if path == DESK:
            self._opens.set()
        elif len(self.came) >= FEW:
            self._opens.wait()
        with self._lock:
            self.came.append(path)

    def open(self) -> None:
        """Let everything pass."""
        self._opens.set()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    gate: Gate


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        cast(_Server, self.server).gate.pass_through(self.path)
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


@contextmanager
def a_gate() -> Iterator[Gate]:
    server = _Server(("127.0.0.1", 0), _Handler)
    server.gate = Gate()
    server.gate.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.gate
    finally:
        server.gate.open()
        server.shutdown()
        server.server_close()
        thread.join()


def ask_for_news(app: App, gate: Gate) -> None:
    desk = a_subscriber("desk")
    channel = a_channel(desk, f"json://127.0.0.1:{gate.port}{DESK}")
    with app.store.transaction() as tx:
        tx.add_subscriber(desk)
        tx.add_channel(channel)
        tx.add_subscription(a_subscription(channel, name="of desk", themes=("news",)))


def delivered(app: App) -> int:
    with app.store.transaction() as tx:
        return tx.counts().deliveries["delivered"]


def race(installation: Installation, app: App, gate: Gate) -> None:
    ask_for_news(app, gate)
    url = f"json://127.0.0.1:{gate.port}"
    let_wait(app.store, DIGESTS, RELEASES, app.clock.now(), lambda number: f"{url}/s{number}")
    for name, command in STAGES.items():
        installation.start(name, command)
    wait_for(lambda: len(gate.came) >= FEW, "the first digests", 120)
    app.bus.publish([Outgoing(CLASSIFIED, NEWS.revision.release.id, encode(NEWS))])
    wait_for(lambda: DESK in gate.came, "the alert, with all digests but a few on their way", 60)
    wait_for(lambda: delivered(app) == DIGESTS + 1, "all of the digests", 120)
    for name in STAGES:
        assert installation.stop(name) == 0, installation.log(name)
    assert len(gate.came) == len(set(gate.came)) == DIGESTS + 1, "each came once"
    before = gate.came.index(DESK)
    assert before < DIGESTS / 2, "most digests came after the alert"


def installed(home: Path, environ: dict[str, str]) -> None:
    with a_gate() as gate, Installation(home, environ) as installation:
        for once in (("migrate",), ("topics", "create")) if environ else ():
            done = installation.run(*once)
            assert done.returncode == 0, done.stderr
        store = SecretStr(environ.get("DESPATCH_STORE", "local"))
        with App(read(home, environ={}, allow_networks=LOOPBACK, store=store)) as app:
            race(installation, app, gate)


def test_an_alert_overtakes_a_run_of_digests_on_sqlite(tmp_path: Path) -> None:
    installed(tmp_path / "home", {})


@pytest.mark.postgres
def test_an_alert_overtakes_a_run_of_digests_on_postgresql(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    installed(tmp_path / "home", {"DESPATCH_STORE": postgres_server.new_database()})
