"""Whose turn it is: limits hold, the urgent go first, and no host keeps the others waiting."""

from collections import Counter
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from alerts.breaker import FAILURES, FIRST_REST
from alerts.host import LATEST, Limits
from alerts.hosts import SOON, Hosts, Later
from despatch.model import ChannelId, DeliveryId, Lane
from despatch.ports import Claim, Sent
from despatch.testing.releases import SEEN
from despatch.testing.subscribers import an_alert

NONE = timedelta(0)
SECOND = timedelta(seconds=1)
OK = Sent("delivered", "200")
DOWN = Sent("temporary", "refused: nothing listens there")
ALERT = an_alert()


def claim(number: int, host: str = "a", channel: str = "", lane: Lane = "urgent") -> Claim:
    return Claim(
        delivery=DeliveryId(f"y-{number}"),
        channel=ChannelId(channel or f"c-{number}"),
        alert=ALERT,
        url=SecretStr(host),
        lease_until=SEEN + timedelta(hours=1),
        lane=lane,
    )


def hosts(pause: timedelta = NONE, **limits: int | timedelta) -> Hosts:
    return Hosts(
        Limits(**limits),  # type: ignore[arg-type]
        lambda one: one.url.get_secret_value(),
        lambda _one: pause,
    )


def started(all_: Hosts, now: datetime = SEEN) -> list[str]:
    return [one.delivery for one in all_.start(now)]


def fill(all_: Hosts, *claims: Claim, now: datetime = SEEN) -> list[Later]:
    return [later for one in claims if (later := all_.take(one, now))]


def test_no_more_start_at_one_host_than_its_limit_and_the_next_one_when_one_ends() -> None:
    all_ = hosts(host_at_once=2)
    fill(all_, *(claim(n) for n in range(3)))
    assert started(all_) == ["y-0", "y-1"]
    all_.ended(claim(0), OK, SEEN)
    assert started(all_) == ["y-2"]


def test_no_more_start_over_one_channel_than_its_limit_while_others_of_the_host_go_on() -> None:
    all_ = hosts(channel_at_once=1)
    fill(all_, claim(0, channel="c"), claim(1, channel="c"), claim(2, channel="d"))
    assert started(all_) == ["y-0", "y-2"]


def test_no_more_start_than_the_limit_in_all_and_hosts_take_turns() -> None:
    all_ = hosts(at_once=4)
    fill(all_, *(claim(n, host="a") for n in range(9)), claim(10, host="b"), claim(11, host="b"))
    assert started(all_) == ["y-0", "y-10", "y-1", "y-11"]


def test_channels_of_one_host_take_turns() -> None:
    all_ = hosts(host_at_once=1)
    fill(all_, claim(0, channel="c"), claim(1, channel="c"), claim(2, channel="d"))
    order = []
    for _ in range(3):
        (one,) = all_.start(SEEN)
        order.append(one.delivery)
        all_.ended(one, OK, SEEN)
    assert order == ["y-0", "y-2", "y-1"]


def test_the_urgent_start_before_what_came_earlier_in_bulk() -> None:
    all_ = hosts(host_at_once=1)
    fill(all_, claim(0, lane="bulk"), claim(1))
    assert started(all_) == ["y-1"]


def test_the_bulk_never_takes_every_place_at_a_host_or_in_all() -> None:
    """An urgent alert goes out while a run of digests to the same slow host is under way."""
    all_ = hosts(host_at_once=4, at_once=6)
    fill(all_, *(claim(n, lane="bulk") for n in range(9)))
    fill(all_, *(claim(n, host="b", lane="bulk") for n in range(10, 19)))
    assert len(started(all_)) == 5
    fill(all_, claim(20))
    assert started(all_) == ["y-20"]


def test_a_pause_lies_between_two_starts_at_one_host() -> None:
    all_ = hosts(host_pause=SECOND)
    fill(all_, claim(0), claim(1))
    assert started(all_) == ["y-0"]
    all_.ended(claim(0), OK, SEEN)
    assert started(all_, SEEN + SECOND / 2) == []
    assert started(all_, SEEN + SECOND) == ["y-1"]


