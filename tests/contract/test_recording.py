"""A dataset of many files is recorded, read and deleted in small steps, and never seen in part, on both
databases.

The kinds: one transaction for all rows of an import, written one object at a time
(mayerwin/HA-Merge-Sensor-History#15), and everything in memory at once (symisc/unqlite#50,
nftstorage/nft.storage#58).
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Connection
from sqlmodel import Session, func, select

from dataferry.core.db import Database
from dataferry.core.errors import Conflict
from dataferry.core.files.digests import tree_checksum
from dataferry.core.types import Checksum, Grade, Viewer
from dataferry.library.dedup import freed_bytes
from dataferry.library.file_rows import file_of, page, pages, tables
from dataferry.library.models import Dataset, DatasetFile
from dataferry.library.paths import Store
from dataferry.library.receipts import receipt, receipt_json
from dataferry.library.recording import BATCH_SIZE, delete_unseen, forget, is_complete, record_download
from dataferry.transfer import FetchedFile

ADMIN = Viewer("root", admin=True)
MANY = 20_000


def made(count: int, mark: str = "a", grade: Grade = "publisher") -> list[FetchedFile]:
    """``mark`` begins every digest. Their order is not that of their paths."""
    return [FetchedFile(f"d/{n}.csv", n, f"{mark}{n:063x}", grade) for n in range(count)]


def add(database: Database, dataset_id: str = "ds_1") -> None:
    with database.unit_of_work() as session:
        session.add(
            Dataset(
                id=dataset_id,
                source="kaggle",
                source_id="acme/one",
                revision=dataset_id,
                name="",
                updated_at_ms=0,
            )
        )


def record(database: Database, files: list[FetchedFile], dataset_id: str = "ds_1") -> None:
    record_download(database, dataset_id, files, "/store/one", "job_1", {}, write=database.call)


def erase(database: Database, dataset_id: str) -> None:
    database.call(partial(forget, dataset_id, None))
    delete_unseen(database, dataset_id, database.call)


def dataset(database: Database, dataset_id: str = "ds_1") -> Dataset:
    return database.read(lambda session: session.get_one(Dataset, dataset_id))


def row_count(database: Database) -> int:
    return database.read(lambda session: session.exec(select(func.count()).select_from(DatasetFile)).one())


@contextmanager
def writes(database: Database) -> Iterator[list[int]]:
    """The rows that each transaction in the block has changed, before it ended."""
    counts: list[int] = []
    changed = 0

    def count(_connection: Any, cursor: Any, statement: str, *_more: Any) -> None:
        nonlocal changed
        if not statement.lstrip().upper().startswith(("SELECT", "PRAGMA", "BEGIN")):
            changed += max(0, cursor.rowcount)

    def end(_connection: Connection) -> None:
        nonlocal changed
        counts.append(changed)
        changed = 0

    event.listen(database.engine, "after_cursor_execute", count)
    event.listen(database.engine, "commit", end)
    try:
        yield counts
    finally:
        event.remove(database.engine, "after_cursor_execute", count)
        event.remove(database.engine, "commit", end)


def test_no_transaction_writes_more_than_a_batch(database: Database) -> None:
    add(database)
    with writes(database) as changed:
        record(database, made(5 * BATCH_SIZE + 1))
        record(database, made(5 * BATCH_SIZE + 1, "b"))
        erase(database, "ds_1")
    assert sum(changed) > 20 * BATCH_SIZE
    assert max(changed) <= BATCH_SIZE
    assert row_count(database) == 0


def test_what_was_recorded_is_counted_by_the_database(database: Database) -> None:
    add(database)
    files = [*made(2 * BATCH_SIZE), FetchedFile("Z.csv", 5, "c" * 64, "transport")]
    record_download(
        database,
        "ds_1",
        iter(files),
        "/store",
        "job_1",
        {"Z.csv": Checksum("md5", "AB", "publisher")},
        write=database.call,
    )
    found = dataset(database)
    assert (found.file_count, found.size, found.grade) == (
        len(files),
        sum(f.size for f in files),
        "transport",
    )
    assert found.checksum == tree_checksum(sorted((file.path, file.sha256) for file in files))
    assert (found.downloaded, found.status, found.local_path) == (True, "downloaded", "/store")
    hashed = database.read(file_of, "ds_1", "Z.csv")
    assert hashed is not None
    assert hashed.published_hash == "md5:ab"


class Killed(BaseException):
    pass


@contextmanager
def killed_at(database: Database, beginning: str, number: int) -> Iterator[None]:
    """Nothing is sent any more from the ``number``-th statement with that beginning on."""
    left = number

    def kill(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        nonlocal left
        left -= statement.startswith(beginning)
        if left <= 0:
            raise Killed

    event.listen(database.engine, "before_cursor_execute", kill)
    try:
        with pytest.raises(Killed):
            yield
    finally:
        event.remove(database.engine, "before_cursor_execute", kill)


@pytest.mark.parametrize(
    ("beginning", "number"),
    [("INSERT INTO dataset_files", 3), ("SELECT count(", 1), ("UPDATE datasets", 2)],
)
@pytest.mark.parametrize("old", [[], made(3, "0")])
def test_what_is_recorded_in_part_is_never_seen(
    database: Database, beginning: str, number: int, old: list[FetchedFile]
) -> None:
    """A process that is killed at any step leaves what was there before, whole; the next one tidies up."""
    add(database)
    if old:
        record(database, old)
    before = dataset(database).model_dump(exclude={"newest_generation"})
    new = made(2 * BATCH_SIZE + 1, "1")
    with killed_at(database, beginning, number):
        record(database, new)
    assert row_count(database) > len(old)
    assert dataset(database).model_dump(exclude={"newest_generation"}) == before
    found = [file.sha256 for some in pages(database, "ds_1") for file in some]
    assert found == [file.sha256 for file in old]
    assert len(database.read(tables, "ds_1", (".csv",), limit=10)) == len(old)
    assert database.read(freed_bytes, ADMIN, "ds_1") == sum(file.size for file in old)
    record(database, new)
    assert row_count(database) == len(new) == dataset(database).file_count


def test_a_run_that_another_has_overtaken_records_nothing(database: Database) -> None:
    """As a worker does that is thought dead and is not."""
    add(database)
    late = iter(made(2 * BATCH_SIZE))

    def files() -> Iterator[FetchedFile]:
        yield next(late)
        record(database, made(3, "b"))
        yield from late

    with pytest.raises(Conflict):
        record_download(database, "ds_1", files(), "/elsewhere", "job_0", {}, write=database.call)
    found = dataset(database)
    assert (found.file_count, found.local_path) == (3, "/store/one")
    assert [file.sha256[0] for some in pages(database, "ds_1") for file in some] == ["b"] * 3
    erase(database, "ds_1")
    assert row_count(database) == 0


def test_others_keep_their_files(database: Database) -> None:
    for name in ("ds_1", "ds_2"):
        add(database, name)
        record(database, made(4), name)
    assert database.read(freed_bytes, ADMIN, "ds_1") == 0
    erase(database, "ds_1")
    assert not dataset(database).downloaded
    assert database.read(page, "ds_1", after=None, limit=9) == []
    assert len(database.read(page, "ds_2", after=None, limit=9)) == 4


@pytest.mark.anyio
async def test_many_files_are_read_some_at_a_time(database: Database, tmp_path: Path) -> None:
    """Receipt and check for completeness: the same answer, without a list of everything."""
    add(database)
    record(database, made(MANY))
    most = 0

    def fetched(session: Session, *given: Any, **named: Any) -> Any:
        nonlocal most
        found = page(session, *given, **named)
        most = max(most, len(found))
        return found

    async def in_pages() -> Any:
        after = None
        while found := await database.run_read(fetched, "ds_1", after=after, limit=1000):
            yield found
            after = found[-1].path

    pieces = [piece async for piece in receipt_json(receipt(dataset(database), ("ada@x",)), in_pages())]
    said = json.loads("".join(pieces))
    assert (said["file_count"], len(said["files"]), said["requested_by"]) == (MANY, MANY, ["ada@x"])
    assert {file["path"] for file in said["files"]} == {f"d/{n}.csv" for n in range(MANY)}
    assert max(map(len, pieces)) < 500_000
    assert not is_complete(database, Store(tmp_path), dataset(database))
