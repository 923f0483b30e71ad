"""Subscriptions ask by a filter; subscribers have quiet hours and a limit."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make a filter of each subscription's themes, which meant any of them."""
    op.add_column("subscribers", sa.Column("manner", sa.Text(), nullable=True))
    subscriptions = sa.table("subscriptions", sa.column("id"), sa.column("payload"))
    connection = op.get_bind()
    for row in connection.execute(sa.select(subscriptions)).all():
        payload = json.loads(row.payload)
        payload["filter"] = {"themes": {"any": payload.pop("themes")}}
        connection.execute(
            sa.update(subscriptions)
            .where(subscriptions.c.id == row.id)
            .values(payload=json.dumps(payload))
        )
