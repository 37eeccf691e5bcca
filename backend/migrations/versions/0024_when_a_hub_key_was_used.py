"""When a person's own key at a hub was last used"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("credentials", sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True))
