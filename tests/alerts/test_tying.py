"""Stories in the alert stage: nobody hears the same twice, and nobody is left out for it."""

from contextlib import closing
from datetime import timedelta
from itertools import permutations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.match import Matcher
from alerts.stage import Alerting
from alerts.taking import Received, Taking
from despatch.bus.local import LocalBus
from despatch.model import Alert, Classified, Linked, Match, SourceId
from despatch.ports import Outgoing, Place, Store
from despatch.signature import signature
from despatch.store.sql import SqlStore
from despatch.testing import FakeClock, a_classified, a_release, a_revision
from despatch.testing.releases import SEEN
from despatch.testing.stores import temporary_store
from despatch.testing.subscribers import a_channel, a_subscriber, a_subscription
from despatch.topics import CLASSIFIED, encode

ADA, BOB = a_subscriber("ada"), a_subscriber("bob")
PLACE = Place("cluster", "despatch.classified.v1", "topic", 0)
FIRST, COPY, THIRD = "home-office", "no10", "wire"
WORDS = (
    "Ministers of both governments met in the old town hall and signed a plan for the ferries. "
    "The fee for a crossing rises to £{fee} on 3 May and stays there for two years. "
    "Whoever lives on an island pays nothing, as before. "
    "Boats leave every hour from the new quay, and the last one waits for the evening train."
)


def published(by: str, *, fee: int = 35, number: int = 1, **changed: Any) -> Classified:
    """Return the n-th revision of what a source publishes of the ferries."""
    fields = {"source": SourceId(by), "title": "Ferries", "text": WORDS.format(fee=fee)}
    hours, themes = changed.pop("hours", 0), changed.pop("themes", ("migration",))
    about = {key: changed.pop(key) for key in ("cause", "replaces") if key in changed}
    release = a_release(by, **(fields | changed))
    at = SEEN + timedelta(hours=hours, minutes=number)
    revision = a_revision(release, number=number, observed_at=at, **about)
    return a_classified(revision, themes=themes, signature=signature(release.title, release.text))


def revised(first: Classified, **changed: Any) -> Classified:
    """Return the next revision of what a source published."""
    release = first.revision.release
    given: dict[str, Any] = {"cause": "revised", "number": first.revision.number + 1} | changed
    return published(release.source, replaces=first.revision.fingerprint, **given)


def enrol(store: Store, *names: str) -> None:
    with store.transaction() as tx:
        for name in names:
            tx.add_subscriber(a_subscriber(name))
            channel = tx.add_channel(a_channel(a_subscriber(name)))
            tx.add_subscription(a_subscription(channel, name=name))


def take(
    store: Store, clock: FakeClock, *classified: Classified, at_once: int = 1, stories: bool = True
) -> None:
    """Take them as the stage does, so many in a batch."""
    matcher = Matcher()
    matcher.prepare(store)
    received = [Received(one, offset) for offset, one in enumerate(classified)]
    for start in range(0, len(received), at_once):
        with store.transaction() as tx:
            taking = Taking(tx, PLACE, matcher, clock, timedelta(days=7), stories=stories)
            taking.take(received[start : start + at_once])


def told(store: Store) -> list[tuple[str, str, str]]:
    """Return who was sent what, about which source's release."""
    return sorted((one.subscriber, one.event, source) for source, one in alerts(store))


def alerts(store: Store) -> list[tuple[str, Alert]]:
    sources = (FIRST, COPY, THIRD)
    with store.transaction() as tx:
        return [(each, one) for each in sources for one in tx.trace(a_release(each).id).alerts]


def matches(store: Store, source: str) -> list[Match]:
    with store.transaction() as tx:
        return list(tx.trace(a_release(source).id).matches)


def test_a_copy_is_held_back_with_its_reason(store: SqlStore, clock: FakeClock) -> None:
    enrol(store, "ada")
    take(store, clock, published(FIRST), published(COPY))
    assert told(store) == [("u-ada", "new", FIRST)]
    (match,) = matches(store, COPY)
    assert (match.outcome, match.event) == ("held", None)
    assert match.reason.endswith(
        f"; also published by {FIRST}: told on 2 March 2026 of {a_release(FIRST).id}"
    )


def test_a_copy_in_the_same_batch_is_held_back_too(store: SqlStore, clock: FakeClock) -> None:
    enrol(store, "ada")
    take(store, clock, published(FIRST), published(COPY), at_once=2)
    assert told(store) == [("u-ada", "new", FIRST)]


def test_without_stories_each_is_told(store: SqlStore, clock: FakeClock) -> None:
    enrol(store, "ada")
    take(store, clock, published(FIRST), published(COPY), stories=False)
    assert told(store) == [("u-ada", "new", FIRST), ("u-ada", "new", COPY)]


