"""How stories come out on real releases: `python -m bench.evaluate_stories [FOLDER]`.

Reads `releases.jsonl.gz` of FOLDER, which is no part of the repository: without it the exit is 2.
Prints how many stories there are between its sources within 72 hours; and, because sources that
don't overlap can share none, how many there would be if each release came from a source of its
own. Of those pairs, and of the ones with .6 of their words in common that are kept apart,
`stories_read.csv` beside this file says which were read one by one, and whether they say the same
thing: precision and recall are by it. Exits with 1 if a pair is tied that says something else, or
if fewer than 40 were read. `--show` prints the pairs for reading, with what differs.
"""

import argparse
import csv
import gzip
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

from alerts.stories import SHARED, WINDOW, Likeness, compared, keys
from despatch.boilerplate import without_boilerplate
from despatch.changes import compare
from despatch.facts import Facts
from despatch.fingerprint import fingerprint, revision_id
from despatch.model import Classified, Fetched, Release, ReleaseId, Revision, SourceId
from despatch.signature import similarity
from ingest.dates import parse_date
from processors.facts import find_facts
from processors.reading import read

ROOT = Path(__file__).parents[1]
READ = Path(__file__).parent / "stories_read.csv"
NAME = "releases.jsonl.gz"
LEAST_READ = 40
READ_FROM = 0.6
"""Share of words in common from which on pairs are read: below the bound, for what that costs."""

Pair = tuple[str, str]


