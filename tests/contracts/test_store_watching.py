"""What every store promises of gaps, and of when sources publish."""

from datetime import UTC, datetime, timedelta

import pytest

from despatch.model import ReleaseId, SourceId
from despatch.ports import Gap, Health, KnownEntry, Progress, SourceRecord, Store

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
GOVUK = SourceId("govuk")


@pytest.fixture(autouse=True)
def _sources(store: Store) -> None:
    with store.transaction() as tx:
        for name in ("govuk", "other"):
            tx.add_source(SourceRecord(SourceId(name), "feed", {}, added_at=NOW))


def a_gap(id_: str = "g-1", source: str = "govuk", at: datetime = NOW) -> Gap:
    return Gap(
        id=id_,
        source=SourceId(source),
        found_at=at,
        since=at - DAY,
        until=at - DAY / 2,
        link="https://example.gov/older",
    )


def test_a_gap_is_kept_open_as_it_was_found_and_kept_once(store: Store) -> None:
    with store.transaction() as tx:
        assert tx.add_gap(a_gap())
        assert not tx.add_gap(a_gap())

    with store.transaction() as tx:
        assert tx.gaps() == [a_gap()]
        assert tx.gap("g-1") == a_gap()
        assert tx.gap("g-2") is None


def test_a_gap_is_kept_with_the_page_that_showed_it_or_not_at_all(store: Store) -> None:
    with store.transaction() as tx:
        leased = tx.lease_source(GOVUK, "one", NOW, DAY)
        assert leased is not None
        late = Progress(GOVUK, leased.epoch - 1, Health(), {}, gap=a_gap("g-late"))
        ours = Progress(GOVUK, leased.epoch, Health(), {}, gap=a_gap())
        assert list(tx.keep([late])) == [GOVUK]
        assert list(tx.keep([ours])) == []
        assert tx.gaps() == [a_gap()]


def test_the_newest_gap_is_shown_first_and_none_of_a_removed_source(store: Store) -> None:
    with store.transaction() as tx:
        tx.add_gap(a_gap("g-1"))
        tx.add_gap(a_gap("g-2", "other", NOW + DAY))
        tx.add_gap(a_gap("g-3", at=NOW + 2 * DAY))
        assert [gap.id for gap in tx.gaps()] == ["g-3", "g-2", "g-1"]
        tx.set_source_state(SourceId("other"), "removed")
        assert [gap.id for gap in tx.gaps()] == ["g-3", "g-1"]


def test_tries_are_counted_with_what_they_found_until_one_repairs_it(store: Store) -> None:
    with store.transaction() as tx:
        tx.add_gap(a_gap())
        tx.try_gap("g-1", 2, "http 503", None)
        tx.try_gap("g-1", 3, "met what is known", NOW + DAY)
        tx.try_gap("g-1", 9, "it is repaired by now", NOW + 2 * DAY)
        assert tx.gaps() == []
        (gap,) = tx.gaps(open_only=False)

    assert (gap.state, gap.tries, gap.late) == ("repaired", 2, 5)
    assert (gap.reason, gap.settled_at) == ("met what is known", NOW + DAY)


def test_a_person_settles_an_open_gap_once(store: Store) -> None:
    with store.transaction() as tx:
        tx.add_gap(a_gap())
        settled = tx.settle_gap("g-1", NOW)
        assert settled is not None
        assert (settled.state, settled.settled_at) == ("settled", NOW)
        assert tx.settle_gap("g-1", NOW + DAY) is None
        assert tx.gaps() == []


def test_a_source_published_when_its_entries_say_but_never_after_we_saw_them(store: Store) -> None:
    with store.transaction() as tx:
        leased = tx.lease_source(GOVUK, "one", NOW, DAY)
        assert leased is not None
        entries = [
            known("dated", NOW - DAY, NOW),
            known("undated", None, NOW),
            known("ahead", NOW + DAY, NOW - DAY / 2),
            known("long ago", NOW, NOW - 9 * DAY),
        ]
        tx.save_cursor(GOVUK, leased.epoch, {}, entries, Health())

        assert tx.publication_times(GOVUK, NOW - DAY) == [NOW - DAY, NOW - DAY / 2, NOW]
        assert tx.publication_times(SourceId("other"), NOW - DAY) == []
        assert {e.key: e.dated_at for e in tx.known_entries(GOVUK, ["dated", "undated"])} == {
            "dated": NOW - DAY,
            "undated": None,
        }


def known(key: str, dated_at: datetime | None, first_at: datetime) -> KnownEntry:
    return KnownEntry(
        key=key,
        release=ReleaseId(f"r-{key}"),
        address=None,
        number=1,
        fingerprint="1:aa",
        raw="bb",
        text_kind="full",
        status="live",
        updated_at=None,
        dated_at=dated_at,
        first_at=first_at,
    )
