"""Kinds of sources: found by looking into the folder, opened from what was saved of them."""

from collections.abc import Mapping

import pytest

from despatch.errors import SettingsError
from despatch.model import SourceId
from despatch.ports import SourceRecord
from despatch.testing import FakeClock
from ingest.source import Source
from ingest.sources import kinds, open_source
from ingest.sources.feed import FeedSource
from ingest.sources.seed import SeedSource


def record(kind: str, /, **settings: object) -> SourceRecord:
    return SourceRecord(SourceId("example"), kind, settings, FakeClock().now())


def test_every_module_of_the_folder_is_a_kind() -> None:
    known: Mapping[str, type[Source]] = {"feed": FeedSource, "seed": SeedSource}

    assert kinds() == known


def test_a_record_opens_as_its_kind() -> None:
    feed = open_source(record("feed", address="https://example.gov/feed"))
    seed = open_source(record("seed", kind="seed", path="/data", since="2026-01-01T00:00:00Z"))

    assert feed == FeedSource(address="https://example.gov/feed")
    assert isinstance(seed, SeedSource)


@pytest.mark.parametrize(
    "kind,settings,words",
    [
        ("feed", {}, "source example: address: Field required"),
        ("feed", {"address": "ftp://x"}, "source example: address: "),
        ("feed", {"address": "http://user:pass@example.gov/"}, "source example: address: "),
        ("feed", {"address": "https://x.gov", "evry": 1}, "source example: evry: "),
        ("feed", {"address": "https://x.gov", "every": 10}, "source example: every: "),
        ("seed", {"path": "/x", "since": "2026-01-01T00:00:00"}, "source example: since: "),
        ("telex", {}, "source example: kind: "),
    ],
)
def test_a_wrong_setting_names_itself(kind: str, settings: dict[str, object], words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        open_source(record(kind, **settings))

    assert str(caught.value).startswith(words)
    assert "pass@" not in str(caught.value)


def test_every_kind_can_be_saved_and_opened_again() -> None:
    for source in (FeedSource(address="https://example.gov/feed"), SeedSource(path="/data")):
        settings = source.model_dump(mode="json")

        assert open_source(record(source.kind, **settings)) == source