def main() -> int:
    """Print what was found; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--show", action="store_true", help="print the pairs, to read them")
    args = parser.parse_args()
    path = args.folder / NAME
    if not path.is_file():
        sys.stderr.write(f"{path} is not there: name the folder that holds {NAME}\n")
        return 2
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    # One address is one release, whoever shows it.
    by_id = {row["url"]: row for row in rows}
    plain = {id_: _classified(row) for id_, row in by_id.items()}
    near = [pair for pair in _near(plain) if _in_time(*(plain[id_] for id_ in pair))]
    facts = {id_: _facts(by_id[id_]) for id_ in {id_ for pair in near for id_ in pair}}
    plain |= {id_: plain[id_].model_copy(update={"facts": one}) for id_, one in facts.items()}
    across = [pair for pair in near if compared(*(plain[id_] for id_ in pair)).same]
    found = {pair: compared(plain[pair[0]], _elsewhere(plain[pair[1]])) for pair in near}
    alike = {
        pair: one
        for pair, one in found.items()
        if similarity(*(plain[id_].signature for id_ in pair)) >= READ_FROM
    }
    tied = [pair for pair, one in alike.items() if one.same]
    sys.stdout.write(
        f"{len(plain):,} releases; within 72 hours {len(near):,} pairs share {SHARED} keys, and "
        f"{len(alike)} have {READ_FROM} of their words in common\n"
        f"tied between the sources: {len(across)}\n"
        f"tied if each came from a source of its own: {len(tied)} pairs, {_stories(tied)} stories\n"
    )
    for reason, count in Counter(_kind(one.reason) for one in alike.values()).most_common():
        sys.stdout.write(f"  {count:5} {reason}\n")
    if args.show:
        for pair, likeness in sorted(alike.items()):
            _show(by_id, pair, likeness)
    return _judged(tied, alike)


def _judged(tied: Sequence[Pair], alike: Collection[Pair]) -> int:
    """Print what was found by reading; return the exit code."""
    with READ.open(encoding="utf-8", newline="") as file:
        stands = {(row["one"], row["other"]): row["same"] == "1" for row in csv.DictReader(file)}
    known = [pair for pair in alike if pair in stands]
    same = [pair for pair in known if stands[pair]]
    wrong = [pair for pair in known if pair in tied and not stands[pair]]
    right = [pair for pair in same if pair in tied]
    sys.stdout.write(
        f"read one by one: {len(known)} of {len(alike)} pairs, {len(same)} say the same thing\n"
        f"precision {len(right)}/{len(right) + len(wrong)}  recall {len(right)}/{len(same)}\n"
    )
    for one, other in wrong:
        sys.stdout.write(f"  wrongly tied: {one} and {other}\n")
    return int(bool(wrong) or len(known) < LEAST_READ)


def _near(plain: Mapping[str, Classified]) -> Iterator[Pair]:
    """Yield the pairs that the store would find: those that share enough of their keys."""
    where: dict[int, list[str]] = defaultdict(list)
    for id_, one in plain.items():
        for key in keys(one):
            where[key].append(id_)
    shared = Counter(pair for ids in where.values() for pair in combinations(sorted(ids), 2))
    yield from sorted(pair for pair, count in shared.items() if count >= SHARED)


def _stories(pairs: Sequence[Pair]) -> int:
    """Return how many groups the pairs make."""
    group = {id_: id_ for pair in pairs for id_ in pair}

    def first(id_: str) -> str:
        while group[id_] != id_:
            id_ = group[id_]
        return id_

    for one, other in pairs:
        group[first(other)] = first(one)
    return sum(first(id_) == id_ for id_ in group)


def _classified(row: Mapping[str, Any]) -> Classified:
    at = parse_date(row["date"] or "") or datetime.min.replace(tzinfo=UTC)
    release = Release(
        id=ReleaseId(row["url"]),
        address=row["url"],
        source=SourceId(row["set"]),
        entry=row["id"],
        title=row["title"],
        text=row["text"],
        text_kind="full",
        text_from="file",
        published_at=at,
    )
    print_ = fingerprint(release.title, release.text)
    revision = Revision(
        id=revision_id(release.id, release.source, 1, print_),
        release=release,
        cause="new",
        fingerprint=print_,
        number=1,
        observed_at=at,
        fetched=Fetched(address=NAME, at=at, body_sha256="0" * 64),
    )
    return Classified(id=row["id"], revision=revision, themes=(), classified_at=at, **read(release))


def _in_time(one: Classified, other: Classified) -> bool:
    return abs(one.revision.observed_at - other.revision.observed_at) <= WINDOW


def _facts(row: Mapping[str, Any]) -> Facts:
    at = parse_date(row["date"] or "")
    return find_facts(row["title"], row["text"], at.date() if at else None)


def _elsewhere(one: Classified) -> Classified:
    """Return it as if another source had published it."""
    release = one.revision.release.model_copy(update={"source": SourceId("another")})
    return one.model_copy(update={"revision": one.revision.model_copy(update={"release": release})})


def _kind(reason: str) -> str:
    """Return a reason without what it quotes."""
    plain = reason.split(":", 1)[0].split("“", 1)[0].strip()
    if "of their words in common" in reason:
        return "tied" if "every figure" in reason else "under .7 of their words in common"
    return plain


def _show(rows: Mapping[str, Mapping[str, Any]], pair: Pair, likeness: Likeness) -> None:
    one, other = (rows[id_] for id_ in pair)
    sys.stdout.write(f"\n{'tied' if likeness.same else 'apart'}: {likeness.reason}\n")
    for row in (one, other):
        sys.stdout.write(f"  {row['date']}  {row['title']}\n    {row['url']}\n")
    texts = [without_boilerplate(f"{row['title']}\n\n{row['text']}") for row in (one, other)]
    sys.stdout.write(f"  {len(texts[0])} and {len(texts[1])} characters\n")
    changes = compare(*texts)
    for old, new in changes.became[:6]:
        sys.stdout.write(f"  - {old[:400]}\n  + {new[:400]}\n")
    for sentence in changes.removed[:6]:
        sys.stdout.write(f"  -- {sentence[:400]}\n")
    for sentence in changes.added[:6]:
        sys.stdout.write(f"  ++ {sentence[:400]}\n")


if __name__ == "__main__":
    sys.exit(main())