def test_what_a_service_wants_between_two_messages_is_kept_to() -> None:
    all_ = hosts(pause=timedelta(seconds=5.5))
    fill(all_, claim(0))
    assert started(all_) == ["y-0"]
    all_.ended(claim(0), OK, SEEN)
    (later,) = fill(all_, claim(1))
    assert later.at == SEEN + timedelta(seconds=5.5)


def test_a_pause_lies_between_two_starts_over_one_channel() -> None:
    all_ = hosts(channel_pause=SECOND)
    fill(all_, claim(0, channel="c"), claim(1, channel="c"), claim(2, channel="d"))
    assert started(all_) == ["y-0", "y-2"]
    assert started(all_, SEEN + SECOND) == ["y-1"]


def test_a_channel_that_asks_to_be_left_alone_is_and_its_host_is_not() -> None:
    all_ = hosts()
    fill(all_, claim(0, channel="c"))
    started(all_)
    all_.ended(claim(0, channel="c"), Sent("temporary", "http 429: slower", 60 * SECOND), SEEN)
    (later,) = fill(all_, claim(1, channel="c"), claim(2, channel="d"))
    assert (later.claim.delivery, later.at) == ("y-1", SEEN + 60 * SECOND)
    assert started(all_) == ["y-2"]


def test_what_is_in_hand_for_a_channel_that_is_left_alone_is_given_back() -> None:
    all_ = hosts(channel_at_once=1)
    fill(all_, claim(0, channel="c"), claim(1, channel="c"))
    started(all_)
    all_.ended(claim(0, channel="c"), Sent("temporary", "http 429: slower", 60 * SECOND), SEEN)
    (later,) = all_.overdue(SEEN)
    assert (later.claim.delivery, later.at) == ("y-1", SEEN + 60 * SECOND)


def rested() -> Hosts:
    """Hosts of which `a` has just begun to rest."""
    all_ = hosts()
    for number in range(FAILURES):
        fill(all_, claim(number))
        started(all_)
        all_.ended(claim(number), DOWN, SEEN)
    return all_


def test_a_host_that_rests_is_not_sent_to_and_the_others_are() -> None:
    all_ = rested()
    (later,) = fill(all_, claim(50), claim(51, host="b"))
    assert (later.claim.delivery, later.at) == ("y-50", SEEN + FIRST_REST)
    assert "rests" in later.reason
    assert started(all_) == ["y-51"]


def test_after_its_rest_a_host_is_tried_with_one_send_and_with_all_if_that_succeeds() -> None:
    all_, back = rested(), SEEN + FIRST_REST
    fill(all_, claim(50), claim(51), claim(52), now=back)
    assert started(all_, back) == ["y-50"]
    all_.ended(claim(50), OK, back)
    assert started(all_, back) == ["y-51", "y-52"]


def test_those_that_wait_for_the_end_of_a_rest_come_back_one_after_the_other() -> None:
    all_ = rested()
    turns = [later.at for later in fill(all_, *(claim(n) for n in range(100, 200)))]
    assert turns[0] == SEEN + FIRST_REST
    assert turns == sorted(set(turns))


def test_a_slow_host_keeps_in_hand_only_what_it_can_take_soon() -> None:
    """Ten thousand deliveries to a host that takes a second for each must not fill the hand."""
    all_ = hosts(host_at_once=2)
    now = SEEN
    for number in range(40):
        fill(all_, claim(number), now=now)
        list(all_.start(now))
        now += SECOND
        all_.ended(claim(number), OK, now)
    given_back = fill(all_, *(claim(n) for n in range(100, 1_100)), now=now)
    assert 970 < len(given_back) < 990, "it takes two a second, and is left ten seconds' work"
    assert all(SOON < later.at - now <= LATEST for later in given_back)
    assert fill(all_, claim(2_000, host="b"), now=now) == []


def test_a_host_whose_sends_are_quick_keeps_a_whole_hand() -> None:
    """On a busy machine a send may take a tenth of a second: that is not slow."""
    all_ = hosts()
    fill(all_, claim(0))
    list(all_.start(SEEN))
    now = SEEN + SECOND / 10
    all_.ended(claim(0), OK, now)
    assert fill(all_, *(claim(n) for n in range(100, 800)), now=now) == []


