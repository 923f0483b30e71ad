"""Which releases say the same thing, and by what they are found."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the tables; stories begin with what is taken from now on."""
    op.create_table(
        "story_members",
        sa.Column("release", sa.Text(), nullable=False),
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("release", name=op.f("pk_story_members")),
    )
    op.create_index(op.f("ix_story_members_story"), "story_members", ["story"], unique=False)
    op.create_table(
        "story_hashes",
        sa.Column("hash", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("release", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["release"], ["story_members.release"], name=op.f("fk_story_hashes_release")
        ),
        sa.PrimaryKeyConstraint("hash", "since", "release", name=op.f("pk_story_hashes")),
    )
    op.create_index(op.f("ix_story_hashes_since"), "story_hashes", ["since"], unique=False)
