"""The documents behind entries in the store: when each is read again, and who reads it just now."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, case, exists, func, or_, select, text, update

from despatch.errors import FencedError
from despatch.fingerprint import digest
from despatch.model import ReleaseId, SourceId
from despatch.ports import DocumentRecord, Validators
from despatch.store.rows import Rows
from despatch.store.tables import documents, hosts, sources

_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(7364301)")
"""Two pollers that lease at once must see each other's hosts; the number is any of our own."""

_ANY_DUE = select(documents.c.source).limit(1)

_UNREAD = {"raw": "", "body_sha256": "", "etag": None, "last_modified": None}
"""What is kept of a page of which nothing is known: the next reading is judged by its text."""

_FREE = {"lease_owner": None, "lease_until": None}


class Documents(Rows):
    """The part of a transaction that documents are."""

    def keep_documents(self, documents_: Sequence[DocumentRecord]) -> None:
        rows = {(one.source, one.key): _row(one) | _FREE for one in documents_}
        self._put(documents, ("source", "key_hash"), list(rows.values()))

    def read_soon(self, source: SourceId, titles: Mapping[ReleaseId, str], now: datetime) -> None:
        sooner = case((documents.c.due_at <= now, documents.c.due_at), else_=now)
        for release, title in titles.items():
            ours = (documents.c.source == source, documents.c.release == release)
            self._run(update(documents).where(*ours).values(due_at=sooner, **_FREE))
            retitled = (documents.c.read_as == "page", documents.c.title != title)
            self._run(update(documents).where(*ours, *retitled).values(title=title, **_UNREAD))

    def lease_documents(
        self, owner: str, now: datetime, lease: timedelta, limit: int, *, a_host: int
    ) -> Sequence[DocumentRecord]:
        if self._first(_ANY_DUE.where(documents.c.due_at <= now)) is None:
            return []  # as most often: the whole question costs fifty times as much to ask
        if self._dialect == "postgresql":
            self._connection.execute(_ONE_AT_A_TIME)
        due = _due(owner, now, a_host).limit(limit)
        found = self._all(due)
        for row in found:
            one = (documents.c.source == row.source, documents.c.key_hash == row.key_hash)
            lent = {"lease_owner": owner, "lease_until": now + lease}
            self._run(update(documents).where(*one).values(lent))
        return [_document(row) for row in found]

    def save_document(self, document: DocumentRecord, owner: str) -> None:
        row = _row(document)
        ours = (
            documents.c.source == row["source"],
            documents.c.key_hash == row["key_hash"],
            documents.c.lease_owner == owner,
        )
        if self._run(update(documents).where(*ours).values(row | _FREE)) == 0:
            raise FencedError(f"{document.address} is no longer lent to {owner}")

    def unread(self) -> Mapping[SourceId, int]:
        waiting = (documents.c.read_from == "", documents.c.due_at.is_not(None))
        counted = select(documents.c.source, func.count().label("unread")).where(*waiting)
        rows = self._all(counted.group_by(documents.c.source))
        return {SourceId(row.source): row.unread for row in rows}

    def documents_of(self, release: ReleaseId) -> Sequence[DocumentRecord]:
        kept = select(documents).where(documents.c.release == release)
        return [_document(row) for row in self._all(kept.order_by(documents.c.source))]


def _due(owner: str, now: datetime, a_host: int) -> Any:
    """Return the query for what an owner may have: the longest due of each host, in that order."""
    other = documents.alias("other")
    taken = exists().where(
        other.c.host == documents.c.host,
        other.c.lease_owner != owner,
        other.c.lease_until > now,
    )
    free = or_(documents.c.lease_until.is_(None), documents.c.lease_until <= now)
    order = (documents.c.due_at, documents.c.source, documents.c.key_hash)
    ranked = (
        select(
            documents,
            func.row_number().over(partition_by=documents.c.host, order_by=order).label("place"),
        )
        .join(sources, sources.c.id == documents.c.source)
        .where(sources.c.state == "active", documents.c.due_at <= now, free, ~taken)
        .where(documents.c.host.not_in(select(hosts.c.host).where(hosts.c.held_until > now)))
        .subquery()
    )
    first = select(ranked).where(ranked.c.place <= a_host)
    return first.order_by(ranked.c.due_at, ranked.c.source, ranked.c.key_hash)


def _hash(key: str) -> str:
    return digest(key, length=32)


def _row(one: DocumentRecord) -> dict[str, Any]:
    return {
        "source": one.source,
        "key_hash": _hash(one.key),
        "key": one.key,
        "release": one.release,
        "address": one.address,
        "link": one.link,
        "host": one.host,
        "read_as": one.read_as,
        "content_api": one.content_api,
        "entry": one.entry,
        "title": one.title,
        "since": one.since,
        "due_at": one.due_at,
        "language": one.language,
        "published_at": one.published_at,
        "tries": one.tries,
        "missing": one.missing,
        "readings": one.readings,
        "read_at": one.read_at,
        "outcome": one.outcome,
        "read_from": one.read_from,
        "moved_to": one.moved_to,
        "raw": one.raw,
        "made_by": one.made_by,
        "body_sha256": one.body_sha256,
        "etag": one.validators.etag,
        "last_modified": one.validators.last_modified,
    }


def _document(row: Row[Any]) -> DocumentRecord:
    return DocumentRecord(
        source=SourceId(row.source),
        key=row.key,
        release=ReleaseId(row.release),
        address=row.address,
        link=row.link,
        host=row.host,
        read_as=row.read_as,
        content_api=row.content_api,
        entry=row.entry,
        title=row.title,
        since=row.since,
        due_at=row.due_at,
        language=row.language,
        published_at=row.published_at,
        tries=row.tries,
        missing=row.missing,
        readings=row.readings,
        read_at=row.read_at,
        outcome=row.outcome,
        read_from=row.read_from,
        moved_to=row.moved_to,
        raw=row.raw,
        made_by=row.made_by,
        body_sha256=row.body_sha256,
        validators=Validators(row.etag, row.last_modified),
    )
