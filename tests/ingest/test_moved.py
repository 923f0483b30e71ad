"""When a redirect that says that it holds for good is believed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from despatch.ports import Response
from ingest.moved import (
    BELIEVED_AFTER,
    BELIEVED_TIMES,
    Move,
    kept_move,
    move_seen,
    move_to_keep,
)

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HERE = "https://example.gov/feed"
THERE = "https://example.gov/news.atom"
ELSEWHERE = "https://example.org/"


def answer(address: str = THERE, *, moved: bool = True) -> Response:
    return Response(address, 200, b"", NOW, moved=moved)


@given(st.lists(st.tuples(st.sampled_from([THERE, ELSEWHERE, HERE]), st.booleans()), max_size=30),
       st.timedeltas(timedelta(minutes=5), timedelta(days=3)))  # fmt: skip
def test_only_one_address_again_and_again_for_a_day_is_believed(
    answers: list[tuple[str, bool]], pause: timedelta
) -> None:
    move: Move | None = None
    for number, (address, moved) in enumerate(answers):
        now = NOW + number * pause
        move = move_seen(move, HERE, answer(address, moved=moved), now)
        if move is not None and move.believed(now):
            last = answers[number + 1 - BELIEVED_TIMES : number + 1]
            assert last == [(move.to, True)] * BELIEVED_TIMES
            assert now - move.since >= BELIEVED_AFTER


def test_it_is_believed_after_a_day_and_five_polls() -> None:
    move = Move(THERE, NOW, BELIEVED_TIMES)

    assert move.believed(NOW + BELIEVED_AFTER)
    assert not move.believed(NOW + BELIEVED_AFTER - timedelta(seconds=1))
    assert not replace(move, times=BELIEVED_TIMES - 1).believed(NOW + BELIEVED_AFTER)


@pytest.mark.parametrize(
    "asked,led,counted",
    [
        ("http://example.gov/feed", THERE, True),
        ("http://example.gov/feed", "http://example.gov/news", True),
        (HERE, "http://example.gov/news", False),
    ],
)
def test_https_never_becomes_http(asked: str, led: str, counted: bool) -> None:
    assert (move_seen(None, asked, answer(led), NOW) is not None) is counted


@pytest.mark.parametrize("move", [None, Move(THERE, NOW, 3)])
def test_a_move_comes_back_from_the_cursor_as_it_was(move: Move | None) -> None:
    assert kept_move(move_to_keep(move)) == move
