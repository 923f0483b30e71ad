"""Tables of the alert stage: positions, the archive, matches, what was told, stories."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text, text

from despatch.store.columns import Moment, Words
from despatch.store.tables.naming import NUMBER, metadata

_OF_A_STORY = text("story IS NOT NULL")

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
    Column("number", NUMBER, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("release", Text, nullable=False, index=True),
    Column("classified", Text, ForeignKey("classified.sha256"), nullable=False),
    Column("cluster", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("topic_id", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("log_offset", BigInteger, nullable=False),
    Column("taken_at", Moment, nullable=False, index=True),
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
    # A receipt says how much came for one subscriber since the last.
    Index(None, "subscriber", "matched_at"),
)

told = Table(
    "told",
    metadata,
    Column("release", Text, primary_key=True),
    Column("subscriber", Text, ForeignKey("subscribers.id"), primary_key=True),
    Column("revision", Text, primary_key=True),
    Column("event", Text, primary_key=True),
    Column("told_at", Moment, nullable=False),
    # Which story they heard by it: nobody hears one twice, whatever two workers do at once.
    Column("story", Text),
    Index(
        "ix_told_story",
        "story",
        "subscriber",
        "event",
        unique=True,
        sqlite_where=_OF_A_STORY,
        postgresql_where=_OF_A_STORY,
    ),
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
