"""A host that fails again and again rests, and is tried with one send after that."""

from datetime import timedelta

import pytest

from alerts.breaker import FAILURES, FIRST_REST, LONGEST_REST, Breaker
from despatch.ports import Sent
from despatch.testing.releases import SEEN

OK = Sent("delivered", "200")
DOWN = Sent("temporary", "refused: nothing listens there")
SECOND = timedelta(seconds=1)


def failing(times: int) -> Breaker:
    breaker = Breaker()
    for _ in range(times):
        breaker.ended(DOWN, SEEN)
    return breaker


def test_a_host_rests_after_so_many_failures_in_a_row_and_no_sooner() -> None:
    assert not failing(FAILURES - 1).resting(SEEN)
    assert failing(FAILURES).resting(SEEN)


def test_one_success_in_between_begins_the_count_anew() -> None:
    breaker = failing(FAILURES - 1)
    breaker.ended(OK, SEEN)
    breaker.ended(DOWN, SEEN)
    assert not breaker.resting(SEEN)


def test_it_rests_for_so_long_and_may_be_tried_then() -> None:
    breaker = failing(FAILURES)
    assert breaker.resting(SEEN + FIRST_REST - SECOND)
    assert not breaker.resting(SEEN + FIRST_REST)
    assert breaker.trying


def test_a_try_that_succeeds_ends_it() -> None:
    breaker = failing(FAILURES)
    breaker.ended(OK, SEEN + FIRST_REST)
    assert not breaker.trying


def test_each_rest_in_vain_is_followed_by_one_twice_as_long_up_to_a_limit() -> None:
    breaker, now = failing(FAILURES), SEEN
    rests = []
    for _ in range(9):
        assert breaker.rests_until is not None
        rests.append(breaker.rests_until - now)
        now = breaker.rests_until
        assert breaker.ended(DOWN, now)
    assert rests[:3] == [FIRST_REST, 2 * FIRST_REST, 4 * FIRST_REST]
    assert rests[-1] == LONGEST_REST


def test_sends_that_were_under_way_when_it_began_to_rest_do_not_prolong_it() -> None:
    breaker = failing(FAILURES)
    until = breaker.rests_until
    assert not breaker.ended(DOWN, SEEN + SECOND)
    assert breaker.rests_until == until


@pytest.mark.parametrize(
    "failure",
    ["http 404", "http 410", "http 429", "redirect", "smtp 550", "bad channel", "blocked address"],
)
def test_what_speaks_of_one_address_alone_says_nothing_against_its_host(failure: str) -> None:
    breaker = Breaker()
    for _ in range(2 * FAILURES):
        breaker.ended(Sent("temporary", f"{failure}: words"), SEEN)
    assert not breaker.resting(SEEN)


@pytest.mark.parametrize(
    "failure", ["dns", "tls", "timeout", "refused", "disconnected", "http 503", "smtp 421"]
)
def test_what_speaks_of_the_host_counts(failure: str) -> None:
    breaker = Breaker()
    for _ in range(FAILURES):
        breaker.ended(Sent("temporary", f"{failure}: words"), SEEN)
    assert breaker.resting(SEEN)


def test_a_wrong_login_is_not_tried_a_second_time_before_a_rest() -> None:
    """A few in a row, and many servers lock the account."""
    breaker = Breaker()
    assert breaker.ended(Sent("held up", "login: the server does not let us in", by="x"), SEEN)
    assert breaker.rests_until == SEEN + FIRST_REST
    assert breaker.held_up == "x"


def test_what_holds_all_up_counts_whatever_its_word() -> None:
    breaker = Breaker()
    for _ in range(FAILURES):
        breaker.ended(Sent("held up", "relay: words", by="x"), SEEN)
    assert breaker.resting(SEEN)
