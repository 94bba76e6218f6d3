"""How a provider's orders ended lately can be asked without reading every take."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
kind = "contract"

_ENDED = "ticket IS NOT NULL AND finished_at IS NOT NULL"


def upgrade() -> None:
    """Go forward."""
    op.create_index(
        "ix_takes_provider_ended",
        "takes",
        ["provider", "finished_at"],
        postgresql_where=sa.text(_ENDED),
        sqlite_where=sa.text(_ENDED),
    )
