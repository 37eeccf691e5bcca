"""Datasets that persons want kept"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dataset_pins",
        sa.Column("dataset_id", sa.String(), sa.ForeignKey("datasets.id"), primary_key=True),
        sa.Column("user_id", sa.String(), primary_key=True),
        sa.Column("pinned_at", sa.DateTime(timezone=True), nullable=False),
    )
