"""Adding a source: its id, and whether its settings are right."""

import re
from urllib.parse import urlsplit

from despatch.app.wiring import App
from despatch.errors import SettingsError, UsageError
from despatch.model import SourceId
from despatch.ports import SourceRecord

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")


def add_feed(app: App, address: str, name: str | None) -> tuple[SourceRecord, bool]:
    """Add a feed, and return it with whether it is new.

    The id is the name, else made from the address: `https://www.gov.uk/search/x.atom` becomes
    `www.gov.uk-search-x.atom`. Raises UsageError if either can't be.
    """
    from ingest.sources import open_source

    id_ = name or _id_of(address)
    if not _ID.fullmatch(id_):
        raise UsageError(
            f"{id_!r} can't be a source's name: small letters, digits, dots, dashes; --name NAME"
        )
    record = SourceRecord(
        id=SourceId(id_), kind="feed", settings={"address": address}, added_at=app.clock.now()
    )
    try:
        open_source(record)
    except SettingsError as exc:
        fault = str(exc).removeprefix(f"source {id_}: ").removeprefix("address: ")
        raise UsageError(f"this can't be a feed: {fault}") from exc
    with app.store.transaction() as tx:
        return record, tx.add_source(record)


def _id_of(address: str) -> str:
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]  # what stands before it is a secret
    words = re.sub(r"[^a-z0-9.]+", "-", f"{host}{parts.path}-{parts.query}".lower())
    return words.strip("-.")[:100] or "feed"
