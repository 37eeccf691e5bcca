"""What each person downloaded, also when it is gone"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "download_history",
        sa.Column("job_id", sa.String(), primary_key=True),
        sa.Column("user_id", sa.String(), sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("dataset_id", sa.String(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("revision", sa.String(), nullable=True),
        sa.Column("license", sa.String(), nullable=True),
        sa.Column("file_count", sa.Integer(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
    )
    op.create_index("idx_download_history_user_id_at", "download_history", ["user_id", "at"])
    # What was done before is in the jobs.
    op.execute(
        "INSERT INTO download_history (job_id, user_id, at, kind, state, dataset_id, ref, source, title,"
        " revision, license, file_count, size)"
        " SELECT jobs.id, users.id, jobs.finished_at, jobs.kind, jobs.state, jobs.dataset_id, jobs.ref,"
        " jobs.source, jobs.title, jobs.revision, datasets.license, datasets.file_count, datasets.size"
        " FROM jobs JOIN job_requesters AS asked ON asked.job_id = jobs.id AND asked.left_at IS NULL"
        " JOIN users ON users.id = asked.user_id LEFT JOIN datasets ON datasets.id = jobs.dataset_id"
        " WHERE jobs.kind IN ('download', 'update', 'delete') AND jobs.state IN ('succeeded', 'failed')"
        " AND jobs.finished_at IS NOT NULL"
    )
