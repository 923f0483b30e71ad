"""Nobody is told a story twice as the same event: the database sees to it."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_OF_A_STORY = sa.text("story IS NOT NULL")


def upgrade() -> None:
    """Add the story to what was told. What was told before keeps none."""
    op.add_column("told", sa.Column("story", sa.Text()))
    op.create_index(
        "ix_told_story",
        "told",
        ["story", "subscriber", "event"],
        unique=True,
        sqlite_where=_OF_A_STORY,
        postgresql_where=_OF_A_STORY,
    )
