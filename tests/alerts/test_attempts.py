"""What comes after a try."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from alerts.attempts import MAX_RETRY_AFTER, MAX_TRIES, WAITS, Result, next_state, next_try
from despatch.model import Attempt, ChannelId, Delivery, DeliveryId
from despatch.ports import Claim, Sent
from despatch.testing.releases import SEEN
from despatch.testing.subscribers import an_alert

HOUR = timedelta(hours=1)


def result(sent: Sent | None, tried: int = 0) -> Result:
    before = Attempt(at=SEEN, took_ms=1, outcome="temporary", reason="503")
    delivery = Delivery(
        id=DeliveryId("y-1"),
        alert=an_alert().id,
        channel=ChannelId("n-1"),
        attempts=(before,) * tried,
        not_before=SEEN,
    )
    claim = Claim(delivery, an_alert(), SecretStr("json://h"), kept=True)
    return Result(claim, sent, SEEN, timedelta(milliseconds=12))


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
    assert result(None).attempt is None
    assert next_state(result(None), SEEN, 12, 0.5).state == "waiting"
