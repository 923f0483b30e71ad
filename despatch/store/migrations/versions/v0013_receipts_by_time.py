"""What a receipt counts is found by its time."""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add the indexes."""
    op.create_index(op.f("ix_taken_taken_at"), "taken", ["taken_at"], unique=False)
    op.create_index(
        op.f("ix_matches_subscriber_matched_at"),
        "matches",
        ["subscriber", "matched_at"],
        unique=False,
    )
