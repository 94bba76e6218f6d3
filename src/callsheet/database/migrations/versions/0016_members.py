"""People in a workspace, whose keys may be; and browsers that signed in with a key."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
kind = "contract"
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "members",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("disabled_at", _TIME),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_members")),
        sa.UniqueConstraint("workspace", "email", name=op.f("uq_members_workspace_email")),
    )
    op.add_column("api_keys", sa.Column("member", sa.Text()))
    op.create_table(
        "sessions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("seen_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("digest", name=op.f("uq_sessions_digest")),
        sa.ForeignKeyConstraint(["key"], ["api_keys.id"], name=op.f("fk_sessions_key")),
    )
    op.create_index(op.f("ix_sessions_expires_at"), "sessions", ["expires_at"])
