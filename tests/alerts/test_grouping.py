"""One outage is one message, with its end told; what comes and goes is no stream of messages."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.grouping import LOOK_BACK, SHOWN, STRETCH, Due, Pace, body, due, subject
from despatch.errors import LOG_AWAY
from despatch.ports import Alarm, Notice
from despatch.testing.releases import SEEN

PACE = Pace()
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
STEP = 5 * SECOND
AWAY = f"waits: poll: {LOG_AWAY}: is it started?"


class Operator:
    """Alarms as the store keeps them, and what is told, with time going on in steps."""

    def __init__(self) -> None:
        self.now = SEEN
        self.alarms: list[Alarm] = []
        self.notices: dict[str, Notice] = {}
        self.sent: list[tuple[datetime, Due]] = []

    def open(self, *keys: str, why: str = "is wrong") -> None:
        for key in keys:
            if key not in self.open_keys():
                self.alarms.append(Alarm(key, f"{key} {why}", self.now, self.now, 1))

    def close(self, *keys: str) -> None:
        self.alarms = [
            Alarm(a.key, a.text, a.opened_at, a.last_at, a.count, self.now)
            if a.key in keys and a.closed_at is None
            else a
            for a in self.alarms
        ]

    def open_keys(self) -> set[str]:
        return {a.key for a in self.alarms if a.closed_at is None}

    def told(self) -> set[str]:
        """Return what the operator takes for open."""
        return {key for key, one in self.notices.items() if one.over_at is None}

    def go_on(self, span: timedelta) -> None:
        """Let time pass, looking every five seconds."""
        until = self.now + span
        while self.now < until:
            self.now += STEP
            self._look()

    def _look(self) -> None:
        told = self.told()
        shown = [
            a
            for a in self.alarms
            if a.closed_at is None or a.closed_at >= self.now - LOOK_BACK or a.key in told
        ]
        message = due(shown, list(self.notices.values()), self.now, PACE)
        if message is None:
            return
        self.sent.append((self.now, message))
        again = message.new or (() if message.over else message.still)
        self.notices |= {a.key: Notice(a.key, self.now) for a in again}
        for alarm in message.over:
            kept = self.notices[alarm.key]
            self.notices[alarm.key] = Notice(kept.key, kept.told_at, self.now)

    def said(self) -> list[tuple[list[str], list[str], list[str]]]:
        return [(keys(m.new), keys(m.over), keys(m.still)) for _at, m in self.sent]


def keys(alarms: Iterable[Alarm]) -> list[str]:
    return [alarm.key for alarm in alarms]


@pytest.fixture
def operator() -> Operator:
    return Operator()


def test_five_hundred_alarms_within_a_minute_are_one_message_that_names_the_first(
    operator: Operator,
) -> None:
    for n in range(0, 500, 50):
        operator.open(*(f"source {n + k:03} fails" for k in range(50)))
        operator.go_on(STEP)
    operator.go_on(HOUR)
    ((_at, message),) = operator.sent
    assert len(message.new) == 500
    text = body(message)
    assert subject(message) == (
        "500 alarms: source 000 fails, source 001 fails, source 002 fails and 497 more"
    )
    assert text.count("is wrong") == SHOWN
    assert "… and 490 more" in text
    assert len(text) < 2_000


def test_alarms_that_go_on_coming_in_are_told_after_a_minute_and_a_half(
    operator: Operator,
) -> None:
    for n in range(60):
        operator.open(f"source {n:03} fails")
        operator.go_on(STEP)
    assert operator.sent[0][0] - SEEN == STRETCH * PACE.wait


def test_the_first_message_comes_after_the_wait(operator: Operator) -> None:
    operator.open("a")
    operator.go_on(HOUR)
    assert [at - SEEN for at, _message in operator.sent] == [PACE.wait]


def test_what_is_over_within_the_wait_is_not_told(operator: Operator) -> None:
    operator.open("a")
    operator.go_on(PACE.wait - STEP)
    operator.close("a")
    operator.go_on(HOUR)
    assert operator.sent == []


def test_the_end_is_told_once(operator: Operator) -> None:
    operator.open("a", "b")
    operator.go_on(10 * MINUTE)
    operator.close("a")
    operator.go_on(10 * MINUTE)
    operator.close("b")
    operator.go_on(HOUR)
    assert operator.said() == [(["a", "b"], [], []), ([], ["a"], ["b"]), ([], ["b"], [])]
    assert "Still open: b" in body(operator.sent[1][1])
    assert "No alarm is open any more." in body(operator.sent[2][1])


def test_what_opens_after_a_message_waits_for_the_interval(operator: Operator) -> None:
    operator.open("a")
    operator.go_on(MINUTE)
    operator.open("b", "c")
    operator.go_on(HOUR)
    assert operator.said() == [(["a"], [], []), (["b", "c"], [], ["a"])]
    assert operator.sent[1][0] - operator.sent[0][0] == PACE.interval


def test_what_stays_open_is_told_again(operator: Operator) -> None:
    operator.open("a")
    operator.go_on(PACE.wait + 2 * PACE.repeat)
    assert operator.said() == [(["a"], [], []), ([], [], ["a"]), ([], [], ["a"])]
    assert subject(operator.sent[1][1]) == "still open: a"


def test_what_comes_and_goes_is_told_once_and_is_over_when_it_has_stayed_away(
    operator: Operator,
) -> None:
    for _ in range(60):
        operator.open("a")
        operator.go_on(40 * SECOND)
        operator.close("a")
        operator.go_on(20 * SECOND)
    assert operator.said() == [(["a"], [], [])]
    operator.go_on(2 * HOUR)
    assert operator.said() == [(["a"], [], []), ([], ["a"], [])]


def test_what_is_never_open_for_the_wait_is_told_all_the_same_if_it_comes_again_and_again(
    operator: Operator,
) -> None:
    for _ in range(3):
        operator.open("a")
        operator.go_on(STEP)
        operator.close("a")
        operator.go_on(6 * STEP)
    assert operator.said() == [(["a"], [], [])]


def test_an_alarm_that_comes_back_after_its_end_was_told_is_told_again(
    operator: Operator,
) -> None:
    for _ in range(2):
        operator.open("a")
        operator.go_on(10 * MINUTE)
        operator.close("a")
        operator.go_on(2 * HOUR)
    assert operator.said() == [(["a"], [], []), ([], ["a"], [])] * 2


def test_an_outage_of_the_log_is_one_message_and_one_end_whenever_a_stage_finds_it_so(
    operator: Operator,
) -> None:
    operator.open("processors", why=AWAY)
    operator.go_on(10 * MINUTE)
    operator.open("alerts", why=AWAY)
    operator.go_on(HOUR)
    operator.close("processors")
    operator.go_on(10 * MINUTE)
    assert operator.said() == [(["processors"], [], [])], "alerts waits still"
    operator.close("alerts")
    operator.go_on(HOUR)
    assert operator.said() == [(["processors"], [], []), ([], ["processors"], [])]


def test_the_end_of_an_outage_of_the_log_is_told_once_for_all_that_were_named(
    operator: Operator,
) -> None:
    operator.open("processors", "alerts", why=AWAY)
    operator.go_on(10 * MINUTE)
    operator.close("processors")
    operator.go_on(10 * MINUTE)
    operator.close("alerts")
    operator.go_on(HOUR)
    assert operator.said()[1:] == [([], ["alerts", "processors"], [])]


def test_a_probe_that_was_caught_in_an_outage_of_the_log_is_no_news_until_that_is_over(
    operator: Operator,
) -> None:
    operator.open("processors", why=AWAY)
    operator.go_on(MINUTE)
    operator.open("canary", why="stands in processors")
    operator.go_on(HOUR)
    operator.close("processors")
    operator.go_on(HOUR)
    assert operator.said() == [
        (["processors"], [], []),
        ([], ["processors"], ["canary"]),
        (["canary"], [], []),
    ]


def test_what_else_opens_in_an_outage_of_the_log_is_told_with_all_that_found_it_so(
    operator: Operator,
) -> None:
    operator.open("processors", why=AWAY)
    operator.go_on(10 * MINUTE)
    operator.open("alerts", why=AWAY)
    operator.open("disk")
    operator.go_on(HOUR)
    assert operator.said()[1:] == [(["alerts", "disk"], [], ["processors"])]


def test_who_finds_the_log_away_is_named_when_an_outage_is_told_again(operator: Operator) -> None:
    operator.open("processors", why=AWAY)
    operator.go_on(MINUTE)
    operator.open("alerts", why=AWAY)
    operator.go_on(PACE.repeat)
    assert operator.said()[1:] == [([], [], ["processors", "alerts"])]


def test_the_next_outage_of_the_log_is_told(operator: Operator) -> None:
    for stage in ("processors", "alerts"):
        operator.open(stage, why=AWAY)
        operator.go_on(10 * MINUTE)
        operator.close(stage)
        operator.go_on(10 * MINUTE)
    assert [new for new, _over, _still in operator.said() if new] == [["processors"], ["alerts"]]


HAPPENS = st.lists(
    st.tuples(st.sampled_from(["open", "close"]), st.sampled_from("abc"), st.integers(0, 200)),
    max_size=20,
)


@given(happens=HAPPENS)
def test_in_the_end_the_operator_knows_what_is_open_and_nothing_else(
    happens: list[tuple[str, str, int]],
) -> None:
    operator = Operator()
    for what, key, steps in happens:
        (operator.open if what == "open" else operator.close)(key)
        operator.go_on(steps * STEP)
    operator.go_on(LOOK_BACK + 2 * PACE.interval)
    assert operator.told() == operator.open_keys()


@given(happens=HAPPENS)
def test_between_two_messages_lies_the_interval(happens: list[tuple[str, str, int]]) -> None:
    operator = Operator()
    for what, key, steps in happens:
        (operator.open if what == "open" else operator.close)(key)
        operator.go_on(steps * STEP)
    times = [at for at, _message in operator.sent]
    assert all(b - a >= PACE.interval for a, b in pairwise(times))


@given(happens=HAPPENS)
def test_no_alarm_that_lasts_is_lost(happens: list[tuple[str, str, int]]) -> None:
    operator = Operator()
    operator.open("lasts")
    for what, key, steps in happens:
        (operator.open if what == "open" else operator.close)(key)
        operator.go_on(steps * STEP)
    operator.go_on(STRETCH * PACE.wait)
    assert "lasts" in keys(operator.sent[0][1].new)


@given(happens=HAPPENS, away=st.sets(st.sampled_from("abc")))
def test_in_the_end_what_is_open_is_told_itself_or_as_the_log_s_outage(
    happens: list[tuple[str, str, int]], away: set[str]
) -> None:
    operator = Operator()
    for what, key, steps in happens:
        if what == "open":
            operator.open(key, why=AWAY if key in away else "is wrong")
        else:
            operator.close(key)
        operator.go_on(steps * STEP)
    operator.go_on(LOOK_BACK + 2 * PACE.interval)
    silent = operator.open_keys() - operator.told()
    assert silent <= away
    assert not silent or operator.told() & away
    assert bool(operator.told()) == bool(operator.open_keys())
