"""Judges in processes of their own: nothing is lost, whichever of them dies."""

import multiprocessing
import os
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest

from despatch.errors import PermanentError
from despatch.testing.judges import FATAL, WRONG, fragile
from despatch.testing.stages import some_messages
from processors.pool import AT_ONCE, JudgePool

pytestmark = pytest.mark.slow

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def pool() -> Iterator[JudgePool]:
    with closing(JudgePool(fragile, 2)) as pool:
        yield pool


def test_outcomes_are_those_of_the_messages_in_their_order(pool: JudgePool) -> None:
    messages = some_messages(*(b"%d" % n for n in range(3 * AT_ONCE + 1)))
    pool.begin(messages, NOW)
    for message in messages:
        [outgoing] = pool.outcome(message, NOW)
        assert (outgoing.key, outgoing.value) == (message.key, message.value)


def test_a_message_that_was_not_begun_with_is_judged_all_the_same(pool: JudgePool) -> None:
    [message] = some_messages(b"1")
    assert pool.outcome(message, NOW)[0].value == b"1"


def test_one_that_kills_its_judge_costs_the_others_nothing(pool: JudgePool) -> None:
    """It dies with all that it had in hand, and that is judged again."""
    messages = some_messages(b"1", FATAL, b"2", WRONG, b"3")
    pool.begin(messages, NOW)
    outcomes: list[object] = []
    for message in messages:
        try:
            outcomes.append(pool.outcome(message, NOW)[0].value)
        except PermanentError as exc:
            outcomes.append(str(exc))
    assert outcomes == [
        b"1",
        "it killed 2 processes that judged it and nothing else",
        b"2",
        "it is wrong",
        b"3",
    ]


def test_a_judge_that_was_killed_from_outside_is_replaced(pool: JudgePool) -> None:
    for number in range(2):
        messages = some_messages(b"%d" % number)
        pool.begin(messages, NOW)
        assert pool.outcome(messages[0], NOW)[0].value == b"%d" % number
        for judge in multiprocessing.active_children():
            os.kill(judge.pid or 0, 9)
            judge.join()


def test_closing_ends_the_judges() -> None:
    before = set(multiprocessing.active_children())
    pool = JudgePool(fragile, 2)
    pool.begin(some_messages(b"1", b"2"), NOW)
    assert set(multiprocessing.active_children()) > before
    pool.close()
    assert set(multiprocessing.active_children()) <= before