def test_whoever_was_not_told_of_the_first_is_told_of_the_copy_and_who_else_has_it(
    store: SqlStore, clock: FakeClock
) -> None:
    enrol(store, "ada")
    take(store, clock, published(FIRST))
    enrol(store, "bob")
    take(store, clock, published(COPY))
    assert told(store) == [("u-ada", "new", FIRST), ("u-bob", "new", COPY)]
    (bobs,) = [one for source, one in alerts(store) if source == COPY]
    assert bobs.also == (Linked(title=FIRST, address=f"https://example.gov/{FIRST}"),)


def test_another_figure_is_told(store: SqlStore, clock: FakeClock) -> None:
    enrol(store, "ada")
    take(store, clock, published(FIRST), published(COPY, fee=38))
    assert told(store) == [("u-ada", "new", FIRST), ("u-ada", "new", COPY)]


def test_a_copy_three_days_later_is_told(store: SqlStore, clock: FakeClock) -> None:
    enrol(store, "ada")
    take(store, clock, published(FIRST), published(COPY, hours=73))
    assert told(store) == [("u-ada", "new", FIRST), ("u-ada", "new", COPY)]


def test_stories_are_no_chain_three_days_from_link_to_link(
    store: SqlStore, clock: FakeClock
) -> None:
    enrol(store, "ada")
    take(store, clock, published(FIRST), published(COPY, hours=60), published(THIRD, hours=120))
    assert told(store) == [("u-ada", "new", FIRST), ("u-ada", "new", THIRD)]


def test_what_says_more_than_a_story_that_they_heard_is_recorded_apart_from_it(
    store: SqlStore, clock: FakeClock
) -> None:
    """It bears the story's name, for which each is told once: so it is told under another."""
    enrol(store, "ada")
    take(store, clock, published(FIRST), published(COPY, hours=60), published(THIRD, hours=120))
    with store.transaction() as tx:
        (first,) = tx.told([ADA.id], a_release(FIRST).id)
        (third,) = tx.told([ADA.id], a_release(THIRD).id)
        (story,) = {one.story for one in tx.story_of(a_release(THIRD).id)}
    assert first.story == story
    assert third.story not in {None, story}


def test_the_withdrawal_of_a_copy_that_was_held_back_is_told_to_nobody(
    store: SqlStore, clock: FakeClock
) -> None:
    enrol(store, "ada")
    copy = published(COPY)
    take(store, clock, published(FIRST), copy, revised(copy, cause="withdrawn", status="withdrawn"))
    assert told(store) == [("u-ada", "new", FIRST)]


def test_the_withdrawal_of_the_one_that_was_told_says_who_publishes_it_still(
    store: SqlStore, clock: FakeClock
) -> None:
    enrol(store, "ada")
    first = published(FIRST)
    gone = revised(first, cause="withdrawn", status="withdrawn")
    take(store, clock, first, published(COPY), gone)
    assert told(store) == [("u-ada", "new", FIRST), ("u-ada", "withdrawn", FIRST)]
    (last,) = [one for _source, one in alerts(store) if one.event == "withdrawn"]
    assert [one.title for one in last.also] == [COPY]


def test_a_copy_after_the_withdrawal_of_what_was_told_is_told(
    store: SqlStore, clock: FakeClock
) -> None:
    enrol(store, "ada")
    first = published(FIRST)
    gone = revised(first, cause="withdrawn", status="withdrawn")
    take(store, clock, first, gone, published(COPY, hours=1))
    assert ("u-ada", "new", COPY) in told(store)


def test_a_held_copy_that_is_revised_to_say_something_else_is_told(
    store: SqlStore, clock: FakeClock
) -> None:
    enrol(store, "ada")
    copy = published(COPY)
    take(store, clock, published(FIRST), copy, revised(copy, fee=38))
    assert told(store) == [("u-ada", "new", FIRST), ("u-ada", "new", COPY)]
    with store.transaction() as tx:
        assert tx.also_published(a_release(FIRST).id) == []


def test_a_held_copy_that_follows_the_revision_of_what_was_told_is_held_again(
    store: SqlStore, clock: FakeClock
) -> None:
    enrol(store, "ada")
    first, copy = published(FIRST), published(COPY)
    take(store, clock, first, copy, revised(first, fee=38), revised(copy, fee=38))
    assert told(store) == [("u-ada", "new", FIRST), ("u-ada", "revised", FIRST)]
    with store.transaction() as tx:
        assert [one.title for one in tx.also_published(a_release(FIRST).id)] == [COPY]


def test_the_revision_of_what_they_were_told_is_told_though_a_copy_was_revised_before(
    store: SqlStore, clock: FakeClock
) -> None:
    """It says that what they were told was amended: docs/adr/0036."""
    enrol(store, "ada")
    first, copy = published(FIRST), published(COPY)
    take(store, clock, first, copy, revised(copy, fee=38), revised(first, fee=38))
    assert told(store) == [
        ("u-ada", "new", FIRST),
        ("u-ada", "new", COPY),
        ("u-ada", "revised", FIRST),
    ]


