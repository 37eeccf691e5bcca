"""What a download or a deletion changes in the library's rows.

A dataset may have half a million files. Their rows are written and deleted in batches, each a short
transaction, so that nobody waits long for the next write and no batch needs much memory. Rows belong to a
generation; readers see the one that its dataset names, and a new one is named once it is whole, in one
statement. What a killed process leaves is a generation that nobody sees, and the next recording deletes it.
"""

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

from sqlalchemy import delete, func, insert
from sqlmodel import Session, col, select

from dataferry.core.db import Reads
from dataferry.core.errors import Conflict
from dataferry.core.files.digests import tree_checksum
from dataferry.core.files.no_links import NoLinks
from dataferry.core.types import Checksum, Grade
from dataferry.library import check_rows, file_state, pins, share_rows, view_rows
from dataferry.library.dedup import published_hash
from dataferry.library.file_rows import in_code_point_order, pages
from dataferry.library.models import Dataset, DatasetFile
from dataferry.library.paths import Store
from dataferry.library.receipts import weakest
from dataferry.library.rows import now_ms
from dataferry.transfer import FetchedFile

#: Rows in one transaction, which takes about 10 ms on SQLite.
BATCH_SIZE = 250
#: Between two transactions: another process waits for SQLite's lock by polling, and must find it free.
_PAUSE_S = 0.002


T = TypeVar("T")


class Write(Protocol):
    """Runs a function in one transaction."""

    def __call__(self, function: Callable[[Session], T], /) -> T: ...


@dataclass(frozen=True, slots=True)
class _Totals:
    """Of all files of a generation. ``checksum``: see ``tree_checksum``."""

    count: int
    size: int
    grade: Grade
    checksum: str


def record_download(
    database: Reads,
    dataset_id: str,
    files: Iterable[FetchedFile],
    local_path: str,
    job_id: str,
    promised: Mapping[str, Checksum | None],
    *,
    write: Write,
) -> None:
    """All that a finished download changes. Readers see it at once and whole, or not at all.

    ``promised``: the source's checksums by path; ``write`` makes the transactions, such as
    ``JobRun.write``. Blocks: for a worker's thread. Errors: ``Conflict`` where another run, or a deletion,
    has begun to record meanwhile.
    """
    generation = write(lambda session: _begin(session, dataset_id))
    delete_unseen(database, dataset_id, write, but=generation)
    tree = Path(local_path)
    rows = (_row(dataset_id, generation, tree, file, promised.get(file.path)) for file in files)
    while batch := list(islice(rows, BATCH_SIZE)):
        write(partial(_insert, batch))
        time.sleep(_PAUSE_S)
    totals = database.read(_totals, dataset_id, generation)
    write(lambda session: _complete(session, dataset_id, generation, totals, local_path, job_id))
    delete_unseen(database, dataset_id, write)


def is_complete(database: Reads, store: Store, dataset: Dataset) -> bool:
    """Whether every recorded file is there with its size. Bytes are not read again."""
    if dataset.local_path is None:
        return False
    links = NoLinks(store.root)
    tree, count = Path(dataset.local_path), 0
    for page in pages(database, dataset.id):
        try:
            for file in page:
                path = tree / file.path
                if not links.is_file(path) or path.lstat().st_size != file.size:
                    return False
        except OSError:
            return False
        count += len(page)
    return count > 0


def _begin(session: Session, dataset_id: str) -> int:
    """A generation for new rows. Whoever began one before cannot complete it any more."""
    dataset = _locked(session, dataset_id)
    dataset.newest_generation += 1
    session.add(dataset)
    return dataset.newest_generation


def _row(
    dataset_id: str, generation: int, tree: Path, file: FetchedFile, promised: Checksum | None
) -> dict[str, Any]:
    found = file_state.stat_of(tree / file.path)
    return {
        "dataset_id": dataset_id,
        "generation": generation,
        "path": file.path,
        "size": file.size,
        "sha256": file.sha256,
        "grade": file.grade,
        "published_hash": published_hash(promised),
        "mtime_ns": found.mtime_ns if found else None,
        "inode": found.inode if found else None,
    }


def _insert(batch: Sequence[dict[str, Any]], session: Session) -> None:
    session.exec(insert(DatasetFile), params=batch)


