"""Digests, quiet hours and limits by a clock that is set: each release once, in its rhythm."""

from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.changing import Edit, edit
from alerts.digesting import Digesting
from alerts.gaps import tell_of_gap
from alerts.stage import Alerting
from despatch.bus.local import LocalBus
from despatch.frequency import frequency, limit, quiet
from despatch.model import Alert, Classified, Lane, SourceId, Subscriber
from despatch.ports import Claim, DigestRun, Gap, Outgoing, Store
from despatch.store.sql import SqlStore
from despatch.testing import FakeClock, a_classified, a_release, a_revision
from despatch.testing.channels import RecordingSender
from despatch.testing.crashes import CrashingStore, Killed
from despatch.testing.stores import temporary_store
from despatch.testing.subscribers import a_channel, a_subscriber, a_subscription
from despatch.topics import CLASSIFIED, encode, topic_specs

ADA, BOB = a_subscriber("ada"), a_subscriber("bob")
DAILY = "daily 08:30 Europe/London"
LANES: Mapping[Lane, int] = {"urgent": 1_000, "bulk": 1_000}
NIGHT = "22:00-07:00 Europe/London"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def publish(bus: LocalBus, some: Sequence[Classified]) -> None:
    bus.publish([Outgoing(CLASSIFIED, one.revision.release.id, encode(one)) for one in some])


class House:
    """An alert stage and its digests, and what they have sent so far."""

    def __init__(self, store: Store, bus: LocalBus, clock: FakeClock) -> None:
        self.store = store
        self.clock = clock
        self._bus = bus
        self._stage = Alerting(store, bus, clock)
        self._digests = Digesting(store, clock, page=3)

    def enrol(self, who: Subscriber, *frequencies: str, **manner: Any) -> None:
        """Subscribe somebody to migration in each of these frequencies, each over a channel."""
        with self.store.transaction() as tx:
            tx.add_subscriber(who.model_copy(update=manner))
            for number, said in enumerate(frequencies):
                channel = tx.add_channel(a_channel(who, f"json://hooks.example/{number}"))
                name = f"{who.name}-{number}"
                tx.add_subscription(a_subscription(channel, name=name, frequency=frequency(said)))

    def take(self, at: str, *messages: Classified) -> None:
        """Let the alert stage take these, at a moment."""
        self.clock.at = utc(at)
        self._bus.publish(
            [Outgoing(CLASSIFIED, m.revision.release.id, encode(m)) for m in messages]
        )
        stage = self._stage
        with closing(
            self._bus.reader(stage.topics, stage.group, start_at=stage.start_at)
        ) as reader:
            while batches := reader.poll(timedelta(milliseconds=10)):
                for batch in batches:
                    stage.finish(reader, batch, [stage.handle(m) for m in batch.messages], ())

    def run(self, at: str) -> list[Alert]:
        """Run the digests that are due at a moment; return what is sent that was not before."""
        self.run_due(at)
        return self.sent()

    def run_due(self, at: str) -> None:
        """Run the digests that are due at a moment."""
        self.clock.at = utc(at)
        self._digests.run_due()

    def sent(self) -> list[Alert]:
        """Return what waits to be sent now and was not returned before, an alert once."""
        return list({claim.alert.id: claim.alert for claim in self.claims()}.values())

    def claims(self) -> Sequence[Claim]:
        with self.store.transaction() as tx:
            return tx.claim_deliveries("w", self.clock.at, timedelta(days=999), LANES)

    def runs(self) -> Sequence[DigestRun]:
        with self.store.transaction() as tx:
            return tx.digest_runs(99)


@pytest.fixture
def house(store: SqlStore, bus: LocalBus, clock: FakeClock) -> House:
    return House(store, bus, clock)


def about(name: str, **changed: Any) -> Classified:
    return a_classified(a_revision(a_release(name)), **changed)


