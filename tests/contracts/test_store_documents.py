"""What every store promises of documents that are read again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest

from despatch.errors import FencedError
from despatch.model import ReleaseId, SourceId
from despatch.ports import DocumentRecord, SourceRecord, Store, Validators
from despatch.testing.stores import StoreUnderTest

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
LEASE = timedelta(minutes=5)
MINUTE = timedelta(minutes=1)


def a_document(key: str = "tag:1", host: str = "www.gov.uk", **changed: Any) -> DocumentRecord:
    fields: dict[str, Any] = {
        "source": SourceId("govuk"),
        "key": key,
        "release": ReleaseId(f"r-{key}"),
        "address": f"https://{host}/{key}",
        "link": f"http://{host}/{key}/?x=1",
        "host": host,
        "read_as": "govuk",
        "content_api": "https://www.gov.uk/api/content",
        "entry": f"{key}\u0000",
        "title": "A title \ud800",
        "since": NOW,
        "due_at": NOW,
    }
    return DocumentRecord(**(fields | changed))


@pytest.fixture
def govuk(store: Store) -> SourceId:
    with store.transaction() as tx:
        for name in ("govuk", "other"):
            tx.add_source(SourceRecord(SourceId(name), "feed", {}, added_at=NOW))
    return SourceId("govuk")


def keep(store: Store, *documents: DocumentRecord) -> None:
    with store.transaction() as tx:
        tx.keep_documents(documents)


def lent(
    store: Store, owner: str = "one", now: datetime = NOW, limit: int = 10, a_host: int = 10
) -> list[DocumentRecord]:
    with store.transaction() as tx:
        return list(tx.lease_documents(owner, now, LEASE, limit, a_host=a_host))


@pytest.mark.usefixtures("govuk")
def test_a_document_comes_back_as_it_was_kept(store: Store) -> None:
    whole = a_document(
        language="cy",
        published_at=NOW,
        tries=3,
        missing=1,
        readings=7,
        read_at=NOW,
        outcome="http 503: …",
        read_from="https://www.gov.uk/new",
        moved_to="https://www.gov.uk/new",
        raw="aa",
        made_by="trafilatura 2.3.1",
        body_sha256="bb",
        validators=Validators('W/"é"', "Mon, 02 Mar 2026 12:00:00 GMT"),
    )
    keep(store, whole)

    assert lent(store) == [whole]
    with store.transaction() as tx:
        assert tx.documents_of(whole.release) == [whole]
        assert tx.documents_of(ReleaseId("r-other")) == []


@pytest.mark.usefixtures("govuk")
def test_those_that_are_due_are_lent_longest_due_first(store: Store) -> None:
    keep(
        store,
        a_document("late", due_at=NOW),
        a_document("early", due_at=NOW - MINUTE),
        a_document("not yet", due_at=NOW + MINUTE),
        a_document("no more", due_at=None),
    )

    assert [one.key for one in lent(store, limit=1)] == ["early"]
    assert [one.key for one in lent(store)] == ["late"]
    assert lent(store) == []


def test_a_host_that_wants_to_be_left_alone_is(store: Store, govuk: SourceId) -> None:
    keep(store, a_document("one", host="slow.example"), a_document("two", host="well.example"))
    with store.transaction() as tx:
        tx.hold_host("slow.example", NOW + MINUTE, "it asked for 1 min")

    assert [one.key for one in lent(store)] == ["two"]
    assert [one.key for one in lent(store, now=NOW + MINUTE)] == ["one"]


@pytest.mark.usefixtures("govuk")
def test_a_slow_host_takes_no_more_than_its_share(store: Store) -> None:
    slow = [a_document(f"slow{n}", "slow.example", due_at=NOW - MINUTE * (9 - n)) for n in range(5)]
    keep(store, *slow, a_document("quick", "quick.example"))

    assert [one.key for one in lent(store, a_host=2)] == ["slow0", "slow1", "quick"]


@pytest.mark.usefixtures("govuk")
def test_a_host_is_asked_by_one_poller_at_a_time(store: Store) -> None:
    early = a_document("0", due_at=NOW - MINUTE)
    keep(store, early, a_document("1"), a_document("x", "other.example"))
    mine = lent(store, a_host=1, limit=1)

    assert [one.host for one in lent(store, "another")] == ["other.example"]
    assert [one.key for one in lent(store)] == ["1"]
    for one in (*mine, a_document("1")):
        with store.transaction() as tx:
            tx.save_document(replace(one, due_at=NOW), "one")
    assert len(lent(store, "another")) == 2


def test_pollers_that_lease_at_once_never_share_a_host(
    database: StoreUnderTest, store: Store, govuk: SourceId
) -> None:
    keep(store, *(a_document(f"{n}") for n in range(20)))
    start = Barrier(4)
    found: dict[str, list[DocumentRecord]] = {}

    def work(owner: str) -> None:
        mine = database.open()
        start.wait()
        found[owner] = lent(mine, owner, limit=3)

    threads = [Thread(target=work, args=(f"poller {n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(len(some) for some in found.values()) == [0, 0, 0, 3]


@pytest.mark.usefixtures("govuk")
def test_a_poller_that_died_loses_its_documents_with_its_lease(store: Store) -> None:
    keep(store, a_document())
    (mine,) = lent(store)
    (theirs,) = lent(store, "another", NOW + LEASE)

    with store.transaction() as tx, pytest.raises(FencedError, match="no longer lent to one"):
        tx.save_document(mine, "one")
    with store.transaction() as tx:
        tx.save_document(replace(theirs, outcome="unchanged"), "another")
        assert tx.documents_of(mine.release)[0].outcome == "unchanged"


def test_documents_of_a_paused_source_wait(store: Store, govuk: SourceId) -> None:
    keep(store, a_document(), a_document("x", source=SourceId("other")))
    with store.transaction() as tx:
        tx.set_source_state(govuk, "paused")

    assert [one.source for one in lent(store)] == ["other"]


def test_a_document_can_be_asked_for_at_once(store: Store, govuk: SourceId) -> None:
    keep(
        store,
        a_document("never", due_at=None),
        a_document("later", due_at=NOW + LEASE),
        a_document("due", due_at=NOW - MINUTE),
        a_document("other", due_at=None),
        a_document("never", due_at=None, source=SourceId("other")),
    )
    keys = ("never", "later", "due", "unknown")
    titles = {ReleaseId(f"r-{key}"): "A title" for key in keys}
    with store.transaction() as tx:
        tx.read_soon(govuk, titles, NOW)

    assert {(one.key, one.source, one.due_at) for one in lent(store)} == {
        ("due", govuk, NOW - MINUTE),
        ("never", govuk, NOW),
        ("later", govuk, NOW),
    }


def test_a_reading_that_is_under_way_when_another_is_asked_for_is_refused(
    store: Store, govuk: SourceId
) -> None:
    keep(store, a_document())
    (mine,) = lent(store)
    with store.transaction() as tx:
        tx.read_soon(govuk, {mine.release: mine.title}, NOW + MINUTE)

    with store.transaction() as tx, pytest.raises(FencedError):
        tx.save_document(replace(mine, due_at=None), "one")
    assert [one.due_at for one in lent(store)] == [NOW]


def test_a_page_with_another_title_is_judged_anew(store: Store, govuk: SourceId) -> None:
    known: dict[str, Any] = {"raw": "aa", "body_sha256": "bb", "validators": Validators("e", "m")}
    page = a_document("page", read_as="page", **known)
    record = a_document("record", **known)
    keep(store, page, record, a_document("same", read_as="page", title="New", **known))
    with store.transaction() as tx:
        tx.read_soon(govuk, {one.release: "New" for one in (page, record)}, NOW)

    assert {
        one.key: (one.title, one.raw, one.body_sha256, one.validators) for one in lent(store)
    } == {
        "page": ("New", "", "", Validators()),
        "record": (record.title, "aa", "bb", Validators("e", "m")),
        "same": ("New", "aa", "bb", Validators("e", "m")),
    }


def test_those_that_could_not_be_read_yet_are_counted(store: Store, govuk: SourceId) -> None:
    keep(
        store,
        a_document("1"),
        a_document("2", due_at=NOW + LEASE),
        a_document("read", read_from="https://www.gov.uk/read"),
        a_document("given up", due_at=None),
    )
    with store.transaction() as tx:
        assert tx.unread() == {govuk: 2}


@pytest.mark.usefixtures("govuk")
def test_what_is_kept_anew_takes_the_place_of_what_was(store: Store) -> None:
    keep(store, a_document(outcome="old"))
    (mine,) = lent(store)
    keep(store, a_document(outcome="older"), a_document(outcome="new"))

    with store.transaction() as tx:
        assert [one.outcome for one in tx.documents_of(mine.release)] == ["new"]
    with store.transaction() as tx, pytest.raises(FencedError):
        tx.save_document(mine, "one")