def test_when_nothing_of_a_host_is_left_in_hand_nobody_waits_for_a_turn() -> None:
    all_ = hosts(host_at_once=1)
    fill(all_, claim(0))
    list(all_.start(SEEN))
    now = SEEN + 11 * SECOND
    assert len(fill(all_, *(claim(n) for n in range(10, 20)), now=now)) == 9
    all_.ended(claim(0), OK, now)
    (last,) = all_.start(now)
    all_.ended(last, OK, now)
    assert fill(all_, claim(50), now=now) == []


def test_a_host_that_hangs_is_found_slow_before_any_send_has_ended() -> None:
    all_ = hosts(host_at_once=2)
    fill(all_, *(claim(n) for n in range(10)))
    assert len(started(all_)) == 2
    now = SEEN + 3 * SECOND
    assert len(list(all_.overdue(now))) == 8
    assert len(fill(all_, *(claim(n) for n in range(20, 30)), now=now)) == 10


def test_a_worker_that_was_stopped_itself_does_not_take_its_hosts_for_slow() -> None:
    all_ = hosts(host_at_once=2)
    fill(all_, *(claim(n) for n in range(10)))
    started(all_)
    now = SEEN + 13 * SECOND
    all_.woke(now)
    assert list(all_.overdue(now)) == []


def test_a_run_of_digests_in_hand_does_not_put_off_an_urgent_one() -> None:
    all_ = hosts(host_at_once=2)
    now = SEEN
    for number in range(40):
        fill(all_, claim(number), now=now)
        list(all_.start(now))
        now += SECOND
        all_.ended(claim(number), OK, now)
    assert fill(all_, *(claim(n, lane="bulk") for n in range(100, 200)), now=now)
    assert fill(all_, claim(999), now=now) == []


def test_what_is_still_in_hand_at_the_end_comes_out_once() -> None:
    all_ = hosts(host_at_once=1)
    fill(all_, *(claim(n) for n in range(5)))
    started(all_)
    assert {one.delivery for one in all_.all_held()} == {f"y-{n}" for n in range(1, 5)}
    assert list(all_.all_held()) == []
    assert all_.held.total() == 0


def test_hosts_take_turns_as_one_send_after_the_other_ends() -> None:
    """Whoever comes first in the hand must not get every place that falls free."""
    all_ = hosts(at_once=1)
    claims = [claim(3 * number + at, host) for at, host in enumerate("abc") for number in range(2)]
    fill(all_, *claims)
    found = []
    for _ in claims:
        (one,) = all_.start(SEEN)
        found.append(one.url.get_secret_value())
        all_.ended(one, OK, SEEN)
    assert found == ["a", "b", "c"] * 2


CLAIMS = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from("cde"), st.sampled_from(("urgent", "bulk"))),
    max_size=60,
)


@settings(deadline=None, max_examples=60)
@given(CLAIMS, st.data())
def test_every_claim_comes_out_exactly_once_whatever_happens(
    wanted: list[tuple[str, str, Lane]], data: st.DataObject
) -> None:
    all_ = hosts(at_once=5, host_at_once=3, channel_at_once=2)
    now, out = SEEN, Counter[str]()
    flying: list[Claim] = []
    for number, (host, channel, lane) in enumerate(wanted):
        if later := all_.take(claim(number, host, host + channel, lane), now):
            out[later.claim.delivery] += 1
        flying += list(all_.start(now))
        assert len(flying) == all_.flying.total() <= 5
        assert max(Counter(one.url.get_secret_value() for one in flying).values(), default=0) <= 3
        assert max(Counter(one.channel for one in flying).values(), default=0) <= 2
        ends: bool = data.draw(st.booleans())
        if flying and ends:
            one = flying.pop(data.draw(st.integers(0, len(flying) - 1)))
            out[one.delivery] += 1
            all_.ended(one, data.draw(st.sampled_from((OK, DOWN))), now)
        if data.draw(st.booleans()):
            now += data.draw(st.timedeltas(NONE, timedelta(seconds=20)))
            for later in all_.overdue(now):
                out[later.claim.delivery] += 1
    for one in [*flying, *all_.all_held()]:
        out[one.delivery] += 1
    assert out == Counter(f"y-{n}" for n in range(len(wanted)))


@pytest.mark.parametrize("at_once", [1, 2, 3, 8])
def test_the_bulk_has_a_place_whatever_the_limit(at_once: int) -> None:
    assert 1 <= Limits.bulk(at_once) <= at_once
