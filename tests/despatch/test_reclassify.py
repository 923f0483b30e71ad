"""`reclassify`: history by the themes as they are now, told to nobody unless asked."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from despatch.app import App
from despatch.app.running import own_stages, wait_until_done
from despatch.model import Classified, ThemeId
from despatch.ports import Outgoing
from despatch.settings import read
from despatch.testing import a_release, a_revision
from despatch.topics import CLASSIFIED, RELEASES, decode, encode, theme_topic

Cli = Callable[..., str]
THEME = ThemeId("housing")
HOMES = a_release("homes", title="A plan for housing", text="More housing will be built.")
BRIDGE = a_release("bridge", title="A bridge opens", text="The mayor came.")


def rows(said: str) -> list[Any]:
    return [json.loads(line) for line in said.splitlines()]


@pytest.fixture
def history(home: Path, cli: Cli) -> Path:
    """Two releases that were archived before there was a theme for one of them."""
    with App(read(home, environ={})) as app:
        for release in (HOMES, BRIDGE):
            value = encode(a_revision(release))
            app.bus.publish([Outgoing(RELEASES, release.id, value)])
        take(app)
    cli("themes", "new", str(THEME))
    cli("subscribe", "--theme", str(THEME), "--to", "json://nowhere.invalid", "--name", "ada")
    return home


def take(app: App) -> None:
    """Have all that waits judged and taken."""
    with own_stages(app) as threads:
        assert wait_until_done(app, threads)


def kept(home: Path) -> tuple[dict[str, list[str]], int]:
    """Take all that waits; return what the archive has, and how many alerts there are."""
    with App(read(home, environ={})) as app:
        take(app)
        with app.store.transaction() as tx:
            archive = tx.archived([HOMES.id, BRIDGE.id])
            alerts = len(tx.trace(HOMES.id).alerts)
    return {
        one.classified.revision.release.title: [str(s.theme) for s in one.classified.themes]
        for one in archive.values()
    }, alerts


def on_topic(home: Path, topic: str) -> list[Classified]:
    with App(read(home, environ={})) as app:
        return [decode(Classified, message.value) for message in app.bus.browse(topic)]


def test_history_is_judged_anew_and_nobody_is_told(history: Path, cli: Cli) -> None:
    said = cli("reclassify")
    assert "+housing" in said
    assert "2 releases: 0 judged by these themes before, 2 judged anew and published" in said
    assert "the themes of 1 changed (housing +1 -0)" in said
    assert kept(history) == ({HOMES.title: ["housing"], BRIDGE.title: []}, 0)
    assert [one.quiet for one in on_topic(history, theme_topic(THEME))] == [True]
    trace = cli("trace", str(HOMES.id))
    assert "judged anew" in trace
    assert "nobody is told" in trace


def test_with_deliver_those_are_told_who_match_now(history: Path, cli: Cli) -> None:
    assert "--yes" in cli("reclassify", "--deliver", code=2)
    cli("reclassify", "--deliver", "--yes")
    assert kept(history) == ({HOMES.title: ["housing"], BRIDGE.title: []}, 1)


def test_a_second_run_has_no_effect_taken_or_not(history: Path, cli: Cli) -> None:
    cli("reclassify")
    again = rows(cli("reclassify", "--json"))[-1]
    assert again["published"] == 2, "the first run's messages were not taken yet"
    assert len({one.id for one in on_topic(history, CLASSIFIED)}) == 4
    before = kept(history)
    assert rows(cli("reclassify", "--json"))[-1] == {
        "seen": 2,
        "known": 2,
        "published": 0,
        "changed": 0,
        "gained": {},
        "lost": {},
        "delivered": False,
    }
    assert kept(history) == before


def test_what_a_theme_loses_is_counted_and_leaves_the_archive(history: Path, cli: Cli) -> None:
    cli("reclassify")
    kept(history)
    file = history / "themes" / "housing.toml"
    file.write_text(file.read_text().replace("bias = -3.0", "bias = -20.0"))
    change, summary = rows(cli("reclassify", "--json"))
    assert (change["title"], change["gained"], change["lost"]) == (HOMES.title, [], ["housing"])
    assert summary["lost"] == {"housing": 1}
    assert kept(history) == ({HOMES.title: [], BRIDGE.title: []}, 0)


def test_only_what_was_observed_since_is_judged(history: Path, cli: Cli) -> None:
    assert "The archive holds nothing" in cli("reclassify", "--since", "2026-03-03")
    assert rows(cli("reclassify", "--since", "2026-03-02", "--json"))[-1]["seen"] == 2
