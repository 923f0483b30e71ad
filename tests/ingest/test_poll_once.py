"""Polling once: which sources have their turn."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from despatch.errors import (
    OperatorError,
)
from despatch.model import SourceId
from despatch.testing.feeds import FRESH, feed

QUARTER = timedelta(minutes=15)


def once(here: Any, *args: Any, **options: Any) -> list[tuple[str, str]]:
    reports = asyncio.run(here.poller().poll_once(*args, **options))
    return [(report.source, report.outcome) for report in reports]


def test_polling_once_takes_what_is_due_or_what_is_named_or_everything(here: Any) -> None:
    for name in "abc":
        here.add(name, address=here.feed)
    here.fetcher.will(here.feed, feed(FRESH))
    here.poll(SourceId("a"))

    assert once(here) == [("b", "fetched"), ("c", "fetched")]
    assert once(here) == []
    assert once(here, ["b", "a"]) == [("b", "unchanged"), ("a", "unchanged")]
    assert once(here, everything=True) == [(name, "unchanged") for name in "abc"]


def test_a_source_that_another_poller_has_is_busy(here: Any) -> None:
    source = here.add()
    here.lease(source, "somebody else")

    assert once(here, [source, SourceId("unknown")]) == [("example", "busy"), ("unknown", "busy")]


def test_polling_once_gives_every_source_its_turn_before_it_fails(here: Any) -> None:
    for name in "ab":
        here.add(name, address=here.feed)
    here.fetcher.will(here.feed, feed(FRESH))
    missing = OperatorError("no such topic: run `despatch topics create`")
    poller = here.poller(bus=here.failing(here.bus, publish=[missing]), at_once=1)

    with pytest.raises(OperatorError, match="topics create"):
        asyncio.run(poller.poll_once())

    assert len(here.published()) == 1
