"""A view belongs to the person who asked for it"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dataset_views",
        sa.Column("dataset_id", sa.String(), sa.ForeignKey("datasets.id"), primary_key=True),
        sa.Column("user_id", sa.String(), primary_key=True),
        sa.Column("path", sa.String(), primary_key=True),
    )
    connection = op.get_bind()
    # Who wished for a view was not written down; it was one of those who asked for the dataset.
    owners = sa.text("SELECT MIN(user_id) FROM dataset_access WHERE dataset_id = :id")
    insert = sa.text("INSERT INTO dataset_views (dataset_id, user_id, path) VALUES (:id, :owner, :path)")
    for dataset_id, views in connection.execute(sa.text("SELECT id, views FROM datasets")).all():
        paths = json.loads(views) if isinstance(views, str) else views
        if paths:
            owner = connection.execute(owners, {"id": dataset_id}).scalar() or ""
            for path in set(paths):
                connection.execute(insert, {"id": dataset_id, "owner": owner, "path": path})
    op.drop_column("datasets", "views")
