"""Classifying documents line by line: what `despatch classify` does. Memory stays flat."""

import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from typing import Any

from despatch.errors import PermanentError
from processors.classify import Classifier, classifier
from processors.language import ENGLISH, language_of_release, why_unjudged
from processors.themes import Theme

MAX_LINE_BYTES = 64_000_000

_CHUNK = 64
_SURROGATES = re.compile("[\ud800-\udfff]")

Numbered = list[tuple[int, bytes | str]]


def classify_lines(
    lines: Iterable[bytes | str],
    themes: Sequence[Theme],
    *,
    on_bad: Callable[[PermanentError], None] | None = None,
    workers: int = 1,
) -> Iterator[bytes]:
    r"""Yield, for each line that is a document, a line with its themes, in the same order.

    In: `{"id": "r1", "title": "…", "text": "…"}`; other fields are ignored, a missing title or
    text is empty, an empty line is passed over. Out, ending in a newline:
    `{"id": "r1", "themes": [{"theme": "migration", "score": 0.97, "evidence": [{"field": "text",
    "start": 0, "end": 9, "text": "Migration", "weight": 1.5}]}]}`, only themes that it belongs to;
    one that is not measured yet has `"experimental": true` as well.

    A bad line raises PermanentError that names its number and fault; with `on_bad`, that is
    called instead and the rest goes on.
    """
    numbered: Iterable[tuple[int, bytes | str]] = enumerate(lines, start=1)
    results = _alone(numbered, themes) if workers < 2 else _shared(numbered, themes, workers)
    for result in results:
        if not isinstance(result, PermanentError):
            yield result
        elif on_bad is None:
            raise result
        else:
            on_bad(result)


def _alone(
    numbered: Iterable[tuple[int, bytes | str]], themes: Sequence[Theme]
) -> Iterator[bytes | PermanentError]:
    ready = classifier(themes)
    for number, line in numbered:
        if line.strip():
            yield _attempt(number, line, ready)


def _shared(
    numbered: Iterable[tuple[int, bytes | str]], themes: Sequence[Theme], workers: int
) -> Iterator[bytes | PermanentError]:
    """Share the lines between processes; only a few chunks are read ahead."""
    source = iter(numbered)
    waiting: deque[Future[list[bytes | PermanentError]]] = deque()
    with ProcessPoolExecutor(workers, initializer=_begin, initargs=(themes,)) as pool:
        while True:
            while len(waiting) < 2 * workers and (chunk := list(islice(source, _CHUNK))):
                waiting.append(pool.submit(_chunk, chunk))
            if not waiting:
                return
            yield from waiting.popleft().result()


_own: list[Classifier] = []
"""A worker process's classifier."""


def _begin(themes: Sequence[Theme]) -> None:
    _own[:] = [classifier(themes)]


def _chunk(numbered: Numbered) -> list[bytes | PermanentError]:
    return [_attempt(number, line, _own[0]) for number, line in numbered if line.strip()]


def _attempt(number: int, line: bytes | str, ready: Classifier) -> bytes | PermanentError:
    try:
        return _classified(line, ready)
    except PermanentError as exc:
        return PermanentError(f"line {number}: {exc}")


def _classified(line: bytes | str, ready: Classifier) -> bytes:
    document = _document(line)
    title, text = document["title"], document["text"]
    language = language_of_release(title, text, document["language"])
    themes = [
        {
            "theme": score.theme,
            "score": score.score,
            "evidence": [dict(evidence) for evidence in score.evidence],
        }
        | ({"experimental": True} if score.experimental else {})
        for score in ready.classify(title, text, language)
    ]
    result = {"id": document["id"], "themes": themes}
    if language not in {"", ENGLISH}:
        result["language"] = language
        if why := why_unjudged(language, (theme.languages for theme in ready.themes)):
            result["why"] = why
    return json.dumps(result, ensure_ascii=False).encode() + b"\n"


def _document(line: bytes | str) -> dict[str, Any]:
    """Return id, title and text of a line. Raises PermanentError that says what is wrong."""
    if len(line) > MAX_LINE_BYTES:
        raise PermanentError(f"{len(line)} bytes are too many: the limit is {MAX_LINE_BYTES}")
    try:
        fields: Any = json.loads(line.decode("utf-8-sig") if isinstance(line, bytes) else line)
    except UnicodeDecodeError as exc:
        raise PermanentError(f"not UTF-8 at byte {exc.start + 1}: save the file as UTF-8") from exc
    except json.JSONDecodeError as exc:
        raise PermanentError(f"not JSON: {exc.msg} at column {exc.colno}") from exc
    except (ValueError, RecursionError) as exc:
        raise PermanentError(f"not JSON that can be read: {exc}") from exc
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
    return {"id": id_, "language": tag} | {name: _text(fields, name) for name in ("title", "text")}


def _text(fields: dict[str, Any], name: str) -> str:
    value = "" if fields.get(name) is None else fields[name]
    if not isinstance(value, str):
        raise PermanentError(f"{name} is {type(value).__name__}, not text")
    if value.isascii():
        return value
    # Half of a surrogate pair is valid in JSON, and can't be written again; offsets stay.
    return _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", value)
