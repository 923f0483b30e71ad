"""Who gets a receipt, and when the next one is due."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Make the table; nobody asked for one before."""
    op.create_table(
        "receipts",
        sa.Column("subscriber", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber"], ["subscribers.id"], name=op.f("fk_receipts_subscriber")
        ),
        sa.PrimaryKeyConstraint("subscriber", name=op.f("pk_receipts")),
    )
    op.create_index(op.f("ix_receipts_due_at"), "receipts", ["due_at"], unique=False)
