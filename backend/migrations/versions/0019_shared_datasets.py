"""Restricted datasets that are shared with people"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dataset_shares",
        sa.Column("dataset_id", sa.String(), sa.ForeignKey("datasets.id"), primary_key=True),
        sa.Column("user_id", sa.String(), primary_key=True),
        sa.Column("shared_by", sa.String(), nullable=False),
        sa.Column("shared_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_dataset_shares_user_id", "dataset_shares", ["user_id"])
