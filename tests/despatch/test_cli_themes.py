"""`themes` and `explain`, as their user meets them."""

import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from despatch.app import App
from despatch.app.running import own_stages, wait_until_done
from despatch.ports import Outgoing
from despatch.settings import read
from despatch.testing import a_release, a_revision
from despatch.topics import RELEASES, encode

Cli = Callable[..., str]
HOMES = {"id": "1", "title": "A plan for housing", "text": "More housing will be built."}
BRIDGE = {"id": "2", "title": "A bridge opens", "text": "The mayor came.\n\nIt rained."}


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    file = tmp_path / "saved.jsonl.gz"
    with gzip.open(file, "wt") as lines:
        lines.writelines(json.dumps(row) + "\n" for row in (HOMES, BRIDGE))
    return file


@pytest.fixture
def housing(home: Path, cli: Cli) -> Path:
    cli("themes", "new", "housing")
    return home / "themes" / "housing.toml"


def rows(said: str) -> list[Any]:
    return [json.loads(line) for line in said.splitlines()]


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def test_a_new_theme_is_there_at_once_and_its_examples_pass(cli: Cli, housing: Path) -> None:
    assert "4 of 4 examples pass" in cli("themes", "test", "housing")
    listed = {row["theme"]: row["from"] for row in rows(cli("themes", "list", "--json"))}
    assert listed["housing"] == "your own"
    assert listed["migration"] == "built in"
    assert str(housing) in cli("themes", "show", "housing")


def test_a_new_theme_never_writes_over_a_file_or_a_built_in_theme(cli: Cli, housing: Path) -> None:
    housing.write_text("mine")
    assert "is there already" in cli("themes", "new", "housing", code=2)
    assert housing.read_text() == "mine"
    assert "built in" in cli("themes", "new", "migration", code=2)


def test_an_example_that_fails_says_why_and_the_exit_code_says_that_it_does(
    cli: Cli, housing: Path
) -> None:
    change(housing, "bias = -3.0", "bias = -9.0")
    said = cli("themes", "test", "housing", code=1)
    assert "FAILS must match: New plan for housing" in said
    assert "“housing” +3.50" in said
    assert "2 of 4 examples pass" in said
    assert [row["passed"] for row in rows(cli("themes", "test", "housing", "--json", code=1))] == [
        False,
        False,
        True,
        True,
    ]


def test_a_wrong_file_is_named_with_line_and_fix_and_the_other_themes_go_on(
    cli: Cli, housing: Path, saved: Path
) -> None:
    change(housing, "bias = -3.0", "bais = -3.0")
    line = housing.read_text().splitlines().index("bais = -3.0") + 1
    for command in (["themes", "list"], ["themes", "test"], ["doctor"]):
        said = cli(*command, code=1)
        assert f"{housing}:{line}: bais: no such field: did you mean 'bias'?" in said
    assert "did you mean 'bias'?" in cli("classify", "--theme", "housing", str(saved), code=78)
    said = cli("classify", str(saved))
    assert "did you mean 'bias'?" in said
    assert '{"id":"1","themes":[]}' in said


def test_processors_raise_an_alarm_for_a_wrong_file_and_end_it_when_it_is_right(
    cli: Cli, housing: Path, home: Path
) -> None:
    good = housing.read_text()
    change(housing, "bias = -3.0", "bais = -3.0")
    for text, alarms in ((housing.read_text(), ["theme housing"]), (good, [])):
        housing.write_text(text)
        with App(read(home, environ={})) as app:
            app.classifying()
        with App(read(home, environ={})) as app, app.store.transaction() as tx:
            assert [alarm.key for alarm in tx.alarms()] == alarms
            assert all("did you mean 'bias'?" in alarm.text for alarm in tx.alarms())


def test_a_themes_dir_that_is_not_there_is_refused_and_new_makes_it(
    cli: Cli, home: Path, tmp_path: Path
) -> None:
    home.mkdir()
    (home / "despatch.toml").write_text(f'themes_dir = "{tmp_path / "ours"}"\n')
    assert "is no folder" in cli("themes", "list", code=78)
    assert str(tmp_path / "ours" / "housing.toml") in cli("themes", "new", "housing")
    assert "housing" in cli("themes", "list")


def test_diff_lists_what_would_be_gained_and_lost_with_the_words(
    cli: Cli, housing: Path, saved: Path, tmp_path: Path
) -> None:
    other = tmp_path / "housing.toml"
    other.write_text(housing.read_text())
    change(other, 'patterns = ["housing"]', 'patterns = ["bridge"]')
    said = cli("themes", "diff", "housing", str(other), "--on", str(saved))
    assert re.search(r"\d+% → \d+% sure", said)
    assert "- lost" in said
    assert "A plan for housing" in said
    assert "before: “housing” +3.50" in said
    assert "after: “bridge” +3.50" in said
    assert "1 gained, 1 lost, 0 belong by both" in said
    *changed, summary = rows(
        cli("themes", "diff", "housing", str(other), "--on", str(saved), "--json")
    )
    assert [row["gained"] for row in changed] == [False, True]
    assert summary == {"judged": 2, "gained": 1, "lost": 1, "both": 0}
    assert "0 gained, 0 lost, 1 belong" in cli(
        "themes", "diff", "housing", "housing", "--on", str(saved)
    )


