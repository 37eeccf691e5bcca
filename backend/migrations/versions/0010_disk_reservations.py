"""The room on the disk that downloads under way may take"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "disk_reservations",
        sa.Column("job_id", sa.String(), primary_key=True),
        sa.Column("dataset_id", sa.String(), nullable=False),
        sa.Column("peak_bytes", sa.BigInteger(), nullable=False),
    )
