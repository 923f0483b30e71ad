"""Adding sources: what is meant, what it is called, and whether it is there already."""

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from despatch.app.wiring import App
from despatch.errors import SettingsError, UsageError
from despatch.fingerprint import canonical_address
from despatch.model import SourceId
from despatch.ports import SourceRecord, Transaction

if TYPE_CHECKING:
    from ingest.catalogue import Listed
    from ingest.discover import Candidate
    from ingest.opml import Outline
    from ingest.probe import Feed

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A source that somebody asks for."""

    address: str
    id: SourceId
    kind: str = "feed"
    settings: Mapping[str, Any] = field(default_factory=dict)
    listed: "Listed | None" = None
    """What the catalogue says of it, if it was asked for by its name there."""

    def at(self, address: str, *, named: bool) -> "Wanted":
        """Return the same for another address: a feed that was found on a page."""
        id_ = self.id if named else SourceId(_id_of(address))
        return Wanted(address, id_, self.kind, self.settings)

    def with_settings(self, settings: Mapping[str, Any]) -> "Wanted":
        """Return the same with these settings too. Raises UsageError for a wrong one."""
        asked = replace(self, settings={**self.settings, **settings})
        _check(asked)
        return asked


@dataclass(frozen=True, slots=True)
class Added:
    """A source, and whether it is new."""

    source: SourceRecord
    new: bool


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a list of feeds."""

    added: tuple[str, ...]
    known: tuple[str, ...]
    failed: tuple[tuple[str, str], ...]
    """Each address with the reason."""


def wanted(given: str, name: str | None) -> Wanted:
    """Return what is meant by an address or a name of the catalogue.

    The id is the name, else the catalogue's with dashes, else made from the address:
    `https://www.gov.uk/search/x.atom` becomes `www.gov.uk-search-x.atom`. Raises UsageError that
    names the way out.
    """
    if name is not None and not _ID.fullmatch(name):
        raise UsageError(
            f"{name!r} can't be a source's name: small letters, digits, dots, dashes; --name NAME"
        )
    if "://" in given:
        asked = Wanted(given, SourceId(name or _id_of(given)))
        _check(asked)
        return asked
    from ingest.catalogue import load_catalogue

    if given.casefold().endswith((".opml", ".xml")) and Path(given).is_file():
        raise UsageError(f"{given!r} is a file; its feeds are added by: despatch sources import")
    listed = load_catalogue().get(given)
    return Wanted(listed.address, SourceId(name or listed.id), listed.kind, listed.settings, listed)


def add_source(app: App, asked: Wanted, *, answers_from: str | None = None) -> Added:
    """Add a source, unless its address is there already, or the one that it answers from.

    Raises UsageError for settings that can't be, and for an id that another address has.
    """
    record = record_of(app, asked)
    with app.store.transaction() as tx:
        return _add(tx, record, answers_from)


def record_of(app: App, asked: Wanted) -> SourceRecord:
    """Return what would be added. Raises UsageError for settings that can't be."""
    _check(asked)
    settings = {**asked.settings, "address": asked.address}
    return SourceRecord(asked.id, asked.kind, settings, app.clock.now())


def look_at(app: App, address: str) -> "Feed | list[Candidate]":
    """Return the feed at an address, or the feeds of the page there: see `ingest.probe.look`."""
    from ingest.feedchild import ChildParser
    from ingest.probe import look
    from ingest.source import Tools

    async def run() -> "Feed | list[Candidate]":
        async with app.fetcher() as fetcher, ChildParser(at_once=1) as parser:
            return await look(Tools(fetcher, parser.parse), address)

    return asyncio.run(run())


def import_feeds(app: App, outlines: "Sequence[Outline]") -> Imported:
    """Add the feeds of a list; what can't be is told with the reason, and the rest is added."""
    added: list[str] = []
    known: list[str] = []
    failed: list[tuple[str, str]] = []
    for outline in outlines:
        try:
            with app.store.transaction() as tx:
                asked = _of_outline(outline, _ids(tx))
                one = _add(tx, record_of(app, asked))
                if one.new and outline.paused:
                    tx.set_source_state(one.source.id, "paused")
        except UsageError as exc:
            failed.append((_shown(outline.address), str(exc)))
            continue
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
                title=record.id,
                name=record.id,
                settings=json.dumps(settings, sort_keys=True) if settings else "",
                paused=record.state == "paused",
            )
        )
    return outlines, left_out


def _check(asked: Wanted) -> None:
    from ingest.sources import open_settings

    try:
        open_settings(asked.kind, {**asked.settings, "address": asked.address})
    except SettingsError as exc:
        fault = str(exc).removeprefix("address: ")
        raise UsageError(f"this can't be a feed: {fault}") from exc


def _add(tx: Transaction, record: SourceRecord, answers_from: str | None = None) -> Added:
    same = {_canonical(str(record.settings["address"])), _canonical(answers_from or "")}
    there = [source for source, _health, _due in tx.sources()]
    for source in there:
        if _canonical(str(source.settings.get("address") or source.id)) in same:
            return Added(source, new=False)
    for source in there:
        if source.id == record.id:
            raise UsageError(
                f"{record.id} is another source ({source.settings.get('address') or source.kind}); "
                "give this one a name of its own: --name NAME"
            )
    return Added(record, tx.add_source(record))


def _canonical(address: str) -> str:
    """Return what tells two sources apart: the address without what leads nowhere else."""
    try:
        return canonical_address(address)
    except ValueError:
        return address


def _of_outline(outline: "Outline", taken: Mapping[str, str]) -> Wanted:
    """Return what an outline asks for; a name that another address has gets a number."""
    settings: dict[str, Any] = {}
    if outline.settings:
        try:
            settings = json.loads(outline.settings)
        except ValueError as exc:
            raise UsageError(f"its settings are no JSON: {exc}") from exc
        if not isinstance(settings, dict):
            raise UsageError("its settings are no JSON object")
    kind = str(settings.pop("kind", "feed"))
    name = outline.name if _ID.fullmatch(outline.name) else _id_of(outline.address)
    names = (name if n == 1 else f"{name[:95]}-{n}" for n in range(1, 10_000))
    id_ = next(one for one in names if taken.get(one, outline.address) == outline.address)
    return Wanted(outline.address, SourceId(id_), kind, settings)


def _ids(tx: Transaction) -> Mapping[str, str]:
    return {
        record.id: str(record.settings.get("address") or "")
        for record, _health, _due in tx.sources()
    }


def _id_of(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return "feed"
    host = parts.netloc.rpartition("@")[2]  # what stands before it is a secret
    words = re.sub(r"[^a-z0-9.]+", "-", f"{host}{parts.path}-{parts.query}".lower())
    return words.strip("-.")[:100] or "feed"


def _shown(address: str) -> str:
    """Return an address as it may be shown: without a password that stands in it."""
    return re.sub(r"//[^/@]*@", "//…@", address)[:300]
