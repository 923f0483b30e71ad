"""Replaying a feed's saved history: every poll as it was, through the poller itself."""

import json
import shutil
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from alerts.subscribe import Wish, subscribe
from despatch.app import App
from despatch.app.replay import replay
from despatch.cli import run
from despatch.errors import UsageError
from despatch.filter import of_themes
from despatch.model import Revision
from despatch.testing.channels import webhook_server
from despatch.topics import RELEASES, decode

ASYLUM = "The asylum system changes and people smugglers at the border face prison."


def feed(*items: tuple[int, str], dated: str = "Sat, 22 May 2021") -> bytes:
    """Return an RSS feed of (number, words); the n-th is published n minutes after midnight."""
    entries = "".join(
        f"<item><guid isPermaLink='false'>id {number}</guid><title>Release {number}</title>"
        f"<link>/release/{number}</link><pubDate>{dated} 00:{number:02}:00 GMT</pubDate>"
        f"<description>{words}</description></item>"
        for number, words in items
    )
    link = "<atom:link href='https://example.gov/feed/' rel='self'/>"
    return (
        "<rss version='2.0' xmlns:atom='http://www.w3.org/2005/Atom'><channel>"
        f"{link}<title>x</title>{entries}</channel></rss>"
    ).encode()


def window(newest: int, **words: str) -> bytes:
    """Return a window of three releases; `r3="…"` gives the third other words."""
    numbers = range(newest, newest - 3, -1)
    return feed(*((n, words.get(f"r{n}", f"What release {n} says.")) for n in numbers))


HISTORY = [
    window(3),  # first contact: 1, 2, 3
    window(3),  # the same bytes
    window(4, r3=ASYLUM),  # 4 is new, 3 is edited
    window(4),  # a cache flips back
    window(4, r3=ASYLUM),
    window(9),  # 5 and 6 were never seen
    window(4, r3=ASYLUM),  # a cache goes back to an old window
    window(9),
    feed(),  # nothing at all
    window(10),
]
LAST = {"polls": 10, "new": 8, "revised": 1, "flapped": 1, "gaps": 1}
"""Ids 1 to 4 and 7 to 10."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return saved(tmp_path / "history", HISTORY)


def saved(folder: Path, bodies: Sequence[bytes]) -> Path:
    folder.mkdir()
    for number, body in enumerate(bodies):
        (folder / f"{number:05}_2021-05-23T{10 + number}0000.xml").write_bytes(body)
    return folder


def lines(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_the_last_line_counts_polls_ids_revisions_flips_and_gaps(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--home", str(tmp_path / "home"), "replay", str(folder), "--json"]) == 0

    *_heard, details, last = lines(capsys.readouterr().out)
    assert last == LAST
    assert (details["delivered"], details["new"]) == (False, 8)


@pytest.mark.parametrize("ending, mode", [(".tar.gz", "w:gz"), (".tar.xz", "w:xz")])
def test_an_archive_counts_as_its_folder_does(
    folder: Path,
    tmp_path: Path,
    ending: str,
    mode: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    archive = tmp_path / f"history{ending}"
    with tarfile.open(archive, mode) as tar:  # type: ignore[call-overload]
        tar.add(folder, "history")

    assert run(["--home", str(tmp_path / "home"), "replay", str(archive), "--json"]) == 0
    assert lines(capsys.readouterr().out)[-1] == LAST


def test_people_are_told_the_same_and_where_the_gap_is(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["--home", str(tmp_path / "home"), "replay", str(folder)])

    said = capsys.readouterr().out
    assert "10 polls: 8 new, 1 changed, 1 flip back to an older text, 1 gap" in said
    assert "gap: from 2021-05-23 14:00 to 2021-05-23 15:00 UTC" in said


def test_a_rehearsal_leaves_the_installation_as_it_is(installed: App, folder: Path) -> None:
    subscribed(installed, "json://localhost:1/")

    report = replay(installed, folder, deliver=False)

    assert [h.classified.revision.release.title for h in report.heard] == ["Release 3"]
    with installed.store.transaction() as tx:
        assert (tx.counts().releases, tx.sources(), tx.gaps(), tx.alarms()) == (0, [], [], [])
    assert sum(extent.end for extent in installed.bus.extents(RELEASES).values()) == 0


def test_delivered_a_history_tells_once_at_the_times_of_its_polls_and_no_poller_goes_on_with_it(
    installed: App, folder: Path
) -> None:
    with webhook_server() as webhook:
        subscribed(installed, f"json://{webhook.address}/")
        first = replay(installed, folder, deliver=True)
        second = replay(installed, folder, deliver=True)
        assert len(webhook.requests) == 1

    assert (first.deliveries, second.deliveries) == ({"delivered": 1}, {})
    assert [heard.matches for heard in second.heard] == [()]
    revisions = [decode(Revision, message.value) for message in installed.bus.browse(RELEASES)]
    edited = next(r for r in revisions if r.cause == "revised")
    assert f"{edited.observed_at:%Y-%m-%d %H:%M}" == "2021-05-23 12:00"
    assert {r.release.title for r in revisions if r.backlog} == {
        "Release 1",
        "Release 2",
        "Release 3",
    }
    with installed.store.transaction() as tx:
        assert tx.body(edited.fetched.body_sha256) == window(4, r3=ASYLUM)
        assert (tx.sources(), tx.gaps(), tx.alarms()) == ([], [], [])


def test_only_the_polls_of_a_window_are_replayed(installed: App, folder: Path) -> None:
    at = installed.clock.now().replace(year=2021, month=5, day=23, hour=12)

    early = replay(installed, folder, deliver=False, until=at).history
    late = replay(installed, folder, deliver=False, since=at).history

    assert early is not None
    assert late is not None
    assert (early.polls, late.polls) == (2, 8)


def test_a_release_published_again_under_another_id_is_one_release_and_two_ids(
    installed: App, tmp_path: Path
) -> None:
    twice = window(3).replace(b"id 3", b"id 3 once more")

    report = replay(installed, saved(tmp_path / "twice", [window(3), twice]), deliver=False)

    assert report.history is not None
    assert (report.history.first_seen, report.history.new) == (4, 3)


def test_a_snapshot_that_is_no_feed_is_named_and_the_rest_is_polled(
    installed: App, tmp_path: Path
) -> None:
    broken = saved(tmp_path / "broken", [window(3), b"<html>Not found</html>", window(4)])

    report = replay(installed, broken, deliver=False)

    assert report.history is not None
    assert (report.history.polls, report.history.first_seen) == (3, 4)
    (reason,) = report.skipped
    assert "T110000.xml: not a feed" in reason


def test_a_feed_that_says_that_it_has_ended_ends_the_replay(installed: App, tmp_path: Path) -> None:
    last_word = feed((0, "")).replace(b"Release 0", b"This feed has ended")
    ended = saved(tmp_path / "ended", [window(3), last_word, window(4)])

    report = replay(installed, ended, deliver=False)

    assert report.history is not None
    assert report.history.polls == 2
    assert "T120000.xml and later ones: the feed said that it ended" in report.skipped[0]


def test_a_history_without_a_single_entry_is_an_error(installed: App, tmp_path: Path) -> None:
    folder = saved(tmp_path / "nothing", [b"<html></html>"])

    with pytest.raises(UsageError, match="no entry of a feed could be read"):
        replay(installed, folder, deliver=False)
    shutil.rmtree(folder)


def subscribed(app: App, url: str) -> None:
    wish = Wish(filter=of_themes("migration"), urls=(SecretStr(url),), name="ada")
    subscribe(app.store, app.clock, app.senders, wish)
