"""Indexes for the library's lists and their number of rows"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    seen = ["source", "status", "visibility", "downloaded", "id"]
    op.create_index("idx_datasets_seen", "datasets", seen)
    op.create_index("idx_datasets_by_name", "datasets", [sa.text("lower(title)"), "id"])
    by_size = [
        sa.text("(CASE WHEN size IS NULL THEN 1 ELSE 0 END)"),
        sa.text("size DESC"),
        sa.text("lower(title)"),
        "id",
    ]
    op.create_index("idx_datasets_by_size", "datasets", by_size)
