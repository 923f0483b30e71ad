"""What every store promises of stories."""

import threading
from contextlib import ExitStack
from datetime import datetime, timedelta

from despatch.model import Details, Linked, ReleaseId, SourceId
from despatch.ports import Member, Place, Store, Taken
from despatch.testing.releases import SEEN, a_classified, a_release, a_revision
from despatch.testing.stores import StoreUnderTest

HOUR = timedelta(hours=1)
PLACE = Place("cluster-a", "despatch.classified.v1", "topic-1", 3)
OURS, THEIRS = SourceId("ours"), SourceId("theirs")


def a_member(
    name: str = "a", *, story: str = "t-1", source: SourceId = THEIRS, since: datetime = SEEN
) -> Member:
    return Member(ReleaseId(f"r-{name}"), story, source, since)


def alike(store: Store, *hashes: int, least: int = 1, limit: int = 10) -> list[str]:
    with store.transaction() as tx:
        found = tx.may_be_alike(hashes, SEEN, SEEN + HOUR, not_of=OURS, least=least, limit=limit)
    return [one.release for one in found]


def keep(store: Store, *members: tuple[Member, tuple[int, ...]]) -> None:
    with store.transaction() as tx:
        for member, hashes in members:
            tx.add_to_story(member, hashes)


def test_those_that_share_most_hashes_come_first_and_no_more_than_asked_for(store: Store) -> None:
    keep(
        store,
        (a_member("few"), (1, 2, 9)),
        (a_member("most"), (1, 2, 3, 4294967295)),
        (a_member("none"), (7, 8)),
    )
    assert alike(store, 1, 2, 3, 4294967295) == ["r-most", "r-few"]
    assert alike(store, 1, 2, 3, least=3) == ["r-most"]
    assert alike(store, 1, 2, 3, limit=1) == ["r-most"]
    assert alike(store) == []


def test_what_its_own_source_shows_or_another_time_is_not_found(store: Store) -> None:
    keep(
        store,
        (a_member("first"), (1,)),
        (a_member("last", since=SEEN + HOUR), (1,)),
        (a_member("ours", source=OURS), (1,)),
        (a_member("early", since=SEEN - HOUR), (1,)),
        (a_member("late", since=SEEN + 2 * HOUR), (1,)),
    )
    assert alike(store, 1) == ["r-first", "r-last"]


def test_a_story_has_its_members_oldest_first(store: Store) -> None:
    second, first = a_member("b", since=SEEN + HOUR), a_member("c")
    keep(store, (second, (1,)), (first, (1,)), (a_member("d", story="t-2"), (1,)))
    with store.transaction() as tx:
        assert tx.story_of(second.release) == [first, second]
        assert tx.story_of(ReleaseId("r-unknown")) == []


def test_a_member_is_added_once_and_can_move_to_another_story(store: Store) -> None:
    with store.transaction() as tx:
        assert tx.add_to_story(a_member(), (1,))
        assert not tx.add_to_story(a_member(story="t-2", source=OURS, since=SEEN + HOUR), (2,))
        assert tx.story_of(a_member().release) == [a_member()]
        tx.move_to_story(a_member().release, "t-2")
        assert tx.story_of(a_member().release) == [a_member(story="t-2")]
    assert alike(store, 1) == ["r-a"]
    assert alike(store, 2) == []


def test_also_published_names_publisher_and_address_of_what_is_live(store: Store) -> None:
    details = Details(organisations=(Linked(title="Home Office"), Linked(title="Border Force")))
    releases = (
        a_release("a"),
        a_release("b", details=details),
        a_release("c", source=THEIRS),
        a_release("gone", status="withdrawn"),
    )
    with store.transaction() as tx:
        for offset, release in enumerate(releases):
            classified = a_classified(a_revision(release))
            tx.archive(Taken(classified, PLACE, offset, SEEN, "new: x"), best=True)
            since = SEEN + offset * HOUR
            tx.add_to_story(Member(release.id, "t-1", release.source, since), (1,))
    with store.transaction() as tx:
        assert tx.also_published(releases[0].id) == [
            Linked(title="Home Office", address="https://example.gov/b"),
            Linked(title="theirs", address="https://example.gov/c"),
        ]
        assert tx.also_published(ReleaseId("r-unknown")) == []
        tx.add_to_story(a_member("alone", story="t-2"), (2,))
        asked = [releases[0].id, releases[1].id, a_member("alone").release, ReleaseId("r-unknown")]
        assert tx.published_twice(asked) == {one: tx.also_published(one) for one in asked[:2]}
        assert tx.published_twice([]) == {}


def test_forgotten_hashes_find_nothing_and_leave_the_story(store: Store) -> None:
    keep(store, (a_member("a"), (1, 2)), (a_member("b", since=SEEN + HOUR), (1,)))
    with store.transaction() as tx:
        assert tx.forget_hashes(SEEN + HOUR) == 2
    assert alike(store, 1) == ["r-b"]
    with store.transaction() as tx:
        assert len(tx.story_of(ReleaseId("r-a"))) == 2


def test_who_holds_stories_is_waited_for(database: StoreUnderTest) -> None:
    """Else two copies that two processes take at once would each not see the other."""
    one, other = database.open(), database.open()
    asked, seen = threading.Event(), []

    def look() -> None:
        asked.set()
        with other.transaction() as tx:
            tx.hold_stories()
            seen.append([member.release for member in tx.story_of(a_member().release)])

    with ExitStack() as stack:
        tx = stack.enter_context(one.transaction())
        tx.hold_stories()
        thread = threading.Thread(target=look)
        thread.start()
        asked.wait()
        tx.add_to_story(a_member(), (1,))
        assert seen == []
    thread.join(30)
    assert seen == [["r-a"]]


def test_every_revision_that_was_taken_is_read_back_as_it_was_judged_last(store: Store) -> None:
    first = a_classified(a_revision(a_release("a")))
    anew = first.model_copy(update={"id": "c-anew", "themes": ()})
    second = a_classified(a_revision(a_release("a", text="Other words."), number=2))
    with store.transaction() as tx:
        for offset, classified in enumerate((first, anew, second)):
            tx.archive(Taken(classified, PLACE, offset, SEEN, "new: x"), best=True)
        found = tx.revisions_taken(a_release("a").id)
    assert found == {first.revision.id: anew, second.revision.id: second}