def withdrawn(before: Classified) -> Classified:
    release = before.revision.release.model_copy(update={"status": "withdrawn"})
    return a_classified(
        a_revision(
            release,
            number=2,
            cause="withdrawn",
            replaces=before.revision.fingerprint,
            observed_at=before.revision.observed_at + timedelta(minutes=5),
        ),
        themes=(),
    )


def names(alert: Alert) -> list[str]:
    """Return the releases that an alert is about."""
    items = [alert] if alert.digest is None else alert.digest.items
    addresses = (one.classified and one.classified.revision.release.address for one in items)
    return [str(address).rpartition("/")[2] for address in addresses]


def period(alert: Alert) -> tuple[str, str]:
    assert alert.digest is not None
    return f"{alert.digest.since:%Y-%m-%d %H:%M}", f"{alert.digest.until:%Y-%m-%d %H:%M}"


# digests


def test_a_digest_comes_at_its_moment_with_all_that_came_before_it(house: House) -> None:
    house.enrol(ADA, DAILY)
    house.take("2026-03-02 12:00", about("fees"), about("boats"))
    assert house.sent() == []
    assert house.run("2026-03-03 08:29") == []
    (alert,) = house.run("2026-03-03 08:30")
    assert alert.event == "digest"
    assert sorted(names(alert)) == ["boats", "fees"]
    assert period(alert) == ("2026-03-02 08:30", "2026-03-03 08:30")
    assert alert.digest is not None
    assert (alert.digest.why, alert.digest.total) == (DAILY, 2)
    assert alert.digest.by_theme == (("migration", 2),)


def test_a_run_is_sent_once(house: House) -> None:
    house.enrol(ADA, DAILY)
    house.take("2026-03-02 12:00", about("fees"))
    assert len(house.run("2026-03-03 08:30")) == 1
    assert house.run("2026-03-03 08:31") == []
    assert house.run("2026-03-05 08:30") == []


def test_where_nothing_came_nothing_is_sent(house: House) -> None:
    house.enrol(ADA, DAILY)
    assert house.run("2026-03-09 08:30") == []
    assert house.runs() == []


def test_what_comes_at_the_very_moment_belongs_to_the_next_digest(house: House) -> None:
    house.enrol(ADA, DAILY)
    house.take("2026-03-02 12:00", about("fees"))
    house.take("2026-03-03 08:30", about("boats"))
    (first,) = house.run("2026-03-03 08:30")
    (second,) = house.run("2026-03-04 08:30")
    assert (names(first), names(second)) == (["fees"], ["boats"])


def test_digests_go_into_the_lane_of_what_can_wait(house: House) -> None:
    house.enrol(ADA, "hourly")
    house.take("2026-03-02 12:10", about("fees"))
    house.run_due("2026-03-02 13:00")
    assert [claim.lane for claim in house.claims()] == ["bulk"]


def test_what_several_subscriptions_ask_for_comes_once_with_the_soonest(house: House) -> None:
    house.enrol(ADA, DAILY, "hourly")
    house.take("2026-03-02 12:10", about("fees"))
    (alert,) = house.run("2026-03-02 13:00")
    assert names(alert) == ["fees"]
    assert alert.subscriptions == ("s-ada-0", "s-ada-1")
    assert house.run("2026-03-03 08:30") == []


def test_what_is_wanted_at_once_is_sent_at_once_and_in_no_digest(house: House) -> None:
    house.enrol(ADA, DAILY, "immediate")
    house.take("2026-03-02 12:10", about("fees"))
    (claim,) = house.claims()
    assert (claim.alert.event, claim.lane) == ("new", "urgent")
    assert claim.url.get_secret_value() == "json://hooks.example/1", "over the immediate one's"
    assert house.run("2026-03-03 08:30") == []


