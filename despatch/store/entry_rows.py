"""What is known of a source's entries, as rows."""

import json
from typing import Any

from sqlalchemy import Row

from despatch.fingerprint import digest
from despatch.model import ReleaseId, SourceId
from despatch.ports import KnownEntry


def key_hash(key: str) -> str:
    """Return what an entry's row is found by: keys are of any length."""
    return digest(key, length=32)


def entry_row(source: SourceId, entry: KnownEntry) -> dict[str, Any]:
    """Return the row that keeps an entry of a source."""
    return {
        "source": source,
        "key_hash": key_hash(entry.key),
        "key": entry.key,
        "release": entry.release,
        "address": entry.address,
        "number": entry.number,
        "fingerprint": entry.fingerprint,
        "raw": entry.raw,
        "text_kind": entry.text_kind,
        "status": entry.status,
        "updated_at": entry.updated_at,
        "text_from": entry.text_from,
        "past": json.dumps(entry.past),
        "dated_at": entry.dated_at,
        "first_at": entry.first_at,
    }


def known_entry(row: Row[Any]) -> KnownEntry:
    """Return what a row keeps."""
    return KnownEntry(
        key=row.key,
        release=ReleaseId(row.release),
        address=row.address,
        number=row.number,
        fingerprint=row.fingerprint,
        raw=row.raw,
        text_kind=row.text_kind,
        status=row.status,
        updated_at=row.updated_at,
        text_from=row.text_from,
        past=tuple(json.loads(row.past)),
        dated_at=row.dated_at,
        first_at=row.first_at,
    )
