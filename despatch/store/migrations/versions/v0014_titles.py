"""What a source calls itself, so that messages can name it."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Add the column; it is filled when a source is read next."""
    op.add_column("sources", sa.Column("title", sa.Text(), nullable=False, server_default=""))
