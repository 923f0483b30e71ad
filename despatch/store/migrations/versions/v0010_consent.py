"""Sign-ups wait to be confirmed; addresses are found, and suppressed, by a salted hash."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the tables and columns. Channels that there are have no hash: they are looked through."""
    op.add_column("subscribers", sa.Column("forgotten_at", sa.DateTime(timezone=True)))
    op.add_column("channels", sa.Column("address_hash", sa.Text()))
    op.create_index(op.f("ix_channels_address_hash"), "channels", ["address_hash"])
    op.create_table(
        "salts",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_salts")),
    )
    op.create_table(
        "suppressed",
        sa.Column("address_hash", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("address_hash", name=op.f("pk_suppressed")),
    )
    op.create_table(
        "signups",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("subscriber", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("alert", sa.Text(), nullable=False),
        sa.Column("wish", sa.Text(), nullable=False),
        sa.Column("mailbox_hash", sa.Text(), nullable=False),
        sa.Column("network_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subscription", sa.Text()),
        sa.ForeignKeyConstraint(
            ["channel"], ["channels.id"], name=op.f("fk_signups_channel_channels")
        ),
        sa.ForeignKeyConstraint(
            ["subscriber"], ["subscribers.id"], name=op.f("fk_signups_subscriber_subscribers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signups")),
    )
    for column in ("mailbox_hash", "created_at", "ends_at"):
        op.create_index(op.f(f"ix_signups_{column}"), "signups", [column])
