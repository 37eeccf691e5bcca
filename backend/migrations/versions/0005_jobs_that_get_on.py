"""A job's row knows how far its runs have come, and since when they have not got on"""

import sqlalchemy as sa
from alembic import op

from dataferry.core.db import Utc

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("most_bytes", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("jobs", sa.Column("stalled_since", Utc(timezone=True), nullable=True))
