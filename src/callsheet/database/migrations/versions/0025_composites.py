"""Settings of composites that an operator changes; which takes are hosted composites."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
kind = "expand"
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "composite_settings",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("changed_at", _TIME, nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_composite_settings")),
    )
    op.create_table(
        "hosted_composites",
        sa.Column("take", sa.Text(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("replaced_at", _TIME),
        sa.PrimaryKeyConstraint("take", name=op.f("pk_hosted_composites")),
        sa.ForeignKeyConstraint(
            ["take"], ["takes.id"], name=op.f("fk_hosted_composites_take"), ondelete="CASCADE"
        ),
    )
    op.create_index(op.f("ix_hosted_composites_at"), "hosted_composites", ["at"])
