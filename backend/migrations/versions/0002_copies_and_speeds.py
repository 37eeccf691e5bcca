"""Files are found by their hashes; speeds that people set"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "job_speeds",
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("bytes_per_s", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("job_id"),
    )
    op.create_table(
        "speed_limits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("bytes_per_s", sa.BigInteger(), nullable=True),
        sa.Column("night", sa.String(), nullable=True),
        sa.Column("night_bytes_per_s", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.add_column("dataset_files", sa.Column("published", sa.String(), nullable=True))
    op.create_index("idx_dataset_files_published", "dataset_files", ["published"], unique=False)
    op.create_index("idx_dataset_files_sha256_size", "dataset_files", ["sha256", "size"], unique=False)
