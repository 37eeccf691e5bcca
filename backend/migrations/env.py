"""Alembic's entry: runs the migrations on the connection that the caller hands over."""

from typing import Any, Literal

from alembic import context
from sqlmodel import AutoString, SQLModel

from dataferry.core.db import Utc


def render_item(kind: str, column_type: Any, _context: Any) -> str | Literal[False]:
    """Write our column types as the plain ones that they are: a migration outlives the code."""
    if kind == "type" and isinstance(column_type, Utc):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(column_type, AutoString):
        return "sa.String()"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    render_item=render_item,
    # Plain statements where the first migration makes tables; a later one that alters SQLite's needs
    # batches, and says so itself.
    render_as_batch=False,
)
with context.begin_transaction():
    context.run_migrations()
