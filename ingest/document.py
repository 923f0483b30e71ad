"""Saved documents to entries: a text file is one, a line of JSON is one. Pure."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from despatch.errors import PermanentError
from despatch.model import Status
from ingest.dates import parse_date
from ingest.entry import Entry, make_entry
from ingest.text import clean_line, clean_text

# As the collection writes them that the seed document comes from: ` date 2023-08-09 The UK and …`.
_DATE_PREFIX = re.compile(r"\s*date[ \t]+(\d{4}-\d{2}-\d{2})(?=\s)\s*")

_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_WITH_MARK = tuple(mark for mark, _encoding in _MARKS)
_KINDS = {str: "text", bool: "true or false", int: "a number", float: "a number", list: "a list"}
_TEASERS = frozenset({"teaser", "summary"})


def entry_of_text(body: bytes, name: str) -> Entry:
    """Return the entry that a text file is; its name within the source is its id.

    A first line that begins with `date 2023-08-09` gives the date and is left out of the text.
    Raises PermanentError for a file without words, and for one that is no text.
    """
    if b"\0" in body and not body.startswith(_WITH_MARK):
        raise PermanentError("it is no text: save its words as .txt, in UTF-8")
    given = decode_text(body)
    prefix = _DATE_PREFIX.match(given)
    text = given[prefix.end() :] if prefix else given
    entry = make_entry(
        id=name,
        text=clean_text(text),
        raw=("", given, ""),
        text_kind="full",
        text_from="file",
        published_at=parse_date(prefix[1]) if prefix else None,
    )
    if entry is None:
        raise PermanentError("it holds no words")
    return entry


def entry_of_line(line: bytes) -> Entry:
    """Return the entry of one line of JSON: `id, title, text, date, url`.

    A title or a text is needed.
    Also read: `updated`, `language`, `status` (`withdrawn`), `text_level` (`teaser` is a
    summary). Other fields are ignored. Raises PermanentError that says what is wrong.
    """
    row = _row(line)
    text, title = _words(row, "text"), _words(row, "title")
    link = _words(row, "url", "link", "address")
    entry = make_entry(
        id=_words(row, "id"),
        link=link,
        title=clean_line(title),
        text=clean_text(text),
        raw=(title, text, link),
        text_kind="summary" if _words(row, "text_level").lower() in _TEASERS else "full",
        text_from="file",
        published_at=_date(row, "date", "published_at", "published"),
        updated_at=_date(row, "updated_at", "updated"),
        language=_words(row, "language") or None,
        status=_status(row),
    )
    if entry is None:
        raise PermanentError("it has neither title nor text")
    return entry


def decode_text(body: bytes) -> str:
    """Return a file's text: UTF-8, UTF-16 with a mark, else Windows-1252, which never fails."""
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return body.decode(encoding, "replace")
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")


def _row(line: bytes) -> Mapping[str, Any]:
    try:
        row = json.loads(line)
    except UnicodeDecodeError as exc:
        raise PermanentError(f"not UTF-8 at byte {exc.start + 1}: save the file as UTF-8") from exc
    except json.JSONDecodeError as exc:
        raise PermanentError(f"not JSON: {exc.msg} at column {exc.colno}") from exc
    except (ValueError, RecursionError) as exc:
        raise PermanentError(f"not JSON: {str(exc)[:100]}") from exc
    if not isinstance(row, dict):
        raise PermanentError(f"a JSON object is needed, this is {_kind(row)}")
    return row


def _kind(value: object) -> str:
    return _KINDS.get(type(value), "nothing" if value is None else "an object")


def _words(row: Mapping[str, Any], *names: str) -> str:
    """Return the first of these fields that is there, as text; a number is its digits."""
    for name in names:
        value = row.get(name)
        if value is None or value == "":
            continue
        if not isinstance(value, str | int | float) or isinstance(value, bool):
            raise PermanentError(f"{name}: text is needed, this is {_kind(value)}")
        return str(value)
    return ""


def _date(row: Mapping[str, Any], *names: str) -> datetime | None:
    """Return a date; an unreadable one is none: the document counts more."""
    return parse_date(_words(row, *names))


def _status(row: Mapping[str, Any]) -> Status:
    return "withdrawn" if _words(row, "status") == "withdrawn" else "live"
