"""Tables of who is told, where, and of what: subscribers, channels, subscriptions, consent."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, Text, UniqueConstraint, text

from despatch.store.columns import Moment, Words
from despatch.store.tables.naming import metadata

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
    # Why a delivery stopped it: what the other side's answer meant, and nothing of the address.
    Column("why", Words),
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
