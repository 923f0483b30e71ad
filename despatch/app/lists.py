"""Lists of feeds: many sources at once, in and out."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from despatch.app.adding import ID, There, Wanted, id_of, record_of
from despatch.app.wiring import App
from despatch.errors import UsageError
from despatch.shorten import shorten

if TYPE_CHECKING:
    from ingest.opml import Outline


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a list of feeds."""

    added: tuple[str, ...]
    known: tuple[str, ...]
    failed: tuple[tuple[str, str], ...]
    """Each address with the reason."""


def import_feeds(app: App, outlines: "Sequence[Outline]") -> Imported:
    """Add the feeds of a list; what can't be is told with the reason, and the rest is added."""
    added: list[str] = []
    known: list[str] = []
    failed: list[tuple[str, str]] = []
    with app.store.transaction() as tx:
        there = There(tx)
        for outline in outlines:
            try:
                one = there.add(record_of(app, _of_outline(outline, there)))
            except UsageError as exc:
                failed.append((_shown(outline.address), str(exc)))
                continue
            if one.new and outline.paused:
                tx.set_source_state(one.source.id, "paused")
            (added if one.new else known).append(one.source.id)
    return Imported(tuple(added), tuple(known), tuple(failed))


def export_feeds(app: App) -> "tuple[list[Outline], list[str]]":
    """Return every source with an address as an outline, and the ids of those without."""
    from ingest.opml import Outline

    outlines, left_out = [], []
    with app.store.transaction() as tx:
        records = [record for record, _health, _due in tx.sources()]
    for record in records:
        settings = dict(record.settings)
        address = settings.pop("address", None)
        if not isinstance(address, str):
            left_out.append(str(record.id))
            continue
        if record.kind != "feed":
            settings["kind"] = record.kind
        outlines.append(
            Outline(
                address=address,
                title=record.name,
                name=record.id,
                settings=json.dumps(settings, sort_keys=True) if settings else "",
                paused=record.state == "paused",
            )
        )
    return outlines, left_out


def _of_outline(outline: "Outline", there: There) -> Wanted:
    """Return what an outline asks for; a name that another address has gets a number."""
    settings: dict[str, Any] = {}
    if outline.settings:
        try:
            settings = json.loads(outline.settings)
        except ValueError as exc:
            raise UsageError(f"its settings are no JSON: {exc}") from exc
        if not isinstance(settings, dict):
            raise UsageError("its settings are no JSON object")
    if not outline.name and outline.title.strip() not in {"", outline.address}:
        settings.setdefault("title", shorten(" ".join(outline.title.split()), 200))
    kind = str(settings.pop("kind", "feed"))
    name = outline.name if ID.fullmatch(outline.name) else id_of(outline.address)
    id_ = there.free(name, outline.address)
    return Wanted(outline.address, id_, kind, settings)


def _shown(address: str) -> str:
    """Return an address as it may be shown: without a password that stands in it."""
    return re.sub(r"//[^/@]*@", "//…@", address)[:300]
