"""Tables of what is polled: sources, hosts, polls, entries, gaps, documents."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    text,
)

from despatch.store.columns import Moment, Words
from despatch.store.tables.naming import metadata

_LENT = text("lease_owner IS NOT NULL")

sources = Table(
    "sources",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("settings", Text, nullable=False),
    Column("host", Words, nullable=False),
    Column("added_at", Moment, nullable=False),
    Column("state", Text, nullable=False),
    Column("cursor", Text, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("lease_owner", Text),
    Column("lease_until", Moment),
    Column("next_due", Moment, nullable=False),
    Column("due_why", Words, nullable=False),
    Column("held_until", Moment),
    Column("polls", BigInteger, nullable=False),
    Column("polled_at", Moment),
    Column("ok_at", Moment),
    Column("failures", Integer, nullable=False),
    Column("problem", Words, nullable=False),
    Column("newest_at", Moment),
    Column("title", Words, nullable=False, server_default=""),
    Index(None, "state", "next_due"),
    # As many rows as there are polls under way: what a host's limit is counted with.
    Index("ix_sources_lent", "host", sqlite_where=_LENT, postgresql_where=_LENT),
)

# Whom sources ask: lent to one poller at a time, and left alone when a 429 asks for it.
hosts = Table(
    "hosts",
    metadata,
    Column("host", Words, primary_key=True),
    Column("lease_owner", Text),
    Column("lease_until", Moment),
    Column("held_until", Moment),
    Column("held_why", Words, nullable=False),
)

# A ring: a source's newest poll takes the place of its oldest one.
polls = Table(
    "polls",
    metadata,
    Column("source", Text, ForeignKey("sources.id"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("at", Moment, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("took_ms", BigInteger, nullable=False),
    Column("status", Integer),
    Column("new", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    Column("problem", Words, nullable=False),
)

entries = Table(
    "entries",
    metadata,
    Column("source", Text, ForeignKey("sources.id"), primary_key=True),
    Column("key_hash", Text, primary_key=True),
    Column("key", Words, nullable=False),
    Column("release", Text, nullable=False),
    Column("address", Words),
    Column("number", Integer, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("raw", Text, nullable=False),
    Column("text_kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("updated_at", Moment),
    Column("text_from", Text, nullable=False),
    Column("past", Text, nullable=False),
    Column("dated_at", Moment),
    Column("first_at", Moment),
    Index(None, "address", postgresql_using="hash"),
)

gaps = Table(
    "gaps",
    metadata,
    Column("id", Text, primary_key=True),
    Column("source", Text, ForeignKey("sources.id"), nullable=False),
    Column("found_at", Moment, nullable=False),
    Column("since", Moment, nullable=False),
    Column("until", Moment, nullable=False),
    Column("link", Words, nullable=False),
    Column("state", Text, nullable=False, index=True),
    Column("tries", Integer, nullable=False),
    Column("late", Integer, nullable=False),
    Column("reason", Words, nullable=False),
    Column("settled_at", Moment),
)

# The documents behind entries, which are read again.
documents = Table(
    "documents",
    metadata,
    Column("source", Text, ForeignKey("sources.id"), primary_key=True),
    Column("key_hash", Text, primary_key=True),
    Column("key", Words, nullable=False),
    Column("release", Text, nullable=False, index=True),
    Column("address", Words, nullable=False),
    Column("link", Words, nullable=False),
    Column("host", Words, nullable=False),
    Column("read_as", Text, nullable=False),
    Column("content_api", Words, nullable=False),
    Column("entry", Words, nullable=False),
    Column("title", Words, nullable=False),
    Column("since", Moment, nullable=False),
    Column("due_at", Moment, index=True),
    Column("language", Words),
    Column("published_at", Moment),
    Column("tries", Integer, nullable=False),
    Column("missing", Integer, nullable=False),
    Column("readings", Integer, nullable=False),
    Column("read_at", Moment),
    Column("outcome", Words, nullable=False),
    Column("read_from", Words, nullable=False),
    Column("moved_to", Words, nullable=False),
    Column("raw", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("body_sha256", Text, nullable=False),
    Column("etag", Words),
    Column("last_modified", Words),
    Column("lease_owner", Text),
    Column("lease_until", Moment),
)

bodies = Table(
    "bodies",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("last_at", Moment, nullable=False, index=True),
)
