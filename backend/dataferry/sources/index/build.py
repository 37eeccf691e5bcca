"""Builds the index of one or both hubs' catalogues.

Each hub's index is built beside the one in use, in ``<source>-<id>.partial``. When all of it is on disk it
gets its name, and the manifest that names it takes the old one's place in one rename. A build that is cut off
at any point leaves the old index whole; the next one deletes what it left.
"""

import errno
import fcntl
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from dataferry.core.errors import Conflict, DataferryError, DiskFull
from dataferry.core.files.durable import sync_file_system, sync_folder
from dataferry.core.private_files import make_private_folder
from dataferry.core.types import DatasetSummary, SourceName, View
from dataferry.sources.index import huggingface_snapshot, kaggle_snapshot
from dataferry.sources.index.entries import Entry, Reading
from dataferry.sources.index.manifest import (
    FORMAT_VERSION,
    IndexManifest,
    IndexUnusable,
    SourceIndex,
    pointer_of,
    read_manifest,
    write_manifest,
)
from dataferry.sources.index.snapshots import locate
from dataferry.sources.index.tables import FULL
from dataferry.sources.relevance import TextFields, text_fields, weighted_length

_READERS = {"huggingface": huggingface_snapshot.read, "kaggle": kaggle_snapshot.read}
#: The writer's buffer, in bytes, of all its threads.
_HEAP_BYTES, _THREADS = 120_000_000, 2
_PARTIAL = ".partial"
_LOCK = "build.lock"
#: Seconds between two reports of one phase.
_REPORT_S = 0.5


class BuildProgress(View):
    """``rows`` of the hub's snapshot that were read so far. ``finishing``: the index is written to disk."""

    source: SourceName
    phase: Literal["reading", "finishing"]
    rows: int


Report = Callable[[BuildProgress], None]


def build(snapshots: Mapping[SourceName, Path], target: Path, report: Report) -> IndexManifest:
    """Build from the ``snapshots`` (each hub's downloaded folder), and make it current in the folder
    ``target``.

    A hub without a snapshot keeps the index that it has. Works in this process: for minutes, with memory that
    is not given back; see ``process.build_in_process``.

    Errors: ``NotFound`` and ``Unreadable`` for a snapshot that lacks a file or is not what it should be;
    ``DiskFull``; ``Conflict`` while another build is under way. Each leaves the index that was there.
    """
    with _write_errors(), _alone(target):
        sweep(target)
        parts = dict(_parts_in_use(target))
        made: dict[SourceName, SourceIndex] = {
            source: _build_source(source, folder, target, report) for source, folder in snapshots.items()
        }
        manifest = IndexManifest(format=FORMAT_VERSION, sources=parts | made)
        write_manifest(target, manifest)
        sweep(target)
    return manifest


def remove(folder: Path) -> None:
    """Delete the index; searches go to the hubs again. Errors: ``Conflict`` while it is being built."""
    if not folder.exists():
        return
    with _write_errors(), _alone(folder):
        pointer_of(folder).unlink(missing_ok=True)
        sync_folder(folder)
        sweep(folder)


def sweep(folder: Path) -> None:
    """Delete what no manifest names: indexes that were replaced, and what a build left that was cut off.

    For who holds the build's lock.
    """
    kept = {part.folder for part in dict(_parts_in_use(folder)).values()}
    for path in folder.iterdir():
        if path.is_dir() and path.name not in kept:
            shutil.rmtree(path, ignore_errors=True)