def test_of_two_copies_that_are_withdrawn_the_withdrawal_of_the_one_they_know_is_told(
    store: SqlStore, clock: FakeClock
) -> None:
    enrol(store, "ada")
    first, copy = published(FIRST), published(COPY)
    gone = [revised(one, cause="withdrawn", status="withdrawn") for one in (copy, first)]
    take(store, clock, first, copy, *gone)
    assert told(store) == [("u-ada", "new", FIRST), ("u-ada", "withdrawn", FIRST)]


def test_whoever_did_not_want_the_revision_is_told_of_a_copy_with_its_figures(
    store: SqlStore, clock: FakeClock
) -> None:
    """They know the release with other figures than it has now: the copy is news to them."""
    enrol(store)
    with store.transaction() as tx:
        tx.add_subscriber(ADA)
        channel = tx.add_channel(a_channel(ADA))
        tx.add_subscription(a_subscription(channel, name="ada", events=frozenset({"new"})))
    first = published(FIRST)
    take(store, clock, first, revised(first, fee=38), published(COPY, fee=38, hours=1))
    assert told(store) == [("u-ada", "new", FIRST), ("u-ada", "new", COPY)]


def test_whoever_heard_of_it_by_its_summary_is_not_told_of_the_copy(
    store: SqlStore, clock: FakeClock
) -> None:
    enrol(store, "ada")
    brief = published(FIRST, text="Ferries will cost more.", text_kind="summary")
    whole = revised(brief, cause="completed")
    take(store, clock, brief, whole, published(COPY, hours=1))
    assert told(store) == [("u-ada", "new", FIRST)]


def test_a_copy_of_the_same_source_is_told(store: SqlStore, clock: FakeClock) -> None:
    enrol(store, "ada")
    take(store, clock, published(FIRST), published(COPY, source=SourceId(FIRST)))
    assert told(store) == [("u-ada", "new", FIRST), ("u-ada", "new", COPY)]


@pytest.mark.parametrize("stories, times", [(True, 1), (False, 2)])
def test_the_stage_ties_unless_it_is_told_not_to(
    store: SqlStore, bus: LocalBus, clock: FakeClock, stories: bool, times: int
) -> None:
    enrol(store, "ada")
    both = (published(FIRST), published(COPY))
    bus.publish([Outgoing(CLASSIFIED, one.revision.release.id, encode(one)) for one in both])
    stage = Alerting(store, bus, clock, stories=stories)
    with closing(bus.reader(stage.topics, stage.group, start_at=stage.start_at)) as reader:
        for batch in reader.poll(timedelta(seconds=1)):
            stage.finish(reader, batch, [stage.handle(one) for one in batch.messages], ())
    assert len(told(store)) == times


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_in_whatever_order_copies_come_each_is_told_once(
    store: SqlStore, clock: FakeClock, order: tuple[int, ...]
) -> None:
    enrol(store, "ada", "bob")
    copies = [published(by, hours=n) for n, by in enumerate((FIRST, COPY, THIRD))]
    take(store, clock, *(copies[n] for n in order))
    first = (FIRST, COPY, THIRD)[order[0]]
    assert told(store) == [("u-ada", "new", first), ("u-bob", "new", first)]


SHOWN = st.lists(
    st.tuples(st.sampled_from((FIRST, COPY, THIRD)), st.sampled_from((35, 38)), st.integers(0, 80)),
    max_size=7,
    unique_by=lambda one: one[0],
)


@settings(max_examples=40, deadline=None)
@given(shown=SHOWN, at_once=st.integers(1, 3), again=st.booleans())
def test_each_figure_is_told_once_within_three_days_whatever_comes_when(
    shown: list[tuple[str, int, int]], at_once: int, again: bool
) -> None:
    """Nobody is left out, nobody told twice, and what a crash repeats changes nothing."""
    clock = FakeClock()
    observed = [published(by, fee=fee, hours=hours) for by, fee, hours in shown]
    with TemporaryDirectory() as folder, temporary_store(Path(folder), clock=clock) as store:
        enrol(store, "ada")
        take(store, clock, *observed, at_once=at_once)
        if again:
            take(store, clock, *observed, at_once=at_once)
        of = {source: (fee, hours) for source, fee, hours in shown}
        heard = [of[source] for _who, _event, source in told(store)]
    for fee, hours in of.values():
        near = [at for f, at in heard if f == fee and abs(at - hours) <= 72]
        assert near  # of this, or of a copy that is not three days away
    for n, (fee, hours) in enumerate(heard):
        others = [at for f, at in heard[:n] + heard[n + 1 :] if f == fee]
        assert all(abs(at - hours) > 72 for at in others)
