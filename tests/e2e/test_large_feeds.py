"""Several honest feeds near the cap at once, polled by the command itself: memory is bounded.

`pytest -s tests/e2e/test_large_feeds.py` prints the figure that docs/reference/polling.md has.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

from despatch.app.wiring import App
from despatch.model import SourceId
from despatch.ports import SourceRecord
from despatch.settings import read
from despatch.testing import Answer, LoopbackServer
from despatch.testing.hostile import MIB
from despatch.testing.installation import DESPATCH, Installation
from despatch.testing.memory import most_mib

FEEDS = 4
ENTRIES = 24_000
MOST_MIB = 250
WORDS = "The department has published what it said that it would, and the reasons. " * 5


def a_feed(number: int) -> bytes:
    """Return an Atom feed of 13 MiB."""
    entries = "".join(
        f"<entry><id>tag:example.gov,2026:{number}-{n}</id><title>News {n} of {number}</title>"
        f"<link href='https://example.gov/{number}/{n}'/><updated>2026-03-02T12:00:00Z</updated>"
        f"<summary>{WORDS}{n}.</summary></entry>"
        for n in range(ENTRIES)
    )
    return f"<feed xmlns='http://www.w3.org/2005/Atom'><title>x</title>{entries}</feed>".encode()


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.usefixtures("memory_told")
def test_feeds_near_the_cap_are_polled_at_the_same_time_in_bounded_memory(tmp_path: Path) -> None:
    home = tmp_path / "home"
    environ = {
        "DESPATCH_ALLOW_NETWORKS": "127.0.0.0/8",
        "DESPATCH_HOST_PAUSE": "0s",
        "DESPATCH_HOST_AT_ONCE": "16",
    }
    with Installation(home, environ) as installation, LoopbackServer() as server:
        with App(read(home, environ={})) as app:
            for number in range(FEEDS):
                body = a_feed(number)
                assert 12.5 * MIB < len(body) < 13.5 * MIB
                address = {"address": server.will(f"/{number}", Answer(body=body))}
                source = SourceRecord(SourceId(f"s{number}"), "feed", address, app.clock.now())
                with app.store.transaction() as tx:
                    tx.add_source(source)
        with (tmp_path / "said").open("wb") as said:
            poller = subprocess.Popen(
                [*DESPATCH, "poll", "--once", "--all", "--json"],
                env={**os.environ, **installation.environ},
                stdout=said,
            )
            most = most_mib(poller)
        total = json.loads((tmp_path / "said").read_text())

    print(f"at most {most:.0f} MiB; {total}")
    assert (total["fetched"], total["new"]) == (FEEDS, FEEDS * ENTRIES)
    assert most < MOST_MIB
