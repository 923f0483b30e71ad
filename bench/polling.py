"""Polling feeds into log and store, against fetching and parsing them and keeping nothing."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import feedparser

from bench.measure import Cost, Stopwatch, alternate
from bench.report import Contest, Report
from bench.server import Server
from despatch import settings
from despatch.app.wiring import App
from despatch.model import SourceId
from despatch.ports import SourceRecord
from despatch.topics import RELEASES

FEEDS = 200
ENTRIES = 20

OURS = "Despatch, stored and published"
BARE = "aiohttp + feedparser"
PLAIN = "the same, feedparser's cleaning off"

_PHASES = ("first", "304", "unchanged")
_OFF = {"sanitize_html": False, "resolve_relative_uris": False}


def run(runs: int, folder: Path) -> Report:
    """Return feeds a second: all new, all 304, all unchanged without the server saying so."""
    names = count()
    with Server(feeds=FEEDS, entries=ENTRIES) as server:
        addresses = [server.url(f"/feed/{number}") for number in range(FEEDS)]
        contenders: dict[str, Callable[[], dict[str, Cost]]] = {
            OURS: lambda: _ours(folder / str(next(names)), server, addresses),
            BARE: lambda: asyncio.run(_bare(server, addresses, {})),
            PLAIN: lambda: asyncio.run(_bare(server, addresses, _OFF)),
        }
        found = alternate(contenders, runs, warm_ups=0)
    titles = {
        "first": f"First poll of {FEEDS} feeds of {ENTRIES} entries",
        "304": "Second poll: the server says that nothing moved (304)",
        "unchanged": "Second poll: the same bytes again, from a server without validators",
    }
    return Report(
        "poll",
        [
            Contest(
                titles[phase],
                "feeds",
                {name: [each[phase] for each in rounds] for name, rounds in found.items()},
                [BARE],
            )
            for phase in _PHASES
        ],
    )


def _ours(home: Path, server: Server, addresses: Sequence[str]) -> dict[str, Cost]:
    """Poll three times with an installation of its own, as `despatch poll --once --all` does."""
    server.ask("/validators/on")
    # The peers are as impolite: all feeds are at one host.
    hurried = {"allow_networks": ["127.0.0.0/8"], "host_pause": timedelta(0), "host_at_once": 16}
    with App(settings.read(home, environ={}, **hurried)) as app:
        with app.store.transaction() as tx:
            for number, address in enumerate(addresses):
                kept = {"address": address}
                added_at = app.clock.now() - timedelta(days=1_000)
                tx.add_source(SourceRecord(SourceId(f"feed-{number}"), "feed", kept, added_at))
        costs = {"first": _poll(app, "fetched"), "304": _poll(app, "not modified")}
        server.ask("/validators/off")
        costs["unchanged"] = _poll(app, "unchanged")
        published = sum(extent.end for extent in app.bus.extents(RELEASES).values())
    if published != FEEDS * ENTRIES:
        raise RuntimeError(f"{published} of {FEEDS * ENTRIES} entries were published")
    return costs


def _poll(app: App, expected: str) -> Cost:
    async def poll() -> list[str]:
        async with app.fetcher() as fetcher:
            reports = await app.poller(fetcher).poll_once(everything=True)
        return [f"{report.outcome} {report.problem}".strip() for report in reports]

    with Stopwatch() as watch:
        outcomes = asyncio.run(poll())
    if set(outcomes) != {expected}:
        raise RuntimeError(f"polls came to {set(outcomes)}, not to {expected!r}")
    return watch.cost(len(outcomes))


async def _bare(server: Server, addresses: Sequence[str], how: dict[str, bool]) -> dict[str, Cost]:
    await asyncio.to_thread(server.ask, "/validators/on")
    async with aiohttp.ClientSession() as session:
        first, etags = await _fetch_all(session, addresses, {}, how)
        second, _same = await _fetch_all(session, addresses, etags, how)
        await asyncio.to_thread(server.ask, "/validators/off")
        third, _none = await _fetch_all(session, addresses, etags, how)
    return dict(zip(_PHASES, (first, second, third), strict=True))


async def _fetch_all(
    session: aiohttp.ClientSession,
    addresses: Sequence[str],
    etags: dict[str, str],
    how: dict[str, bool],
) -> tuple[Cost, dict[str, str]]:
    with Stopwatch() as watch:
        answers = await asyncio.gather(
            *(_fetch(session, address, etags.get(address, ""), how) for address in addresses)
        )
    return watch.cost(len(answers)), dict(zip(addresses, answers, strict=True))


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
