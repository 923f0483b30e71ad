"""A canary goes the whole way, nobody is told of it, and one that does not arrive is an alarm."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from despatch.app import App
from despatch.app.canary import ALARM, Canaries, seen
from despatch.app.status import status
from despatch.canary import KEPT, SOURCE, Flight, is_canary, name_of, next_at, stands_in
from despatch.errors import ServerAway
from despatch.model import Classified, Revision
from despatch.runner import Runner
from despatch.testing import FakeClock, a_classified, a_release, a_revision
from despatch.testing.releases import SEEN
from despatch.topics import CLASSIFIED, DEAD, RELEASES, decode
from despatch.web.metrics import render

MINUTE = timedelta(minutes=1)
EVERY = timedelta(minutes=5)


def run(app: App, stage: Any) -> None:
    """Take all there is for a stage."""
    stop = threading.Event()
    Runner(stage, app.bus, app.clock, alarms=app.alarms).run(stop, on_idle=stop.set)


def process(app: App) -> None:
    run(app, app.classifying())


def alert(app: App) -> None:
    run(app, app.alerting())


def deliver(app: App) -> None:
    app.deliverer().run_once()


def alarms(app: App) -> dict[str, str]:
    with app.store.transaction() as tx:
        return {one.key: one.text for one in tx.alarms()}


def in_log(app: App, topic: str) -> int:
    return sum(1 for _ in app.bus.browse(topic))


def test_it_goes_the_whole_way_and_says_how_long_that_took(
    installed: App, clock: FakeClock
) -> None:
    Canaries(installed).look()
    assert seen(installed).arrived_at is None
    clock.move(timedelta(seconds=2))
    for step in (process, alert, deliver):
        step(installed)
    found = seen(installed)
    assert (found.arrived_at, found.took) == (clock.now(), timedelta(seconds=2))
    assert (found.under_way_since, found.stands_in) == (None, "")


def test_nothing_is_kept_counted_or_told_of_it(installed: App, clock: FakeClock) -> None:
    Canaries(installed).look()
    for step in (process, alert, deliver):
        step(installed)
    found = status(installed).counts
    assert (found.releases, found.matches, found.told) == (0, 0, 0)
    assert set(found.deliveries.values()) == {0}
    with installed.store.transaction() as tx:
        assert tx.archive_page(None, None, 10) == []
        assert tx.count_releases_since(SEEN - EVERY) == 0
        assert tx.find_releases("r-n-") == []
    others = [topic.name for topic in installed.topics if topic.name not in {RELEASES, CLASSIFIED}]
    assert DEAD in others
    assert [in_log(installed, topic) for topic in others] == [0] * len(others)


def test_every_reader_of_the_topics_can_read_it(installed: App) -> None:
    Canaries(installed).look()
    process(installed)
    (published,) = (decode(Revision, one.value) for one in installed.bus.browse(RELEASES))
    (judged,) = (decode(Classified, one.value) for one in installed.bus.browse(CLASSIFIED))
    assert is_canary(published)
    assert is_canary(judged)
    assert not is_canary(a_revision())


def test_it_is_on_no_theme_s_topic_whatever_a_theme_makes_of_it(installed: App) -> None:
    canary = a_classified(a_revision(a_release(source=SOURCE)), themes=("migration",))
    other = a_classified(themes=("migration",))
    stage = installed.classifying()
    assert [one.topic for one in stage.outgoing(canary)] == [CLASSIFIED]
    assert len(stage.outgoing(other)) == 2


@pytest.mark.parametrize(
    "done, stands",
    [((), "processors"), ((process,), "alerts"), ((process, alert), "deliveries")],
)
def test_one_that_does_not_arrive_is_an_alarm_that_names_the_stage_until_it_does(
    installed: App,
    clock: FakeClock,
    done: tuple[Callable[[App], None], ...],
    stands: str,
) -> None:
    canaries = Canaries(installed)
    canaries.look()
    for step in done:
        step(installed)
    clock.move(MINUTE)
    canaries.look()
    assert alarms(installed) == {}
    clock.move(MINUTE)
    canaries.look()
    assert f"it stands in {stands}." in alarms(installed)[ALARM]
    assert seen(installed).stands_in == stands
    for step in (process, alert, deliver):
        step(installed)
    canaries.look()
    assert alarms(installed) == {}


def test_the_alarm_follows_it_from_stage_to_stage(installed: App, clock: FakeClock) -> None:
    canaries = Canaries(installed)
    canaries.look()
    clock.move(2 * MINUTE)
    for _again in range(3):
        canaries.look()
    process(installed)
    canaries.look()
    assert "stands in alerts" in alarms(installed)[ALARM]
    with installed.store.transaction() as tx:
        assert [one.count for one in tx.alarms()] == [2]


def test_an_alarm_that_an_earlier_life_left_is_closed(installed: App) -> None:
    installed.alarms.open(ALARM, "left open")
    canaries = Canaries(installed)
    canaries.look()
    for step in (process, alert, deliver):
        step(installed)
    canaries.look()
    assert alarms(installed) == {}


class FaultyLog:
    """A log that is away for the first message that is published."""

    def __init__(self, bus: Any) -> None:
        self._bus = bus
        self._away = True

    def publish(self, outgoing: Any) -> None:
        if self._away:
            self._away = False
            raise ServerAway("the log is away")
        self._bus.publish(outgoing)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bus, name)


def test_one_that_the_log_did_not_take_stands_before_it_and_is_published_again(
    installed: App, clock: FakeClock
) -> None:
    bus = installed.bus
    installed.__dict__["bus"] = FaultyLog(bus)
    canaries = Canaries(installed)
    with pytest.raises(ServerAway):
        canaries.look()
    assert seen(installed).stands_in == "log"
    canaries.look()
    assert seen(installed).stands_in == "processors"
    assert in_log(installed, RELEASES) == 1


def test_the_alarm_of_one_that_the_log_did_not_take_says_why(
    installed: App, clock: FakeClock
) -> None:
    """So that it is told with the outage of the log, and not as a trouble of its own."""
    installed.__dict__["bus"] = FaultyLog(installed.bus)
    canaries = Canaries(installed)
    with pytest.raises(ServerAway):
        canaries.look()
    clock.move(2 * MINUTE)
    canaries.look()
    assert "it stands in log (the log is away)." in alarms(installed)[ALARM]


class SilentLog(FaultyLog):
    """A log that is away when it is asked how far it goes."""

    def extents(self, _topic: str) -> Any:
        raise ServerAway("the log is away")


def test_where_one_stands_is_said_of_the_log_while_that_is_away(installed: App) -> None:
    """Else `status` would say nothing at all in an outage that a probe was caught in."""
    Canaries(installed).look()
    installed.__dict__["bus"] = SilentLog(installed.bus)
    assert seen(installed).stands_in == "log"


def test_another_is_sent_when_it_is_time_and_none_while_one_is_under_way(
    installed: App, clock: FakeClock
) -> None:
    canaries = [Canaries(installed), Canaries(installed)]
    for minutes in (0, 1, 4, 20, 30):
        clock.move(minutes * MINUTE)
        for each in canaries:
            each.look()
    assert in_log(installed, RELEASES) == 1
    clock.move(10 * MINUTE)
    for each in canaries:
        each.look()
    assert in_log(installed, RELEASES) == 2, "the first is given up after an hour"


@pytest.mark.parametrize(
    "flights, after",
    [
        ([], timedelta(0)),
        ([Flight("a", SEEN, SEEN, SEEN, SEEN)], EVERY),
        ([Flight("a", SEEN, SEEN)], KEPT),
    ],
)
def test_when_the_next_one_is_due(flights: list[Flight], after: timedelta) -> None:
    assert next_at(flights, SEEN, EVERY) == SEEN + after


def test_two_processes_send_one_of_the_same_name() -> None:
    assert name_of(SEEN, EVERY) == name_of(SEEN + timedelta(seconds=59), EVERY)
    assert name_of(SEEN, EVERY) != name_of(SEEN + EVERY, EVERY)


def test_where_a_message_older_than_it_waits_the_processors_have_it_still() -> None:
    published = Flight("a", SEEN, SEEN + MINUTE)
    assert stands_in(published, SEEN) == "processors"
    assert stands_in(published, SEEN + 2 * MINUTE) == "alerts"
    assert stands_in(published, None) == "alerts"


def test_its_age_and_where_one_stands_are_figures(installed: App, clock: FakeClock) -> None:
    assert b"canary_age" not in render(status(installed))
    Canaries(installed).look()
    clock.move(timedelta(seconds=3))
    shown = render(status(installed))
    assert b'despatch_canary_under_way_seconds{stage="processors"} 3.0' in shown
    for step in (process, alert, deliver):
        step(installed)
    clock.move(MINUTE)
    shown = render(status(installed))
    assert b"despatch_canary_age_seconds 60.0" in shown
    assert b"despatch_canary_took_seconds 3.0" in shown
    assert b'despatch_canary_under_way_seconds{stage="processors"} 0.0' in shown


def test_status_says_how_the_last_one_fared(
    installed: App, clock: FakeClock, cli: Callable[..., str]
) -> None:
    assert "Probes" not in cli("status", code=1)
    Canaries(installed).look()
    assert "none has come through yet; one stands in processors" in cli("status", code=1)
    for step in (process, alert, deliver):
        step(installed)
    assert "the last came through" in cli("status", code=1)


def test_its_names_are_nobody_else_s(cli: Callable[..., str]) -> None:
    subscribe = ("subscribe", "--theme", "migration")
    said = cli(*subscribe, "--to", "console://", "--name", SOURCE, code=2)
    assert "Despatch's own probes" in said
    assert "reaches nobody" in cli(*subscribe, "--to", "canary://", code=2)
