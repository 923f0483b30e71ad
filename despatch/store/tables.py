"""Every table of the store. The migrations in `migrations/` make exactly these.

Payloads are the JSON of the models, as text, and are read through the model. What is asked for by
a column stands in a column. An index on what strangers wrote is a hash index on PostgreSQL: its
B-tree refuses values over 2.7 kB.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from despatch.store.columns import Moment, Words

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

# SQLite numbers rows by itself only in a column that it calls INTEGER.
_Number = BigInteger().with_variant(Integer(), "sqlite")

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

_MANNERED = text("manner IS NOT NULL")

subscribers = Table(
    "subscribers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Words, nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
    # Quiet hours, limit and overflow; NULL for a subscriber that has none of them.
    Column("manner", Text),
    Column("forgotten_at", Moment),
    # Whoever has none of them is not asked about them.
    Index("ix_subscribers_manner", "id", sqlite_where=_MANNERED, postgresql_where=_MANNERED),
)

channels = Table(
    "channels",
    metadata,
    Column("id", Text, primary_key=True),
    Column("subscriber", Text, ForeignKey("subscribers.id"), nullable=False),
    # The URL is encrypted; its keyed hash finds an equal one. Both are erased on removal.
    Column("url", Text),
    Column("url_hash", Text),
    Column("url_key", Text),
    Column("shown", Words, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    # Of the e-mail address that it leads to, under the store's salt.
    Column("address_hash", Text, index=True),
    UniqueConstraint("subscriber", "url_hash"),
)

# What addresses are hashed with: random, encrypted as channels' URLs are.
salts = Table(
    "salts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("sealed", Text, nullable=False),
    Column("key", Text, nullable=False),
)

# Addresses that are written to no more.
suppressed = Table(
    "suppressed",
    metadata,
    Column("address_hash", Text, primary_key=True),
    Column("why", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

# What was asked for on the public pages, until it is confirmed, and a week in all.
signups = Table(
    "signups",
    metadata,
    Column("id", Text, primary_key=True),
    Column("subscriber", Text, ForeignKey("subscribers.id"), nullable=False),
    Column("channel", Text, ForeignKey("channels.id"), nullable=False),
    Column("alert", Text, nullable=False),
    Column("wish", Text, nullable=False),
    Column("mailbox_hash", Text, nullable=False, index=True),
    Column("network_hash", Text, nullable=False),
    Column("created_at", Moment, nullable=False, index=True),
    Column("ends_at", Moment, nullable=False, index=True),
    Column("subscription", Text),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("subscriber", Text, ForeignKey("subscribers.id"), nullable=False, index=True),
    Column("state", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("payload", Text, nullable=False),
)

# Every change, with versions that are committed in their order.
subscription_log = Table(
    "subscription_log",
    metadata,
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("subscription", Text, ForeignKey("subscriptions.id"), nullable=False),
    Column("change", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

subscription_channels = Table(
    "subscription_channels",
    metadata,
    Column("channel", Text, ForeignKey("channels.id"), primary_key=True),
    Column("subscription", Text, ForeignKey("subscriptions.id"), primary_key=True),
)

positions = Table(
    "positions",
    metadata,
    Column("group_name", Text, primary_key=True),
    Column("cluster", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("topic_id", Text, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("next_offset", BigInteger, nullable=False),
    Column("moved_at", Moment, nullable=False),
)

# One classified message is named by what was taken, by the archive and by every alert.
classified = Table(
    "classified",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("payload", Text, nullable=False),
)

taken = Table(
    "taken",
    metadata,
    Column("number", _Number, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("release", Text, nullable=False, index=True),
    Column("classified", Text, ForeignKey("classified.sha256"), nullable=False),
    Column("cluster", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("topic_id", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("log_offset", BigInteger, nullable=False),
    Column("taken_at", Moment, nullable=False),
    Column("verdict", Words, nullable=False),
    Column("subscription_version", BigInteger),
)

releases = Table(
    "releases",
    metadata,
    Column("id", Text, primary_key=True),
    Column("address", Words),
    Column("status", Text, nullable=False),
    Column("observed_at", Moment, nullable=False, index=True),
    Column("best", Text, ForeignKey("classified.sha256"), nullable=False),
    Index(None, "address", postgresql_using="hash"),
)

release_sources = Table(
    "release_sources",
    metadata,
    Column("release", Text, ForeignKey("releases.id"), primary_key=True),
    Column("source", Text, primary_key=True),
    Column("entry", Words, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("observed_at", Moment, nullable=False),
    Index(None, "entry", postgresql_using="hash"),
)

matches = Table(
    "matches",
    metadata,
    Column("release", Text, primary_key=True),
    Column("subscription", Text, ForeignKey("subscriptions.id"), primary_key=True),
    Column("revision", Text, primary_key=True),
    Column("subscriber", Text, ForeignKey("subscribers.id"), nullable=False),
    Column("event", Text),
    Column("outcome", Text, nullable=False),
    Column("reason", Words, nullable=False),
    Column("matched_at", Moment, nullable=False),
)

told = Table(
    "told",
    metadata,
    Column("release", Text, primary_key=True),
    Column("subscriber", Text, ForeignKey("subscribers.id"), primary_key=True),
    Column("revision", Text, primary_key=True),
    Column("event", Text, primary_key=True),
    Column("told_at", Moment, nullable=False),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("subscriber", Text, ForeignKey("subscribers.id"), nullable=False),
    Column("event", Text, nullable=False),
    Column("release", Text, index=True),
    Column("classified", Text, ForeignKey("classified.sha256")),
    Column("created_at", Moment, nullable=False),
    # The alert without its classified message, which many alerts share.
    Column("payload", Text, nullable=False),
)

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
    Column("number", _Number, primary_key=True),
    Column("subscriber", Text, ForeignKey("subscribers.id"), nullable=False),
    Column("at", Moment, nullable=False),
    Index(None, "subscriber", "at"),
)

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

_OPEN = text("closed_at IS NULL")

alarms = Table(
    "alarms",
    metadata,
    Column("number", _Number, primary_key=True),
    Column("key", Text, nullable=False),
    Column("text", Words, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("last_at", Moment, nullable=False),
    Column("times", Integer, nullable=False),
    Column("closed_at", Moment),
    Index("uq_alarms_open", "key", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    Index(None, "closed_at"),
    Index(None, "key"),
)

# What the operator was told: of an alarm, and of its end.
alarm_notices = Table(
    "alarm_notices",
    metadata,
    Column("key", Text, primary_key=True),
    Column("told_at", Moment, nullable=False),
    Column("over_at", Moment),
)

beats = Table(
    "beats",
    metadata,
    Column("stage", Text, primary_key=True),
    Column("instance", Text, primary_key=True),
    Column("started_at", Moment, nullable=False),
    Column("at", Moment, nullable=False),
    Column("state", Text, nullable=False),
    Column("detail", Words, nullable=False),
)

# Which releases say the same thing: docs/adr/0027.
story_members = Table(
    "story_members",
    metadata,
    Column("release", Text, primary_key=True),
    Column("story", Text, nullable=False, index=True),
    Column("source", Text, nullable=False),
    Column("since", Moment, nullable=False),
)

# The least hashes of each member's signature, by which copies are looked up for three days.
story_hashes = Table(
    "story_hashes",
    metadata,
    Column("hash", BigInteger, primary_key=True, autoincrement=False),
    Column("since", Moment, primary_key=True),
    Column("release", Text, ForeignKey("story_members.release"), primary_key=True),
    Index(None, "since"),
)

# Releases of our own that show whether everything works: docs/adr/0030.
canaries = Table(
    "canaries",
    metadata,
    Column("id", Text, primary_key=True),
    Column("sent_at", Moment, nullable=False),
    Column("published_at", Moment),
    Column("taken_at", Moment),
)

# Who gets a receipt, when the next one is due, and from when on it covers the time.
receipts = Table(
    "receipts",
    metadata,
    Column("subscriber", Text, ForeignKey("subscribers.id"), primary_key=True),
    Column("due_at", Moment, nullable=False, index=True),
    Column("since", Moment, nullable=False),
)
