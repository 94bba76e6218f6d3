"""Providers' keys are kept, sealed; each has a door of its own; what people do is noted."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
kind = "contract"


def upgrade() -> None:
    """Go forward."""
    _give_keys_doors()
    op.create_table(
        "provider_keys",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("last4", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "provider", "scope", name=op.f("pk_provider_keys")),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.add_column(
        "model_switches",
        sa.Column("enabled", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.create_index("ix_audit_workspace_at", "audit", ["workspace", "at"])


def _give_keys_doors() -> None:
    """Let a door belong to a key; what is known of a provider as a whole stays.

    What was known of keys is forgotten: the next order finds it out again.
    """
    op.rename_table("provider_doors", "old_provider_doors")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER INDEX pk_provider_doors RENAME TO pk_old_provider_doors")
    op.create_table(
        "provider_doors",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("key_print", sa.Text(), server_default="", nullable=False),
        sa.Column("resting_until", sa.Float(), server_default="0", nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("provider", "key_print", name=op.f("pk_provider_doors")),
    )
    op.execute(
        "INSERT INTO provider_doors (provider, resting_until, code, reason, changed_at)"
        " SELECT provider, resting_until,"
        " CASE WHEN code = 'provider_off' THEN code END,"
        " CASE WHEN code = 'provider_off' THEN reason END, changed_at FROM old_provider_doors"
    )
    op.drop_table("old_provider_doors")
