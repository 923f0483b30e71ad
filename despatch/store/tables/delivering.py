"""Tables of deliveries and of their attempts."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from despatch.store.columns import Moment, Words
from despatch.store.tables.naming import metadata

_DUE = text("due_at IS NOT NULL")

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Text, primary_key=True),
    Column("alert", Text, ForeignKey("alerts.id"), nullable=False),
    Column("channel", Text, ForeignKey("channels.id"), nullable=False),
    Column("state", Text, nullable=False),
    Column("not_before", Moment, nullable=False),
    # When a worker may claim it: `not_before`, or the end of the lease; never once it is over.
    Column("due_at", Moment),
    Column("lease_owner", Text),
    Column("lease_until", Moment),
    Column("lane", Text, nullable=False, server_default="urgent"),
    Column("reason", Words, nullable=False, server_default=""),
    Column("added_at", Moment),
    UniqueConstraint("alert", "channel"),
    Index(None, "state", "not_before"),
    Index("ix_deliveries_due", "lane", "due_at", sqlite_where=_DUE, postgresql_where=_DUE),
)

attempts = Table(
    "attempts",
    metadata,
    Column("delivery", Text, ForeignKey("deliveries.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("took_ms", BigInteger, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("reason", Words, nullable=False),
)
