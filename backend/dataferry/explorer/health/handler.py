"""The jobs that compute a dataset's statistics and its health report."""

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from sqlmodel import Session

from dataferry.core.db import Reads
from dataferry.core.errors import Cancelled, DataferryError, NotFound
from dataferry.core.job_types import JobView
from dataferry.core.types import Progress
from dataferry.explorer.catalog import KnownTable, TableCatalog, table_files
from dataferry.explorer.dataset_images import DatasetImages
from dataferry.explorer.folders import read_statistics
from dataferry.explorer.health.findings import FindingWriter
from dataferry.explorer.health.image_findings import CHECKED, CHECKED_BOXES, find_in_images
from dataferry.explorer.health.image_statistics import image_groups
from dataferry.explorer.health.kept import HealthFolders, keep
from dataferry.explorer.health.measuring import measure_all
from dataferry.explorer.health.scan import opened_scan
from dataferry.explorer.health.table_findings import CHECKED as CHECKED_TABLES
from dataferry.explorer.health.table_findings import TableToCheck
from dataferry.explorer.health.table_process import find_in_tables
from dataferry.explorer.health.views import (
    BytesOf,
    FindingGroup,
    Member,
    StatisticsGroup,
    StoredDatasetStatistics,
    StoredHealth,
)
from dataferry.explorer.image_sources import ImageSource
from dataferry.imaging.sandbox import Sandbox
from dataferry.jobs.service import JobRun, Jobs
from dataferry.library import file_rows
from dataferry.library.image_samples import is_image
from dataferry.library.models import Dataset
from dataferry.library.paths import Store
from dataferry.plugins.readers.images import SUFFIXES

log = logging.getLogger(__name__)