def test_diff_reads_the_archive_where_no_documents_are_given(
    cli: Cli, housing: Path, home: Path, tmp_path: Path
) -> None:
    assert "holds nothing" in cli("themes", "diff", "housing", "housing")
    keep(home, HOMES["title"], HOMES["text"])
    none = tmp_path / "none.toml"
    none.write_text(housing.read_text())
    change(none, "bias = -3.0", "bias = -20.0")
    assert "1 release judged" in cli("themes", "diff", str(housing), str(none))
    since = ["themes", "diff", str(housing), str(none), "--since"]
    assert "0 gained, 1 lost" in cli(*since, "2026-03-02")
    assert "nothing to judge from then on" in cli(*since, "2026-03-03")


def test_explain_shows_the_spans_the_sum_and_what_would_turn_it(
    cli: Cli, housing: Path, saved: Path
) -> None:
    said = cli("explain", f"{saved}:1", "--theme", "housing")
    assert "It belongs to housing (experimental)" in said
    assert "A plan for [housing +3.50]" in said
    assert "More [housing +1.60] will be built." in said
    assert "bias -3.00 + 5.10 of 2 spans = log-odds +2.10, 89% sure; it belongs from" in said
    assert "it would not belong without 1 span: “housing”" in said
    said = cli("explain", f"{saved}:2", "--theme", "housing")
    assert "It does not belong to housing" in said
    assert "3.00 is missing" in said
    assert "2 paragraphs without a span" in said
    assert "It rained." in cli("explain", f"{saved}:2", "--theme", "housing", "--whole")


def test_explain_gives_machines_the_same(cli: Cli, housing: Path, saved: Path) -> None:
    first, second = rows(cli("explain", str(saved), "--theme", "housing", "--json"))
    [theme] = first["themes"]
    assert theme["bias"] + sum(one["weight"] for one in theme["evidence"]) == pytest.approx(
        theme["log_odds"]
    )
    assert theme["evidence"][0]["term"] == "the subject itself"
    assert [one["text"] for one in theme["turning"]] == ["housing"]
    assert not second["themes"][0]["belongs"]


def test_explain_says_that_a_theme_does_not_read_a_language(
    cli: Cli, housing: Path, tmp_path: Path
) -> None:
    text = (
        "Le bureau du port a déclaré aujourd’hui que les frais de visite vont augmenter en avril. "
        "Ils seront utilisés pour réparer les deux phares de la côte. Housing, housing."
    )
    french = tmp_path / "french.jsonl"
    french.write_text(json.dumps({"id": "3", "title": "A plan for housing", "text": text}))
    said = cli("explain", str(french), "--theme", "housing")
    assert "It does not belong to housing" in said
    assert "It is in fr, which the theme does not read: it reads en" in said
    [found] = rows(cli("explain", str(french), "--theme", "housing", "--json"))
    assert found["language"] == "fr"
    assert not found["themes"][0]["belongs"]


def test_explain_finds_a_release_in_the_archive_or_waiting_in_the_log(cli: Cli, home: Path) -> None:
    release = keep(home, "Illegal migrants", "Small boats came.")
    assert "[Illegal migrants" in cli("explain", release[:12])
    waiting = a_release("waiting", title="Asylum seekers", text="They came.")
    with App(read(home, environ={})) as app:
        value = encode(a_revision(waiting))
        app.bus.publish([Outgoing(RELEASES, waiting.id, value)])
    assert "[Asylum seekers" in cli("explain", waiting.id)
    assert "is no file, and no release" in cli("explain", "r-nonsense", code=2)


def test_explain_says_that_a_file_holds_nothing(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").touch()
    assert "empty.jsonl holds no document" in cli("explain", str(tmp_path / "empty.jsonl"), code=65)


@pytest.mark.parametrize("what, says", [("saved:9", "no line 9"), ("broken", "not JSON")])
def test_explain_names_what_can_not_be_read(
    cli: Cli, saved: Path, tmp_path: Path, what: str, says: str
) -> None:
    (tmp_path / "broken.jsonl").write_text("{")
    name = {"saved:9": f"{saved}:9", "broken": str(tmp_path / "broken.jsonl")}[what]
    assert says in cli("explain", name, code=2 if what == "saved:9" else 65)


def keep(home: Path, title: str, text: str) -> str:
    """Have a release judged and archived; return its id."""
    release = a_release("kept", title=title, text=text)
    with App(read(home, environ={})) as app:
        app.bus.publish([Outgoing(RELEASES, release.id, encode(a_revision(release)))])
        with own_stages(app) as threads:
            assert wait_until_done(app, threads)
    return str(release.id)
