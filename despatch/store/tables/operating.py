"""Tables of what an operator looks at: alarms, signs of life, canaries."""

from sqlalchemy import Column, Index, Integer, Table, Text, text

from despatch.store.columns import Moment, Words
from despatch.store.tables.naming import NUMBER, metadata

_OPEN = text("closed_at IS NULL")

alarms = Table(
    "alarms",
    metadata,
    Column("number", NUMBER, primary_key=True),
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

# Releases of our own that show whether everything works: docs/adr/0030.
canaries = Table(
    "canaries",
    metadata,
    Column("id", Text, primary_key=True),
    Column("sent_at", Moment, nullable=False),
    Column("published_at", Moment),
    Column("taken_at", Moment),
)
