"""The kinds of sources: one module each, found by looking into this folder."""

from collections.abc import Mapping
from functools import cache, lru_cache, reduce
from importlib import import_module
from operator import or_
from pkgutil import iter_modules
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from despatch.errors import SettingsError
from despatch.ports import SourceRecord
from ingest.source import Source


def open_source(record: SourceRecord) -> Source:
    """Return the source that a record describes.

    Raises SettingsError that names the source and the wrong setting.
    """
    try:
        return open_settings(record.kind, record.settings)
    except SettingsError as exc:
        raise SettingsError(f"source {record.id}: {exc}") from exc


def open_settings(kind: str, settings: Mapping[str, Any]) -> Source:
    """Return a source of a kind. Raises SettingsError that names the wrong setting."""
    given = tuple(settings.items())
    try:
        hash(given)
    except TypeError:
        return _opened(kind, given)
    return _opened_before(kind, given)


def _opened(kind: str, given: tuple[tuple[str, Any], ...]) -> Source:
    settings = dict(given)
    try:
        return _adapter().validate_python({**settings, "kind": kind})
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"][1:]) or "kind"
        fault = first["msg"].removeprefix("Value error, ")
        raise SettingsError(f"{where}: {fault}") from exc


_opened_before = lru_cache(10_000)(_opened)  # sources are frozen, and opened at every poll


def make_ready() -> None:
    """Load every kind, and what checks their settings: what is wrong with one stops the start."""
    _adapter()


@cache
def kinds() -> Mapping[str, type[Source]]:
    """Return every kind of source by its name, such as `feed`.

    A module that can't be imported, or has no `SOURCE`, stops the start: better than a source
    that is silently never read.
    """
    return {
        found.name: import_module(f"{__name__}.{found.name}").SOURCE
        for found in iter_modules(__path__)
    }


@cache
def _adapter() -> TypeAdapter[Source]:
    union: Any = reduce(or_, kinds().values())
    return TypeAdapter(Annotated[union, Field(discriminator="kind")])
