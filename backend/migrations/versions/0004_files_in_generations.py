"""Files are recorded in generations, of which readers see one"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_INDEXES = {
    "idx_dataset_files_sha256_size": ["sha256", "size"],
    "idx_dataset_files_published_hash": ["published_hash"],
}


def upgrade() -> None:
    for name in ("generation", "newest_generation"):
        op.add_column("datasets", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    if op.get_bind().dialect.name == "sqlite":
        _copy_the_table()  # SQLite cannot change a primary key
    else:
        generation = sa.Column("generation", sa.Integer(), nullable=False, server_default="0")
        op.add_column("dataset_files", generation)
        op.drop_constraint("dataset_files_pkey", "dataset_files", type_="primary")
        op.create_primary_key("dataset_files_pkey", "dataset_files", ["dataset_id", "generation", "path"])


def _copy_the_table() -> None:
    op.create_table(
        "dataset_files_new",
        sa.Column("dataset_id", sa.String(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("grade", sa.String(), nullable=False),
        sa.Column("published_hash", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"]),
        sa.PrimaryKeyConstraint("dataset_id", "generation", "path"),
    )
    op.execute(
        "INSERT INTO dataset_files_new (dataset_id, path, size, sha256, grade, published_hash)"
        " SELECT dataset_id, path, size, sha256, grade, published_hash FROM dataset_files"
    )
    op.drop_table("dataset_files")
    op.rename_table("dataset_files_new", "dataset_files")
    for name, indexed in _INDEXES.items():
        op.create_index(name, "dataset_files", indexed, unique=False)
