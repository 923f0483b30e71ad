"""Receipts: silence that means nothing, told apart from silence that means broken."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.messages.personal import commands_of
from alerts.receipting import Receipting
from despatch.filter import Choice, Filter
from despatch.frequency import frequency, quiet
from despatch.model import Alert, SourceId, Subscriber
from despatch.ports import Due, Gap, Health, Place, Poll, SourceRecord, Store, Taken
from despatch.store.sql import SqlStore
from despatch.testing import FakeClock, a_classified, a_release, a_revision
from despatch.testing.crashes import CrashingStore, Killed
from despatch.testing.stores import temporary_store
from despatch.testing.subscribers import a_channel, a_match, a_subscriber, a_subscription

DAILY = frequency("daily 08:00 Europe/London")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
PLACE = Place("cluster", "despatch.classified.v1", "topic", 0)


def enrol(store: Store, name: str = "ada", **changed: object) -> Subscriber:
    """Subscribe somebody who wants a receipt every morning."""
    who = a_subscriber(name).model_copy(update={"receipt": DAILY} | changed)
    with store.transaction() as tx:
        tx.add_subscriber(who)
        channel = tx.add_channel(a_channel(who))
        tx.add_subscription(a_subscription(channel, name=name, filter=Filter()))
    return who


def add_source(store: Store, clock: FakeClock, name: str = "govuk") -> None:
    with store.transaction() as tx:
        settings = {"address": f"https://{name}.example/feed"}
        tx.add_source(SourceRecord(SourceId(name), "feed", settings, clock.now()))


def read(
    store: Store, clock: FakeClock, name: str = "govuk", failures: int = 0, *, ok: bool = True
) -> None:
    """Record a poll of a source now; it is next due in an hour."""
    now = clock.now()
    with store.transaction() as tx:
        leased = tx.lease_source(SourceId(name), "here", now, HOUR)
        assert leased is not None
        before = next(h for record, h, _due in tx.sources() if record.id == name)
        health = Health(now, now if ok else before.ok_at, failures, "x" if failures else "")
        tx.release_source(SourceId(name), leased.epoch, Due(now + HOUR, "as usual"), health)


def at(clock: FakeClock, hour: int, minute: int = 0, *, day: int = 3) -> None:
    """Move the clock to a time of March 2026, in UTC."""
    clock.move(datetime(2026, 3, day, hour, minute, tzinfo=UTC) - clock.now())


def sent(store: Store) -> Sequence[Alert]:
    """Return the receipts that wait to be delivered, as a worker gets them."""
    with store.transaction() as tx:
        claims = tx.claim_deliveries("here", datetime(2026, 12, 1, tzinfo=UTC), HOUR, {"bulk": 99})
        return [one.alert for one in claims if not one.stopped]


@pytest.fixture
def receipts(store: SqlStore, clock: FakeClock) -> Receipting:
    return Receipting(store, clock)


def test_a_quiet_day_is_told_with_what_was_looked_at(
    store: SqlStore, clock: FakeClock, receipts: Receipting
) -> None:
    add_source(store, clock)
    enrol(store)
    with store.transaction() as tx:
        judged = a_classified(a_revision(a_release()))
        tx.archive(Taken(judged, PLACE, 0, clock.now() + HOUR, "new: x"), best=True)
    at(clock, 7, 58)
    read(store, clock)
    assert receipts.run_due() == 0
    at(clock, 8)
    assert receipts.run_due() == 1
    (alert,) = sent(store)
    assert (alert.event, alert.subject) == ("receipt", "0 matches; everything is well")
    assert alert.body == (
        "From 2 March 2026, 12:00 to 3 March 2026, 08:00 (Europe/London):\n"
        "- 0 matches told\n"
        "- 1 of 1 source read, last on 3 March 2026, 07:58\n"
        "- 1 release judged\n"
        "- no gap open"
    )
    assert alert.reason == "you asked for a receipt: daily 08:00 Europe/London"
    assert alert.subscriptions == ("s-ada",)
    assert commands_of(alert) == "despatch subscriptions edit s-ada --receipt none"


def test_what_came_is_counted_and_what_was_held_back(
    store: SqlStore, clock: FakeClock, receipts: Receipting
) -> None:
    add_source(store, clock)
    enrol(store)
    asked = a_subscription(a_channel(a_subscriber("ada")), name="ada")
    with store.transaction() as tx:
        for name, outcome in (("a", "told"), ("b", "told"), ("c", "held")):
            classified = a_classified(a_revision(a_release(name)))
            given = {"outcome": outcome, "matched_at": clock.now() + HOUR}
            tx.add_match(a_match(classified, asked).model_copy(update=given))
    at(clock, 7)
    read(store, clock)
    at(clock, 8)
    receipts.run_due()
    (alert,) = sent(store)
    assert alert.subject == "2 releases told; everything is well"
    assert "- 2 releases told, 1 match held back" in alert.body


@pytest.mark.parametrize(
    "broken, says",
    [
        ("never read", "govuk was not read, never yet"),
        ("not read", "govuk was not read, last on 2 March 2026, 12:00"),
        ("fails", "govuk can't be read: 3 failed tries in a row, last on 3 March 2026, 07:00 read"),
        ("gap", "govuk may have published unseen from 2 March 2026, 12:00 to"),
        ("stuck", "stage processors waits: since 2 March 2026, 12:00"),
        ("was stuck", "over since 3 March 2026, 07:00"),
        ("canary", "canary: since 2 March 2026, 12:00"),
        ("silent", "govuk has published nothing for longer than is usual"),
        ("no source", "no source is read that could match"),
    ],
)
def test_what_is_not_well_is_said_first_and_in_the_subject(
    store: SqlStore, clock: FakeClock, receipts: Receipting, broken: str, says: str
) -> None:
    if broken != "no source":
        add_source(store, clock)
    if broken == "not read":
        read(store, clock)
        clock.move(timedelta(minutes=1))
    enrol(store)
    with store.transaction() as tx:
        now = clock.now()
        if broken == "gap":
            tx.add_gap(Gap("g-1", SourceId("govuk"), now, now, now + HOUR))
        keys = {
            "stuck": "stage processors waits", "was stuck": "stage processors waits",
            "canary": "canary", "silent": "silence of govuk",
        }  # fmt: skip
        if broken in keys:
            tx.open_alarm(keys[broken], "it is so", now)
    at(clock, 7)
    if broken not in {"never read", "not read", "no source"}:
        read(store, clock)
    if broken == "was stuck":
        with store.transaction() as tx:
            tx.close_alarm("stage processors waits", clock.now())
    at(clock, 8)
    if broken == "fails":
        read(store, clock, failures=3, ok=False)
    receipts.run_due()
    (alert,) = sent(store)
    assert alert.subject == "0 matches; NOT everything is well"
    assert alert.body.startswith("NOT everything is well. Something that you asked for may have")
    assert says in alert.body


def test_one_failed_try_and_what_is_not_due_yet_are_nothing_wrong(
    store: SqlStore, clock: FakeClock, receipts: Receipting
) -> None:
    add_source(store, clock)
    enrol(store)
    at(clock, 7)
    read(store, clock)
    at(clock, 7, 59)
    read(store, clock, failures=1, ok=False)
    at(clock, 8)
    receipts.run_due()
    (alert,) = sent(store)
    assert alert.subject == "0 matches; everything is well"


def test_only_what_can_match_is_counted(
    store: SqlStore, clock: FakeClock, receipts: Receipting
) -> None:
    for name in ("govuk", "other"):
        add_source(store, clock, name)
    who = enrol(store)
    with store.transaction() as tx:
        theirs = tx.subscriptions()[0]
        only = Filter(sources=Choice[SourceId](any=(SourceId("govuk"),)))
        tx.change_subscription(theirs.model_copy(update={"filter": only}))
    at(clock, 7)
    read(store, clock)
    at(clock, 8)
    receipts.run_due()
    (alert,) = sent(store)
    assert alert.subscriber == who.id
    assert "- 1 of 1 source read" in alert.body
    assert alert.subject == "0 matches; everything is well"


def test_a_machine_that_slept_over_it_sends_one_with_all_the_time_that_it_covers(
    store: SqlStore, clock: FakeClock, receipts: Receipting
) -> None:
    add_source(store, clock)
    enrol(store)
    at(clock, 9, day=6)
    read(store, clock)
    assert receipts.run_due() == 1
    (alert,) = sent(store)
    assert alert.body.startswith("From 2 March 2026, 12:00 to 6 March 2026, 09:00")
    at(clock, 8, day=7)
    assert receipts.run_due() == 1
    (alert,) = sent(store)
    assert "From 6 March 2026, 09:00 to 7 March 2026, 08:00" in alert.body


def test_it_comes_at_the_local_time_though_the_clocks_change(
    store: SqlStore, clock: FakeClock, receipts: Receipting
) -> None:
    enrol(store)
    at(clock, 8, day=28)
    receipts.run_due()
    with store.transaction() as tx:
        due = tx.receipt_due(a_subscriber("ada").id)
    assert due == datetime(2026, 3, 29, 7, tzinfo=UTC), "summer time begins on 29 March"


def test_a_source_that_has_ended_is_not_called_paused(
    store: SqlStore, clock: FakeClock, receipts: Receipting
) -> None:
    enrol(store)
    for name in ("govuk", "old", "resting"):
        add_source(store, clock, name)
        read(store, clock, name)
    with store.transaction() as tx:
        leased = tx.lease_source(SourceId("old"), "here", clock.now() + HOUR, HOUR)
        assert leased is not None
        last = Poll(clock.now() + HOUR, "ended", HOUR, 410, problem="http 410")
        health = Health(last.at, clock.now(), 0, "")
        tx.release_source(SourceId("old"), leased.epoch, Due(last.at, "ended"), health, last)
        tx.set_source_state(SourceId("old"), "paused")
        tx.set_source_state(SourceId("resting"), "paused")
    at(clock, 8)
    receipts.run_due()
    (alert,) = sent(store)
    assert alert.body.splitlines()[-2:] == [
        "- ended, so read no more since 2 March 2026, 13:00: old",
        "- paused, so not read: resting",
    ]


def test_quiet_hours_are_waited_for(
    store: SqlStore, clock: FakeClock, receipts: Receipting
) -> None:
    enrol(store, quiet=quiet("22:00-09:30 Europe/London"))
    at(clock, 8)
    receipts.run_due()
    assert sent(store) == []
    at(clock, 9, 30)
    receipts.run_due()
    (alert,) = sent(store)
    assert "From 2 March 2026, 12:00 to 3 March 2026, 09:30" in alert.body


def test_whoever_has_nothing_subscribed_gets_none_and_whoever_ends_it_neither(
    store: SqlStore, clock: FakeClock, receipts: Receipting
) -> None:
    enrol(store)
    enrol(store, "bob")
    with store.transaction() as tx:
        tx.set_subscription_state(a_subscription(name="ada").id, "paused")
        assert tx.change_subscriber(a_subscriber("bob"))
        assert tx.receipt_due(a_subscriber("bob").id) is None
    at(clock, 8)
    assert receipts.run_due() == 1
    assert sent(store) == []


def test_a_crash_at_whichever_step_sends_it_once(tmp_path: Path, clock: FakeClock) -> None:
    at(clock, 12, day=2)
    steps = 0
    while True:
        steps += 1
        folder = tmp_path / str(steps)
        folder.mkdir()
        mine = FakeClock()
        with temporary_store(folder, clock=mine) as store:
            enrol(store)
            at(mine, 8)
            crashing = CrashingStore(store, steps)
            with suppress(Killed):
                Receipting(crashing, mine).run_due()
            Receipting(store, mine).run_due()
            assert len(sent(store)) == 1
        if crashing.steps < steps:
            break
    assert steps > 8


def test_each_is_told_of_the_sources_they_read_in_their_zone_and_what_came_to_them(
    store: SqlStore, clock: FakeClock, receipts: Receipting
) -> None:
    """Texts are made once for all whom they fit: not for one more."""
    for source in ("govuk", "other"):
        add_source(store, clock, source)
    for name in ("ada", "bob", "cay"):
        enrol(store, name)
    enrol(store, "dan", receipt=frequency("daily 08:00 Europe/Lisbon"))
    who = a_subscriber("eve").model_copy(update={"receipt": DAILY})
    one_source = Filter(sources=Choice[SourceId](any=(SourceId("other"),)))
    asked = a_subscription(a_channel(a_subscriber("cay")), name="cay")
    with store.transaction() as tx:
        tx.add_subscriber(who)
        channel = tx.add_channel(a_channel(who))
        tx.add_subscription(a_subscription(channel, name="eve", filter=one_source))
        tx.add_match(a_match(a_classified(), asked, matched_at=clock.now() + HOUR))
    at(clock, 8)
    assert receipts.run_due() == 5
    bodies = {str(alert.subscriber): alert.body for alert in sent(store)}
    assert bodies["u-ada"] == bodies["u-bob"]
    assert len(set(bodies.values())) == 4
    assert "1 release told" in bodies["u-cay"]
    assert "Europe/Lisbon" in bodies["u-dan"]
    assert "govuk" not in bodies["u-eve"]
