"""Polling feeds into log and store: against `reader`, and against keeping nothing of them."""

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import feedparser

from bench.measure import Cost, Stopwatch, alternate
from bench.peer_reader import phases
from bench.peers import Missing, folder
from bench.report import Contest, Report, Values
from bench.server import Server
from despatch import settings
from despatch.app.wiring import App
from despatch.model import SourceId
from despatch.ports import SourceRecord
from despatch.topics import RELEASES

FEEDS = 1_000
ENTRIES = 20
AT_ONCE = 16
"""Requests under way at the one host, everybody's."""

OURS = "Despatch, stored and published"
READER = "reader, stored"
BARE = "aiohttp + feedparser"
PLAIN = "the same, feedparser's cleaning off"

_TITLES = {
    "first": f"First poll of {FEEDS:,} feeds of {ENTRIES} entries",
    "304": "Second poll: the server says that nothing moved (304)",
    "unchanged": "Third poll: the same bytes again, from a server without validators",
    "one new": "Fourth poll: one new entry in every feed",
}
_OFF = {"sanitize_html": False, "resolve_relative_uris": False}

Found = dict[str, Cost]


def run(runs: int, folder_: Path) -> Report:
    """Return feeds a second and CPU seconds of each phase, and the most memory that we took."""
    names, missing = count(), []
    peaks: list[float] = []
    with Server(feeds=FEEDS, entries=ENTRIES) as server:
        contenders: dict[str, Callable[[], Found]] = {
            OURS: lambda: _ours(folder_ / str(next(names)), server, peaks),
            BARE: lambda: asyncio.run(_bare(server, {})),
            PLAIN: lambda: asyncio.run(_bare(server, _OFF)),
        }
        try:
            peers = folder("reader")
            contenders[READER] = lambda: _reader(server, peers)
        except Missing as exc:
            missing.append(str(exc))
        found = alternate(contenders, runs, warm_ups=0)
    contests = [
        Contest(
            title,
            "feeds",
            {name: [each[phase] for each in rounds] for name, rounds in found.items()},
            [BARE, READER],
        )
        for phase, title in _TITLES.items()
    ]
    memory = Values(
        "All four polls: memory, children included", "MiB (PSS) at most", {OURS: [max(peaks)]}
    )
    return Report("poll", [*contests, memory], missing)


def _ours(home: Path, server: Server, peaks: list[float]) -> Found:
    """Poll an installation of its own with `despatch poll --once --all`, as anybody would.

    What the command says of itself is from the first fetch to the last commit, children included.
    """
    given: dict[str, Any] = {"host_at_once": AT_ONCE, "host_pause": timedelta(0)}
    given["allow_networks"] = ["127.0.0.0/8"]
    costs: Found = {}
    expected = {"first": "fetched", "304": "not_modified", "unchanged": "unchanged"}
    with App(settings.read(home, environ={}, **given)) as app:
        with app.store.transaction() as tx:
            for number in range(FEEDS):
                kept = {"address": server.url(f"/feed/{number}")}
                added_at = app.clock.now() - timedelta(days=1_000)
                tx.add_source(SourceRecord(SourceId(f"feed-{number}"), "feed", kept, added_at))
        for phase, before in phases(server.ask):
            before()
            said = _polled(home, peaks)
            if said[expected.get(phase, "fetched")] != FEEDS:
                raise RuntimeError(f"the poll {phase!r} came to {said}")
            costs[phase] = Cost(FEEDS, said["wall_s"], said["cpu_s"])
        published = sum(extent.end for extent in app.bus.extents(RELEASES).values())
    server.ask("/news")
    if published != FEEDS * (ENTRIES + 1):
        raise RuntimeError(f"{published} of {FEEDS * (ENTRIES + 1)} entries were published")
    return costs


def _polled(home: Path, peaks: list[float]) -> dict[str, Any]:
    """Poll every source once; return the line of JSON that says what it came to."""
    own = {
        "DESPATCH_HOST_AT_ONCE": str(AT_ONCE),
        "DESPATCH_HOST_PAUSE": "0s",
        "DESPATCH_ALLOW_NETWORKS": "127.0.0.0/8",
    }
    command = [sys.executable, "-m", "despatch.cli", "--home", str(home)]
    polling = subprocess.Popen(  # noqa: S603 - our own arguments, no shell
        [*command, "poll", "--once", "--all", "--json"],
        env={**os.environ, **own},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with _Peak(polling.pid) as peak:
        out, err = polling.communicate()
    peaks.append(peak.mib)
    if polling.returncode:
        raise RuntimeError(f"despatch poll failed: {err[-500:]}")
    said: dict[str, Any] = json.loads(out.splitlines()[-1])
    return said


def _reader(server: Server, peers: Path) -> Found:
    done = subprocess.run(  # noqa: S603 - our own arguments, no shell
        [sys.executable, "-m", "bench.peer_reader", server.url("").rstrip("/"), str(FEEDS)],
        env={**os.environ, "PYTHONPATH": str(peers)},
        capture_output=True,
        text=True,
        check=True,
    )
    said = json.loads(done.stdout)
    server.ask("/news")
    if said.pop("entries") != FEEDS * (ENTRIES + 1):
        raise RuntimeError("reader has not kept every entry")
    return {phase: Cost(FEEDS, cost["wall_s"], cost["cpu_s"]) for phase, cost in said.items()}


async def _bare(server: Server, how: dict[str, bool]) -> Found:
    etags: dict[str, str] = {}
    costs: Found = {}
    connector = aiohttp.TCPConnector(limit=AT_ONCE)
    async with aiohttp.ClientSession(connector=connector) as session:
        for phase, before in phases(server.ask):
            await asyncio.to_thread(before)
            with Stopwatch() as watch:
                addresses = [server.url(f"/feed/{number}") for number in range(FEEDS)]
                found = await asyncio.gather(
                    *(_fetch(session, each, etags.get(each, ""), how) for each in addresses)
                )
            etags = dict(zip(addresses, found, strict=True))
            costs[phase] = watch.cost(FEEDS)
    await asyncio.to_thread(server.ask, "/news")
    return costs


async def _fetch(
    session: aiohttp.ClientSession, address: str, etag: str, how: dict[str, bool]
) -> str:
    headers = {"If-None-Match": etag} if etag else {}
    async with session.get(address, headers=headers) as answer:
        if answer.status == 304:
            return etag
        body = await answer.read()
    parsed: Any = feedparser.parse(body, **how)
    if len(parsed.entries) != ENTRIES:
        raise RuntimeError(f"{address} has {len(parsed.entries)} entries, not {ENTRIES}")
    return answer.headers.get("ETag", "")


class _Peak:
    """The most memory that a process and its children had at once, each page counted once."""

    def __init__(self, pid: int) -> None:
        self.mib = 0.0
        self._pid = pid
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)

    def __enter__(self) -> "_Peak":
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look_on(self) -> None:
        while not self._stop.wait(0.1):
            kib = sum(map(_pss_kib, [self._pid, *_children(self._pid)]))
            self.mib = max(self.mib, kib / 1024)


def _children(pid: int) -> Sequence[int]:
    found: list[int] = []
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += map(int, file.read_text().split())
    return found


def _pss_kib(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0
