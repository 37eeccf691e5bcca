"""What a dataset is found by, and the indexes of its lists

Before, a search put this text together for every row, and the number of datasets was counted in the rows.
"""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_SEEN = ["source", "status", "visibility", "downloaded", "selection", "id"]


def upgrade() -> None:
    op.add_column("datasets", sa.Column("search_text", sa.String(), nullable=False, server_default=""))
    connection = op.get_bind()
    parts = "COALESCE(title, '') || ' ' || source || ':' || source_id || ' ' || name"
    found = sa.text("UPDATE datasets SET search_text = :text WHERE id = :id")
    for dataset_id, text in connection.execute(sa.text(f"SELECT id, {parts} FROM datasets")).all():  # noqa: S608
        folded = unicodedata.normalize("NFKC", text).casefold().replace("\0", "")
        connection.execute(found, {"text": folded, "id": dataset_id})
    op.drop_index("idx_datasets_seen", "datasets")
    op.drop_index("idx_datasets_updated_at_ms", "datasets")
    op.create_index("idx_datasets_updated_at_ms", "datasets", ["updated_at_ms", "search_text"])
    op.create_index("idx_datasets_seen", "datasets", _SEEN)
    op.create_index("idx_datasets_search", "datasets", ["search_text", *_SEEN])
    op.create_index("idx_datasets_source_updated_at_ms", "datasets", ["source", "updated_at_ms"])
    op.create_index("idx_datasets_visibility", "datasets", ["visibility", "downloaded"])
