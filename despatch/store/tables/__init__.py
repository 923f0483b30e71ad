"""Every table of the store. The migrations in `migrations/` make exactly these.

Payloads are the JSON of the models, as text, and are read through the model. What is asked for by
a column stands in a column. An index on what strangers wrote is a hash index on PostgreSQL: its
B-tree refuses values over 2.7 kB.
"""

from despatch.store.tables.alerting import (
    alerts,
    classified,
    matches,
    positions,
    release_sources,
    releases,
    story_hashes,
    story_members,
    taken,
    told,
)
from despatch.store.tables.delivering import attempts, deliveries
from despatch.store.tables.later import digest_items, digests, items, receipts, told_at_once
from despatch.store.tables.naming import metadata
from despatch.store.tables.operating import alarm_notices, alarms, beats, canaries
from despatch.store.tables.reading import bodies, documents, entries, gaps, hosts, polls, sources
from despatch.store.tables.subscribing import (
    channels,
    salts,
    signups,
    subscribers,
    subscription_channels,
    subscription_log,
    subscriptions,
    suppressed,
)

__all__ = [
    "alarm_notices",
    "alarms",
    "alerts",
    "attempts",
    "beats",
    "bodies",
    "canaries",
    "channels",
    "classified",
    "deliveries",
    "digest_items",
    "digests",
    "documents",
    "entries",
    "gaps",
    "hosts",
    "items",
    "matches",
    "metadata",
    "polls",
    "positions",
    "receipts",
    "release_sources",
    "releases",
    "salts",
    "signups",
    "sources",
    "story_hashes",
    "story_members",
    "subscribers",
    "subscription_channels",
    "subscription_log",
    "subscriptions",
    "suppressed",
    "taken",
    "told",
    "told_at_once",
]