def _parts_in_use(folder: Path) -> Iterator[tuple[SourceName, SourceIndex]]:
    """Those of the current manifest that are there; an unusable one has none."""
    try:
        manifest = read_manifest(folder)
    except IndexUnusable:
        return
    for source, part in manifest.sources.items() if manifest else ():
        if (folder / part.folder).is_dir():
            yield source, part


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    make_private_folder(folder)
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise Conflict(
            "The index is being built already.", next_step="Wait until it is done, or cancel its job."
        ) from None
    try:
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _write_errors() -> Iterator[None]:
    """Errors: ``DiskFull`` in place of an ``OSError`` that means it."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        raise _disk_full() from error


def _disk_full() -> DiskFull:
    return DiskFull(
        "The disk filled up while the index was built; the one that was there stays in use.",
        next_step="Free about 2 GB, then build again.",
    )


def _build_source(source: SourceName, snapshot: Path, target: Path, report: Report) -> SourceIndex:
    files = locate(source, snapshot)
    name = f"{source}-{secrets.token_hex(6)}"
    partial = target / f"{name}{_PARTIAL}"
    scratch = target / f"{name}.scratch{_PARTIAL}"
    try:
        for folder in (partial, scratch):
            folder.mkdir()
        progress = _Progress(source, report)
        reading = Reading(progress.reading)
        written = _Written()
        _index(partial, _READERS[source](files, scratch, reading), written)
        shutil.rmtree(scratch)
        progress.finishing(reading.rows)
        size = sum(path.stat().st_size for path in partial.iterdir())
        sync_file_system(partial)
        partial.rename(target / name)
        sync_folder(target)
    finally:
        for folder in (partial, scratch):
            shutil.rmtree(folder, ignore_errors=True)
    return SourceIndex(
        folder=name,
        built_at=datetime.now(UTC),
        snapshot_at=written.newest,
        datasets=written.datasets,
        mean_length=written.mean_length,
        left_out=dict(reading.left_out),
        bytes=size,
    )


class _Written:
    """Counts what goes into the index."""

    def __init__(self) -> None:
        self.datasets = 0
        self.newest: datetime | None = None
        self._words = 0.0
        self._now = datetime.now(UTC)

    @property
    def mean_length(self) -> float:
        return self._words / (self.datasets or 1)

    def count(self, summary: DatasetSummary, fields: TextFields) -> None:
        self.datasets += 1
        self._words += weighted_length(fields)
        updated = summary.updated_at
        if updated is not None and updated <= self._now and (self.newest is None or updated > self.newest):
            self.newest = updated


def _index(folder: Path, entries: Iterator[Entry], written: _Written) -> None:
    # The library is loaded where it is needed: 20 MB that a server without an index does not have.
    import tantivy

    from dataferry.sources.index.documents import document_of, make_schema

    with _writer_errors(folder):
        writer = tantivy.Index(make_schema(), path=str(folder)).writer(_HEAP_BYTES, _THREADS)
    for entry in entries:
        fields = text_fields(entry.summary)
        written.count(entry.summary, fields)
        document = document_of(entry, fields)
        with _writer_errors(folder):
            writer.add_document(document)
    with _writer_errors(folder):
        writer.commit()
        writer.wait_merging_threads()


@contextmanager
def _writer_errors(folder: Path) -> Iterator[None]:
    """Errors: ``DiskFull``, or ``DataferryError``, in place of the library's ``ValueError``."""
    try:
        yield
    except ValueError as error:
        # A thread of the writer that could not write says no more than that.
        if any(words in str(error) for words in FULL) or not _has_room(folder):
            raise _disk_full() from error
        raise DataferryError(f"The index cannot be written: {error}") from error


def _has_room(folder: Path) -> bool:
    """Whether a file of one of the writer's threads would find room in ``folder``."""
    if not hasattr(os, "posix_fallocate"):
        return shutil.disk_usage(folder).free > _HEAP_BYTES
    with tempfile.TemporaryFile(dir=folder) as file:
        try:
            os.posix_fallocate(file.fileno(), 0, _HEAP_BYTES // _THREADS)
        except OSError:
            return False
    return True


class _Progress:
    """Tells of the rows read, at most twice a second."""

    def __init__(self, source: SourceName, report: Report) -> None:
        self._source = source
        self._report = report
        self._told_at = 0.0

    def reading(self, rows: int) -> None:
        now = time.monotonic()
        if now - self._told_at >= _REPORT_S:
            self._told_at = now
            self._report(BuildProgress(source=self._source, phase="reading", rows=rows))

    def finishing(self, rows: int) -> None:
        self._report(BuildProgress(source=self._source, phase="finishing", rows=rows))