def _totals(session: Session, dataset_id: str, generation: int) -> _Totals:
    """Counted by the database; only a batch of rows is in memory at a time."""
    mine = (DatasetFile.dataset_id == dataset_id, DatasetFile.generation == generation)
    count, size = session.exec(select(func.count(), func.sum(DatasetFile.size)).where(*mine)).one()
    grades = session.exec(select(DatasetFile.grade).where(*mine).distinct()).all()
    lines = (
        select(DatasetFile.path, DatasetFile.sha256).where(*mine).order_by(in_code_point_order(session))
    ).execution_options(yield_per=BATCH_SIZE)
    # Postgres adds BIGINTs up to a NUMERIC.
    return _Totals(
        count, int(size or 0), weakest(cast(list[Grade], grades)), tree_checksum(session.exec(lines))
    )


def _complete(
    session: Session, dataset_id: str, generation: int, totals: _Totals, local_path: str, job_id: str
) -> None:
    dataset = _locked(session, dataset_id)
    if dataset.newest_generation != generation:
        raise Conflict(
            f"{dataset.source_id} was downloaded or deleted by another run meanwhile.",
            next_step="Download it again if it is not here.",
        )
    dataset.generation = generation
    dataset.local_path = local_path
    dataset.size, dataset.file_count = totals.size, totals.count
    dataset.checksum, dataset.grade = totals.checksum, totals.grade
    dataset.downloaded, dataset.status, dataset.error = True, "downloaded", None
    _forget_checks(session, dataset)
    dataset.download_progress = 100.0
    dataset.downloaded_at_ms = dataset.updated_at_ms = now_ms()
    dataset.download_job_id = job_id
    session.add(dataset)


def _forget_checks(session: Session, dataset: Dataset) -> None:
    dataset.condition = dataset.verified_at_ms = None
    check_rows.forget(session, dataset.id)


def forget(dataset_id: str, views: Collection[str] | None, session: Session) -> None:
    """The dataset is not here any more, at once; ``delete_unseen`` takes its files' rows away. ``views``:
    those that were removed; None for all. One that was asked for since belongs to the next download."""
    dataset = _locked(session, dataset_id)
    dataset.newest_generation += 1
    dataset.generation = dataset.newest_generation
    dataset.downloaded, dataset.status, dataset.error = False, dataset.idle_status, None
    _forget_checks(session, dataset)
    dataset.local_path = dataset.checksum = dataset.grade = dataset.downloaded_at_ms = None
    dataset.download_progress = 0.0
    view_rows.drop(session, dataset_id, views)
    pins.drop(session, dataset_id)
    share_rows.drop(session, dataset_id)
    dataset.updated_at_ms = now_ms()
    session.add(dataset)


def _locked(session: Session, dataset_id: str) -> Dataset:
    return session.get_one(Dataset, dataset_id, with_for_update=True, populate_existing=True)


def delete_unseen(database: Reads, dataset_id: str, write: Write, *, but: int | None = None) -> None:
    """Delete the rows of generations that nobody sees, in batches, ``but`` the newest, which is being
    recorded."""
    while (batch := database.read(_next_unseen, dataset_id, but)) is not None:
        write(partial(_delete_batch, dataset_id, *batch))
        time.sleep(_PAUSE_S)


def _next_unseen(session: Session, dataset_id: str, but: int | None) -> tuple[int, str] | None:
    """A generation that nobody sees, and the path of its row that ends a batch."""
    seen = session.exec(select(Dataset.generation).where(Dataset.id == dataset_id)).one()
    generation = col(DatasetFile.generation)
    # Two ranges of the primary key: in one condition the rows that are seen would be read as well.
    for unseen in (generation < seen, generation > seen):
        oldest = select(func.min(generation)).where(DatasetFile.dataset_id == dataset_id, unseen)
        found = session.exec(oldest).one()
        if found is not None and found != but:
            break
    else:
        return None
    paths = (
        select(DatasetFile.path)
        .where(DatasetFile.dataset_id == dataset_id, DatasetFile.generation == found)
        .order_by(DatasetFile.path)
        .limit(BATCH_SIZE)
        .subquery()
    )
    return found, session.exec(select(func.max(paths.c.path))).one()


def _delete_batch(dataset_id: str, generation: int, last_path: str, session: Session) -> None:
    session.exec(
        delete(DatasetFile).where(
            col(DatasetFile.dataset_id) == dataset_id,
            col(DatasetFile.generation) == generation,
            col(DatasetFile.path) <= last_path,
        )
    )
