"""`backtest`, `subscribe --preview` and `why`, on an installation that read the seed."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from despatch.app import App
from despatch.app.backtesting import backtest
from despatch.cli import run
from despatch.filter import Filter, of_themes
from despatch.ports import Place, Taken
from despatch.settings import read
from despatch.testing.releases import SEEN, a_classified, a_release, a_revision

VISAS = a_classified(a_revision(a_release("visas")))
PLACE = Place("cluster-a", "despatch.classified.v1", "topic-1", 0)
SINCE = ("--since", "2026-01-01")


@pytest.fixture
def home(tmp_path: Path) -> str:
    """An installation whose archive holds three releases, one of them about migration."""
    others = [
        a_classified(a_revision(a_release(name)), themes=("trade",)) for name in ("ships", "steel")
    ]
    with App(read(tmp_path, environ={})) as app, app.store.transaction() as tx:
        for offset, classified in enumerate([VISAS, *others]):
            taken = Taken(classified, PLACE, offset, SEEN, "new: the first sight of this release")
            tx.archive(taken, best=True)
    return str(tmp_path)


def gives(home: str, capfd: pytest.CaptureFixture[str], *arguments: str) -> list[Any]:
    assert run(["--home", home, *arguments, "--json"]) == 0
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def says(home: str, capfd: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(["--home", home, *arguments]) == 0
    return capfd.readouterr().out


def test_a_backtest_lists_what_would_have_come_and_how_much(
    home: str, capfd: pytest.CaptureFixture[str]
) -> None:
    sent, summed = gives(home, capfd, "backtest", "theme:migration", *SINCE)
    assert (sent["release"], sent["event"]) == (VISAS.revision.release.id, "new")
    assert sent["reason"] == "theme migration, 90% sure: “A”"
    assert (summed["releases"], summed["alerts"], summed["busiest_week"]) == (3, 1, 1)
    shown = says(home, capfd, "backtest", "theme:migration", *SINCE)
    assert "2026-03-02  new  A release about visas" in shown
    assert "Of 3 archived releases since 02 March 2026: 1 alert" in shown


def test_a_preview_is_the_same_and_keeps_nothing(
    home: str, capfd: pytest.CaptureFixture[str]
) -> None:
    asked = ("theme:migration", *SINCE)
    previewed = gives(home, capfd, "subscribe", "--preview", *asked)
    assert previewed[0] == gives(home, capfd, "backtest", *asked)[0]
    assert "Nobody is subscribed" in says(home, capfd, "subscriptions", "list")


def test_a_frequency_says_how_many_digests_it_would_have_been(
    home: str, capfd: pytest.CaptureFixture[str]
) -> None:
    shown = says(home, capfd, "backtest", "*", *SINCE, "--frequency", "daily 08:30")
    assert "3 alerts" in shown
    assert "in 1 digest, daily 08:30 UTC" in shown


def test_facts_are_read_now_of_what_was_archived_before_there_were_any(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = "The United Kingdom and Türkiye signed an agreement."
    classified = a_classified(a_revision(a_release("deal", text=text)))
    with App(read(tmp_path, environ={})) as app, app.store.transaction() as tx:
        tx.archive(Taken(classified, PLACE, 0, SEEN, "new: x"), best=True)
    sent, _summed = gives(str(tmp_path), capfd, "backtest", "country:TR", *SINCE)
    assert sent["reason"] == "country TR (Türkiye)"


def test_an_empty_archive_says_how_it_is_filled(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert "despatch replay" in says(str(tmp_path), capfd, "backtest", "*")


def test_the_archive_is_asked_page_by_page_and_nothing_is_left_out(tmp_path: Path) -> None:
    many = [a_classified(a_revision(a_release(f"visas-{number}"))) for number in range(250)]
    seen: list[int] = []
    with App(read(tmp_path, environ={})) as app:
        with app.store.transaction() as tx:
            for offset, classified in enumerate(many):
                tx.archive(Taken(classified, PLACE, offset, SEEN, "new: x"), best=True)
        found = backtest(
            app,
            Filter(),
            frozenset({"new"}),
            since=SEEN,
            progress=lambda _doing, at, _of: seen.append(at),
        )
        later = backtest(app, of_themes("migration"), frozenset({"new"}), since=app.clock.now())
    assert {one.release for one in found.sent} == {one.revision.release.id for one in many}
    assert seen == list(range(1, 251))
    assert later.releases == 0


def test_why_answers_from_the_filter_where_there_is_no_record(
    home: str, capfd: pytest.CaptureFixture[str]
) -> None:
    says(home, capfd, "subscribe", "theme:partnerships", "--to", "console://", "--name", "desk")
    release = VISAS.revision.release.id
    (answer,) = gives(home, capfd, "why", "desk", release)
    assert (answer["answer"], answer["release"]) == ("no", release)
    assert answer["said"] == "No, themes: it lacks theme partnerships: its themes are migration"
    shown = says(home, capfd, "why", "desk", "https://example.gov/visas")
    assert "themes?          no" in shown
    assert run(["--home", home, "why", "desk", "nothing"]) == 2


def test_releases_from_before_the_time_asked_for_are_not_counted(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """What was archived late would make a query look as if it found nothing among thousands."""
    old = a_classified(a_revision(a_release("old", published_at=SEEN - timedelta(days=900))))
    with App(read(tmp_path, environ={})) as app, app.store.transaction() as tx:
        tx.archive(Taken(old, PLACE, 0, SEEN, "new: x"), best=True)
    (summed,) = gives(str(tmp_path), capfd, "backtest", "*", *SINCE)
    assert (summed["releases"], summed["alerts"]) == (0, 0)
    assert "look further back" in says(str(tmp_path), capfd, "backtest", "*", *SINCE)


def test_a_query_that_begins_with_a_minus_is_told_where_it_stands(
    home: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["--home", home, "backtest", "-theme:trade"]) == 2
    assert "despatch backtest -- '-theme:trade'" in capfd.readouterr().err
    assert "1 alert" in says(home, capfd, "backtest", *SINCE, "--", "-theme:trade")
    assert run(["--home", home, "backtest", "visa", "--al"]) == 2
    assert "--all" in (said := capfd.readouterr().err)
    assert "-theme" not in said
