"""Each change of a subscription has a version; what was taken says which one it saw."""

import sqlalchemy as sa
from alembic import op

from despatch.store.columns import Moment

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Begin the log with the subscriptions that there are, oldest first."""
    log = op.create_table(
        "subscription_log",
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("subscription", sa.Text(), nullable=False),
        sa.Column("change", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription"],
            ["subscriptions.id"],
            name=op.f("fk_subscription_log_subscription_subscriptions"),
        ),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_subscription_log")),
    )
    op.add_column("taken", sa.Column("subscription_version", sa.BigInteger(), nullable=True))
    known = sa.table(
        "subscriptions", sa.column("id"), sa.column("state"), sa.column("created_at", Moment())
    )
    connection = op.get_bind()
    rows = connection.execute(sa.select(known).order_by(known.c.created_at, known.c.id)).all()
    if rows:
        written = [
            {"version": version, "subscription": row.id, "change": row.state, "at": row.created_at}
            for version, row in enumerate(rows, start=1)
        ]
        connection.execute(sa.insert(log), written)
