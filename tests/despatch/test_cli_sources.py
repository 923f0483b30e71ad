"""`despatch sources`: feeds are found, shown, added and listed; every mistake is one line."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from despatch.app.running import Heart, others_running
from despatch.app.wiring import App
from despatch.cli import run
from despatch.cli.choosing import choose
from despatch.errors import UsageError
from despatch.settings import read
from despatch.testing.http import Answer, LoopbackServer
from ingest.discover import Candidate

FEEDS = Path(__file__).parent.parent / "data" / "feeds"
HTML = [("Content-Type", "text/html")]
PAGE = (
    b"<html><link rel=alternate type='application/atom+xml' title='All news' href=/news.atom>"
    b"<link rel=alternate type='application/rss+xml' title=Ports href=/ports.rss>"
)


@pytest.fixture
def site() -> Iterator[LoopbackServer]:
    with LoopbackServer() as server:
        atom, rss = (FEEDS / "govuk.atom").read_bytes(), (FEEDS / "rss.xml").read_bytes()
        server.will("/news.atom", Answer(headers=[("ETag", '"1"')], body=atom))
        server.will("/ports.rss", Answer(body=rss))
        server.will("/page", Answer(headers=HTML, body=PAGE))
        yield server


class Here:
    """An installation that may read from loopback; what its commands said, and their codes."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.home = home
        self._capsys = capsys

    def say(self, *arguments: str, code: int = 0) -> str:
        """Run a command that must end with a code; return what it printed, or its complaint."""
        done = run(["--home", str(self.home), "sources", *arguments])
        printed = self._capsys.readouterr()
        assert done == code, printed
        if code in {0, 1}:
            return printed.out
        assert printed.err.startswith("despatch: ")
        assert printed.err.count("\n") == 1
        return printed.err

    def poll(self) -> None:
        """Poll what is due; what that says is not looked at."""
        run(["--home", str(self.home), "poll", "--once"])
        self._capsys.readouterr()

    def ask(self, *arguments: str, code: int = 0) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.say(*arguments, "--json", code=code).splitlines()]


