"""Reading what a feed's document shows: only the entries that it did not show before are parsed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from despatch.ports import Response
from ingest.entry import Entry
from ingest.familiar import (
    NOTHING,
    Cut,
    Familiar,
    Seen,
    changed,
    cut_feed,
    is_dated,
    kept_familiar,
    key_of,
    seen,
    short,
    to_keep,
)
from ingest.feedparse import ParsedFeed, oldest_first
from ingest.source import Parse


@dataclass(frozen=True, slots=True)
class Shown:
    """What a document shows that is not familiar."""

    feed: ParsedFeed
    cut: Cut | None = None
    """None: the document can't be taken apart."""
    unchanged: int = 0
    """How many entries were left out: the same bytes, dealt with before."""
    parsed: bool = True
    """False if nothing had to be: the document's own words are those of last time."""
    before: Familiar = NOTHING
    """What it was compared with."""

    def settled(self, keys: Collection[str]) -> Mapping[str, Any]:
        """Return what the cursor is to keep for the next time; `keys` are of entries dealt with."""
        if self.cut is None:
            return {}
        found = self._found(self.cut, keys)
        held = [(mark, self.before.items.get(mark) or found.get(mark)) for mark in self.cut.marks]
        items = {mark: item for mark, item in held if item is not None}
        return {"familiar": to_keep(Familiar(self.cut.frame, items))}

    def _found(self, cut: Cut, keys: Collection[str]) -> Mapping[str, Seen]:
        """Return the items with one of these keys that were parsed now, by their marks."""
        parsed = [mark for mark in cut.marks if mark not in self.before.items]
        if len(parsed) != len(self.feed.keys):
            return {}
        dated = {e.key: bool(e.published_at or e.updated_at) for e in self.feed.entries}
        pairs = zip(parsed, self.feed.keys, strict=True)
        return {mark: seen(key, dated=dated[key]) for mark, key in pairs if key in keys}


async def read_shown(
    parse: Parse, answer: Response, content_type: str, cursor: Mapping[str, Any]
) -> Shown:
    """Return what an answer shows that is not familiar to the cursor; errors as `parse`."""
    cut = cut_feed(answer.body, content_type)
    familiar = kept_familiar(cursor)
    if cut is not None and familiar.frame == cut.frame:
        shown = await _read_part(parse, answer, content_type, cut, familiar)
        if shown is not None:
            return shown
    return Shown(await parse(answer.body, content_type, answer.address), cut)


async def _read_part(
    parse: Parse, answer: Response, content_type: str, cut: Cut, familiar: Familiar
) -> Shown | None:
    """Return what the new items come to, or None if they can't be judged without the others."""
    new = changed(cut, familiar)
    unchanged = len(cut.items) - len(new)
    if not unchanged or len(set(cut.marks)) < len(cut.marks):
        return None
    if not new:
        return Shown(ParsedFeed(()), cut, unchanged, parsed=False, before=familiar)
    feed = await parse(cut.part(new), content_type, answer.address)
    old = [familiar.items[mark] for mark in cut.marks if mark in familiar.items]
    keys = {short(key) for key in feed.keys if key}
    if len(feed.keys) != len(new) or keys & {key_of(item) for item in old}:
        return None
    if not all(map(is_dated, old)):
        by_key: Mapping[str, Entry] = {entry.key: entry for entry in feed.entries}
        listed = [by_key[key] for key in feed.keys if key]
        order = oldest_first(listed, dated=False)
        feed = replace(feed, entries=tuple(listed[place] for place in order), places=tuple(order))
    return Shown(feed, cut, unchanged, before=familiar)
