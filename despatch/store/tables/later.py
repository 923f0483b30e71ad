"""Tables of what is told later: digests, what waits in them, receipts."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    Text,
    text,
)

from despatch.store.columns import Moment, Words
from despatch.store.tables.naming import NUMBER, metadata

# The releases of an alert that is a digest, as they are shown.
digest_items = Table(
    "digest_items",
    metadata,
    Column("alert", Text, ForeignKey("alerts.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("classified", Text, ForeignKey("classified.sha256"), nullable=False),
    Column("payload", Text, nullable=False),
)

_WAITING = text("waits_until IS NOT NULL")

# One moment at which a subscriber is told what waited.
digests = Table(
    "digests",
    metadata,
    Column("subscriber", Text, ForeignKey("subscribers.id"), primary_key=True),
    Column("due_at", Moment, primary_key=True),
    Column("state", Text, nullable=False),
    # `due_at` until it was run; only what waits stands in the indexes.
    Column("waits_until", Moment),
    Column("since", Moment),
    Column("until", Moment),
    Column("items", Integer, nullable=False),
    Column("dropped", Integer, nullable=False),
    Column("alert", Text, ForeignKey("alerts.id")),
    Column("done_at", Moment),
    Column("reason", Words, nullable=False),
    Index("ix_digests_due", "waits_until", sqlite_where=_WAITING, postgresql_where=_WAITING),
    Index(
        "ix_digests_of",
        "subscriber",
        "waits_until",
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    ),
)

# What a subscriber is told later: what `told` says of it, they are told then.
items = Table(
    "items",
    metadata,
    Column("release", Text, primary_key=True),
    Column("subscriber", Text, primary_key=True),
    Column("revision", Text, primary_key=True),
    Column("event", Text, primary_key=True),
    Column("due_at", Moment, nullable=False),
    Column("held_at", Moment, nullable=False),
    Column("classified", Text, ForeignKey("classified.sha256"), nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    Column("state", Text, nullable=False),
    Column("alert", Text, ForeignKey("alerts.id")),
    Column("outcome", Words, nullable=False),
    Column("payload", Text, nullable=False),
    ForeignKeyConstraint(
        ["subscriber", "due_at"],
        ["digests.subscriber", "digests.due_at"],
        name="fk_items_digest",
    ),
    Index(None, "subscriber", "due_at"),
)

# What was told at once to whoever has a limit, for as long as the limit counts it.
told_at_once = Table(
    "told_at_once",
    metadata,
    Column("number", NUMBER, primary_key=True),
    Column("subscriber", Text, ForeignKey("subscribers.id"), nullable=False),
    Column("at", Moment, nullable=False),
    Index(None, "subscriber", "at"),
)

# Who gets a receipt, when the next one is due, and from when on it covers the time.
receipts = Table(
    "receipts",
    metadata,
    Column("subscriber", Text, ForeignKey("subscribers.id"), primary_key=True),
    Column("due_at", Moment, nullable=False, index=True),
    Column("since", Moment, nullable=False),
)
