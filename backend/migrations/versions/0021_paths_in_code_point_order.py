"""The paths of datasets' files are ordered by their code points on Postgres too

The mirror pages through a tree in that order. Without it each page sorted all files of the dataset.
"""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute('ALTER TABLE dataset_files ALTER COLUMN path TYPE VARCHAR COLLATE "C"')
