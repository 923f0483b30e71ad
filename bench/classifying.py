"""`despatch classify` on one core, against the least that reading every word can cost."""

import gzip
import json
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from bench.classify_whole import whole_file
from bench.many_themes import made_up
from bench.measure import Cost, Stopwatch, alternate, ratios
from bench.report import Contest, Limit, Limits, Report
from despatch.testing.installation import generate_documents
from processors.jsonl import classify_lines
from processors.themes import Theme, load_themes

SHORT = 3_000
LONG = 200
LONG_CHARS = 8_000
REAL_EVERY = 10
"""Of the real releases, one in so many is taken."""
BASE_CHARS = 4_000
GROWTH = (1, 4, 16)
GROWTH_CHARS = 1_024_000
MANY = 100
MANY_EVERY = 2
MOST_FOR_MANY = 1.5
MOST_FOR_LONG = 1.1
"""A character of a text of sixteen times the length is to cost no more than one of a short text."""
REAL_NUMBER = 10_623

REAL = Path(__file__).parents[1].parent / "shared" / "data" / "releases.jsonl.gz"

OURS = "despatch classify"
FACTS = "despatch classify --facts"
LIMIT = "split and look up"
JSON = "read and write the JSON"

Documents = Sequence[dict[str, Any]]


def run(runs: int, folder: Path) -> Report:
    """Return documents a second on each kind of text, and how time grows with length."""
    themes = load_themes()
    short = generate_documents(SHORT)
    kinds: list[tuple[str, Documents]] = [
        (f"{SHORT:,} made-up documents", short),
        (f"{LONG} made-up documents of {LONG_CHARS:,} characters", _longer(short, LONG_CHARS)),
    ]
    missing, real = [], short
    if REAL.exists():
        real = _real()
        kinds.append(("Real releases of five governments", real))
    else:
        missing.append(f"real releases: there is no {REAL.name} beside this checkout")
    contests = [_contest(title, rows, themes, runs) for title, rows in kinds]
    many = _many(real, themes, runs)
    growth = [_growth(themes, runs), _growth(themes, runs, facts=True)]
    return Report(
        "classify",
        [
            *contests,
            many,
            *growth,
            _promised(many, *growth),
            *([] if missing else [whole_file(REAL, REAL_NUMBER, len(themes), min(runs, 3))]),
        ],
        missing,
    )


def _contest(title: str, rows: Documents, themes: Sequence[Theme], runs: int) -> Contest:
    lines = [json.dumps(row).encode() for row in rows]
    texts = [f"{row['title']} {row['text']}" for row in rows]
    table = dict.fromkeys(word for text in texts[::2] for word in text.split())
    average = sum(map(len, texts)) / len(texts)
    contenders: dict[str, Callable[[], Cost]] = {
        OURS: partial(_classify, lines, themes),
        FACTS: partial(_classify, lines, themes, facts=True),
        LIMIT: partial(_look_up, texts, table),
        JSON: partial(_copy, lines),
    }
    return Contest(
        f"{title}, {average:,.0f} characters on average, {len(themes)} themes with evidence",
        "documents",
        alternate(contenders, runs),
        [LIMIT],
    )


def _many(rows: Documents, themes: Sequence[Theme], runs: int) -> Contest:
    """Judge by the themes that ship, and by so many made up in their likeness as well."""
    rows = rows[::MANY_EVERY]
    lines = [json.dumps(row).encode() for row in rows]
    more = made_up(MANY - len(themes), [row["text"] for row in rows], themes)
    ours = f"the {len(themes)} that ship"
    contenders: dict[str, Callable[[], Cost]] = {
        ours: partial(_classify, lines, themes),
        f"{MANY} themes": partial(_classify, lines, [*themes, *more]),
    }
    title = f"Themes: those that ship, and with more made up in their likeness {MANY}"
    return Contest(title, "documents", alternate(contenders, runs), [ours])


def _growth(themes: Sequence[Theme], runs: int, *, facts: bool = False) -> Contest:
    """Judge the same number of characters in short and in long texts."""
    contenders: dict[str, Callable[[], Cost]] = {}
    for times in GROWTH:
        rows = _longer(generate_documents(SHORT, seed=2), times * BASE_CHARS)
        few = rows[: GROWTH_CHARS // (times * BASE_CHARS)]
        lines = [json.dumps(row).encode() for row in few]
        chars = sum(len(row["text"]) for row in few)
        contenders[_length(times)] = partial(_classify, lines, themes, chars, facts=facts)
    costs = alternate(contenders, runs)
    title = "Growth with length: the same characters in texts of 1, 4 and 16 times the length"
    title += ", with facts" if facts else ""
    return Contest(title, "characters", costs, [_length(1)], per=1_000_000)


def _promised(many: Contest, growth: Contest, with_facts: Contest) -> Limits:
    """Hold against its limit what more themes, and longer texts, cost: by processor time."""
    last = _length(GROWTH[-1])
    limits = {
        f"{MANY} themes, for the time of those that ship": (many, f"{MANY} themes", MOST_FOR_MANY),
        f"a character, {last}": (growth, last, MOST_FOR_LONG),
        f"a character, {last}, with facts": (with_facts, last, MOST_FOR_LONG),
    }
    return Limits(
        "What is promised",
        {
            name: Limit("times", most, _times(contest, contender))
            for name, (contest, contender, most) in limits.items()
        },
    )


def _times(contest: Contest, contender: str) -> list[float]:
    """Return round by round what one took, as a multiple of what the peer did."""
    costs = contest.costs
    ours, theirs = (
        [cost.cpu_s / cost.count for cost in costs[one]] for one in (contender, *contest.peers)
    )
    return ratios(ours, theirs)


def _length(times: int) -> str:
    return f"{times * BASE_CHARS:,} characters each"


def _classify(
    lines: Sequence[bytes],
    themes: Sequence[Theme],
    count: int | None = None,
    *,
    facts: bool = False,
) -> Cost:
    with Stopwatch() as watch:
        deque(classify_lines(lines, themes, facts=facts), maxlen=0)
    return watch.cost(len(lines) if count is None else count)


def _look_up(texts: Sequence[str], table: dict[str, None]) -> Cost:
    with Stopwatch() as watch:
        for text in texts:
            deque(map(table.get, text.split()), maxlen=0)
    return watch.cost(len(texts))


def _copy(lines: Sequence[bytes]) -> Cost:
    with Stopwatch() as watch:
        for line in lines:
            json.dumps({"id": json.loads(line)["id"], "themes": []}).encode()
    return watch.cost(len(lines))


def _longer(rows: Documents, chars: int) -> list[dict[str, Any]]:
    """Return documents of so many characters, each made of the texts of many others."""
    texts = cycle(row["text"] for row in rows)
    each = chars // min(len(row["text"]) for row in rows) + 1
    count = max(LONG, GROWTH_CHARS // chars)
    return [
        {
            "id": f"long-{n}",
            "title": f"Report {n}",
            "text": "\n\n".join(islice(texts, each))[:chars],
        }
        for n in range(count)
    ]


def real_or_made_up(number: int, every: int = REAL_EVERY) -> tuple[list[dict[str, Any]], str]:
    """Return so many documents and what they are: one in so many real ones, where at hand."""
    if REAL.exists():
        return _real(every)[:number], "real releases"
    return generate_documents(number), "made-up documents"


def _real(every: int = REAL_EVERY) -> list[dict[str, Any]]:
    with gzip.open(REAL, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in islice(lines, 0, None, every)]
