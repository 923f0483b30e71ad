"""The alert stage on the real store and the real local log: nobody missed, nobody told twice."""

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.stage import Alerting
from alerts.taking import Received
from despatch.bus.local import LocalBus
from despatch.errors import Busy, FencedError, PermanentError, ServerAway
from despatch.model import Alert, Classified, Delivery, Match, SourceId, Subscriber, ThemeId
from despatch.ports import Batch, Message, Outgoing, Reader, Store
from despatch.store.sql import SqlStore
from despatch.testing import FakeClock, a_classified, a_release, a_revision
from despatch.testing.crashes import CrashingStore, Killed
from despatch.testing.releases import SEEN
from despatch.testing.stores import temporary_store
from despatch.testing.subscribers import a_channel, a_subscriber, a_subscription
from despatch.topics import CLASSIFIED, DEAD, encode, topic_specs

ADA, BOB = a_subscriber("ada"), a_subscriber("bob")
SHORT = timedelta(milliseconds=10)
FIRST = a_classified(a_revision(a_release("fees", text="The fee is £35.")))
REVISED = a_classified(
    a_revision(
        a_release("fees", text="The fee is £38."),
        number=2,
        cause="revised",
        replaces=FIRST.revision.fingerprint,
        observed_at=SEEN + timedelta(minutes=1),
    )
)
WITHDRAWN = a_classified(
    a_revision(
        a_release("fees", text="The fee is £38.", status="withdrawn"),
        number=3,
        cause="withdrawn",
        replaces=REVISED.revision.fingerprint,
        observed_at=SEEN + timedelta(minutes=2),
    ),
    themes=(),
)
OTHER = a_classified(a_revision(a_release("boats")), themes=("partnerships",))


def enrol(store: Store, *subscribers: Subscriber, themes: Sequence[str] = ("migration",)) -> None:
    """Subscribe each of them, over a channel of their own."""
    with store.transaction() as tx:
        for who in subscribers:
            tx.add_subscriber(who)
            channel = tx.add_channel(a_channel(who))
            tx.add_subscription(
                a_subscription(
                    channel, name=who.name, themes=tuple(ThemeId(theme) for theme in themes)
                )
            )


def publish(bus: LocalBus, *messages: Classified) -> None:
    bus.publish([Outgoing(CLASSIFIED, one.revision.release.id, encode(one)) for one in messages])


def run(stage: Alerting, bus: LocalBus, *, max_messages: int = 500) -> None:
    """Take all there is, as the runner does, then leave the group."""
    with closing(bus.reader(stage.topics, stage.group, start_at=stage.start_at)) as reader:
        while batches := reader.poll(SHORT, max_messages=max_messages):
            for batch in batches:
                stage.finish(reader, batch, handled(stage, batch), ())


def handled(stage: Alerting, batch: Batch) -> list[Received]:
    return [stage.handle(message) for message in batch.messages]


def told(store: Store, *names: str) -> list[tuple[str, str]]:
    """Return who is sent what about these releases, in order of who and what."""
    with store.transaction() as tx:
        alerts = [
            alert
            for name in names or ("fees", "boats")
            for alert in tx.trace(a_release(name).id).alerts
        ]
    return sorted((alert.subscriber, alert.event) for alert in alerts)


def alerts_of(store: Store, name: str = "fees") -> Sequence[Alert]:
    with store.transaction() as tx:
        return tx.trace(a_release(name).id).alerts


def matches_of(store: Store, name: str = "fees") -> Sequence[Match]:
    with store.transaction() as tx:
        return tx.trace(a_release(name).id).matches


def deliveries_of(store: Store, name: str = "fees") -> list[Delivery]:
    with store.transaction() as tx:
        return [delivery for delivery, _shown in tx.trace(a_release(name).id).deliveries]


@pytest.fixture
def stage(store: SqlStore, bus: LocalBus, clock: FakeClock) -> Alerting:
    return Alerting(store, bus, clock)


def test_whoever_matches_is_told_once_with_the_reason(
    stage: Alerting, store: SqlStore, bus: LocalBus
) -> None:
    enrol(store, ADA, BOB)
    publish(bus, FIRST, OTHER)
    run(stage, bus)
    assert told(store) == [("u-ada", "new"), ("u-bob", "new")]
    (alert, _) = alerts_of(store)
    assert alert.reason == (
        "your subscription “ada” asks for theme migration, 90% sure: “A” "
        "(the first sight of this release)"
    )
    assert [d.state for d in deliveries_of(store)] == ["waiting", "waiting"]


