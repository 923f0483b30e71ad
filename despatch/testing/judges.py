"""A judge that dies of some messages: what a pool of judges has to live with."""

import os
from collections.abc import Callable
from datetime import datetime

from despatch.errors import PermanentError
from despatch.ports import Message, Outgoing

FATAL = b"fatal"
WRONG = b"wrong"


def fragile() -> Callable[[Message, datetime], tuple[Outgoing, ...]]:
    """Return a judge that passes messages on, is killed by FATAL ones and refuses WRONG ones."""
    return _judge


def _judge(message: Message, now: datetime) -> tuple[Outgoing, ...]:
    if message.value == FATAL:
        os._exit(9)
    if message.value == WRONG:
        raise PermanentError("it is wrong")
    return (Outgoing("out", message.key, message.value),)
