"""Whatever the code that sends does, a send has an end and an outcome."""

import asyncio
import threading
from datetime import timedelta

from alerts.channels.limited import within
from despatch.ports import Sent

SOON = timedelta(milliseconds=50)
LONG = timedelta(minutes=1)


def test_what_a_send_returns_is_passed_on() -> None:
    sent = Sent("permanent", "no such user")

    assert asyncio.run(within(LONG, lambda: sent)) is sent


def test_a_fault_in_it_is_named_by_its_class_alone() -> None:
    """Its text can hold the channel's secret."""

    def send() -> Sent:
        raise KeyError("https://hunter2@hooks.example")

    sent = asyncio.run(within(LONG, send))

    assert (sent.outcome, sent.reason) == (
        "temporary",
        "fault: the channel's own code failed: KeyError",
    )


def test_one_without_end_is_in_doubt() -> None:
    end = threading.Event()

    def send() -> Sent:
        end.wait(60)
        return Sent("delivered", "too late")

    sent = asyncio.run(within(SOON, send))
    end.set()

    assert sent.outcome == "in doubt"
    assert "may have arrived" in sent.reason