def test_subscriptions_of_one_rhythm_come_in_one_message(house: House) -> None:
    house.enrol(ADA, DAILY, DAILY)
    house.take("2026-03-02 12:10", about("fees"))
    house.run_due("2026-03-03 08:30")
    claims = house.claims()
    assert len({claim.alert.id for claim in claims}) == 1
    assert len(claims) == 2, "over both channels"


def test_each_subscriber_has_a_digest_of_their_own(house: House) -> None:
    house.enrol(ADA, DAILY)
    house.enrol(BOB, DAILY)
    house.take("2026-03-02 12:10", about("fees"))
    assert {alert.subscriber for alert in house.run("2026-03-03 08:30")} == {ADA.id, BOB.id}


def test_a_digest_is_told_nobody_whose_subscription_ended_meanwhile(house: House) -> None:
    house.enrol(ADA, DAILY)
    house.take("2026-03-02 12:10", about("fees"))
    with house.store.transaction() as tx:
        tx.set_subscription_state(a_subscription(name="ada-0").id, "paused")
    assert house.run("2026-03-03 08:30") == []
    with house.store.transaction() as tx:
        (item,) = tx.trace(a_release("fees").id).items
    assert (item.state, item.outcome) == (
        "dropped",
        "no active subscription of theirs asks for it any more",
    )
    assert [run.state for run in house.runs()] == ["empty"]


def test_the_match_says_when_it_comes(house: House) -> None:
    house.enrol(ADA, DAILY)
    house.take("2026-06-02 12:10", about("fees"))
    with house.store.transaction() as tx:
        (match,) = tx.trace(a_release("fees").id).matches
    assert match.outcome == "told"
    assert match.reason.endswith(
        "; waits for the digest of daily 08:30 Europe/London, due 2026-06-03 08:30 Europe/London"
    )


# clocks


@pytest.mark.parametrize(
    "said, came, before, due",
    [
        # Clocks go forward on 29 March 2026, back on 25 October.
        (DAILY, "2026-03-28 12:00", "2026-03-29 07:29", "2026-03-29 07:30"),
        (DAILY, "2026-10-24 12:00", "2026-10-25 08:29", "2026-10-25 08:30"),
        # 01:30 does not exist in that night, and comes twice in the other.
        ("daily 01:30 Europe/London", "2026-03-28 12:00", "2026-03-29 01:29", "2026-03-29 01:30"),
        ("daily 01:30 Europe/London", "2026-10-24 12:00", "2026-10-25 00:29", "2026-10-25 00:30"),
        # Leap day.
        (DAILY, "2028-02-28 12:00", "2028-02-29 08:29", "2028-02-29 08:30"),
        (DAILY, "2028-02-29 12:00", "2028-03-01 08:29", "2028-03-01 08:30"),
        ("weekly tuesday 09:00 UTC", "2028-02-22 12:00", "2028-02-29 08:59", "2028-02-29 09:00"),
    ],
)
def test_a_digest_has_its_local_time_whatever_the_clocks_do(
    house: House, said: str, came: str, before: str, due: str
) -> None:
    house.enrol(ADA, said)
    house.take(came, about("fees"))
    assert house.run(before) == []
    assert [names(alert) for alert in house.run(due)] == [["fees"]]


def test_the_time_that_comes_twice_has_one_digest(house: House) -> None:
    house.enrol(ADA, "daily 01:30 Europe/London")
    house.take("2026-10-24 12:00", about("fees"))
    assert len(house.run("2026-10-25 00:30")) == 1
    house.take("2026-10-25 00:45", about("boats"))
    assert house.run("2026-10-25 01:30") == [], "the second 01:30 of that night"
    assert len(house.run("2026-10-26 01:30")) == 1


def test_a_machine_asleep_at_the_moment_sends_it_later_once_and_says_the_period(
    house: House,
) -> None:
    house.enrol(ADA, DAILY)
    house.take("2026-03-02 12:00", about("fees"))
    (alert,) = house.run("2026-03-03 14:12")
    assert period(alert) == ("2026-03-02 08:30", "2026-03-03 08:30")
    assert house.run("2026-03-03 14:13") == []