class HealthHandler:
    """Blocks, in a worker's thread; it may be killed at any line: images that are measured stay so.

    ``prepare_tables`` makes a dataset's tables readable, as the job of the kind ``tables`` does.
    """

    def __init__(
        self,
        database: Reads,
        store: Store,
        images: DatasetImages,
        catalog: TableCatalog,
        prepare_tables: Callable[[JobRun], None],
        sandbox: Sandbox,
    ) -> None:
        self._database = database
        self._store = store
        self._images = images
        self._catalog = catalog
        self._prepare_tables = prepare_tables
        self._sandbox = sandbox
        self._folders = HealthFolders(store)

    def register(self, jobs: Jobs) -> None:
        jobs.register("statistics", self.statistics)
        jobs.register("health", self.health)
        jobs.on_start(self.sweep)
        jobs.after_closed(self._after_closed)

    def statistics(self, run: JobRun) -> None:
        """Errors: ``NotFound`` for a dataset that went meanwhile; ``Cancelled``."""
        row = self._row(run)
        source = self._source(row)
        folder = self._folders.make(row.id)
        if source is not None:
            self._measure(run, source, folder, row)
            with opened_scan(folder, version_of(row)) as scan:
                groups = tuple(image_groups(scan))
        else:
            self._prepare_tables(run)
            groups = tuple(_table_groups(self._tables(row)))
        run.confirm()
        keep(folder, StoredDatasetStatistics(of=bytes_of(row), groups=groups))

    def health(self, run: JobRun) -> None:
        """Errors: as ``statistics``."""
        row = self._row(run)
        source = self._source(row)
        folder = self._folders.make(row.id)
        if source is not None:
            self._measure(run, source, folder, row)
        else:
            self._prepare_tables(run)
        writer = FindingWriter(folder)
        try:
            checked, unchecked = self._find(run, row, source, folder, writer)
        except BaseException:
            writer.abandon()
            raise
        writer.close()
        stored = StoredHealth(
            of=bytes_of(row),
            findings=tuple(writer.findings),
            checked=tuple(checked),
            unchecked=tuple(unchecked),
        )
        run.confirm()
        keep(folder, stored)

    def _find(
        self, run: JobRun, row: Dataset, source: ImageSource | None, folder: Path, writer: FindingWriter
    ) -> tuple[Sequence[str], Sequence[str]]:
        """Returns what was checked, and what could not be."""
        run.progress(Progress(phase="measuring", note="Comparing what was read"))
        if source is None:
            known = [one for one in self._tables(row) if one.source is not None]
            tables = [
                TableToCheck(label=one.view.label, split=one.view.split, source=one.source)
                for one in known
                if one.source is not None
            ]
            unchecked = find_in_tables(tables, writer, run.cancel, scratch=self._store.scratch())
            return CHECKED_TABLES, unchecked

        def check() -> None:
            if run.cancel.is_set():
                raise Cancelled

        with opened_scan(folder, version_of(row)) as scan:
            unchecked = find_in_images(scan, writer, check)
            names = {name for (name,) in scan.query("SELECT name FROM images")}
        unchecked += [
            f"The split {split.name}: {split.problem}" for split in source.splits if split.problem is not None
        ]
        checked = [*CHECKED, *(CHECKED_BOXES if source.boxed else ())]
        if any("#" in name for name in names):
            unchecked.append("Images without a label: these are not files of their own.")
        else:
            checked.append("images that no label names, and hidden ones")
            says = "{total} images have no label: they are in no split."
            writer.add("files_without_labels", says, self._without_labels(row, names))
        return checked, unchecked

    def _without_labels(self, row: Dataset, names: set[str]) -> Iterator[FindingGroup]:
        for page in file_rows.pages(self._database, row.id):
            for file in page:
                name = file.path.rpartition("/")[2]
                hidden = name.startswith(".") and name.lower().endswith(tuple(SUFFIXES))
                if (is_image(file.path) and file.path not in names) or hidden:
                    note = "a hidden file" if hidden else None
                    yield FindingGroup(members=(Member(name=file.path, note=note),))

    # -- images and tables ---------------------------------------------------------------------------

    def _row(self, run: JobRun) -> Dataset:
        row = self._database.read(lambda session: session.get(Dataset, run.params["dataset_id"]))
        if row is None or not row.downloaded or row.local_path is None:
            raise NotFound("The dataset is not here any more.", next_step="Download it again.")
        return row

    def _source(self, row: Dataset) -> ImageSource | None:
        """Its images; None where it is to be looked at as tables."""
        try:
            return self._images.opened(row)
        except NotFound:
            return None

    def _measure(self, run: JobRun, source: ImageSource, folder: Path, row: Dataset) -> None:
        def report(split: str, done: int, total: int) -> None:
            if run.cancel.is_set():
                raise Cancelled
            run.progress(
                Progress(
                    phase="measuring",
                    files_done=done,
                    files_total=total,
                    note=f"Looking at the images of {split}",
                )
            )

        with opened_scan(folder, version_of(row)) as scan:
            measure_all(source, self._sandbox, scan, report)

    def _tables(self, row: Dataset) -> list[KnownTable]:
        def files(session: Session) -> list[KnownTable]:
            return self._catalog.tables(Path(row.local_path or ""), table_files(session, row)[0])

        return self._database.read(files)

    # -- what nobody needs any more ------------------------------------------------------------------

    def _after_closed(self, job: JobView) -> None:
        if job.kind in ("delete", "update"):
            self.sweep()

    def sweep(self) -> None:
        def is_here(dataset_id: str) -> bool:
            row = self._database.read(lambda session: session.get(Dataset, dataset_id))
            return row is not None and row.downloaded

        try:
            self._folders.sweep(is_here)
        except (DataferryError, OSError):  # it is in nobody's way
            log.warning("reports of datasets are left over and cannot be removed", exc_info=True)


def _table_groups(tables: Sequence[KnownTable]) -> Iterator[StatisticsGroup]:
    for table in tables:
        stored = None if table.statistics is None else read_statistics(table.statistics)
        if table.source is not None and stored is not None:
            yield StatisticsGroup(
                name=table.view.label, of="rows", total=table.source.rows, columns=stored.columns
            )


def version_of(row: Dataset) -> str:
    """Another one once a dataset's bytes are others."""
    return f"{row.revision} {row.checksum} {row.downloaded_at_ms}"


def bytes_of(row: Dataset) -> BytesOf:
    return BytesOf(revision=row.revision or None, checksum=row.checksum, made_at=datetime.now(UTC))
