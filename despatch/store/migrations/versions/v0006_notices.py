"""What the operator was told of alarms, whose messages are grouped."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the table; alarms that are open now were told, one message each."""
    op.create_index(op.f("ix_alarms_closed_at"), "alarms", ["closed_at"], unique=False)
    op.create_index(op.f("ix_alarms_key"), "alarms", ["key"], unique=False)
    op.create_table(
        "alarm_notices",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("over_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_alarm_notices")),
    )
    op.execute(
        "INSERT INTO alarm_notices (key, told_at) "
        "SELECT key, opened_at FROM alarms WHERE closed_at IS NULL"
    )
