"""Every topic: its name, what travels on it, how long it is kept. One table."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from despatch.errors import PermanentError
from despatch.model import Classified, DeadLetter, Revision, ThemeId

MAX_MESSAGE_BYTES = 700_000
"""A message's value, encoded; both buses refuse more. A broker takes 1 MB by default."""

PARTITIONS = 6
RETENTION = timedelta(days=90)

RELEASES = "despatch.releases.v1"
CLASSIFIED = "despatch.classified.v1"
DEAD = "despatch.dead.v1"


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """What a topic must be: `despatch topics create` makes it so, `check` compares."""

    name: str
    model: type[BaseModel]
    """What a message's value is; for the dead letters: what its headers are."""
    partitions: int = PARTITIONS
    retention: timedelta = RETENTION


def theme_topic(theme: ThemeId) -> str:
    """Return the topic that carries a theme's releases: `despatch.theme.migration.v1`."""
    return f"despatch.theme.{theme}.v1"


def topic_specs(
    themes: Iterable[ThemeId],
    *,
    partitions: int = PARTITIONS,
    retention: timedelta = RETENTION,
) -> tuple[TopicSpec, ...]:
    """Return every topic of an installation with these themes, dead letters last.

    Dead letters are kept four times as long as the rest: a person has to find the time.
    """
    return (
        TopicSpec(RELEASES, Revision, partitions, retention),
        TopicSpec(CLASSIFIED, Classified, partitions, retention),
        *(TopicSpec(theme_topic(theme), Classified, partitions, retention) for theme in themes),
        TopicSpec(DEAD, DeadLetter, 1, 4 * retention),
    )


M = TypeVar("M", bound=BaseModel)


def encode(model: BaseModel) -> bytes:
    """Return the message's value: JSON in UTF-8."""
    return model.model_dump_json().encode()


def decode(model: type[M], value: bytes) -> M:
    """Return the model that a message's value holds.

    Raises PermanentError that names the first wrong field: such a message is a dead letter.
    """
    try:
        return model.model_validate_json(value)
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole message"
        raise PermanentError(
            f"not a {model.__name__}: {where}: {first['msg']} ({exc.error_count()} faults in all)"
        ) from exc
