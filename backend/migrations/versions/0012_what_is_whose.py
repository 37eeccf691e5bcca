"""What a person has set for a job, and what is theirs, ends with them"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "dataset_access", sa.Column("owner", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    # Until now whoever had access to what is here, or is to come, had asked for it.
    op.execute(
        "UPDATE dataset_access SET owner = true"
        " WHERE dataset_id IN (SELECT id FROM datasets WHERE status != 'absent')"
    )
    op.add_column("job_requesters", sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("job_requesters", sa.Column("priority", sa.String(), nullable=True))
    op.add_column("job_requesters", sa.Column("prioritized_at", sa.DateTime(timezone=True), nullable=True))
    _limits_of_persons()


def _limits_of_persons() -> None:
    op.rename_table("job_speed_limits", "former_job_speed_limits")
    op.create_table(
        "job_speed_limits",
        sa.Column("job_id", sa.String(), primary_key=True),
        sa.Column("user_id", sa.String(), primary_key=True),
        sa.Column("bytes_per_s", sa.BigInteger(), nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
    )
    # Who set a limit was not written down; it was one of those who asked for the job.
    op.execute(
        "INSERT INTO job_speed_limits (job_id, user_id, bytes_per_s, set_at)"
        " SELECT limits.job_id, COALESCE(MIN(job_requesters.user_id), ''), MIN(limits.bytes_per_s), CURRENT_TIMESTAMP"
        " FROM former_job_speed_limits AS limits"
        " LEFT JOIN job_requesters ON job_requesters.job_id = limits.job_id AND job_requesters.left_at IS NULL"
        " GROUP BY limits.job_id"
    )
    op.drop_table("former_job_speed_limits")
