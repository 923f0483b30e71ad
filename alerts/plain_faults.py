"""What is wrong with a line of plain subscriptions or releases: which field, and the fix. Pure.

A line that was refused is read once more here, by field: what msgspec says of it names our types
and not what a person writes.
"""

import difflib
import json
from typing import Any

from alerts.plain import PlainLine, PlainSubscription

_KINDS = {dict: "an object", list: "a list", str: "text", bool: "true or false", float: "a number"}
_LONGEST = 60
"""Characters of a value, or of a field's name, that are shown."""


def fault_of(form: type[PlainLine], line: bytes) -> str:
    """Return what is wrong with a line that can't be read as this form: `"themes" is text: …`."""
    try:
        given = json.loads(line.decode())
    except UnicodeDecodeError as exc:
        return f"it is not UTF-8 from byte {exc.start + 1} on: save the file as UTF-8"
    except json.JSONDecodeError as exc:
        return _no_json(exc)
    except RecursionError:
        return "it is nested too deeply"
    except ValueError:  # a number of thousands of digits
        return "a number in it is too long"
    if not isinstance(given, dict):
        return f'it is {_kind(given)}: an object is needed, such as {{"id": "1", "themes": []}}'
    faults = [_unknown(form, given), _id(given), *(_field(form, *one) for one in given.items())]
    return next((fault for fault in faults if fault), "it is no JSON that every program reads")


def _no_json(exc: json.JSONDecodeError) -> str:
    if not exc.doc[exc.pos :].strip():
        return "it breaks off: a line is one whole object"
    return f"it is no JSON from column {exc.colno} on: {_short(exc.doc[exc.pos :].rstrip())}"


def _unknown(form: type[PlainLine], given: dict[str, Any]) -> str:
    """Only a subscription's: a misspelt one would ask for nothing, and match everything."""
    if form is not PlainSubscription:
        return ""
    known = form.__struct_fields__
    for name in (name for name in given if name not in known):
        near = difflib.get_close_matches(name, known, 1)
        hint = f"did you mean {_quoted(near[0])}?" if near else f"there are {', '.join(known)}"
        return f"field {_quoted(name)} is not known: {hint}"
    return ""


def _id(given: dict[str, Any]) -> str:
    needs = "text or a whole number is needed"
    if "id" not in given:
        return f'"id" is missing: {needs}'
    if isinstance(given["id"], bool) or not isinstance(given["id"], str | int):
        return f'"id" is {_kind(given["id"])}: {needs}'
    return ""


def _field(form: type[PlainLine], name: str, value: Any) -> str:
    if value is None or name == "id" or name not in form.__struct_fields__:
        return ""
    if name == "text":
        return "" if isinstance(value, str) else f'"text" is {_kind(value)}: text is needed'
    if not isinstance(value, list):
        example = f", as {_quoted([value])}" if isinstance(value, str) else ""
        return f"{_quoted(name)} is {_kind(value)}: a list of texts is needed{example}"
    for place, one in enumerate(value, start=1):
        if not isinstance(one, str):
            return f"value {place} of {_quoted(name)} is {_kind(one)}: text is needed"
    return ""


def _kind(value: Any) -> str:
    """Return what a value is: `text`, `null`, `the number 5`."""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"the number {_short(str(value))}"
    return "null" if value is None else _KINDS[type(value)]


def _quoted(value: str | list[str]) -> str:
    return _short(json.dumps(value, ensure_ascii=False))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
