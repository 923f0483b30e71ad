"""The catalogue: names that are found as people write them, and files that say what is wrong."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from despatch.errors import SettingsError, UsageError
from despatch.model import SourceId
from despatch.ports import SourceRecord
from ingest.catalogue import Listed, load_catalogue
from ingest.sources import open_source

CATALOGUE = load_catalogue()
HOME_OFFICE = "gov.uk/home-office"

FILE = """
publisher = "Ministry of Ports"

[[feeds]]
name = "news"
title = "News"
address = "https://ports.example.gov/news.rss"
read_in = "its own page"
read_on = 2026-03-02
"""
PATTERN = """
[pattern]
title = "News of {name}"
address = "https://ports.example.gov/{slug}.rss"
read_in = "its own page"
read_on = 2026-03-02
known = { north-port = ["North Port", "NP"] }
"""


@pytest.mark.parametrize("listed", CATALOGUE.listed(), ids=lambda one: one.name)
def test_every_feed_of_the_catalogue_can_be_a_source(listed: Listed) -> None:
    settings = {**listed.settings, "address": listed.address}
    record = SourceRecord(
        SourceId(listed.id), listed.kind, settings, datetime(2026, 3, 2, tzinfo=UTC)
    )
    assert open_source(record).kind == listed.kind
    assert CATALOGUE.find(listed.name) == listed


def test_nothing_says_that_it_was_tried_before_somebody_has() -> None:
    """Every address was read, offline: whoever tries one writes the day into its file."""
    assert {one.tried_on for one in CATALOGUE.listed()} == {None}
    assert all(one.read_in for one in CATALOGUE.listed())


@pytest.mark.parametrize(
    "name",
    ["gov.uk/home-office", "GOV.UK/Home Office", "home office", " Home_Office ", "home-office"],
)
def test_a_department_is_found_however_it_is_written(name: str) -> None:
    found = CATALOGUE.get(name)
    assert found.name == HOME_OFFICE
    assert found.title == "GOV.UK: news of Home Office"
    assert found.id == "gov.uk-home-office"
    assert found.certain


@pytest.mark.parametrize(
    "name, slug",
    [
        ("FCDO", "foreign-commonwealth-development-office"),
        ("foreign office", "foreign-commonwealth-development-office"),
        ("Prime Minister's Office, 10 Downing Street", "prime-ministers-office-10-downing-street"),
        ("gov.uk/Defra", "department-for-environment-food-rural-affairs"),
    ],
)
def test_a_department_is_found_by_what_it_is_called(name: str, slug: str) -> None:
    assert CATALOGUE.get(name).address.endswith(f"={slug}")


def test_a_pattern_takes_any_slug_and_says_that_it_is_not_known() -> None:
    found = CATALOGUE.get("gov.uk/ofsted")
    assert found.address.endswith("?organisations%5B%5D=ofsted")
    assert not found.certain


@pytest.mark.parametrize(
    "name, near",
    [
        ("hom office", HOME_OFFICE),
        ("us/stat", "us/state"),
        ("uk/parliament", "uk/parliament/bills"),
        ("un/unchr", "un/unhcr"),
    ],
)
def test_a_name_that_is_not_there_is_refused_with_the_nearest(name: str, near: str) -> None:
    with pytest.raises(UsageError, match=f"did you mean {near}\\?"):
        CATALOGUE.get(name)


@pytest.mark.parametrize("name", ["", "/", "zzzz", "gov.uk", "gov.uk/", "us/a/b/c", "a" * 10_000])
def test_a_name_like_none_is_refused_with_where_to_look(name: str) -> None:
    with pytest.raises(UsageError, match="despatch sources catalogue"):
        CATALOGUE.get(name)


@given(st.text(max_size=40))
def test_no_name_is_too_odd(name: str) -> None:
    found = CATALOGUE.find(f"gov.uk/{name}")
    assert found is None or "\n" not in found.address
    CATALOGUE.nearest(name)


@pytest.mark.parametrize("word", ["refugee", "REFUGEE", "un/refugees"])
def test_a_word_finds_what_it_stands_in(word: str) -> None:
    assert "un/refugees" in {one.name for one in CATALOGUE.listed(word)}


def test_a_folder_s_own_files_are_read_the_same(tmp_path: Path) -> None:
    (tmp_path / "ports.toml").write_text(FILE + PATTERN)
    found = load_catalogue(tmp_path)
    assert [one.name for one in found.listed()] == ["ports/news", "ports/north-port"]
    assert found.get("np").address == "https://ports.example.gov/north-port.rss"


@pytest.mark.parametrize(
    "text, says",
    [
        (FILE.replace("address", "adress"), r"ports\.toml:7: feeds\[1\]\.adress: .*'address'"),
        (FILE.replace("https:", "ftp:"), r"ports\.toml:7: .*not an http or https address"),
        (FILE.replace('"News"', '""'), r"ports\.toml:6: feeds\[1\]\.title: "),
        (FILE.replace("read_in", "# read_in"), r"feeds\[1\]\.read_in: this field is missing"),
        (FILE + FILE.partition("\n\n")[2], r"ports/news is there twice"),
        (FILE + PATTERN.replace("{slug}", "x"), r"write \{slug\} where the slug belongs"),
        (FILE + PATTERN.replace("north-port", '"North Port"'), r"'North Port' is no slug"),
        (FILE + PATTERN.replace('"North Port", "NP"', ""), r"'north-port' has no name"),
        ('publisher = "x"\nfeeds = []', r"ports\.toml:2: feeds: "),
        ("publisher = x", r"ports\.toml:1:13: text stands in quotes"),
    ],
)
def test_a_file_with_a_fault_is_refused_with_its_line_and_the_way_out(
    tmp_path: Path, text: str, says: str
) -> None:
    (tmp_path / "ports.toml").write_text(text)
    with pytest.raises(SettingsError, match=says):
        load_catalogue(tmp_path)
