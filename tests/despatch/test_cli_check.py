"""`sources check` explains a poll and stores nothing; `sources show` tells how a source is."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from despatch.cli import run
from despatch.testing.http import Answer, LoopbackServer

FEEDS = Path(__file__).parent.parent / "data" / "feeds"
ATOM = (FEEDS / "govuk.atom").read_bytes()


@pytest.fixture
def site() -> Iterator[LoopbackServer]:
    with LoopbackServer() as server:
        headers = [("ETag", '"1"'), ("Cache-Control", "max-age=3600")]
        server.will("/news.atom", Answer(headers=headers, body=ATOM))
        yield server


class Here:
    """An installation that may read from loopback; what its commands said."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.home = home
        self._capsys = capsys

    def say(self, *arguments: str, code: int = 0) -> str:
        done = run(["--home", str(self.home), *arguments])
        printed = self._capsys.readouterr()
        assert done == code, printed
        return printed.out or printed.err

    def ask(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self.say(*arguments, "--json", code=code))

    def state(self) -> dict[str, str]:
        """Return a hash of every file that is kept."""
        with_words = [file for file in self.home.iterdir() if not file.name.endswith("-shm")]
        return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in with_words}


@pytest.fixture
def here(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Here:
    home = tmp_path / "home"
    home.mkdir()
    (home / "despatch.toml").write_text('allow_networks = ["127.0.0.0/8"]\nhost_pause = "0s"\n')
    return Here(home, capsys)


def test_an_address_is_checked_and_nothing_at_all_is_stored(
    here: Here, site: LoopbackServer
) -> None:
    before = here.state()
    said = here.say("sources", "check", site.url("/news.atom"))
    for words in (
        f"GET {site.url('/news.atom')}",
        "guard: 127.0.0.1 (opened by allow_networks)",
        "fresh for 1 h",
        "Read as Atom 1.0 in utf-8: “Activity on GOV.UK”",
        "2 new (backlog: kept, told to nobody):",
        "never seen before; known by the feed's own id",
        "by https://www.gov.uk/government/news/one-example",
        "Next poll: in 6",
        "(Cache-Control).",
        "despatch sources add",
    ):
        assert words in said
    assert here.state() == before


def test_every_hop_is_told_with_what_it_means(here: Here, site: LoopbackServer) -> None:
    site.will("/old", Answer(301, [("Location", "/hop")]))
    site.will("/hop", Answer(302, [("Location", "/news.atom")]))
    done = here.ask("sources", "check", site.url("/old"))
    assert [(one["address"], one["status"]) for one in done["requests"]] == [
        (site.url("/old"), 301),
        (site.url("/hop"), 302),
        (site.url("/news.atom"), 200),
    ]
    first, second, _third = (one["headers"][0]["means"] for one in done["requests"])
    assert "for good" in first
    assert "for now" in second


def test_a_name_is_checked_with_the_guard_s_word_on_each_of_its_addresses(
    here: Here, site: LoopbackServer
) -> None:
    done = here.ask("sources", "check", f"http://localhost:{site.port}/news.atom", code=0)
    assert "127.0.0.1" in done["resolved"]["localhost"]
    assert done["requests"][0]["guard"].startswith("localhost is at ")


@pytest.mark.parametrize(
    "answer, outcome, says",
    [
        (Answer(404), "failed", "http 404"),
        (Answer(410), "ended", "http 410"),
        (Answer(302, [("Location", "http://169.254.169.254/")]), "failed", "blocked address"),
        (Answer(body=b"<html><a href=/x.rss>RSS</a>"), "failed", "not a feed"),
        (Answer(503, [("Retry-After", "3600")]), "failed", "http 503"),
    ],
)
def test_what_cannot_be_read_is_explained_as_far_as_it_went(
    answer: Answer, outcome: str, says: str, here: Here, site: LoopbackServer
) -> None:
    site.will("/bad", answer)
    done = here.ask("sources", "check", site.url("/bad"), code=1)
    assert done["outcome"] == outcome
    assert done["problem"].startswith(says)
    assert done["requests"][0]["status"] == answer.status
    if says == "not a feed":
        assert done["found"] == [{"address": site.url("/x.rss"), "title": "RSS"}]
    if answer.status == 503:
        assert done["next"]["why"] == "the server asked for 1 h (Retry-After)"


def test_a_feed_with_a_fault_is_read_and_the_fault_is_told(
    here: Here, site: LoopbackServer
) -> None:
    site.will("/faulty", Answer(body=(FEEDS / "malformed.xml").read_bytes()))
    [document] = here.ask("sources", "check", site.url("/faulty"))["documents"]
    assert document["entries"]
    assert document["fault"]


def test_a_source_is_checked_as_it_stands_and_stays_so(here: Here, site: LoopbackServer) -> None:
    """It is asked with its own validators, and judged by what is known of its entries."""
    here.say("sources", "add", site.url("/news.atom"), "--name", "govuk")
    here.say("poll", "--once")
    shown = here.ask("sources", "show", "govuk")
    assert here.ask("sources", "check", "govuk")["outcome"] == "not modified"
    changed = ATOM.replace(b"One example", b"One example, changed")
    site.will("/news.atom", Answer(headers=[("ETag", '"2"')], body=changed))
    done = here.ask("sources", "check", "govuk")
    assert [(one["decision"], one["reason"]) for one in done["entries"]] == [
        ("revised", "the publisher changed the text"),
    ]
    assert done["unchanged"] == 1
    assert here.ask("sources", "show", "govuk") == shown


def test_a_server_that_wants_to_be_left_alone_is(here: Here, site: LoopbackServer) -> None:
    site.will("/busy", Answer(503, [("Retry-After", "3600")]))
    here.say("sources", "add", site.url("/busy"), "--name", "busy", "--no-preview")
    here.say("poll", "--once", code=1)
    asked = len(site.requests)
    said = here.say("sources", "check", "busy", code=75)
    assert "asked to be left alone until" in said
    assert len(site.requests) == asked


def test_an_ended_feed_is_told_as_one_and_a_wrong_name_with_the_way_out(
    here: Here, site: LoopbackServer
) -> None:
    site.will("/ended", Answer(body=(FEEDS / "ended.atom").read_bytes()))
    assert "Next poll: none: it has ended" in here.say("sources", "check", site.url("/ended"))
    assert "despatch sources catalogue" in here.say("sources", "check", "nonsense", code=2)


def test_a_source_is_shown_with_its_past_and_what_comes_next(
    here: Here, site: LoopbackServer
) -> None:
    here.say("sources", "add", site.url("/news.atom"), "--name", "govuk")
    assert "It was never polled." in here.say("sources", "show", "govuk")
    here.say("poll", "--once")
    said = here.say("sources", "show", "govuk")
    for words in (
        "govuk is active",
        site.url("/news.atom"),
        "Read well: ",
        "(Cache-Control)",
        "No gap was ever found",
        "fetched",
    ):
        assert words in said
    [poll] = here.ask("sources", "show", "govuk")["polls"]
    assert (poll["outcome"], poll["status"], poll["new"]) == ("fetched", 200, 2)


def test_a_source_that_fails_is_shown_with_its_problem_and_its_alarm(
    here: Here, site: LoopbackServer
) -> None:
    here.say("sources", "add", site.url("/gone"), "--name", "gone", "--no-preview")
    for _ in range(3):
        here.say("poll", "--once", "--all", code=1)
    said = here.say("sources", "show", "gone")
    assert "Failed 3 times in a row" in said
    assert "http 404" in said
    assert "Alarm since" in said
    assert "it failed 3 times in a row" in said
    here.say("sources", "pause", "gone")
    assert "despatch sources resume gone" in here.say("sources", "show", "gone")
    assert "no source 'nobody'" in here.say("sources", "show", "nobody", code=2)


def test_a_source_that_is_gone_is_shown_as_ended(here: Here, site: LoopbackServer) -> None:
    here.say("sources", "add", site.will("/410", Answer(410)), "--name", "gone", "--no-preview")
    here.say("poll", "--once", code=1)

    assert "If it is back: despatch sources resume gone" in here.say("sources", "show", "gone")


def test_the_list_says_how_each_is_at_a_glance(here: Here, site: LoopbackServer) -> None:
    here.say("sources", "add", site.url("/news.atom"), "--name", "a")
    here.say("sources", "add", site.url("/gone"), "--name", "b", "--no-preview")
    here.say("sources", "add", site.url("/later"), "--name", "c", "--no-preview")
    here.say("sources", "pause", "c")
    assert "not read yet" in here.say("sources", "list")
    for often in (1, 2):
        here.say("poll", "--once", "--all", code=1)
        said = here.say("sources", "list", "--json").splitlines()
        failing = "failed once" if often == 1 else "fails, 2 in a row"
        assert [json.loads(line)["health"] for line in said] == ["well", failing, "paused"]


def test_a_removed_source_is_neither_paused_nor_resumed(here: Here, site: LoopbackServer) -> None:
    here.say("sources", "add", site.url("/news.atom"), "--name", "a")
    here.say("sources", "remove", "a")
    for command in ("pause", "resume", "remove"):
        assert "no source 'a'" in here.say("sources", command, "a", code=2)
    assert "No sources" in here.say("sources", "list")
