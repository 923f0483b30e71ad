"""A channel that a delivery stopped says why."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add the column. Of channels that are paused already it is not known."""
    op.add_column("channels", sa.Column("why", sa.Text()))
