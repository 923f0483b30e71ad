"""Dead letters on their topic: key and value stay as they came, headers say why. Pure."""

from datetime import datetime

from despatch.errors import PermanentError
from despatch.fingerprint import digest
from despatch.model import DeadLetter
from despatch.ports import Message
from despatch.ports.bus import Headers

DEAD_HEADERS = "despatch-dead-"
"""Prefix of the headers that a dead letter carries."""


def dead_letter(
    stage: str, message: Message, exc: Exception, tries: int, failed_at: datetime
) -> DeadLetter:
    """Return who could not handle a message, when, why, and where it stands."""
    return DeadLetter(
        id="d-" + digest(stage, message.topic, str(message.partition), str(message.offset)),
        stage=stage,
        failed_at=failed_at,
        error=type(exc).__name__,
        reason=(str(exc) or repr(exc))[:1_000],
        tries=tries,
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
    )


def dead_headers(letter: DeadLetter) -> Headers:
    """Return a dead letter as headers, such as `("despatch-dead-stage", b"processors")`."""
    return tuple(
        (DEAD_HEADERS + name.replace("_", "-"), str(value).encode())
        for name, value in letter.model_dump(mode="json").items()
    )


def read_dead_letter(message: Message) -> DeadLetter:
    """Return the dead letter that a message of the dead topic is; the last failure's, if several.

    Raises PermanentError if the headers don't say.
    """
    fields = {
        name.removeprefix(DEAD_HEADERS).replace("-", "_"): value.decode("utf-8", "replace")
        for name, value in message.headers
        if name.startswith(DEAD_HEADERS)
    }
    try:
        return DeadLetter.model_validate_strings(fields)
    except ValueError as exc:
        raise PermanentError(
            f"{message.topic}/{message.partition}@{message.offset} is no dead letter: {exc}"
        ) from exc