def test_every_match_has_one_outcome_with_its_reason(
    stage: Alerting, store: SqlStore, bus: LocalBus
) -> None:
    enrol(store, ADA)
    publish(bus, FIRST, REVISED)
    run(stage, bus)
    enrol(store, BOB)
    publish(bus, WITHDRAWN)
    run(stage, bus)
    outcomes = {(m.subscription, m.outcome, m.event) for m in matches_of(store)}
    assert outcomes == {
        ("s-ada", "told", "new"),
        ("s-ada", "told", "revised"),
        ("s-ada", "told", "withdrawn"),
    }
    assert all(m.reason for m in matches_of(store))


def test_a_revision_says_what_changed(stage: Alerting, store: SqlStore, bus: LocalBus) -> None:
    enrol(store, ADA)
    publish(bus, FIRST, REVISED)
    run(stage, bus)
    changed = sorted(alert.changed for alert in alerts_of(store))
    assert changed == ["", "Now says: “The fee is £38.” (was: “The fee is £35.”)"]


def test_a_revision_in_the_same_batch_is_judged_by_what_came_before_it(
    stage: Alerting, store: SqlStore, bus: LocalBus
) -> None:
    enrol(store, ADA)
    publish(bus, FIRST, REVISED, WITHDRAWN)
    run(stage, bus)
    assert told(store) == [("u-ada", "new"), ("u-ada", "revised"), ("u-ada", "withdrawn")]


def test_a_withdrawal_reaches_whoever_was_told_though_it_matches_no_more(
    stage: Alerting, store: SqlStore, bus: LocalBus
) -> None:
    enrol(store, ADA)
    publish(bus, FIRST, WITHDRAWN)
    run(stage, bus)
    assert told(store) == [("u-ada", "new"), ("u-ada", "withdrawn")]


def test_whoever_left_is_not_told_of_a_withdrawal(
    stage: Alerting, store: SqlStore, bus: LocalBus
) -> None:
    enrol(store, ADA)
    publish(bus, FIRST)
    run(stage, bus)
    with store.transaction() as tx:
        tx.set_subscription_state(a_subscription(name="ada").id, "removed")
    publish(bus, WITHDRAWN)
    run(stage, bus)
    assert told(store) == [("u-ada", "new")]


def test_two_subscriptions_of_one_subscriber_make_one_alert_that_names_both(
    stage: Alerting, store: SqlStore, bus: LocalBus
) -> None:
    enrol(store, ADA)
    with store.transaction() as tx:
        tx.add_subscription(a_subscription(a_channel(ADA), name="again"))
    publish(bus, FIRST)
    run(stage, bus)
    (alert,) = alerts_of(store)
    assert alert.subscriptions == ("s-ada", "s-again")
    assert "“ada”" in alert.reason
    assert "“again”" in alert.reason
    assert len(deliveries_of(store)) == 1
    assert [m.outcome for m in matches_of(store)] == ["told", "told"]


def test_of_two_events_for_one_subscriber_new_is_told_and_the_other_held(
    stage: Alerting, store: SqlStore, bus: LocalBus
) -> None:
    publish(bus, FIRST)
    run(stage, bus)
    with store.transaction() as tx:
        tx.add_subscriber(ADA)
        channel = tx.add_channel(a_channel(ADA))
        for name, events in (("a", {"new"}), ("b", {"revised"})):
            tx.add_subscription(a_subscription(channel, name=name, events=frozenset(events)))
    publish(bus, REVISED)
    run(stage, bus)
    assert told(store) == [("u-ada", "new")]
    assert [(m.subscription, m.outcome) for m in matches_of(store)] == [
        ("s-a", "told"),
        ("s-b", "held"),
    ]


def test_a_theme_that_newly_matches_is_told_as_new(
    stage: Alerting, store: SqlStore, bus: LocalBus
) -> None:
    enrol(store, ADA, themes=("fishing",))
    publish(bus, FIRST)
    again = a_classified(FIRST.revision, themes=("migration", "fishing"), id="c-by-newer-themes")
    publish(bus, again)
    run(stage, bus)
    assert told(store) == [("u-ada", "new")]


