"""What each person downloaded: listed, exported and deleted by themselves, also when it is gone."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Literal, cast

from pydantic import computed_field

from dataferry.core.db import Database
from dataferry.core.paging import Position
from dataferry.core.types import DatasetRef, SourceName, View, Viewer
from dataferry.core.vocabulary import AboutDataset
from dataferry.library import history_rows
from dataferry.library.history_rows import HistoryKind, HistoryQuery, HistoryState
from dataferry.library.models import HistoryEntry

ExportFormat = Literal["csv", "json"]
#: Entries that are in memory at a time.
_BATCH = 500
_COLUMNS = (
    "at",
    "kind",
    "state",
    "ref",
    "revision",
    "title",
    "source",
    "license",
    "file_count",
    "size_bytes",
)
#: A spreadsheet takes what begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class HistoryEntryView(AboutDataset):
    """What became of a download, an update or a deletion, as it was then."""

    job_id: str
    at: datetime
    kind: HistoryKind
    state: HistoryState
    source: SourceName
    title: str
    revision: str | None
    license: str | None
    file_count: int | None
    size_bytes: int | None
    dataset_id: str

    @computed_field  # type: ignore[prop-decorator]
    @property
    def library_id(self) -> str:
        """The id of the row that the dataset had in the library."""
        return self.dataset_id


class HistoryPage(View):
    """Entries, newest first. ``next``: the cursor of the page behind them; None at the end."""

    entries: tuple[HistoryEntryView, ...]
    total: int
    next: str | None = None


class DownloadHistory:
    """Everybody's own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, viewer: Viewer, wanted: HistoryQuery, position: Position | None = None
    ) -> tuple[HistoryPage, Position | None]:
        """A page of the viewer's, and where the next one begins; None at the end."""
        found, total, last = await self._database.run_read(
            history_rows.page, viewer.user_id, wanted, position
        )
        return HistoryPage(entries=tuple(map(_view, found)), total=total), last

    async def export(self, viewer: Viewer, format: ExportFormat) -> AsyncIterator[str]:
        """All of it, newest first, in pieces: CSV with a line of names, or a JSON array."""
        if format == "csv":
            yield _csv_line(_COLUMNS)
            async for entry in self._all(viewer):
                yield _csv_line([_cell(getattr(entry, name)) for name in _COLUMNS])
            return
        yield "["
        between = "\n"
        async for entry in self._all(viewer):
            yield between + entry.model_dump_json()
            between = ",\n"
        yield "\n]\n"

    async def _all(self, viewer: Viewer) -> AsyncIterator[HistoryEntryView]:
        position: Position | None = None
        while True:
            page, position = await self.page(viewer, HistoryQuery(limit=_BATCH), position)
            for entry in page.entries:
                yield entry
            if position is None:
                return

    async def clear(self, viewer: Viewer, job_id: str | None = None) -> int:
        """Delete the viewer's entries, by default all; how many. The datasets stay as they are."""
        return await self._database.run(history_rows.clear, viewer.user_id, job_id)


def _view(entry: HistoryEntry) -> HistoryEntryView:
    return HistoryEntryView(
        ref=entry.ref,
        key=DatasetRef.parse(entry.ref).key,
        job_id=entry.job_id,
        at=entry.at,
        kind=cast(HistoryKind, entry.kind),
        state=cast(HistoryState, entry.state),
        source=entry.source,
        title=entry.title,
        revision=entry.revision,
        license=entry.license,
        file_count=entry.file_count,
        size_bytes=entry.size,
        dataset_id=entry.dataset_id,
    )


def _cell(value: object) -> str:
    text = value.isoformat() if isinstance(value, datetime) else "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _csv_line(cells: object) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cast("list[str]", cells))
    return line.getvalue()
