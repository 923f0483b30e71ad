"""How the time to read a text grows with its length, on texts that nobody writes.

The same number of characters in short, long and very long texts: whatever takes the square of a
length stands out by the factor of the lengths.
"""

from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

from alerts.changes import describe
from bench.measure import Cost, Stopwatch, alternate
from bench.report import Contest, Limit, Limits, Report
from despatch.material import weigh
from despatch.signature import signature
from despatch.testing.monsters import PIECES, monster
from processors.classify import Classifier, classifier
from processors.facts import find_facts
from processors.language import language_of_release
from processors.layout import layout
from processors.themes import load_themes

LENGTHS = (4_000, 32_000, 256_000)
CHARS = 256_000
"""Of each kind of text, at each length."""
FACTS_CHARS, TIMES, STEEPEST = 200_000, 5, 5
MOST = 1.5 * TIMES
"""A square of the length would be 25; what no longer fits a cache costs half as much again."""
DAY = date(2026, 3, 2)


def run(runs: int, _folder: Path) -> Report:
    """Return characters a second by length, for the whole of reading and for comparing two."""
    ready = classifier(load_themes())
    return Report(
        "grow",
        [
            _growth(
                "read: language, themes, layout, signature, facts", partial(_read, ready), runs
            ),
            _growth("compared with the same text, one word changed", _compare, runs),
            _steepest(runs),
        ],
        [],
    )


def _growth(what: str, do: Callable[[str], None], runs: int) -> Contest:
    contenders = {
        _length(chars): partial(
            _over, [monster(name, chars) for name in PIECES], CHARS // chars, do
        )
        for chars in LENGTHS
    }
    title = f"{len(PIECES)} kinds of hostile texts, {what}: the same characters at each length"
    return Contest(
        title, "characters", alternate(contenders, runs), [_length(LENGTHS[0])], per=1_000_000
    )


def _over(texts: list[str], times: int, do: Callable[[str], None]) -> Cost:
    with Stopwatch() as watch:
        for text in texts:
            for _ in range(times):
                do(text)
    return watch.cost(times * sum(map(len, texts)))


def _steepest(runs: int) -> Limits:
    """Return the kinds whose facts grow most from one length to five times as much.

    Among all kinds together, one that takes the square of its length would hardly show.
    """
    growths = {name: _grown(name, runs) for name in PIECES}
    worst = sorted(growths, key=growths.__getitem__)[-STEEPEST:]
    title = f"Facts: the kinds that cost most more when {TIMES} times as long, {FACTS_CHARS:,} on"
    limits = {name: Limit("times the processor time", MOST, [growths[name]]) for name in worst}
    return Limits(title, dict(reversed(limits.items())))


def _grown(name: str, runs: int) -> float:
    """Return how many times as much a text costs that is so many times as long: 5 is linear."""
    few, many = (monster(name, chars) for chars in (FACTS_CHARS, TIMES * FACTS_CHARS))
    pairs = ((_over([few], TIMES, _facts), _over([many], 1, _facts)) for _ in range(max(runs, 1)))
    return TIMES * min(long.cpu_s / short.cpu_s for short, long in pairs)


def _facts(text: str) -> None:
    find_facts("Ports", text, DAY)


def _read(ready: Classifier, text: str) -> None:
    language_of_release("Ports", text)
    ready.judge("Ports", text)
    laid = layout(text)
    for part in ("boilerplate", "quotes", "items"):
        getattr(laid, part)  # each is looked for when it is asked for
    signature("Ports", text)
    find_facts("Ports", text)


def _compare(text: str) -> None:
    after = text[: len(text) // 2] + " 3 May " + text[len(text) // 2 :]
    weigh(text, after)
    describe(text, after)


def _length(chars: int) -> str:
    return f"{chars:,} characters each"