def test_another_source_s_wording_is_told_to_whoever_did_not_hear(
    stage: Alerting, store: SqlStore, bus: LocalBus
) -> None:
    enrol(store, ADA)
    publish(bus, FIRST)
    run(stage, bus)
    enrol(store, BOB)
    other = a_release("fees", text="Fees are to rise.", source=SourceId("dept"))
    publish(bus, a_classified(a_revision(other)))
    run(stage, bus)
    assert told(store) == [("u-ada", "new"), ("u-bob", "new")]


def test_backlog_is_archived_and_told_to_nobody(
    stage: Alerting, store: SqlStore, bus: LocalBus
) -> None:
    enrol(store, ADA)
    publish(bus, a_classified(a_revision(a_release("fees"), backlog=True)))
    run(stage, bus)
    assert told(store) == []
    (match,) = matches_of(store)
    assert (match.outcome, match.event) == ("held", None)
    assert "backlog" in match.reason


def test_what_can_never_be_read_is_a_permanent_error(stage: Alerting) -> None:
    message = Message(CLASSIFIED, 0, 0, "r", b"{}", (), SEEN)
    with pytest.raises(PermanentError):
        stage.handle(message)


def test_dead_letters_are_published_before_the_position_moves(
    stage: Alerting, store: SqlStore, bus: LocalBus
) -> None:
    publish(bus, FIRST)
    letter = Outgoing(DEAD, "r", b"broken")
    with closing(bus.reader(stage.topics, stage.group, start_at=stage.start_at)) as reader:
        (batch,) = reader.poll(SHORT)
        stage.finish(reader, batch, (), (letter,))
    assert [one.value for one in bus.browse(DEAD)] == [b"broken"]
    assert told(store) == []


def test_a_store_that_stays_away_makes_no_second_copy_of_a_dead_letter(
    stage: Alerting, store: SqlStore, bus: LocalBus, tmp_path: Path, clock: FakeClock
) -> None:
    """The log takes the letter at once; the rest of the batch is tried for as long as it takes."""
    publish(bus, FIRST)
    letters = [Outgoing(DEAD, "r", b"broken")]
    with temporary_store(tmp_path, busy=SHORT, clock=clock) as impatient:
        stage = Alerting(impatient, bus, clock)
        with closing(bus.reader(stage.topics, stage.group, start_at=stage.start_at)) as reader:
            (batch,) = reader.poll(SHORT)
            with closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as lock:
                lock.execute("BEGIN IMMEDIATE")
                for _ in range(3):
                    with pytest.raises(Busy):
                        stage.finish(reader, batch, (), letters)
            stage.finish(reader, batch, (), letters)
    assert [one.value for one in bus.browse(DEAD)] == [b"broken"]


