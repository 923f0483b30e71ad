"""A dry run of a poll: of a source as it stands, or of an address that is not added."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from despatch.app.adding import Wanted, record_of, wanted
from despatch.app.wiring import App
from despatch.errors import Busy
from despatch.model import SourceId
from despatch.ports import Health, KnownEntry, SourceRecord

if TYPE_CHECKING:
    from ingest.check import Case, Checked
    from ingest.witness import Witness


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a poll would come to, and all that was seen on the way."""

    record: SourceRecord
    added: bool
    """False for an address that is no source yet: nothing is known of it."""
    checked: "Checked"
    witness: "Witness"


def dry_run(app: App, given: str) -> DryRun:
    """Return what a poll would come to; nothing is stored, nothing is told, no lease is taken.

    `given` is a source's name, which is asked with its own validators and judged by what is known
    of it; or an address or a name of the catalogue, judged as at first contact. Raises UsageError
    for what is neither, and Busy while the server wants to be left alone.
    """
    from ingest.check import check
    from ingest.feedchild import ChildParser
    from ingest.source import Tools
    from ingest.sources import open_source
    from ingest.witness import Witness

    found = None if "://" in given else _added(app, given)
    case = found or _fresh(app, wanted(given, None))
    source = open_source(case.record)
    witness = Witness()

    async def run() -> "Checked":
        async with app.fetcher(witness) as fetcher, ChildParser(at_once=1) as parser:
            return await check(case, source, Tools(fetcher, parser.parse), app.clock.now())

    return DryRun(case.record, found is not None, asyncio.run(run()), witness)


def _added(app: App, name: str) -> "Case | None":
    """Return a source as it stands; None if there is none of this name."""
    from ingest.check import Case

    id_ = SourceId(name)
    with app.store.transaction() as tx:
        there = {record.id: (record, health) for record, health, _due in tx.sources()}
        if id_ not in there:
            return None
        cursor, due = tx.cursor(id_), tx.due(id_)
    if due is not None and due.held_until is not None and due.held_until > app.clock.now():
        until = f"{due.held_until:%Y-%m-%d %H:%M} UTC"
        raise Busy(
            f"the server of {name} asked to be left alone until {until} (Retry-After); "
            "a dry run waits too"
        )

    def known(keys: set[str], addresses: set[str]) -> Sequence[KnownEntry]:
        with app.store.transaction() as tx:
            return tx.known_entries(id_, keys, addresses)

    record, health = there[id_]
    return Case(record, cursor or {}, health, known, app.settings.poll_every)


def _fresh(app: App, asked: Wanted) -> "Case":
    from ingest.check import Case

    return Case(
        record=record_of(app, asked),
        cursor={},
        health=Health(),
        known=lambda _keys, _addresses: (),
        every=app.settings.poll_every,
    )
