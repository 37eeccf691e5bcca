"""The job that prepares a dataset's tables: files become Parquet, and their statistics are computed."""

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlmodel import Session

from dataferry.core.db import Reads
from dataferry.core.errors import DataferryError, NotFound
from dataferry.core.job_types import JobView
from dataferry.core.settings import Settings
from dataferry.core.types import Progress
from dataferry.explorer.catalog import TableCatalog, table_files
from dataferry.explorer.conversion_process import convert_in_process, count_in_process
from dataferry.explorer.folders import TableFolders, read_stored, write_stored
from dataferry.explorer.stored import StoredFile
from dataferry.explorer.table_groups import TableFile
from dataferry.jobs.service import JobRun, Jobs
from dataferry.library import file_rows
from dataferry.library.disk_room import DiskRoom
from dataferry.library.models import Dataset
from dataferry.library.paths import Store
from dataferry.transfer import hold_workdir

log = logging.getLogger(__name__)

_PARQUET = ".parquet"


class TablesHandler:
    """Blocks, in a worker's thread; it may be killed at any line: files that are converted stay so."""

    def __init__(self, database: Reads, store: Store, settings: Settings, folders: TableFolders) -> None:
        self._database = database
        self._store = store
        self._folders = folders
        self._catalog = TableCatalog(store, folders)
        self._room = DiskRoom(database, store, settings.min_free_bytes)

    def register(self, jobs: Jobs) -> None:
        jobs.register("tables", self.prepare)
        jobs.on_start(self.sweep)
        jobs.after_closed(self.after_closed)

    def prepare(self, run: JobRun) -> None:
        """Errors: ``NotFound`` for a dataset that went meanwhile; ``DiskFull``; ``Cancelled``."""
        tree, files = self._files(run.params["dataset_id"])
        self._folders.prepare()
        missing = [file for file in files if not self._is_done(file)]
        self._room.reserve(run, sum(file.size for file in missing if not file.path.endswith(_PARQUET)))
        total = sum(file.size for file in files)
        before = total - sum(file.size for file in missing)
        for file in missing:
            self._convert(run, tree, file, before, total)
            before += file.size
        self._count(run, tree, files, total)

    def _files(self, dataset_id: str) -> tuple[Path, list[TableFile]]:
        def read(session: Session) -> tuple[str | None, list[TableFile]]:
            dataset = session.get(Dataset, dataset_id)
            if dataset is None or not dataset.downloaded:
                return None, []
            return dataset.local_path, table_files(session, dataset)[0]

        tree, files = self._database.read(read)
        if tree is None:
            raise NotFound("The dataset is not here any more.", next_step="Download it again.")
        return Path(tree), files

    def _is_done(self, file: TableFile) -> bool:
        stored = read_stored(self._folders.of(file.sha256, file.path))
        return stored is not None and stored.problem is None

    def _convert(self, run: JobRun, tree: Path, file: TableFile, before: int, total: int) -> None:
        path = self._store.file(tree, file.path, file.size)
        if path is None:
            raise NotFound(
                f"{file.path[:120]} is not on the disk as it was downloaded.",
                next_step="Repair the dataset: what is missing or changed is downloaded again.",
            )
        folder = self._folders.of(file.sha256, file.path)
        note = f"Reading {file.path}"

        def report(rows: int, bytes_read: int) -> None:
            run.progress(_converting(before + min(bytes_read, file.size), total, rows, note))

        report(0, 0)
        with self._alone(run, file.sha256):
            if not self._is_done(file):
                problem = convert_in_process(
                    path,
                    file.path,
                    file.sha256,
                    folder,
                    report,
                    run.cancel,
                    scratch=self._store.scratch(),
                )
                if problem is not None:
                    run.confirm()
                    stored = StoredFile(sha256=file.sha256, made_at=datetime.now(UTC), problem=problem)
                    write_stored(folder, stored)

    @contextmanager
    def _alone(self, run: JobRun, sha256: str) -> Iterator[None]:
        """Nobody else converts the file meanwhile: another dataset may have it too."""
        workdir = self._store.partial(f"tables-{sha256[:16]}")
        with hold_workdir(workdir, run):
            try:
                yield
            finally:
                shutil.rmtree(workdir, ignore_errors=True)

    def _count(self, run: JobRun, tree: Path, files: list[TableFile], total: int) -> None:
        for table in self._catalog.tables(tree, files):
            if table.source is None or table.statistics is None or table.statistics.exists():
                continue
            run.progress(_converting(total, total, table.source.rows, f"Counting {table.view.label}"))
            folder = table.statistics.parent
            problem = count_in_process(
                table.source,
                table.digests,
                table.view.name,
                folder,
                run.cancel,
                scratch=self._store.scratch(),
            )
            if problem is not None:
                log.warning("no statistics of %s: %s", table.view.label, problem)

    # -- what nobody needs any more ----------------------------------------------------------------

    def after_closed(self, job: JobView) -> None:
        """Called once a job is in a final state: a dataset that went takes its rows with it."""
        if job.kind in ("delete", "update", "tables"):
            self.sweep()

    def sweep(self) -> None:
        try:
            self._folders.sweep(lambda digests: self._database.read(file_rows.digests_here, digests))
        except (DataferryError, OSError):  # it is in nobody's way
            log.warning("rows of tables are left over and cannot be removed", exc_info=True)


def _converting(done: int, total: int, rows: int, note: str) -> Progress:
    return Progress(phase="converting", bytes_done=done, bytes_total=total, rows_done=rows, note=note)
