"""Messages to records and back. No record is ever refused: whatever bytes it holds, it is read.

Keys that are not UTF-8 travel as surrogates, so that a dead letter has the key's very bytes.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from despatch.ports.bus import Headers, Message, Outgoing
from despatch.topics import MAX_MESSAGE_BYTES

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FRAME_BYTES = 64
"""What a record's own fields take at most, beside key, value and headers."""


def to_message(record: Any) -> Message:
    """Return kafka-python's ConsumerRecord as a message; an absent key or value is empty."""
    return Message(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=(record.key or b"").decode("utf-8", "surrogateescape"),
        value=record.value or b"",
        headers=tuple((name, value or b"") for name, value in record.headers or ()),
        at=_EPOCH + timedelta(milliseconds=record.timestamp),
    )


def to_record(message: Outgoing) -> dict[str, Any]:
    """Return the arguments of `KafkaProducer.send`."""
    return {
        "topic": message.topic,
        "key": message.key.encode("utf-8", "surrogateescape"),
        "value": message.value,
        "headers": list(message.headers),
    }


def size_of(key: str, value: bytes, headers: Headers) -> int:
    """Return about how many bytes a message takes in memory and on the wire."""
    named = sum(len(name) + len(held) for name, held in headers)
    return _FRAME_BYTES + len(key) + len(value) + named


def too_large(outgoing: Outgoing) -> bool:
    """Tell whether a message's value is over the limit that both buses keep."""
    return len(outgoing.value) > MAX_MESSAGE_BYTES


def to_ms(at: datetime) -> int:
    """Return the first whole millisecond, since 1970, at or after a moment."""
    return -((_EPOCH - at) // timedelta(milliseconds=1))
