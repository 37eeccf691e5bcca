"""What a check of a dataset's files finds, newer revisions at its source, and short names"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, kind in (
        ("condition", sa.String()),
        ("verified_at_ms", sa.BigInteger()),
        ("upstream_revision", sa.String()),
        ("upstream_asked_ms", sa.BigInteger()),
        ("declined_revision", sa.String()),
    ):
        op.add_column("datasets", sa.Column(name, kind))
    op.add_column("dataset_files", sa.Column("mtime_ns", sa.BigInteger()))
    op.add_column("dataset_files", sa.Column("inode", sa.BigInteger()))
    op.create_table(
        "dataset_checks",
        sa.Column("dataset_id", sa.String(), sa.ForeignKey("datasets.id"), primary_key=True),
        sa.Column("report", sa.JSON(), nullable=False),
    )
    op.execute("UPDATE datasets SET name = source_id WHERE source = 'builtin'")
    op.execute(_SHORT_NAMES)


#: The first alias without a slash becomes the name of what it stands for.
_SHORT_NAMES = """
    UPDATE datasets SET name = (
        SELECT min(aliases.name) FROM aliases
        WHERE aliases.ref = datasets.source || ':' || datasets.source_id AND aliases.name NOT LIKE '%/%'
    )
    WHERE source <> 'builtin' AND EXISTS (
        SELECT 1 FROM aliases
        WHERE aliases.ref = datasets.source || ':' || datasets.source_id AND aliases.name NOT LIKE '%/%'
    )
"""
