"""Takes count their orders, and the looks at which a provider did not know them."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
kind = "contract"


def upgrade() -> None:
    """Go forward."""
    for name in ("order_no", "misses"):
        op.add_column("takes", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    op.add_column("takes", sa.Column("missed_at", sa.Float()))
