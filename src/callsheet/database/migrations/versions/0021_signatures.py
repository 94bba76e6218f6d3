"""What was signed: the file that came of it, its manifest by name and hash, what it shows."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
kind = "expand"


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "signatures",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("signed", sa.Text(), nullable=False),
        sa.Column("sidecar", sa.Text()),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("instance", sa.Text(), nullable=False),
        sa.Column("manifest_sha256", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("source_type", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ingredients", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "source", "key_id", name=op.f("pk_signatures")),
    )
    op.create_index("ix_signatures_signed", "signatures", ["workspace", "signed"])
    op.create_index("ix_signatures_instance", "signatures", ["instance"])
    op.create_index("ix_signatures_fingerprint", "signatures", ["fingerprint"])
