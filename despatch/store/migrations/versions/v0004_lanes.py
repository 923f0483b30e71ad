"""Deliveries have a lane, a reason and an age; only what is due stands in the index."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_DUE = sa.text("due_at IS NOT NULL")


def upgrade() -> None:
    """Add the columns, and read what is due by lane."""
    op.add_column(
        "deliveries", sa.Column("lane", sa.Text(), nullable=False, server_default="urgent")
    )
    op.add_column("deliveries", sa.Column("reason", sa.Text(), nullable=False, server_default=""))
    op.add_column("deliveries", sa.Column("added_at", sa.DateTime(timezone=True)))
    op.drop_index(op.f("ix_deliveries_due_at"), "deliveries")
    op.create_index(
        "ix_deliveries_due",
        "deliveries",
        ["lane", "due_at"],
        unique=False,
        sqlite_where=_DUE,
        postgresql_where=_DUE,
    )