def test_three_missed_days_are_one_digest_with_one_period(house: House) -> None:
    house.enrol(ADA, DAILY)
    for day, name in enumerate(("fees", "boats", "visa"), start=2):
        house.take(f"2026-03-0{day} 12:00", about(name))
    (alert,) = house.run("2026-03-05 10:00")
    assert sorted(names(alert)) == ["boats", "fees", "visa"]
    assert period(alert) == ("2026-03-02 08:30", "2026-03-05 08:30")
    assert [run.state for run in house.runs()] == ["sent", "joined", "joined"]


def test_another_zone_counts_for_what_waits_already(house: House) -> None:
    house.enrol(ADA, DAILY)
    house.take("2026-03-02 12:00", about("fees"))
    with house.store.transaction() as tx:
        (one,) = tx.subscriptions()
    change = Edit(frequency=frequency("daily 08:30 Asia/Kolkata"))
    edit(house.store, house.clock, RecordingSender(), one, change)
    (alert,) = house.run("2026-03-03 03:00")  # 08:30 there
    assert names(alert) == ["fees"]
    assert house.run("2026-03-03 08:30") == []


def test_what_is_wanted_at_once_from_now_on_does_not_wait_any_longer(house: House) -> None:
    house.enrol(ADA, DAILY)
    house.take("2026-03-02 12:00", about("fees"))
    with house.store.transaction() as tx:
        (one,) = tx.subscriptions()
    edit(house.store, house.clock, RecordingSender(), one, Edit(frequency=frequency("immediate")))
    (alert,) = house.run("2026-03-02 12:00")
    assert (alert.event, names(alert)) == ("new", ["fees"])


# quiet hours


def test_in_quiet_hours_nothing_is_sent_and_one_alone_comes_as_it_is(house: House) -> None:
    house.enrol(ADA, "immediate", quiet=quiet(NIGHT))
    house.take("2026-03-02 23:30", about("fees"))
    assert house.run("2026-03-03 06:59") == []
    (alert,) = house.run("2026-03-03 07:00")
    assert (alert.event, names(alert)) == ("new", ["fees"])


def test_several_that_waited_for_the_morning_come_as_one(house: House) -> None:
    house.enrol(ADA, "immediate", quiet=quiet(NIGHT))
    house.take("2026-03-02 22:00", about("fees"))
    house.take("2026-03-03 06:59", about("boats"))
    (alert,) = house.run("2026-03-03 07:00")
    assert (alert.event, sorted(names(alert))) == ("digest", ["boats", "fees"])
    assert alert.digest is not None
    assert alert.digest.why == f"after quiet hours {NIGHT}"
    assert period(alert) == ("2026-03-02 22:00", "2026-03-03 07:00")


@pytest.mark.parametrize("at", ["2026-03-02 21:59", "2026-03-03 07:00"])
def test_outside_of_quiet_hours_it_is_sent_at_once(house: House, at: str) -> None:
    house.enrol(ADA, "immediate", quiet=quiet(NIGHT))
    house.take(at, about("fees"))
    assert [names(alert) for alert in house.sent()] == [["fees"]]


@pytest.mark.parametrize(
    "came, before, due",
    [
        ("2026-03-28 23:30", "2026-03-29 05:59", "2026-03-29 06:00"),  # an hour less
        ("2026-10-24 23:30", "2026-10-25 06:59", "2026-10-25 07:00"),  # an hour more
    ],
)
def test_quiet_hours_end_at_their_local_time_whatever_the_clocks_do(
    house: House, came: str, before: str, due: str
) -> None:
    house.enrol(ADA, "immediate", quiet=quiet(NIGHT))
    house.take(came, about("fees"))
    assert house.run(before) == []
    assert len(house.run(due)) == 1


