"""What comes after a try."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from alerts.attempts import (
    GIVE_UP_AFTER,
    HELD_UP_FOR,
    HELD_UP_WAIT,
    MAX_RETRY_AFTER,
    MAX_TRIES,
    WAITS,
    Result,
    next_state,
    next_try,
    postponed,
    tried,
)
from despatch.model import ChannelId, DeliveryId
from despatch.ports import Claim, Sent
from despatch.testing.releases import SEEN
from despatch.testing.subscribers import an_alert

HOUR = timedelta(hours=1)


def a_claim(tries: int = 0) -> Claim:
    return Claim(
        delivery=DeliveryId("y-1"),
        channel=ChannelId("n-1"),
        alert=an_alert(),
        url=SecretStr("json://h"),
        lease_until=SEEN + HOUR,
        added_at=SEEN,
        tries=tries,
    )


def result(sent: Sent, tried: int = 0) -> Result:
    return Result(a_claim(tried), sent, SEEN, timedelta(milliseconds=12))


def test_the_tries_are_spread_over_about_a_day() -> None:
    assert timedelta(hours=20) < sum(WAITS, timedelta(0)) < timedelta(hours=30)
    assert MAX_TRIES == 12


@settings(deadline=None)
@given(st.integers(1, 100), st.floats(0, 1, exclude_max=True), st.none() | st.timedeltas())
def test_a_wait_has_full_jitter_and_obeys_retry_after(
    tries: int, chance: float, retry_after: timedelta | None
) -> None:
    waits = next_try(tries, retry_after, chance)
    longest = WAITS[min(tries, len(WAITS)) - 1]
    asked = min(max(retry_after or timedelta(0), timedelta(0)), MAX_RETRY_AFTER)
    assert asked <= waits <= max(longest, asked * 1.1)


def test_full_jitter_goes_from_nothing_to_the_longest_wait() -> None:
    assert next_try(3, None, 0.0) == timedelta(0)
    assert next_try(3, None, 0.5) == WAITS[2] / 2


def test_a_delivered_try_is_over() -> None:
    assert next_state(result(Sent("delivered", "200")), SEEN, 12, 0.5).state == "delivered"


def test_a_permanent_failure_is_given_up_at_once() -> None:
    assert next_state(result(Sent("permanent", "404")), SEEN, 12, 0.5).state == "failed"


@pytest.mark.parametrize("outcome", ["temporary", "in doubt"])
def test_what_may_pass_is_tried_again_up_to_the_last_try(outcome: str) -> None:
    sent = Sent(outcome, "503")  # type: ignore[arg-type]
    after = next_state(result(sent, tried=0), SEEN, 12, 0.5)
    assert (after.state, after.not_before) == ("waiting", SEEN + WAITS[0] / 2)
    assert next_state(result(sent, tried=10), SEEN, 12, 0.5).state == "waiting"
    assert next_state(result(sent, tried=11), SEEN, 12, 0.5).state == "failed"


def test_retry_after_is_waited_for() -> None:
    after = next_state(result(Sent("temporary", "429", HOUR)), SEEN, 12, 0.0)
    assert after.not_before == SEEN + HOUR


def test_what_was_not_tried_waits_without_an_attempt() -> None:
    given_back = postponed(a_claim(), SEEN + HOUR, "its host rests", SEEN)
    assert (given_back.state, given_back.not_before) == ("waiting", SEEN + HOUR)
    assert (given_back.attempt, given_back.reason) == (None, "its host rests")


def test_what_is_never_tried_does_not_wait_for_ever() -> None:
    """Of all that wait for a host that rests only one is tried now and then."""
    now = SEEN + GIVE_UP_AFTER + HOUR
    given_up = postponed(a_claim(), now + HOUR, "its host rests", now)
    assert given_up.state == "failed"
    assert "its host rests" in given_up.reason


HELD_UP = Sent("held up", "login: the mail server does not let us in (535)", by="mail server h:25")


@given(st.integers(0, 500), st.integers(0, 500), st.floats(0, 1, exclude_max=True))
def test_what_is_held_up_waits_however_often_and_never_for_long(
    tries: int, attempts: int, chance: float
) -> None:
    claim = replace(a_claim(tries), attempts=tries + attempts)
    after = tried(Result(claim, HELD_UP, SEEN, timedelta(0)), SEEN + HOUR, MAX_TRIES, chance)
    assert after.state == "waiting"
    assert after.not_before <= SEEN + HOUR + HELD_UP_WAIT


def test_what_was_held_up_for_too_long_is_given_up_and_its_channel_not_to_blame() -> None:
    late = SEEN + HELD_UP_FOR + HOUR
    after = tried(Result(a_claim(), HELD_UP, late, timedelta(0)), late, MAX_TRIES, 0.5)
    assert (after.state, after.blameless) == ("failed", True)
    assert after.reason == (
        "too late: mail server h:25 fails: login: the mail server does not let us in (535), "
        "for over 5 days"
    )


def test_what_waits_behind_it_waits_as_long_and_is_as_little_to_blame() -> None:
    weekend = SEEN + GIVE_UP_AFTER + HOUR
    kept = postponed(a_claim(), weekend + HOUR, "it rests", weekend, held_up=True)
    assert kept.state == "waiting"
    late = SEEN + HELD_UP_FOR + HOUR
    ended = postponed(a_claim(), late + HOUR, "it rests", late, held_up=True)
    assert (ended.state, ended.blameless) == ("failed", True)
