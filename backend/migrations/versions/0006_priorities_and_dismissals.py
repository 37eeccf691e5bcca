"""A job has a priority, and each of those who asked for it may dismiss it from their list"""

import sqlalchemy as sa
from alembic import op

from dataferry.core.db import Utc

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("priority", sa.String(), nullable=False, server_default="normal"))
    op.add_column("job_requesters", sa.Column("dismissed_at", Utc(timezone=True), nullable=True))