def test_digests_due_in_quiet_hours_come_as_one_when_they_end(house: House) -> None:
    house.enrol(ADA, "hourly", quiet=quiet(NIGHT))
    house.take("2026-03-02 21:30", about("fees"))
    house.take("2026-03-03 03:30", about("boats"))
    assert house.run("2026-03-03 06:00") == []
    (alert,) = house.run("2026-03-03 07:00")
    assert sorted(names(alert)) == ["boats", "fees"]


def test_a_gap_waits_for_the_end_of_quiet_hours_and_for_no_digest(house: House) -> None:
    house.enrol(ADA, DAILY, quiet=quiet(NIGHT))
    with house.store.transaction() as tx:
        (one,) = tx.subscriptions()
        tx.change_subscription(one.model_copy(update={"events": frozenset({"gap"})}))
    now = utc("2026-03-02 23:00")
    gap = Gap("g-1", SourceId("example"), now, now - timedelta(hours=3), now, "")
    with house.store.transaction() as tx:
        assert tell_of_gap(tx, gap, now) == 1
    assert house.run("2026-03-03 06:59") == []
    assert [alert.event for alert in house.run("2026-03-03 07:00")] == ["gap"]


# limits


def test_what_is_over_the_limit_comes_in_the_overflow_digest(house: House) -> None:
    house.enrol(ADA, "immediate", limit=limit("2/day"))
    house.take("2026-03-02 12:10", *(about(name) for name in ("one", "two", "three", "four")))
    assert [names(alert) for alert in house.sent()] == [["one"], ["two"]]
    (alert,) = house.run("2026-03-02 13:00")
    assert sorted(names(alert)) == ["four", "three"]
    assert alert.digest is not None
    assert alert.digest.why == "over the limit of 2/day"


def test_a_limit_counts_the_day_before_each_moment(house: House) -> None:
    house.enrol(ADA, "immediate", limit=limit("1/day"))
    house.take("2026-03-02 12:10", about("one"))
    house.take("2026-03-03 12:09", about("two"))
    house.take("2026-03-03 12:11", about("three"))
    assert [names(alert) for alert in house.sent()] == [["one"], ["three"]]


def test_a_limit_is_of_all_subscriptions_together(house: House) -> None:
    house.enrol(ADA, "immediate", "immediate", limit=limit("1/hour"))
    house.take("2026-03-02 12:10", about("one"), about("two"))
    assert [names(alert) for alert in house.sent()] == [["one"]]


def test_what_waits_for_a_digest_anyway_does_not_count_for_the_limit(house: House) -> None:
    house.enrol(ADA, "hourly", limit=limit("1/day"))
    house.take("2026-03-02 12:10", about("one"), about("two"))
    (alert,) = house.run("2026-03-02 13:00")
    assert alert.digest is not None
    assert (alert.digest.total, alert.digest.why) == (2, "hourly")


# what comes of a release that waits


def test_what_is_withdrawn_while_it_waits_is_shown_as_withdrawn(house: House) -> None:
    fees = about("fees")
    house.enrol(ADA, DAILY)
    house.take("2026-03-02 12:00", fees)
    house.take("2026-03-02 13:00", withdrawn(fees))
    (alert,) = house.run("2026-03-03 08:30")
    assert alert.digest is not None
    (item,) = alert.digest.items
    assert (item.event, names(alert)) == ("withdrawn", ["fees"])
    assert item.classified == fees, "with the text and themes that it had"


def test_it_is_shown_as_withdrawn_to_whoever_does_not_ask_for_withdrawals(house: House) -> None:
    fees = about("fees")
    house.enrol(ADA, DAILY)
    with house.store.transaction() as tx:
        (one,) = tx.subscriptions()
        tx.change_subscription(one.model_copy(update={"events": frozenset({"new"})}))
    house.take("2026-03-02 12:00", fees)
    house.take("2026-03-02 13:00", withdrawn(fees))
    (alert,) = house.run("2026-03-03 08:30")
    assert alert.digest is not None
    assert [item.event for item in alert.digest.items] == ["withdrawn"]


