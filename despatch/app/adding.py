"""Adding a source: what is meant, what it is called, and whether it is there already."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from despatch.app.wiring import App
from despatch.canary import SOURCE as CANARY
from despatch.errors import SettingsError, UsageError
from despatch.fingerprint import canonical_address
from despatch.model import SourceId
from despatch.ports import SourceRecord, Transaction

if TYPE_CHECKING:
    from ingest.catalogue import Listed
    from ingest.discover import Candidate
    from ingest.probe import Feed

ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
"""What a source can be called."""


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
        id_ = self.id if named else SourceId(id_of(address))
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


def wanted(given: str, name: str | None) -> Wanted:
    """Return what is meant by an address or a name of the catalogue.

    The id is the name, else the catalogue's with dashes, else made from the address:
    `https://www.gov.uk/search/x.atom` becomes `www.gov.uk-search-x.atom`. Raises UsageError that
    names the way out.
    """
    if name is not None and not ID.fullmatch(name):
        raise UsageError(
            f"{name!r} can't be a source's name: small letters, digits, dots, dashes; --name NAME"
        )
    if "://" in given:
        asked = Wanted(given, SourceId(name or id_of(given)))
        _check(asked)
        return asked
    from ingest.catalogue import load_catalogue

    if given.casefold().endswith((".opml", ".xml")) and Path(given).is_file():
        raise UsageError(f"{given!r} is a file; its feeds are added by: despatch sources import")
    listed = load_catalogue().get(given)
    return Wanted(listed.address, SourceId(name or listed.id), listed.kind, listed.settings, listed)


class There:
    """The sources that are there already, for the length of a transaction."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        found = [record for record, _health, _due in tx.sources()]
        self._by_id = {record.id: record for record in found}
        moved = [(record.settings.get("moved_from"), record) for record in found]
        self._by_address = {canonical(str(old)): record for old, record in moved if old}
        self._by_address |= {_canonical(record): record for record in found}

    def add(self, record: SourceRecord, answers_from: str | None = None) -> Added:
        """Add a source unless its address is there. Raises UsageError if its name is another's."""
        same = (_canonical(record), answers_from and canonical(answers_from))
        for address in same:
            if address in self._by_address:
                return Added(self._by_address[address], new=False)
        if record.id == CANARY:
            raise UsageError(
                f"{CANARY} is where Despatch's own probes come from: choose --name NAME"
            )
        if (other := self._by_id.get(record.id)) is not None:
            raise UsageError(
                f"{record.id} is another source ({other.settings.get('address') or other.kind}); "
                "give this one a name of its own: --name NAME"
            )
        new = self._tx.add_source(record)
        self._by_id[record.id] = self._by_address[_canonical(record)] = record
        return Added(record, new)

    def free(self, name: str, address: str) -> SourceId:
        """Return a name that no other address has: `visas`, or `visas-2` and so on."""
        names = (name if n == 1 else f"{name[:95]}-{n}" for n in count(1))
        return SourceId(next(one for one in names if self._is_free(SourceId(one), address)))

    def _is_free(self, id_: SourceId, address: str) -> bool:
        other = self._by_id.get(id_)
        return other is None or _canonical(other) == canonical(address)


def add_source(app: App, asked: Wanted, *, answers_from: str | None = None) -> Added:
    """Add a source, unless its address is there already, or the one that it answers from.

    Raises UsageError for settings that can't be, and for an id that another address has.
    """
    record = record_of(app, asked)
    with app.store.transaction() as tx:
        return There(tx).add(record, answers_from)


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


def _check(asked: Wanted) -> None:
    from ingest.sources import open_settings

    try:
        open_settings(asked.kind, {**asked.settings, "address": asked.address})
    except SettingsError as exc:
        fault = str(exc).removeprefix("address: ")
        raise UsageError(f"this can't be a feed: {fault}") from exc


def _canonical(record: SourceRecord) -> str:
    return canonical(str(record.settings.get("address") or record.id))


def canonical(address: str) -> str:
    """Return what tells two sources apart: the address without what leads nowhere else."""
    try:
        return canonical_address(address)
    except ValueError:
        return address


def id_of(address: str) -> str:
    """Return a name made from an address: `www.gov.uk-search-x.atom`."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "feed"
    host = parts.netloc.rpartition("@")[2]  # what stands before it is a secret
    words = re.sub(r"[^a-z0-9.]+", "-", f"{host}{parts.path}-{parts.query}".lower())
    return words.strip("-.")[:100] or "feed"
