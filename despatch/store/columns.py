"""Column types that mean the same on SQLite and PostgreSQL."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, Text, TypeDecorator

_UNSAFE = re.compile(r"[\\\x00\ud800-\udfff]")
_ESCAPED = re.compile(r"\\([0-9a-f]{4})")
_TEXT = "%04d-%02d-%02d %02d:%02d:%02d.%06d"


class Moment(TypeDecorator[datetime]):
    """A time to the microsecond that orders right and comes back in UTC.

    PostgreSQL keeps a `timestamptz`; SQLite a text of fixed width, `2026-03-02 11:59:00.000000`,
    that sorts as the times do.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        return value.astimezone(UTC)

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        """Return what both steps do on SQLite, in one: rows by the thousand have several times."""
        return _as_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        known: datetime = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
        return known.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """Return likewise what reads SQLite's text."""
        return _as_time if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


class Words(TypeDecorator[str]):
    r"""Text of strangers, kept exactly.

    PostgreSQL refuses NUL and both databases lone surrogates, and a feed can hold either in an
    entry's id: they are kept as `\0000`, `\d800`, and so the backslash as `\005c`.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return kept_words(value)

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        """Return it in one step; text of strangers stands in every row of the busiest tables."""
        return kept_words

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return given_words(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """Return likewise what reads it: both drivers give text as text."""
        return given_words


def kept_words(value: str | None) -> str | None:
    """Return a text as it is kept: see `Words`."""
    if value is None or _UNSAFE.search(value) is None:
        return value
    return _UNSAFE.sub(lambda found: f"\\{ord(found[0]):04x}", value)


def given_words(value: str | None) -> str | None:
    """Return a text as it was given, from how it is kept."""
    if value is None or "\\" not in value:
        return value
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), value)


def _as_text(value: datetime | None) -> str | None:
    if value is None:
        return None
    if value.tzinfo is not UTC:
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        value = value.astimezone(UTC)
    # `isoformat`, whose result would have to be cut, takes half as long again.
    date = value.year, value.month, value.day
    return _TEXT % (*date, value.hour, value.minute, value.second, value.microsecond)


def _as_time(value: str | None) -> datetime | None:
    # Its own zone, said within the text, is what is read fastest: five times as fast as `replace`.
    return None if value is None else datetime.fromisoformat(value + "+00:00")
