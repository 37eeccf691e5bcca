"""Columns and a table bear the names of what they hold"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("datasets", "link", new_column_name="encrypted_url")
    op.drop_index("idx_dataset_files_published", table_name="dataset_files")
    op.alter_column("dataset_files", "published", new_column_name="published_hash")
    op.create_index("idx_dataset_files_published_hash", "dataset_files", ["published_hash"], unique=False)
    op.rename_table("job_speeds", "job_speed_limits")