class NoHints:
    """A reader that can't keep positions, as when the broker is away just then."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def commit(self, batch: Batch, outgoing: Sequence[Outgoing] = ()) -> None:
        raise ServerAway("the broker does not answer")

    def poll(
        self, wait: timedelta, *, max_messages: int = 500, max_bytes: int = 8_000_000
    ) -> Sequence[Batch]:
        return self._reader.poll(wait, max_messages=max_messages)

    def rewind(self, batch: Batch) -> None:
        self._reader.rewind(batch)

    def idle(self, wait: timedelta) -> None:
        self._reader.idle(wait)

    def close(self) -> None:
        self._reader.close()


def test_a_hint_that_is_lost_changes_nothing(
    stage: Alerting, store: SqlStore, bus: LocalBus
) -> None:
    enrol(store, ADA)
    publish(bus, FIRST)
    with closing(bus.reader(stage.topics, stage.group, start_at=stage.start_at)) as reader:
        for batch in reader.poll(SHORT):
            stage.finish(NoHints(reader), batch, handled(stage, batch), ())
    publish(bus, REVISED)
    run(stage, bus)
    assert told(store) == [("u-ada", "new"), ("u-ada", "revised")]


def test_a_batch_that_was_taken_whole_is_not_taken_again(
    stage: Alerting, store: SqlStore, bus: LocalBus
) -> None:
    enrol(store, ADA)
    publish(bus, FIRST, REVISED)
    with closing(bus.reader(stage.topics, stage.group, start_at=stage.start_at)) as reader:
        (batch,) = reader.poll(SHORT)
        for _ in range(2):
            stage.finish(NoHints(reader), batch, handled(stage, batch), ())
    assert len(deliveries_of(store)) == 2


def test_a_paused_owner_that_wakes_up_changes_nothing(
    stage: Alerting, store: SqlStore, bus: LocalBus, clock: FakeClock
) -> None:
    """Its successor took a part of the batch and is working on the rest."""
    enrol(store, ADA)
    publish(bus, FIRST, REVISED)
    with closing(bus.reader(stage.topics, stage.group, start_at=stage.start_at)) as reader:
        (batch,) = reader.poll(SHORT)
        first, _second = batch.singles()
        successor = Alerting(store, bus, clock)
        successor.finish(NoHints(reader), first, handled(stage, first), ())
        with pytest.raises(FencedError):
            stage.finish(reader, batch, handled(stage, batch), ())
        assert told(store) == [("u-ada", "new")]
        assert successor.start_at(batch.place) == first.next


def test_a_fenced_owner_that_is_still_the_only_one_goes_on_from_the_store_s_position(
    stage: Alerting, store: SqlStore, bus: LocalBus, clock: FakeClock
) -> None:
    """Or it would be fenced for ever: nobody else moves the position."""
    enrol(store, ADA)
    publish(bus, FIRST, REVISED)
    with closing(bus.reader(stage.topics, stage.group, start_at=stage.start_at)) as reader:
        (batch,) = reader.poll(SHORT)
        first, _second = batch.singles()
        Alerting(store, bus, clock).finish(NoHints(reader), first, handled(stage, first), ())
        with pytest.raises(FencedError):
            stage.finish(reader, batch, handled(stage, batch), ())
        reader.rewind(batch)
        (again,) = reader.poll(SHORT)
        stage.finish(reader, again, handled(stage, again), ())
    assert told(store) == [("u-ada", "new"), ("u-ada", "revised")]
    assert len(deliveries_of(store)) == 2


@pytest.mark.parametrize("max_messages", [1, 500])
def test_repeats_on_the_topic_change_nothing(
    stage: Alerting, store: SqlStore, bus: LocalBus, max_messages: int
) -> None:
    enrol(store, ADA)
    publish(bus, FIRST, FIRST, REVISED, FIRST, REVISED)
    run(stage, bus, max_messages=max_messages)
    assert told(store) == [("u-ada", "new"), ("u-ada", "revised")]


STORY = (FIRST, OTHER, REVISED, FIRST, WITHDRAWN)


def outcome(store: Store) -> object:
    """Return all that a subscriber or an operator can see of what the stage did."""
    return [
        [(m.subscription, m.revision, m.outcome, m.event, m.reason) for m in found]
        + [(d.id, d.channel, d.state) for d in deliveries_of(store, name)]
        for name in ("fees", "boats")
        for found in [matches_of(store, name)]
    ]


def killed_at(folder: Path, step: int | None, messages: Iterable[Classified]) -> tuple[object, int]:
    """Run the stage over messages, killed at a step; then another to the end, twice."""
    folder.mkdir()
    clock = FakeClock()
    with (
        temporary_store(folder, clock=clock) as store,
        closing(LocalBus(folder / "log.db")) as bus,
    ):
        bus.create_topics(topic_specs((), partitions=1))
        enrol(store, ADA, BOB)
        publish(bus, *messages)
        crashing = CrashingStore(store, step)
        with suppress(Killed):
            run(Alerting(crashing, bus, clock), bus, max_messages=3)
        run(Alerting(store, bus, clock), bus)
        run(Alerting(store, bus, clock), bus)
        return outcome(store), crashing.steps


@pytest.mark.slow
def test_killed_between_any_two_steps_it_tells_nobody_twice_and_misses_nobody(
    tmp_path: Path,
) -> None:
    expected, steps = killed_at(tmp_path / "whole", None, STORY)
    assert steps > 30
    for step in range(1, steps + 1):
        found, _ = killed_at(tmp_path / str(step), step, STORY)
        assert found == expected, f"killed at step {step}"


def test_what_was_taken_says_which_subscriptions_were_asked(
    stage: Alerting, store: SqlStore, bus: LocalBus
) -> None:
    """One that is confirmed later does not count back; the next batch of every process has it."""
    enrol(store, ADA)
    publish(bus, FIRST)
    run(stage, bus)
    enrol(store, BOB)
    publish(bus, OTHER, a_classified(a_revision(a_release("later"))))
    run(stage, bus)
    with store.transaction() as tx:
        versions = [
            taken.subscription_version
            for name in ("fees", "boats", "later")
            for taken in tx.trace(a_release(name).id).taken
        ]
    assert versions == [1, 2, 2]
    assert told(store, "fees", "boats", "later") == [
        ("u-ada", "new"),
        ("u-ada", "new"),
        ("u-bob", "new"),
    ]
