"""Where each job stands on the list of those who asked for it

Before, a page of a person's jobs sorted all that they had ever asked for.
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_ACTIVE = "('queued', 'running', 'verifying', 'waiting', 'paused')"


def upgrade() -> None:
    op.add_column(
        "job_requesters", sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.true())
    )
    op.add_column("job_requesters", sa.Column("listed_at", sa.DateTime(timezone=True), nullable=True))
    job = "(SELECT {} FROM jobs WHERE jobs.id = job_requesters.job_id)"
    active = job.format(f"job_requesters.left_at IS NULL AND state IN {_ACTIVE}")
    listed_at = job.format("COALESCE(finished_at, job_requesters.left_at, created_at)")
    op.execute(f"UPDATE job_requesters SET active = {active}, listed_at = {listed_at}")  # noqa: S608
    with op.batch_alter_table("job_requesters") as table:
        table.alter_column("listed_at", nullable=False)
    op.create_index(
        "ix_job_requesters_list",
        "job_requesters",
        ["user_id", "active", "listed_at", "job_id"],
    )
