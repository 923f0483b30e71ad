"""How right the details of facts are: `python -m bench.evaluate_fact_details [FOLDER]`.

88 releases were read whole for what `evaluate_facts` does not count or has few of: agreements with
their parties and status, offices, figures with what they measure. `facts_read_whole.csv` beside
this file says by a release's id what each states. Half of them, by a hash of the id, were there to
make rules with (`tuned`); the rest is `held out`. Prints precision and recall of each kind with the
interval that holds 95% of resamples of the releases. Exits with 2 without the releases.

An agreement is right if its instrument and every party are; its status is counted apart, with them.
An office is right if it is a person's who is named so, and the words found stand in a row in the
office that the text gives. A figure is right if value, unit and change are, and what it measures
and is compared to stand in a row in what the reader wrote, or are left out.
"""

import argparse
import csv
import random
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from bench.evaluate_facts import NAME, ROOT, day_of, releases
from despatch.facts import Facts
from processors.facts import find_facts

READ = Path(__file__).parent / "facts_read_whole.csv"
PARTS = ("tuned", "held out", "fresh")
KINDS = ("agreements", "statuses", "parties", "offices", "figures")
RESAMPLES = 1_000

Counts = tuple[int, int, int]
"""Right, found, stated."""


def main() -> int:
    """Print the figures; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--wrong", choices=PARTS, help="list what is wrong there")
    args = parser.parse_args()
    path = args.folder / NAME
    if not path.is_file():
        sys.stderr.write(f"{path} is not there: name the folder that holds {NAME}\n")
        return 2
    stated, drawn = read_details(READ)
    found = {
        row["id"]: details(find_facts(row["title"], row["text"], day_of(row["date"])))
        for row in releases(path)
        if row["id"] in stated
    }
    for half in PARTS:
        ids = [id_ for id_ in found if drawn[id_] == half]
        sys.stdout.write(f"{half}: {len(ids)} releases read whole\n")
        for kind in KINDS:
            counted = [counts(kind, stated[id_][kind], found[id_][kind]) for id_ in ids]
            sys.stdout.write(f"  {kind:<12} {shown(counted)}\n")
    for id_ in found if args.wrong else ():
        if drawn[id_] == args.wrong:
            sys.stdout.writelines(_differences(id_, stated[id_], found[id_]))
    return 0


def read_details(file: Path) -> tuple[dict[str, dict[str, list[str]]], dict[str, str]]:
    """Return by id what each release states, by kind, and by id the half that it is in."""
    stated: dict[str, dict[str, list[str]]] = {}
    drawn: dict[str, str] = {}
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, strict=True):
            drawn[row["id"]] = row["drawn"]
            kinds = stated.setdefault(row["id"], defaultdict(list))
            if row["kind"]:
                kinds[row["kind"]].append(row["fact"])
    return stated, drawn


def details(facts: Facts) -> dict[str, list[str]]:
    """Return what is compared, in the words of the file."""
    agreed = [
        (f"{one.instrument}: {' + '.join(sorted(one.parties))}", one.status)
        for one in facts.agreements
    ]
    measured = [
        f"{one.value:.15g} {one.unit}{f' {one.change}' if one.change else ''}"
        f": {one.of}{f' | {one.against}' if one.against else ''}"
        for one in facts.figures
    ]
    return {
        "agreements": [agreement for agreement, _ in agreed],
        "statuses": [f"{agreement} = {status}" for agreement, status in agreed],
        "parties": [one.code for one in facts.countries if one.role == "party"],
        "offices": [f"{one.name}: {one.office}" for one in facts.people],
        "figures": measured,
    }


def counts(kind: str, stated: Sequence[str], found: Sequence[str]) -> Counts:
    """Return how many of the facts found are right, and how many stated ones are found."""
    right = sum(any(is_right(kind, one, true) for true in stated) for one in found)
    met = sum(any(is_right(kind, one, true) for one in found) for true in stated)
    # A figure said twice, with other words, is two facts and one statement.
    return met, len(found) - (right - met), len(stated)


def is_right(kind: str, found: str, stated: str) -> bool:
    """Tell whether a fact found is the one that is stated."""
    if kind not in {"offices", "figures"}:
        return found == stated
    (head, words), (true_head, true_words) = (_parts(found), _parts(stated))
    if head != true_head:
        return False
    (of, _, against), (true_of, _, true_against) = (
        words.partition(" | "),
        true_words.partition(" | "),
    )
    return any(_in_a_row(of, one) for one in true_of.split(" / ")) and _in_a_row(
        against, true_against
    )


def _parts(fact: str) -> tuple[str, str]:
    head, _, words = fact.partition(":")
    return head, words.strip()


def _in_a_row(words: str, text: str) -> bool:
    return not words or f" {' '.join(_words(words))} " in f" {' '.join(_words(text))} "


def _words(text: str) -> list[str]:
    return [word.strip(",") for word in text.replace("/", " ").split()]


def shown(counted: Sequence[Counts]) -> str:
    """Return precision and recall: `precision 0.91 [0.80 to 0.98] (20/22)  recall 0.85 […] (…)`."""
    chance = random.Random(20_261_126)  # noqa: S311  # the same figures in every run
    resampled = [_shares(chance.choices(counted, k=len(counted))) for _ in range(RESAMPLES)]
    right, found, stated = (sum(one[at] for one in counted) for at in range(3))
    parts = []
    for at, (name, of) in enumerate((("precision", found), ("recall", stated))):
        ordered = sorted(one[at] for one in resampled)
        low, high = ordered[RESAMPLES // 40], ordered[-RESAMPLES // 40]
        share = _shares(counted)[at]
        parts.append(f"{name} {share:.2f} [{low:.2f} to {high:.2f}] ({right}/{of})")
    return "  ".join(parts)


def _shares(counted: Iterable[Counts]) -> tuple[float, float]:
    right, found, stated = map(sum, zip(*counted, strict=True))
    return right / max(1, found), right / max(1, stated)


def _differences(
    id_: str, stated: Mapping[str, Sequence[str]], found: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    for kind in KINDS:
        wrong = [
            one for one in found[kind] if not any(is_right(kind, one, s) for s in stated[kind])
        ]
        missing = [
            one for one in stated[kind] if not any(is_right(kind, f, one) for f in found[kind])
        ]
        if wrong or missing:
            yield f"{id_} {kind}: wrong {wrong}, missing {missing}\n"


if __name__ == "__main__":
    sys.exit(main())
