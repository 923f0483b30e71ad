"""What the benchmarks feed everybody is the same each time, and what it says it is."""

from bench.feeds import a_feed
from bench.messages import in_parts, some_messages
from despatch.model import Revision
from despatch.topics import decode
from ingest.feedparse import parse_feed


def test_a_feed_has_its_entries_and_repeats() -> None:
    assert a_feed(3, 20) == a_feed(3, 20) != a_feed(4, 20)
    parsed = parse_feed(a_feed(3, 20), "application/xml", "https://example.gov/feed")
    assert len({entry.address for entry in parsed.entries}) == 20
    assert all(entry.title and entry.text for entry in parsed.entries)


def test_messages_are_revisions_of_releases_of_their_own() -> None:
    messages = some_messages("topic", 5)
    assert messages == some_messages("topic", 5)
    revisions = [decode(Revision, one.value) for one in messages]
    assert len({revision.release.id for revision in revisions}) == 5
    assert [one.key for one in messages] == [revision.release.id for revision in revisions]


def test_parts_hold_everything_in_order() -> None:
    assert [list(part) for part in in_parts([1, 2, 3, 4, 5], 2)] == [[1, 2], [3, 4], [5]]
