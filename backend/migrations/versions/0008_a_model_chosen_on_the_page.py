"""The language model that an admin has chosen on the page, and its sealed key"""

import sqlalchemy as sa
from alembic import op

from dataferry.core.db import Utc

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "language_model",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("tested_at", Utc(timezone=True), nullable=True),
        sa.Column("updated_at", Utc(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
