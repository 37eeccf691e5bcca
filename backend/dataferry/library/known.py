"""The datasets that are known before anybody asks for one: rows of the library, made at start."""

from collections.abc import Sequence

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from dataferry.core.db import Database
from dataferry.core.types import DatasetRef, DatasetSummary
from dataferry.library import rows
from dataferry.library.models import Dataset
from dataferry.plugins import Plugins
from dataferry.sources.builtin import summary_of


def register_known(database: Database, plugins: Plugins) -> None:
    """A row for every plugin. One that is there stays as it is, whatever its state; that of a plugin which is
    gone is not shown any more. Blocks."""
    for plugin in plugins.values():
        try:
            database.call(_register, summary_of(plugin), getattr(plugin, "aliases", ()))
        except IntegrityError:  # another process gives a row this revision at the same time
            continue
    database.call(_hide_unknown, plugins)


def _register(session: Session, summary: DatasetSummary, aliases: Sequence[str]) -> None:
    ref, revision = DatasetRef.parse(summary.ref), summary.revision or ""
    for alias in aliases:
        rows.record_alias(session, alias, ref)
    whole = [row for row in rows.find(session, ref) if not row.selection]
    if any(row.downloaded or row.status not in ("absent", "registered") for row in whole):
        return  # in somebody's use, at whatever revision
    if whole:
        row = next((row for row in whole if row.revision == revision), whole[0])
        row.revision = revision
        for older in whole:
            if older is not row and older.status == "registered":
                older.status = "absent"
        session.flush()
    row = rows.upsert(session, ref, summary, revision=revision, selection="", encrypted_url=None)
    row.status = "registered"
    session.add(row)


def _hide_unknown(session: Session, plugins: Plugins) -> None:
    query = select(Dataset).where(Dataset.source == "builtin", Dataset.status == "registered")
    for row in session.exec(query.where(col(Dataset.source_id).not_in(list(plugins)))):
        row.status = "absent"
        session.add(row)
