"""`poll --once`: what it gives back."""

import json
import signal
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from despatch.app.adding import add_source, wanted
from despatch.app.wiring import App
from despatch.cli import run
from despatch.settings import read
from despatch.testing import Answer, LoopbackServer

FEED = (
    b"<rss version='2.0'><channel><title>x</title><item><guid isPermaLink='false'>1</guid>"
    b"<title>News</title></item></channel></rss>"
)


def polled(home: Path, capfd: pytest.CaptureFixture[str], *options: str) -> list[dict[str, Any]]:
    """Poll everything once; return the lines of JSON."""
    run(["--home", str(home), "poll", "--once", "--all", "--json", *options])
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def test_polling_once_gives_one_line_of_what_it_came_to_and_cost(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "despatch.toml").write_text('allow_networks = ["127.0.0.0/8"]\nhost_pause = "0s"\n')
    with LoopbackServer() as server, App(read(tmp_path, environ={})) as app:
        good = server.will("/good", Answer(headers=[("ETag", '"1"')], body=FEED))
        add_source(app, wanted(good, "good"))
        add_source(app, wanted(server.url("/missing"), "missing"))

        [first] = polled(tmp_path, capfd)
        *each, second = polled(tmp_path, capfd, "--verbose")

    counted = {"sources": 2, "fetched": 1, "not_modified": 0, "unchanged": 0, "failed": 1}
    assert first | counted | {"new": 1, "revised": 0} == first
    assert first["cpu_s"] > 0
    assert first["peak_rss_mib"] > 0
    assert set(first) - set(counted) == {
        *("wall_s", "cpu_s", "import_cpu_s", "peak_rss_mib"),
        *("new", "revised"),
    }
    assert [(one["source"], one["outcome"]) for one in each] == [
        ("good", "not modified"),
        ("missing", "failed"),
    ]
    assert (second["fetched"], second["not_modified"], second["new"]) == (0, 1, 0)


@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_one_round_at_once_and_leaves_nothing_leased(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    """Not after all that is left to read: of many feeds at one host that is minutes."""
    (tmp_path / "despatch.toml").write_text('allow_networks = ["127.0.0.0/8"]\n')
    with socket.create_server(("127.0.0.1", 0)) as silent, App(read(tmp_path, environ={})) as app:
        add_source(app, wanted(f"http://127.0.0.1:{silent.getsockname()[1]}/feed", "silent"))
        command = [sys.executable, "-m", "despatch.cli", "--home", str(tmp_path), "poll", "--once"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as polling:
            asked, _from = silent.accept()
            with asked:
                polling.send_signal(number)
                _out, said = polling.communicate(timeout=20)
        with app.store.transaction() as tx:
            free = tx.lease_due("another", app.clock.now(), timedelta(minutes=5), 1)
    assert polling.returncode == code
    assert said == "despatch: stopped: what was not read yet is given back, for the next poll\n"
    assert [one.source.id for one in free] == ["silent"]


def test_a_source_that_another_reads_is_said_to_be_busy_once(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with App(read(tmp_path, environ={})) as app:
        add_source(app, wanted("https://dept.example.org/feed", "dept"))
        with app.store.transaction() as tx:
            now = app.clock.now()
            assert tx.lease_due("another", now, timedelta(minutes=5), 1, per_host=1)
        run(["--home", str(tmp_path), "poll", "--once", "--all"])
    assert capfd.readouterr().out == "dept: busy: paused, removed, or lent to another poller\n"
