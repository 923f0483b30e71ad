"""How texts are read, on real releases: `python -m bench.evaluate_reading [FOLDER]`.

Prints which languages are found in the releases of `releases.jsonl.gz`, with the titles of those
that are not English, and how well signatures find near copies: for every pair that shares a
sentence of 60 characters, the share of runs of three words that the two have in common, exactly
and by signature. Exits with 1 if an estimate is off by more than 0.07 on average, or if more than
one release in a hundred is in no known language; with 2 without the releases.
"""

import argparse
import gzip
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path
from statistics import mean

from despatch.signature import MAX_CHARS, RUN, signature, similarity
from processors.language import language_of_release

ROOT = Path(__file__).parents[1]
BOUNDS = (0.5, 0.6, 0.7, 0.8, 0.9)
MOST_ERROR = 0.07
MOST_UNKNOWN = 0.01

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
_LEAST_SENTENCE = 60
_COMMON = 25
"""A sentence of more releases is a formula."""
_ALIKE = 0.2
"""Pairs that are less alike say nothing about the estimate."""

Documents = Sequence[tuple[str, str]]
Shares = Sequence[tuple[float, float]]
"""Of each pair, exactly and by signature."""


def main() -> int:
    """Print what was found; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT.parent / "shared" / "data")
    path = parser.parse_args().folder / "releases.jsonl.gz"
    if not path.exists():
        sys.stderr.write(f"there is no {path}: give the folder that holds it\n")
        return 2
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    documents = [(row["title"], row["text"]) for row in rows]
    unknown = _languages(documents)
    error = _copies(list(_shares(documents)))
    return int(unknown > MOST_UNKNOWN or error > MOST_ERROR)


def _languages(documents: Documents) -> float:
    found = [language_of_release(title, text) for title, text in documents]
    sys.stdout.write(f"languages of {len(found):,} releases: ")
    named = ", ".join(f"{one or 'not known'} {n:,}" for one, n in Counter(found).most_common())
    sys.stdout.write(f"{named}\n")
    for (title, _text), language in zip(documents, found, strict=True):
        if language not in {"", "en"}:
            sys.stdout.write(f"  {language}  {title[:90]}\n")
    return found.count("") / len(found)


def _copies(shares: Shares) -> float:
    alike = [pair for pair in shares if pair[0] >= _ALIKE]
    error = mean(abs(exact - estimate) for exact, estimate in alike)
    sys.stdout.write(
        f"\n{len(shares):,} pairs share a sentence, {len(alike):,} of them a fifth of their runs "
        f"of {RUN} words; by signature the share is off by {error:.3f} on average\n"
        "share   pairs   found   precision   within 0.1   recall\n"
    )
    for bound in BOUNDS:
        true = [pair for pair in shares if pair[0] >= bound]
        found = [pair for pair in shares if pair[1] >= bound]
        right = sum(exact >= bound for exact, _estimate in found)
        near = sum(exact >= bound - 0.1 for exact, _estimate in found)
        sys.stdout.write(
            f"{bound:5.1f}{len(true):8,}{len(found):8,}{right / max(1, len(found)):12.3f}"
            f"{near / max(1, len(found)):13.3f}{right / max(1, len(true)):9.3f}\n"
        )
    return error


def _shares(documents: Documents) -> Iterator[tuple[float, float]]:
    where: dict[str, set[int]] = defaultdict(set)
    for number, (_title, text) in enumerate(documents):
        for sentence in _SENTENCE_END.split(text[:MAX_CHARS]):
            if len(sentence) >= _LEAST_SENTENCE:
                where[sentence].add(number)
    pairs = {
        pair
        for numbers in where.values()
        if 1 < len(numbers) < _COMMON
        for pair in combinations(sorted(numbers), 2)
    }
    asked = {number for pair in pairs for number in pair}
    runs = {number: _runs(*documents[number]) for number in asked}
    signs = {number: signature(*documents[number]) for number in asked}
    for one, other in sorted(pairs):
        together = len(runs[one] | runs[other])
        exact = len(runs[one] & runs[other]) / together if together else 0.0
        yield exact, similarity(signs[one], signs[other])


def _runs(title: str, text: str) -> frozenset[tuple[str, ...]]:
    words = re.findall(r"\w+", f"{title}\n{text[:MAX_CHARS]}".lower())
    return frozenset(zip(words, words[1:], words[2:], strict=False))


if __name__ == "__main__":
    sys.exit(main())
