"""Which datasets have versions: no source has these, and no clean-up takes them"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("datasets", sa.Column("versioned", sa.Boolean(), nullable=False, server_default=sa.false()))
