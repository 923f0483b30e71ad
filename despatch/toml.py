"""Reading a TOML file into a model, so that a fault names file, line, field and fix."""

import re
import tomllib
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from despatch.errors import SettingsError
from despatch.toml_faults import toml_fault

_NUMBER = "write a number, without quotes, such as 1.5"
_WHOLE = "write a whole number, without quotes, such as 2"
_WAYS_OUT = {
    "finite_number": _NUMBER,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "less_than": "write a number below {lt}",
    "less_than_equal": "write a number up to {le}",
    "greater_than": "write a number above {gt}",
    "greater_than_equal": "write a number from {ge} on",
    "string_type": 'write a text in quotes, such as "housing"',
    "string_too_short": "write something in it",
    "bool_type": "write true or false, without quotes",
    "bool_parsing": "write true or false, without quotes",
    "tuple_type": 'write a list, such as ["one", "two"]',
    "list_type": 'write a list, such as ["one", "two"]',
    "too_short": "write at least one thing in it",
    "model_type": "write a table, such as {{ title = 1.5 }}",
    "dict_type": "write a table, such as {{ title = 1.5 }}",
}
"""What to write instead, by the kind of pydantic's errors; its own words are for programmers."""

M = TypeVar("M", bound=BaseModel)
Loc = tuple[int | str, ...]


def read(model: type[M], path: Path, **given: str) -> M:
    """Return what a file holds; fields in `given` come from outside and may not stand in it.

    Raises SettingsError, a line for each fault:
    `themes/housing.toml:12: terms[2].wieghts: no such field: did you mean 'weights'?`
    """
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8-sig")  # some editors of Windows begin it with a mark
        fields = tomllib.loads(text)
    except OSError as exc:
        raise SettingsError(f"{path} can't be read: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        at = raw.count(b"\n", 0, exc.start) + 1
        raise SettingsError(f"{path}:{at}: not UTF-8: save the file as UTF-8") from exc
    except tomllib.TOMLDecodeError as exc:
        raise SettingsError(f"{path}:{toml_fault(text, str(exc))}") from exc
    except RecursionError as exc:
        raise SettingsError(f"{path}: not valid TOML: it is nested too deeply") from exc
    if not fields:
        raise SettingsError(f"{path}:1: nothing stands in it: fill it in, or remove the file")
    for name in given.keys() & fields.keys():
        raise SettingsError(
            f"{path}:{_line(text, (name,))}: {name}: it is the file's name ({given[name]!r}): "
            "leave it out"
        )
    try:
        return model.model_validate(fields | given)
    except ValidationError as exc:
        errors = exc.errors(include_url=False)
        faults = [_fault(model, path, text, e) for e in errors if not _follows(model, e, errors)]
        raise SettingsError("\n".join(faults)) from exc


def _follows(model: type[BaseModel], error: ErrorDetails, errors: list[ErrorDetails]) -> bool:
    """Return whether it follows from another: a list too short because what stands in it is wrong.

    Or a field that is missing because its name is misspelt.
    """
    loc = error["loc"]
    if error["type"] == "missing":
        beside = (e["loc"] for e in errors if e["type"] == "extra_forbidden")
        return any(e[:-1] == loc[:-1] and _nearest(model, e) == loc[-1] for e in beside)
    inside = (one["loc"] for one in errors if len(one["loc"]) > len(loc))
    return error["type"] == "too_short" and any(one[: len(loc)] == loc for one in inside)


def _fault(model: type[BaseModel], path: Path, text: str, error: ErrorDetails) -> str:
    loc = error["loc"]
    given = error["input"]
    at = _line(text, loc[:-1] if error["type"] == "missing" else loc)
    if isinstance(given, str) and f'"{given}"' in text:
        at = text[: text.index(f'"{given}"')].count("\n") + 1
    if not loc:  # about several parts: what it names last
        named = [one for one in re.findall("'([^']+)'", error["msg"]) if f'"{one}"' in text]
        at = text[: text.rindex(f'"{named[-1]}"')].count("\n") + 1 if named else 0
    where = f"{path}:{at}" if at else str(path)
    field = f"{_shown(loc)}: " if loc else ""
    return f"{where}: {field}{_said(model, error)}"


def _said(model: type[BaseModel], error: ErrorDetails) -> str:
    loc = error["loc"]
    if error["type"] == "extra_forbidden":
        near, fields = _nearest(model, loc), _fields_at(model, loc[:-1])
        hint = f"did you mean {near!r}?" if near else f"known: {', '.join(sorted(fields))}"
        return f"no such field: {hint}"
    if error["type"] == "missing":
        return "this field is missing: add it"
    if error["type"] == "value_error":
        return error["msg"].removeprefix("Value error, ")
    way_out = _WAYS_OUT.get(error["type"])
    if way_out is None:
        return f"{error['msg']} (it is {str(error['input'])[:60]!r})"
    limits = {name: f"{limit:g}" for name, limit in _limits(error)}
    return f"it is {_written(error['input'])}: {way_out.format(**limits)}"


def _limits(error: ErrorDetails) -> Iterator[tuple[str, float]]:
    """Yield the limits that a number or a length was held against."""
    for name, limit in error.get("ctx", {}).items():
        if isinstance(limit, int | float):
            yield name, limit


def _written(value: object) -> str:
    """Return a value as a TOML file has it, cut where it is long."""
    if isinstance(value, str):
        return f'"{value[:60]}"' if value else "empty"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple | dict):
        kind = "a table" if isinstance(value, dict) else "a list"
        return kind if value else f"{kind} of nothing"
    return str(value)[:60]


def _nearest(model: type[BaseModel], loc: Loc) -> str | None:
    """Return the field that a name which is none may have meant."""
    return next(iter(get_close_matches(str(loc[-1]), _fields_at(model, loc[:-1]), 1, 0.5)), None)


def _fields_at(model: type[BaseModel], loc: Loc) -> list[str]:
    """Return the names of the fields that may stand at a place in the model."""
    for part in loc:
        if isinstance(part, str) and part in model.model_fields:
            inner = list(_models(model.model_fields[part].annotation))
            model = inner[0] if inner else model
    return [name for name in model.model_fields if name != "id"]


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        if isinstance(inner, type | UnionType):
            yield from _models(inner)


def _shown(loc: Loc) -> str:
    """Return a place as people count: `terms[2].weights`."""
    parts = [f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in loc]
    return "".join(parts).removeprefix(".")


def _line(text: str, loc: Loc) -> int:
    """Return the line, counted from 1, of the deepest part of a place that can be found."""
    lines = [line.split("#")[0] for line in text.splitlines()]
    at = 0
    for depth, part in enumerate(loc):
        if isinstance(part, int):
            continue
        nth = loc[depth + 1] if depth + 1 < len(loc) else 0
        header = _table(part, nth if isinstance(nth, int) else 0, lines)
        if depth == 0 and header is not None:
            at = header
            continue
        at = next(
            (n for n in range(at, len(lines)) if re.search(rf"\b{re.escape(part)}\b", lines[n])), at
        )
    return at + 1


def _table(name: str, nth: int, lines: list[str]) -> int | None:
    """Return where the n-th table of a name begins, such as the third `[[terms]]`."""
    found = [n for n, line in enumerate(lines) if re.match(rf"\s*\[+\s*{re.escape(name)}\b", line)]
    return found[nth] if nth < len(found) else None
