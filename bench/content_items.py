"""How well GOV.UK's own records are read: `python bench/content_items.py [FOLDER]`.

Prints how many of the content items could be read, how many have a text, which fields they fill,
and how many of their words stand in the text. Exits with 1 if one can't be read, if an item's words
are lost or a withdrawal is missed, with 2 without items.

The items are `govuk-content-items/*.json` of FOLDER. They are not part of the repository.
"""

import argparse
import html
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from despatch.errors import PermanentError  # noqa: E402
from ingest.fulltext import FullText  # noqa: E402
from ingest.govuk_content import parse_content  # noqa: E402

LEAST_WORDS = 0.995
"""Of an item's own words, so many stand in its text."""

_TAG = re.compile(r"<[^>]*>")
_WORD = re.compile(r"\w+")


def main() -> int:
    """Print the figures; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT.parent / "shared" / "data")
    folder = parser.parse_args().folder / "govuk-content-items"
    items = sorted(folder.glob("*.json"))
    if not items:
        sys.stderr.write(f"{folder} holds no content items\n")
        return 2
    filled: Counter[str] = Counter()
    faults: list[str] = []
    for path in items:
        item = json.loads(path.read_bytes())
        try:
            found = parse_content(path.read_bytes(), item["base_path"])
        except PermanentError as exc:
            faults.append(f"{path.name}: {exc}")
            continue
        if isinstance(found, FullText):
            filled.update(_filled(found))
            faults += [f"{path.name}: {fault}" for fault in _faults(item, found)]
    sys.stdout.write(f"{len(items)} content items of GOV.UK, {len(faults)} faults\n")
    for name, count in filled.most_common():
        sys.stdout.write(f"  {count:4} have {name}\n")
    for fault in faults:
        sys.stdout.write(f"  {fault}\n")
    return 1 if faults else 0


def _filled(found: FullText) -> Iterator[str]:
    """Yield what an item fills."""
    fields: Mapping[str, Any] = found.details.model_dump() if found.details else {}
    yield from (name for name, value in fields.items() if value)
    yield from (name for name in ("text", "language", "published_at") if getattr(found, name))
    if found.status == "withdrawn":
        yield "a withdrawal"


def _faults(item: Mapping[str, Any], found: FullText) -> Iterator[str]:
    """Yield what is wrong with a reading, by another and simpler way of reading."""
    if bool(item.get("withdrawn_notice")) != (found.status == "withdrawn"):
        yield f"it is {found.status}, its notice says otherwise"
    body = item["details"].get("body") or ""
    parts = body if isinstance(body, list) else [{"content_type": "text/html", "content": body}]
    given = " ".join(p["content"] for p in parts if p["content_type"] == "text/html")
    words = Counter(_WORD.findall(html.unescape(_TAG.sub(" ", given)).lower()))
    there = Counter(_WORD.findall(found.text.lower()))
    kept = (words & there).total() / words.total() if words else 1
    if kept < LEAST_WORDS:
        yield f"only {kept:.1%} of its words stand in the text"


if __name__ == "__main__":
    sys.exit(main())
