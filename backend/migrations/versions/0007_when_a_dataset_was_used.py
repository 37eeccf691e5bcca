"""The library knows when somebody last looked into a dataset"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("datasets", sa.Column("last_used_ms", sa.BigInteger(), nullable=True))