@pytest.fixture
def here(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Here:
    home = tmp_path / "home"
    home.mkdir()
    (home / "despatch.toml").write_text('allow_networks = ["127.0.0.0/8"]\n')
    return Here(home, capsys)


def test_a_feed_is_shown_before_it_is_added(here: Here, site: LoopbackServer) -> None:
    said = here.say("add", site.url("/news.atom"), "--name", "govuk")
    for words in (
        "Activity on GOV.UK Atom 1.0",
        "2 releases, the newest",
        "Sends an ETag",
        "2026-03-02 10:00  Press release: One example",
        "Added govuk.",
    ):
        assert words in said


def test_who_adds_is_told_to_poll_unless_a_poller_runs(here: Here, site: LoopbackServer) -> None:
    assert "despatch poll --once" in here.say("add", site.url("/ports.rss"))
    with App(read(here.home, environ={})) as app, Heart(app, "ingest"):
        began = app.clock.now()
        while not others_running(app, ("ingest",)):
            assert app.clock.now() - began < timedelta(minutes=1)
        said = here.say("add", site.url("/news.atom"))
    assert "The poller that runs reads it now" in said
    assert "poll --once" not in said


@pytest.mark.parametrize(
    "answer, why",
    [
        (Answer(410), "http 410"),
        (Answer(body=(FEEDS / "ended.atom").read_bytes()), "its feed says so itself"),
    ],
)
def test_a_source_that_has_ended_is_told_from_one_that_is_paused(
    here: Here, site: LoopbackServer, answer: Answer, why: str
) -> None:
    """With when, why, and what to do."""
    for name in ("old", "resting"):
        here.say("add", site.url(f"/{name}"), "--no-preview", "--name", name)
    here.say("pause", "resting")
    site.will("/old", answer)
    here.poll()

    old, resting = here.ask("list")
    assert (old["health"], resting["health"]) == ("ended", "paused")
    assert old["ended_at"]
    assert resting["ended_at"] is None
    [shown] = here.ask("show", "old")
    assert why in shown["ended"]["why"]
    assert why in here.say("list")
    said = here.say("show", "old")
    assert re.match(r"old has ended, added .*\n", said)
    assert re.search(rf"Ended .* ago \(.* UTC\): .*{why}", said)
    assert "look for its successor" in said
    assert "Next poll" not in said
    assert "resting is paused" in here.say("show", "resting")


def test_a_source_that_is_redirected_for_good_says_where_to_before_it_is_believed(
    here: Here, site: LoopbackServer
) -> None:
    site.will("/old", Answer(301, [("Location", "/news.atom")]))
    here.say("add", site.url("/old"), "--no-preview", "--name", "old")
    here.poll()

    said = here.say("show", "old")
    assert f"has moved for good, to {site.url('/news.atom')}: so did 1 poll, the first" in said
    assert here.ask("show", "old")[0]["moving"]["to"] == site.url("/news.atom")


def test_an_ended_source_that_is_resumed_is_read_again(here: Here, site: LoopbackServer) -> None:
    here.say("add", site.url("/old"), "--no-preview", "--name", "old")
    site.will("/old", Answer(410))
    here.poll()

    here.say("resume", "old")

    assert here.ask("list")[0]["health"] != "ended"


def test_the_preview_is_the_same_for_machines(here: Here, site: LoopbackServer) -> None:
    [said] = here.ask("add", site.url("/ports.rss"))
    assert said["added"]
    assert said["source"] == f"127.0.0.1-{site.port}-ports.rss"
    shown = said["preview"]
    assert (shown["title"], shown["format"]) == ("Ministry of Ports – News", "RSS 2.0")
    assert (shown["entries"], shown["empty"], shown["etag"]) == (3, 1, None)
    assert shown["newest"][0]["at"] == shown["newest_at"] == "2026-03-02T11:30:00+00:00"


def test_without_a_preview_nothing_is_asked_for(here: Here, site: LoopbackServer) -> None:
    [said] = here.ask("add", site.url("/nothing"), "--no-preview")
    assert said["added"]
    assert "preview" not in said
    assert site.requests == []


def test_of_several_feeds_of_a_page_one_must_be_named(here: Here, site: LoopbackServer) -> None:
    said = here.say("add", site.url("/page"), code=2)
    assert "has 2 feeds" in said
    assert f"{site.url('/news.atom')} (All news); {site.url('/ports.rss')} (Ports)" in said
    assert "--first" in said
    assert here.ask("list") == []


@pytest.mark.parametrize("option", ["--first", "--yes", "-y"])
def test_or_the_first_is_taken(option: str, here: Here, site: LoopbackServer) -> None:
    [said] = here.ask("add", site.url("/page"), option)
    assert said["address"] == site.url("/news.atom")


def test_the_only_feed_of_a_page_is_taken(here: Here, site: LoopbackServer) -> None:
    site.will("/one", Answer(headers=HTML, body=b"<html><a href=ports.rss>RSS</a>"))
    [said] = here.ask("add", site.url("/one"), "--name", "ports")
    assert (said["source"], said["address"]) == ("ports", site.url("/ports.rss"))


def test_a_person_chooses_by_number() -> None:
    found = [Candidate(f"https://x.gov/{n}", "", "named") for n in range(3)]
    assert choose("https://x.gov", found, ask=lambda most: most).address == "https://x.gov/2"
    with pytest.raises(UsageError, match="has 3 feeds"):
        choose("https://x.gov", found)


def test_a_feed_added_twice_is_told_and_nothing_is_changed(
    here: Here, site: LoopbackServer
) -> None:
    here.say("add", site.url("/news.atom"), "--name", "govuk")
    assert "added before, as govuk" in here.say("add", site.url("/news.atom"))
    site.will("/moved", Answer(301, [("Location", "/news.atom")]))
    assert not here.ask("add", site.url("/moved"))[0]["added"]
    here.say("pause", "govuk")
    assert "despatch sources resume govuk" in here.say("add", site.url("/news.atom"))
    assert len(here.ask("list")) == 1


@pytest.mark.parametrize(
    "path, answer, code, says",
    [
        ("/none", Answer(headers=HTML, body=b"<html>x"), 65, "no feed: .* at 10 usual places"),
        ("/json", Answer(body=b"{}"), 65, "neither a feed nor a page"),
        (
            "/feed.json",
            Answer(body=b'{"version": "https://jsonfeed.org/version/1.1"}'),
            65,
            "a JSON Feed, which is not read: look for the site's RSS or Atom feed",
        ),
        ("/gone", Answer(410), 65, "http 410"),
        ("/down", Answer(503), 75, "http 503.*--no-preview"),
        ("/loop", Answer(302, [("Location", "/loop")]), 65, "redirects more than"),
        ("/in", Answer(302, [("Location", "http://169.254.169.254/")]), 65, "blocked address"),
        ("/ended", Answer(body=(FEEDS / "ended.atom").read_bytes()), 2, "has ended.*successor"),
        ("/bad", Answer(headers=HTML, body=PAGE.replace(b"news", b"no")), 65, "http 404"),
    ],
)
def test_what_is_no_feed_is_one_line_and_a_code(
    path: str, answer: Answer, code: int, says: str, here: Here, site: LoopbackServer
) -> None:
    site.will(path, answer)
    said = here.say("add", site.url(path), "--first", code=code)
    assert_says(said, says)
    assert here.ask("list") == []


def assert_says(said: str, pattern: str) -> None:
    assert re.search(pattern, said), said


def test_a_private_address_is_refused_with_the_setting_that_opens_it(
    here: Here, site: LoopbackServer
) -> None:
    (here.home / "despatch.toml").write_text("")
    said = here.say("add", site.url("/news.atom"), code=65)
    assert_says(said, "blocked address: 127.0.0.1.*allow_networks")
    assert site.requests == []


def test_a_site_that_is_away_has_its_own_code(here: Here) -> None:
    assert "nothing listens" in here.say("add", "http://127.0.0.1:1/", code=69)


def test_a_name_of_the_catalogue_is_added_and_a_wrong_one_gets_the_nearest(here: Here) -> None:
    assert "Added gov.uk-home-office" in here.say("add", "home office", "--no-preview")
    assert "did you mean us/state?" in here.say("add", "us/stat", code=2)


def test_the_catalogue_is_listed_with_what_is_known_of_each(here: Here) -> None:
    said = here.say("catalogue", "refugee")
    assert "un/unhcr" in said
    assert "us/state" not in said
    assert "gov.uk/<slug>" in said
    [one] = here.ask("catalogue", "Department of State")
    assert (one["tried_on"], one["publisher"]) == (None, "United States government")
    assert "rel=self" in one["read_in"]
    assert "did you mean un/unhcr?" in here.say("catalogue", "un/unchr", code=2)


def test_a_list_comes_in_and_goes_out(here: Here, tmp_path: Path) -> None:
    file = tmp_path / "feeds.opml"
    file.write_text(
        "<opml version='2.0'><body><outline xmlUrl='https://example.gov/a' text='A'/>"
        "<outline xmlUrl='nonsense'/></body></opml>"
    )
    said = here.say("import", str(file), code=1)
    assert "1 source added, 0 known before, 1 not added" in said
    again = here.ask("import", str(file), code=1)
    assert again[0]["known"] == ["example.gov-a"]
    assert again[0]["failed"][0]["address"] == "nonsense"
    assert 'xmlUrl="https://example.gov/a"' in here.say("export")
    assert 'title="A"' in here.say("export")
    here.say("export", "--to", str(tmp_path / "out.opml"))
    assert "1 known before, 0 not" in here.say("import", str(tmp_path / "out.opml"))


@pytest.mark.parametrize(
    "text, code, says",
    [
        (None, 2, "can't be read: No such file"),
        ("# notes", 65, "not OPML: not well-formed"),
        ("<opml><body/></opml>", 65, "no outline in it has an xmlUrl"),
        ("<!DOCTYPE opml []><opml/>", 65, "DOCTYPE"),
    ],
)
def test_a_list_that_is_none_is_refused(
    text: str | None, code: int, says: str, here: Here, tmp_path: Path
) -> None:
    file = tmp_path / "feeds.opml"
    if text is not None:
        file.write_text(text)
    said = here.say("import", str(file), code=code)
    assert says in said
    assert str(file) in said


def test_a_list_that_cannot_be_written_is_said(here: Here, tmp_path: Path) -> None:
    assert "can't be written" in here.say("export", "--to", str(tmp_path), code=73)
