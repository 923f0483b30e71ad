"""Classifying documents line by line: what `despatch classify` does. Memory stays flat."""

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any

import msgspec

from despatch.characters import storable
from despatch.errors import PermanentError
from despatch.rubbish import settle
from processors.classify import Classifier, classifier
from processors.facts import FACTS_LANGUAGES, fact_rows
from processors.language import ENGLISH, language_of_release, why_unjudged
from processors.themes import Theme

MAX_LINE_BYTES = 64_000_000

_CHUNK = 64

Numbered = list[tuple[int, bytes | str]]


def classify_lines(
    lines: Iterable[bytes | str],
    themes: Sequence[Theme],
    *,
    facts: bool = False,
    on_bad: Callable[[PermanentError], None] | None = None,
    workers: int = 1,
) -> Iterator[bytes]:
    r"""Yield, for each line that is a document, a line with its themes, in the same order.

    In: `{"id": "r1", "title": "…", "text": "…"}`; other fields are ignored, a missing title or
    text is empty, an empty line is passed over. Out, ending in a newline:
    `{"id": "r1", "themes": [{"theme": "migration", "score": 0.97, "evidence": [{"field": "text",
    "start": 0, "end": 9, "text": "Migration", "weight": 1.5}]}]}`, only themes that it belongs to;
    one that is not measured yet has `"experimental": true` as well.

    With `facts`, a line also has `"facts"`, as docs/reference/facts.md has them; dates are told by
    the document's `published_at`, a day or an RFC 3339 time, if it has one.

    A bad line raises PermanentError that names its number and fault; with `on_bad`, that is
    called instead and the rest goes on.
    """
    numbered: Iterable[tuple[int, bytes | str]] = enumerate(lines, start=1)
    if workers < 2:
        results = _alone(numbered, themes, facts)
    else:
        results = _shared(numbered, themes, facts, workers)
    for result in results:
        if not isinstance(result, PermanentError):
            yield result
        elif on_bad is None:
            raise result
        else:
            on_bad(result)


def _alone(
    numbered: Iterable[tuple[int, bytes | str]], themes: Sequence[Theme], facts: bool
) -> Iterator[bytes | PermanentError]:
    ready = _Ready(classifier(themes), facts)
    for number, line in numbered:
        if line.strip():
            yield _attempt(number, line, ready)


def _shared(
    numbered: Iterable[tuple[int, bytes | str]], themes: Sequence[Theme], facts: bool, workers: int
) -> Iterator[bytes | PermanentError]:
    """Share the lines between processes; only a few chunks are read ahead."""
    source = iter(numbered)
    waiting: deque[Future[list[bytes | PermanentError]]] = deque()
    with ProcessPoolExecutor(workers, initializer=_begin, initargs=(themes, facts)) as pool:
        while True:
            while len(waiting) < 2 * workers and (chunk := list(islice(source, _CHUNK))):
                waiting.append(pool.submit(_chunk, chunk))
            if not waiting:
                return
            yield from waiting.popleft().result()


@dataclass(frozen=True, slots=True)
class _Ready:
    """What judges the lines, and whether facts are asked for."""

    classifier: Classifier
    facts: bool


class _Evidence(msgspec.Struct, gc=False):
    """A piece of evidence as it is written; a model of it would take ten times as long."""

    field: str
    start: int
    end: int
    text: str
    weight: float


class _Theme(msgspec.Struct, gc=False, omit_defaults=True):
    """A theme as it is written."""

    theme: str
    score: float
    evidence: list[_Evidence]
    experimental: bool = False


_own: list[_Ready] = []
"""What a worker process judges with."""


def _begin(themes: Sequence[Theme], facts: bool) -> None:
    _own[:] = [_Ready(classifier(themes), facts)]
    settle()


def _chunk(numbered: Numbered) -> list[bytes | PermanentError]:
    return [_attempt(number, line, _own[0]) for number, line in numbered if line.strip()]


def _attempt(number: int, line: bytes | str, ready: _Ready) -> bytes | PermanentError:
    try:
        return _classified(line, ready)
    except PermanentError as exc:
        return PermanentError(f"line {number}: {exc}")


def _classified(line: bytes | str, ready: _Ready) -> bytes:
    document = _document(line, dated=ready.facts)
    title, text = document["title"], document["text"]
    language = language_of_release(title, text, document["language"])
    themes = _themes(title, text, language, ready.classifier)
    result = {"id": document["id"], "themes": themes}
    if language not in {"", ENGLISH}:
        result["language"] = language
        readers = (theme.languages for theme in ready.classifier.themes)
        if why := why_unjudged(language, readers):
            result["why"] = why
    if ready.facts:
        facts = None
        if language in FACTS_LANGUAGES:
            facts = fact_rows(title, text, document["published_on"])
        result["facts"] = facts
    return msgspec.json.encode(result) + b"\n"


def _themes(title: str, text: str, language: str, classifier: Classifier) -> list[_Theme]:
    belongs, shown = classifier.belonging(title, text, language)
    evidence = list(map(_Evidence, *shown))
    return [
        _Theme(one.theme.id, one.score, evidence[one.evidence], experimental=one.theme.experimental)
        for one in belongs
    ]


def _document(line: bytes | str, *, dated: bool) -> dict[str, Any]:
    """Return id, title, text and, if asked, day of a line.

    Raises PermanentError that says what is wrong.
    """
    if len(line) > MAX_LINE_BYTES:
        raise PermanentError(f"{len(line)} bytes are too many: the limit is {MAX_LINE_BYTES}")
    fields = _decoded(line)
    if not isinstance(fields, dict):
        raise PermanentError('not an object: each line is {"id": …, "title": …, "text": …}')
    id_ = fields.get("id")
    if not isinstance(id_, str | int) or isinstance(id_, bool) or id_ == "":
        raise PermanentError("id is missing, or neither text nor a whole number")
    if fields.get("title") is None and fields.get("text") is None:
        raise PermanentError(f"{id_!r} has neither title nor text")
    id_ = _text(fields, "id") if isinstance(id_, str) else id_
    tag = fields.get("language")
    tag = tag if isinstance(tag, str) else None
    day = {"published_on": _day(fields)} if dated else {}
    texts = {name: _text(fields, name) for name in ("title", "text")}
    return {"id": id_, "language": tag} | texts | day


def _decoded(line: bytes | str) -> Any:
    try:
        return msgspec.json.decode(line)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        pass  # json takes more (a byte-order mark, half characters), and says where a fault is
    try:
        return json.loads(line.decode("utf-8-sig") if isinstance(line, bytes) else line)
    except UnicodeDecodeError as exc:
        raise PermanentError(f"not UTF-8 at byte {exc.start + 1}: save the file as UTF-8") from exc
    except json.JSONDecodeError as exc:
        raise PermanentError(f"not JSON: {exc.msg} at column {exc.colno}") from exc
    except (ValueError, RecursionError) as exc:
        raise PermanentError(f"not JSON that can be read: {exc}") from exc


def _day(fields: dict[str, Any]) -> date | None:
    given = fields.get("published_at")
    if given is None:
        return None
    try:
        return datetime.fromisoformat(given).date()
    except (TypeError, ValueError):
        raise PermanentError(
            f"published_at is {given!r}: write a day, 2026-03-02, or an RFC 3339 time"
        ) from None


def _text(fields: dict[str, Any], name: str) -> str:
    value = "" if fields.get(name) is None else fields[name]
    if not isinstance(value, str):
        raise PermanentError(f"{name} is {type(value).__name__}, not text")
    return storable(value)
