"""Adding sources: what each is called, what is there already, and lists of feeds in and out."""

from datetime import timedelta
from pathlib import Path

import pytest

from despatch.app import App
from despatch.app.adding import add_source, wanted
from despatch.app.lists import export_feeds, import_feeds
from despatch.errors import UsageError
from despatch.model import SourceId
from ingest.opml import Outline

A = "https://example.gov/a"


def add(app: App, given: str, name: str | None = None) -> tuple[str, bool]:
    added = add_source(app, wanted(given, name))
    return added.source.id, added.new


def kept(app: App) -> dict[str, tuple[str, str]]:
    """Return every source's state and address by its id."""
    with app.store.transaction() as tx:
        return {one.id: (one.state, one.settings["address"]) for one, _health, _due in tx.sources()}


@pytest.mark.parametrize(
    "address, id_",
    [
        ("https://www.gov.uk/search/x.atom", "www.gov.uk-search-x.atom"),
        ("https://Example.GOV/Feed/?a=1&b=2", "example.gov-feed-a-1-b-2"),
        ("https://example.gov/" + "x" * 200, "example.gov-" + "x" * 88),
    ],
)
def test_a_feed_is_called_as_its_address(installed: App, address: str, id_: str) -> None:
    assert add(installed, address) == (id_, True)
    assert kept(installed) == {id_: ("active", address)}


def test_a_feed_of_the_catalogue_is_called_as_there(installed: App) -> None:
    assert add(installed, "Home Office") == ("gov.uk-home-office", True)
    assert add(installed, "us/state", "state") == ("state", True)
    assert kept(installed)["state"][1] == "https://www.state.gov/rss-feed/press-releases/feed/"


@pytest.mark.parametrize(
    "again", [A, "http://EXAMPLE.gov/a/", "https://example.gov/a?utm_source=x"]
)
def test_an_address_is_added_once_under_whatever_name(installed: App, again: str) -> None:
    add(installed, A, "visas")
    assert add(installed, again, "other") == ("visas", False)
    assert kept(installed) == {"visas": ("active", A)}


def test_a_feed_that_has_moved_is_known_by_its_old_address_too(installed: App) -> None:
    add(installed, A, "visas")
    with installed.store.transaction() as tx:
        now = installed.clock.now()
        leased = tx.lease_source(SourceId("visas"), "a poller", now, timedelta(minutes=2))
        assert leased is not None
        moved = {"address": "https://example.gov/b", "moved_from": A}
        tx.change_settings(SourceId("visas"), leased.epoch, moved)

    assert add(installed, A, "other") == ("visas", False)
    assert add(installed, "https://example.gov/b", "other") == ("visas", False)


def test_a_feed_that_answers_from_a_known_address_is_that_one(installed: App) -> None:
    add(installed, A, "visas")
    asked = wanted("https://old.example.gov/a", None)
    assert not add_source(installed, asked, answers_from=A).new


def test_a_name_that_another_address_has_is_refused(installed: App) -> None:
    add(installed, A, "visas")
    with pytest.raises(UsageError, match=rf"visas is another source \({A}\).*--name NAME"):
        add(installed, "https://example.gov/b", "visas")
    assert kept(installed) == {"visas": ("active", A)}


def test_a_source_that_was_removed_can_be_added_again(installed: App) -> None:
    add(installed, A, "visas")
    with installed.store.transaction() as tx:
        tx.set_source_state(SourceId("visas"), "removed")
    assert add(installed, "https://example.gov/b", "visas") == ("visas", True)
    assert kept(installed) == {"visas": ("active", "https://example.gov/b")}


@pytest.mark.parametrize(
    "address, name, says",
    [
        (A, "My Feed", "--name NAME"),
        ("example.gov/a", None, "no web address .* not in the catalogue"),
        ("ftp://example.gov/a", None, "not an http or https address"),
        ("https://[example.gov/a", None, "this can't be a feed"),
        ("https://me:hunter2@example.gov/a", "a", "remove it"),
        ("https://me:hunter2@example.gov/a", None, "remove it"),
    ],
)
def test_a_mistake_is_said_with_the_way_out(
    installed: App, address: str, name: str | None, says: str
) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        add(installed, address, name)

    assert "hunter2" not in str(caught.value)
    assert kept(installed) == {}


def test_a_file_is_not_taken_for_a_name(tmp_path: Path) -> None:
    file = tmp_path / "feeds.opml"
    file.write_text("<opml/>")
    with pytest.raises(UsageError, match="despatch sources import"):
        wanted(str(file), None)


def test_of_a_list_what_fails_is_told_and_the_rest_is_added(installed: App) -> None:
    add(installed, A, "visas")
    done = import_feeds(
        installed,
        [
            Outline("https://example.gov/b", title="B"),
            Outline("http://example.gov/a/"),
            Outline("https://me:hunter2@example.gov/c"),
            Outline("https://example.gov/d", settings="{"),
            Outline("https://example.gov/d", settings="[]"),
            Outline("https://example.gov/d", settings='{"evry": "PT1H"}'),
            Outline("https://example.gov/d", settings='{"every": "PT1H"}', name="d", paused=True),
        ],
    )
    assert (done.added, done.known) == (("example.gov-b", "d"), ("visas",))
    assert [why for _address, why in done.failed] == [
        "this can't be a feed: bad address: a user name stands in the address of example.gov; "
        "remove it",
        "its settings are no JSON: Expecting property name enclosed in double quotes: "
        "line 1 column 2 (char 1)",
        "its settings are no JSON object",
        "this can't be a feed: evry: Extra inputs are not permitted",
    ]
    assert "hunter2" not in str(done.failed)
    assert kept(installed)["d"] == ("paused", "https://example.gov/d")


def test_a_name_that_is_taken_gets_a_number(installed: App) -> None:
    add(installed, A, "visas")
    done = import_feeds(installed, [Outline("https://example.gov/b", name="visas")])
    assert done.added == ("visas-2",)


def test_what_one_installation_exports_another_imports(installed: App) -> None:
    import_feeds(
        installed,
        [
            Outline(A, name="visas", settings='{"every": "PT1H"}', paused=True),
            Outline("https://example.gov/b", name="ports"),
        ],
    )
    outlines, left_out = export_feeds(installed)
    before = kept(installed)
    with installed.store.transaction() as tx:
        for id_ in before:
            tx.set_source_state(SourceId(id_), "removed")
    assert left_out == []
    assert set(import_feeds(installed, outlines).added) == set(before)
    assert kept(installed) == before
    assert export_feeds(installed)[0] == outlines
