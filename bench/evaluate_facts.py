"""How right the facts are, on releases that were read: `python -m bench.evaluate_facts [FOLDER]`.

`facts_read.csv` beside this file says, by a release's id, which facts it states; it holds names,
numbers and days, no texts. `facts_held_out.csv` does so for agreements and parties of others, which
no rule was made for. The texts are `releases.jsonl.gz` of FOLDER, which is no part of the
repository: without it the exit is 2. Prints precision and recall of each kind of fact, for the
releases that were drawn at random and for those drawn by an agreement in their title; exits with 1
where one is below its floor.

A country counts by its code, a party by its code, an organisation and a person by the name, an
agreement by instrument and parties, a figure by value and unit, a date by its days.
"""

import argparse
import csv
import gzip
import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from despatch.facts import Facts
from processors.facts import find_facts

ROOT = Path(__file__).parents[1]
READ = Path(__file__).parent / "facts_read.csv"
HELD_OUT = Path(__file__).parent / "facts_held_out.csv"
HELD_OUT_KINDS = ("agreements", "parties")
NAME = "releases.jsonl.gz"
KINDS = ("countries", "parties", "organisations", "people", "agreements", "figures", "dates")
FLOOR = 0.85
"""Precision and recall over all releases below which this fails."""

Stated = dict[str, dict[str, set[str]]]
"""By id, then by kind: what is stated."""


def main() -> int:
    """Print the figures; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--wrong", action="store_true", help="list what is wrong and missing")
    args = parser.parse_args()
    path = args.folder / NAME
    if not path.is_file():
        sys.stderr.write(f"{path} is not there: name the folder that holds {NAME}\n")
        return 2
    stated, drawn = _read(READ)
    kept_apart, _ = _read(HELD_OUT)
    read = {**stated, **kept_apart}
    every = {row["id"]: _found(row) for row in releases(path) if row["id"] in read}
    found = {id_: kinds for id_, kinds in every.items() if id_ in stated}
    lines = [f"{len(found)} releases read; precision and recall by kind of fact"]
    for name in ("random", "agreements", "all"):
        ids = [id_ for id_ in found if name in {drawn[id_], "all"}]
        lines += [f"\n{name}: {len(ids)} releases", *_table(ids, stated, found)]
    apart = [id_ for id_ in every if id_ in kept_apart]
    lines += [f"\nheld out, no rule was made for them: {len(apart)} releases"]
    lines += _table(apart, kept_apart, every, HELD_OUT_KINDS)
    if args.wrong:
        lines += _differences(stated, found)
        lines += _differences(kept_apart, {id_: every[id_] for id_ in apart}, HELD_OUT_KINDS)
    low = [kind for kind in KINDS if _low(kind, stated, found)]
    lines += [f"{kind} are below {FLOOR}" for kind in low]
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if low or not found else 0


def _read(file: Path) -> tuple[Stated, dict[str, str]]:
    stated: Stated = defaultdict(lambda: defaultdict(set))
    drawn: dict[str, str] = {}
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            drawn[row["id"]] = row["drawn"]
            kinds = stated[row["id"]]
            if row["kind"]:
                kinds[row["kind"]].add(row["fact"])
    return stated, drawn


def releases(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of `releases.jsonl.gz`."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _found(row: Mapping[str, str]) -> dict[str, set[str]]:
    return keys(find_facts(row["title"], row["text"], day_of(row["date"])))


def day_of(written: str) -> date | None:
    """Return the day that a row gives, in one of the forms that its sources write."""
    for form in ("%Y-%m-%d", "%d %B %Y"):
        try:
            return datetime.strptime(written.strip(), form).date()  # noqa: DTZ007 - a day
        except ValueError:
            continue
    try:
        return parsedate_to_datetime(written).date()
    except ValueError:
        return None


def keys(facts: Facts) -> dict[str, set[str]]:
    """Return what each fact is compared by."""
    return {
        "countries": {one.code for one in facts.countries},
        "parties": {one.code for one in facts.countries if one.role == "party"},
        "organisations": {one.name for one in facts.organisations},
        "people": {one.name for one in facts.people},
        "agreements": {
            f"{one.instrument}: {' + '.join(sorted(one.parties))}" for one in facts.agreements
        },
        "figures": {f"{one.value:.10g} {one.unit}" for one in facts.figures},
        "dates": {f"{one.on}{f' to {one.until}' if one.until else ''}" for one in facts.dates},
    }


def _counts(
    kind: str, ids: list[str], stated: Stated, found: dict[str, dict[str, set[str]]]
) -> tuple[int, int, int]:
    right = sum(len(found[id_][kind] & stated[id_][kind]) for id_ in ids)
    return right, sum(len(found[i][kind]) for i in ids), sum(len(stated[i][kind]) for i in ids)


def _table(
    ids: list[str],
    stated: Stated,
    found: dict[str, dict[str, set[str]]],
    kinds: Sequence[str] = KINDS,
) -> Iterator[str]:
    for kind in kinds:
        right, said, true = _counts(kind, ids, stated, found)
        precision, recall = _share(right, said), _share(right, true)
        counts = f"precision {precision} ({right}/{said})  recall {recall} ({right}/{true})"
        yield f"  {kind:<15} {counts}"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.2f}" if whole else " -  "


def _low(kind: str, stated: Stated, found: dict[str, dict[str, set[str]]]) -> bool:
    right, said, true = _counts(kind, list(found), stated, found)
    return right < FLOOR * max(said, true)


def _differences(
    stated: Stated, found: dict[str, dict[str, set[str]]], compared: Sequence[str] = KINDS
) -> Iterator[str]:
    for id_, kinds in found.items():
        for kind in compared:
            wrong, missing = kinds[kind] - stated[id_][kind], stated[id_][kind] - kinds[kind]
            if wrong or missing:
                yield f"{id_} {kind}: wrong {sorted(wrong)}, missing {sorted(missing)}"


if __name__ == "__main__":
    sys.exit(main())
