"""What is told later waits in the store, with the run that tells it."""

import sqlalchemy as sa
from alembic import op

from despatch.store.columns import Moment

revision = "0007"
down_revision = "0006"

_WAITING = sa.text("waits_until IS NOT NULL")
_MANNERED = sa.text("manner IS NOT NULL")
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the tables, and an index of the few subscribers who have wishes of their own."""
    _add_runs()
    _add_items()
    op.create_table(
        "told_at_once",
        sa.Column("number", _NUMBER, primary_key=True),
        sa.Column("subscriber", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        _refers("told_at_once", "subscriber", "subscribers.id"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_told_at_once")),
    )
    op.create_index(op.f("ix_told_at_once_subscriber_at"), "told_at_once", ["subscriber", "at"])
    op.create_index(
        "ix_subscribers_manner",
        "subscribers",
        ["id"],
        sqlite_where=_MANNERED,
        postgresql_where=_MANNERED,
    )


def _add_runs() -> None:
    op.create_table(
        "digests",
        sa.Column("subscriber", sa.Text(), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("waits_until", Moment()),
        sa.Column("since", Moment()),
        sa.Column("until", Moment()),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("dropped", sa.Integer(), nullable=False),
        sa.Column("alert", sa.Text()),
        sa.Column("done_at", Moment()),
        sa.Column("reason", sa.Text(), nullable=False),
        _refers("digests", "subscriber", "subscribers.id"),
        _refers("digests", "alert", "alerts.id"),
        sa.PrimaryKeyConstraint("subscriber", "due_at", name=op.f("pk_digests")),
    )
    for name, columns in (
        ("ix_digests_due", ["waits_until"]),
        ("ix_digests_of", ["subscriber", "waits_until"]),
    ):
        op.create_index(name, "digests", columns, sqlite_where=_WAITING, postgresql_where=_WAITING)


def _add_items() -> None:
    op.create_table(
        "items",
        sa.Column("release", sa.Text(), nullable=False),
        sa.Column("subscriber", sa.Text(), nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("held_at", Moment(), nullable=False),
        sa.Column("classified", sa.Text(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("alert", sa.Text()),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber", "due_at"],
            ["digests.subscriber", "digests.due_at"],
            name="fk_items_digest",
        ),
        _refers("items", "classified", "classified.sha256"),
        _refers("items", "alert", "alerts.id"),
        sa.PrimaryKeyConstraint(
            "release", "subscriber", "revision", "event", name=op.f("pk_items")
        ),
    )
    op.create_index(op.f("ix_items_subscriber_due_at"), "items", ["subscriber", "due_at"])
    op.create_table(
        "digest_items",
        sa.Column("alert", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("classified", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        _refers("digest_items", "alert", "alerts.id"),
        _refers("digest_items", "classified", "classified.sha256"),
        sa.PrimaryKeyConstraint("alert", "number", name=op.f("pk_digest_items")),
    )


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    named = op.f(f"fk_{table}_{column}_{to.partition('.')[0]}")
    return sa.ForeignKeyConstraint([column], [to], name=named)
