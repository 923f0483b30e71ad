"""Hostile and odd answers, through the poller: what comes of each, and that the rest goes on.

All of them are polled once, by one poller with the real fetcher, parser, log and store; each test
looks at what came of one. The cases stand in `despatch/testing/hostile.py`.
"""

import asyncio
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import StringIO
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from despatch.app.wiring import App
from despatch.cli import run
from despatch.model import Revision, SourceId
from despatch.ports import SourceRecord
from despatch.settings import read
from despatch.testing import FakeClock, LoopbackServer
from despatch.testing.hostile import NAMES, SECRET, Case, cases, path_of
from despatch.topics import RELEASES, decode
from ingest.http import HttpFetcher
from ingest.poller import PollReport

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "polling.md"
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
NAMED = cases(lambda path: path, "", 0)
EVERY = pytest.mark.parametrize("name", NAMED)

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Polled:
    """What came of polling them all."""

    cases: Mapping[str, Case]
    reports: Mapping[str, PollReport]
    again: Mapping[str, PollReport]
    published: Mapping[str, Sequence[Revision]]
    listed: Mapping[str, Mapping[str, Any]]
    alarms: Sequence[str]
    server: LoopbackServer


async def resolve(host: str) -> Sequence[str]:
    if host == "localhost":
        return ["127.0.0.1"]
    if host not in NAMES:
        raise OSError("no such name")
    return NAMES[host]


def said(home: Path, *arguments: str) -> list[dict[str, Any]]:
    """Return what a command gives, as JSON."""
    with redirect_stdout(StringIO()) as out:
        run(["--home", str(home), *arguments, "--json"])
    return [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.fixture(scope="module")
def polled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Polled]:
    home = tmp_path_factory.mktemp("hostile")
    (home / "secret").write_text(SECRET)
    clock = FakeClock(NOW)
    with LoopbackServer() as server, App(read(home, environ={}), clock=clock) as app:
        every = cases(server.url, (home / "secret").as_uri(), 0.05)
        for name, case in every.items():
            here = server.will(path_of(name), case.answer).replace("127.0.0.1", case.host)
            address = case.address or here
            for more, answer in case.more.items():
                server.will(f"/{more}", answer)
            source = SourceRecord(
                SourceId(path_of(name)[1:]), "feed", {"address": address}, app.clock.now()
            )
            with app.store.transaction() as tx:
                tx.add_source(source)

        async def poll() -> list[dict[str, PollReport]]:
            async with HttpFetcher(
                allow_networks=[ip_network("127.0.0.0/8")],
                clock=clock,
                total=timedelta(seconds=2),
                per_host=100,
                resolve=resolve,
            ) as fetcher:
                poller = app.poller(fetcher)
                first = await poller.poll_once(everything=True)
                again = await poller.poll_once([SourceId("good")])
            return [{one.source: one for one in reports} for reports in (first, again)]

        reports, again = asyncio.run(poll())
        revisions = [decode(Revision, message.value) for message in app.bus.browse(RELEASES)]
        yield Polled(
            cases=every,
            reports=reports,
            again=again,
            published={
                source: [one for one in revisions if one.release.source == source]
                for source in reports
            },
            listed={one["source"]: one for one in said(home, "sources", "list")},
            alarms=[one["text"] for one in said(home, "status")[0]["alarms"]],
            server=server,
        )


@EVERY
def test_each_ends_as_it_should_and_says_so(polled: Polled, name: str) -> None:
    case, source = polled.cases[name], path_of(name)[1:]
    report, listed = polled.reports[source], polled.listed[source]

    assert (report.outcome, report.problem) == (case.outcome, report.problem)
    assert report.problem.startswith(case.word)
    assert bool(report.problem) == bool(case.word)
    assert report.changed == 0
    assert listed["problem"] == report.problem
    assert listed["state"] == ("paused" if case.outcome == "ended" else "active")
    assert listed["failures"] == bool(case.word)


@EVERY
def test_what_can_be_read_of_each_is_published(polled: Polled, name: str) -> None:
    case = polled.cases[name]
    titles = [one.release.title for one in polled.published[path_of(name)[1:]]]

    if case.count is None:
        assert sorted(titles) == sorted(case.titles or ())
    else:
        assert len(titles) == case.count


@EVERY
def test_each_is_due_again_and_not_too_soon(polled: Polled, name: str) -> None:
    case, listed = polled.cases[name], polled.listed[path_of(name)[1:]]
    wait = datetime.fromisoformat(listed["due"]) - NOW

    assert wait >= timedelta(seconds=case.retry_after_s or 300)
    assert wait <= timedelta(hours=53), "two days, and what is spread"


def test_the_others_go_on(polled: Polled) -> None:
    assert polled.again["good"].outcome == "not modified"


def test_what_a_document_names_is_never_read(polled: Polled) -> None:
    texts = [one.release.text for some in polled.published.values() for one in some]

    assert not [text for text in texts if SECRET in text]
    assert not [request for request in polled.server.requests if request.path == "/never"]


def test_no_request_tells_more_than_it_must(polled: Polled) -> None:
    assert not [r for r in polled.server.requests if {"cookie", "referer"} & set(r.headers)]


def test_a_person_hears_of_what_has_ended_and_of_nothing_else_yet(polled: Polled) -> None:
    ended = {path_of(name)[1:] for name, case in polled.cases.items() if case.outcome == "ended"}

    assert {alarm.split()[0] for alarm in polled.alarms} == ended


def test_the_reference_has_every_word_and_no_other(polled: Polled) -> None:
    """Save those that only a real certificate, a network or a proxy brings about."""
    table = PAGE.read_text().partition("| word | what happened |")[2].partition("\n\n")[0]
    words = set(re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE))
    seen = {re.sub(r"http \d+", "http 404", case.word) for case in polled.cases.values()}

    assert seen - {""} <= words
    assert words - seen == {"tls", "unreachable", "proxy", "too slow", "broken feed"}