def test_a_withdrawal_of_what_waits_waits_with_it(house: House) -> None:
    """Over the limit it waits; the withdrawal is not told before what it withdraws."""
    fees = about("fees")
    house.enrol(ADA, "immediate", limit=limit("1/hour"), overflow=frequency("daily 18:00 UTC"))
    house.take("2026-03-02 12:00", about("first"), fees)
    house.sent()
    house.take("2026-03-02 14:00", withdrawn(fees))
    assert house.sent() == []
    (alert,) = house.run("2026-03-02 18:00")
    assert alert.digest is not None
    assert [item.event for item in alert.digest.items] == ["withdrawn"]


def test_a_revision_of_what_waits_is_one_item_with_the_newest_text(house: House) -> None:
    old = a_classified(a_revision(a_release("fees", text="The fee is £35.")))
    new = a_classified(
        a_revision(
            a_release("fees", text="The fee is £38."),
            number=2,
            cause="revised",
            replaces=old.revision.fingerprint,
            observed_at=old.revision.observed_at + timedelta(minutes=5),
        )
    )
    house.enrol(ADA, DAILY)
    house.take("2026-03-02 12:00", old)
    house.take("2026-03-02 13:00", new)
    (alert,) = house.run("2026-03-03 08:30")
    assert alert.digest is not None
    (item,) = alert.digest.items
    assert (item.event, item.classified, item.changed) == ("new", new, "")


# crashes


Got = tuple[str, str, str]
"""A subscriber, a release, and as what."""

STEPS = (
    ("take", "2026-03-02 12:10", ("one", "two", "three")),
    ("run", "2026-03-02 13:00", ()),
    ("take", "2026-03-02 22:30", ("four",)),
    ("run", "2026-03-03 07:00", ()),
    ("take", "2026-03-03 08:00", ("five", "six")),
    ("run", "2026-03-03 08:30", ()),
    ("run", "2026-03-03 09:00", ()),
)


def lived(folder: Path, kills: Sequence[int]) -> tuple[list[Got], int]:
    """Live through the steps, killed at each of these; return who got what, and steps in all."""
    folder.mkdir()
    clock = FakeClock()
    got: list[Got] = []
    left = list(kills)
    with (
        temporary_store(folder, clock=clock) as store,
        closing(LocalBus(folder / "log.db")) as bus,
    ):
        bus.create_topics(topic_specs((), partitions=1))
        real = House(store, bus, clock)
        real.enrol(ADA, DAILY, "hourly")
        real.enrol(BOB, "immediate", quiet=quiet(NIGHT), limit=limit("2/day"))
        total = 0
        for what, at, taken in STEPS:
            publish(bus, [about(name) for name in taken])
            while True:
                crashing = CrashingStore(store, left.pop() if left else None)
                house = House(crashing, bus, clock)
                with suppress(Killed):
                    house.take(at) if what == "take" else house.run_due(at)
                    total += crashing.steps
                    break
            for alert in real.sent():
                got += [(alert.subscriber, name, alert.event) for name in names(alert)]
    return sorted(got), total


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Got], int]:
    """Who gets what if nothing crashes, and in how many steps of the store."""
    return lived(tmp_path_factory.mktemp("whole") / "it", [])


@settings(max_examples=12, deadline=None)
@given(kills=st.lists(st.integers(1, 60), min_size=1, max_size=8))
def test_each_release_comes_once_to_each_whatever_crashes_between_the_steps(
    tmp_path_factory: pytest.TempPathFactory,
    undisturbed: tuple[list[Got], int],
    kills: list[int],
) -> None:
    expected, _steps = undisturbed
    found, _ = lived(tmp_path_factory.mktemp("killed") / "it", kills)
    assert found == expected
    assert len({(who, name) for who, name, _event in found}) == len(found) == 12
