"""What is wrong with a setting, in words that say what to write instead. Pure."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, ValidationError

_UNITS = ((timedelta(days=1), "d"), (timedelta(hours=1), "h"), (timedelta(minutes=1), "m"))

_KINDS = {
    "bool": "write true or false",
    "int": "write a whole number",
    "string": "write text, in quotes",
    "path": "write a path, in quotes",
    "tuple": "write a list, or its parts with commas between them",
}
"""By the first part of pydantic's name of the fault: `bool_parsing`, `int_type`."""


def faults_of(exc: ValidationError, model: type[BaseModel]) -> dict[str, str]:
    """Return each wrong setting's name with what to write, the first fault of each."""
    found: dict[str, str] = {}
    for error in exc.errors(include_url=False, include_input=False):
        name = str(error["loc"][0])
        found.setdefault(name, _words(error, model.model_fields[name].metadata))
    return found


def written(value: object) -> str:
    """Return a value as it is written in a setting: `5m` for five minutes, `0s` for none."""
    if not isinstance(value, timedelta):
        return str(value)
    for size, unit in _UNITS:
        if value and not value % size:
            return f"{value // size}{unit}"
    return f"{value.total_seconds():g}s"


def _words(error: Any, bounds: Sequence[object]) -> str:
    about = error.get("ctx", {})
    match error["type"]:
        case "greater_than_equal":
            return f"write {_bound(bounds, 'ge')} or more"
        case "less_than_equal":
            return f"write {_bound(bounds, 'le')} or less"
        case "literal_error":
            return f"write {about['expected']}"
        case "value_error":
            return str(about["error"])
        case kind:
            return _KINDS.get(kind.partition("_")[0], str(error["msg"]))


def _bound(bounds: Sequence[object], which: str) -> str:
    """Return a bound as it would be written: pydantic's own words say `5 minutes`."""
    return next(written(getattr(one, which)) for one in bounds if hasattr(one, which))
