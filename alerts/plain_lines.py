"""Plain subscriptions and releases, read line by line: what `despatch match` reads."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import msgspec

from alerts.phrases import Submit
from alerts.plain import PlainLine, PlainRelease, PlainSubscription
from alerts.plain_faults import fault_of
from alerts.plain_match import PlainMatcher
from despatch.errors import PermanentError

Line = TypeVar("Line", bound=PlainLine)

OnBad = Callable[[PermanentError], None]

_BOM = b"\xef\xbb\xbf"
_HALVES = re.compile("[\ud800-\udfff]")


def read_subscriptions(
    lines: Iterable[bytes], name: str, on_bad: OnBad, submit: Submit | None = None
) -> PlainMatcher:
    """Return a matcher of the subscriptions in JSONL; `name` is the file's, for what is wrong.

    A bad line is said to `on_bad` with its number and fault, and is left out. So is a second line
    with the same id, and one with an empty keyword.
    """
    matcher = PlainMatcher(submit)
    for number, subscription in _read(PlainSubscription, lines, name, on_bad):
        if subscription.id in matcher:
            on_bad(_bad(name, number, f"id {subscription.id!r} is another line's already"))
        elif not _speaks(subscription.keywords) or not _speaks(subscription.not_keywords):
            on_bad(_bad(name, number, "a keyword is empty: leave it out"))
        else:
            matcher.add(subscription)
    matcher.settle()
    return matcher


def read_releases(lines: Iterable[bytes], name: str, on_bad: OnBad) -> Iterator[PlainRelease]:
    """Yield the releases in JSONL; bad lines as above."""
    for _number, release in _read(PlainRelease, lines, name, on_bad):
        yield release


def _speaks(keywords: tuple[str, ...] | None) -> bool:
    return not keywords or all(map(str.strip, keywords))


def _read(
    form: type[Line], lines: Iterable[bytes], name: str, on_bad: OnBad
) -> Iterator[tuple[int, Line]]:
    # A third of the time that a million lines take with pydantic, which reads all else here.
    read = msgspec.json.Decoder(form).decode
    for number, line in enumerate(lines, start=1):
        if number == 1:
            line = line.removeprefix(_BOM)
        if line.isspace():
            continue
        try:
            yield number, read(line)
        except msgspec.ValidationError:
            on_bad(_bad(name, number, fault_of(form, line)))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            try:
                yield number, _with_half_characters(form, line)
            except (ValueError, RecursionError):
                on_bad(_bad(name, number, fault_of(form, line)))


def _with_half_characters(form: type[Line], line: bytes) -> Line:
    r"""Read a line that has half of a character (`"\ud800"`), which is JSON, and no Unicode.

    Each half becomes U+FFFD. Raises ValueError or RecursionError if it is not that.
    """
    return msgspec.convert(_whole(json.loads(line)), form)


def _whole(given: Any) -> Any:
    if isinstance(given, str):
        return _HALVES.sub("\N{REPLACEMENT CHARACTER}", given)
    if isinstance(given, list):
        return [_whole(one) for one in given]
    if isinstance(given, dict):
        return {_whole(name): _whole(one) for name, one in given.items()}
    return given


def _bad(name: str, number: int, fault: str) -> PermanentError:
    return PermanentError(f"{name} line {number}: {fault}")
