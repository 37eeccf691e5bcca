"""Which files of the library a download may link, and how bytes are counted, on both databases."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import select

from dataferry.core.db import Database
from dataferry.core.types import Checksum, HashName, Viewer
from dataferry.library import pins
from dataferry.library.dedup import DedupCandidates, freed_bytes, published_hash, used_bytes
from dataferry.library.models import Dataset, DatasetFile
from dataferry.library.paths import Store
from dataferry.library.prunable import candidates

ADMIN = Viewer("root", admin=True)
SIZE = 4
SHA = "ab" * 32
GIT = "cd" * 20


class Shelf:
    """Rows of downloaded datasets of one file, and the file."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.folder = folder
        self.made = 0

    def hold(
        self, source_id: str = "acme/one", *, visibility: str = "public", git: str = GIT, sha: str = SHA
    ) -> Path:
        """A dataset's only file."""
        self.made += 1
        tree = self.folder / str(self.made)
        tree.mkdir()
        (tree / "a.bin").write_bytes(b"1234")
        (tree / "a.bin").chmod(0o444)
        dataset = self.dataset(source_id, visibility, number=self.made)
        dataset.local_path, dataset.downloaded = str(tree), True
        file = DatasetFile(
            dataset_id=dataset.id,
            path="a.bin",
            size=SIZE,
            sha256=sha,
            grade="publisher",
            published_hash=f"git-sha1:{git}",
        )
        with self.database.unit_of_work() as session:
            session.add(dataset)
            session.flush()
            session.add(file)
        return tree / "a.bin"

    @staticmethod
    def dataset(source_id: str, visibility: str = "public", *, number: int = 0) -> Dataset:
        return Dataset(
            id=f"ds_{number}",
            source="huggingface",
            source_id=source_id,
            revision=str(number),
            name=source_id,
            visibility=visibility,
            updated_at_ms=0,
        )

    def copies(self, dataset: Dataset, algorithm: HashName = "sha256", value: str = SHA) -> DedupCandidates:
        return DedupCandidates(
            self.database, Store(self.folder), dataset, [Checksum(algorithm, value, "publisher"), None]
        )


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """What is sent to the database in the block."""
    sent: list[str] = []

    def record(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        sent.append(statement)

    event.listen(database.engine, "before_cursor_execute", record)
    try:
        yield sent
    finally:
        event.remove(database.engine, "before_cursor_execute", record)


@pytest.fixture
def shelf(database: Database, tmp_path: Path) -> Shelf:
    return Shelf(database, tmp_path)


def promise(algorithm: HashName = "sha256", value: str = SHA) -> Checksum:
    return Checksum(algorithm, value, "publisher")


@pytest.mark.parametrize(
    ("holder", "asker", "found"),
    [
        (("acme/one", "public"), ("acme/two", "public"), True),
        (("acme/one", "public"), ("acme/two", "restricted"), True),
        (("acme/one", "restricted"), ("acme/one", "restricted"), True),
        (("acme/one", "restricted"), ("acme/two", "restricted"), False),
        (("acme/one", "restricted"), ("acme/two", "public"), False),
        # What was restricted once may have held what was never made public.
        (("acme/one", "restricted"), ("acme/one", "public"), False),
    ],
)
def test_who_may_link_whose(
    shelf: Shelf, holder: tuple[str, str], asker: tuple[str, str], found: bool
) -> None:
    place = shelf.hold(holder[0], visibility=holder[1])
    copies = shelf.copies(shelf.dataset(*asker))
    assert copies(promise(value=SHA.upper()), SIZE) == (place if found else None)


def test_a_weak_hash_is_believed_within_one_dataset_only(shelf: Shelf) -> None:
    place = shelf.hold("acme/one")
    git = promise("git-sha1", GIT)
    assert shelf.copies(shelf.dataset("acme/one"), "git-sha1", GIT)(git, SIZE) == place
    assert shelf.copies(shelf.dataset("acme/two"), "git-sha1", GIT)(git, SIZE) is None


def test_a_crc_is_no_promise_of_a_content(shelf: Shelf) -> None:
    shelf.hold()
    assert published_hash(promise("crc32c", "ab" * 4)) is None
    assert published_hash(promise()) is None
    crc = promise("crc32c", "ab" * 4)
    assert shelf.copies(shelf.dataset("acme/one"), "crc32c", "ab" * 4)(crc, SIZE) is None


def test_only_whole_files_that_nobody_writes_to_are_linked(shelf: Shelf) -> None:
    place = shelf.hold()
    copies = shelf.copies(shelf.dataset("acme/two"))
    assert copies(promise(), SIZE) == place
    assert copies(promise(), SIZE + 1) is None
    place.chmod(0o644)
    assert copies(promise(), SIZE) is None
    place.unlink()
    assert copies(promise(), SIZE) is None
    place.symlink_to("/etc/hostname")
    assert copies(promise(), len(Path("/etc/hostname").read_bytes())) is None


def test_a_copy_that_has_gone_gives_way_to_another(shelf: Shelf) -> None:
    first, second = shelf.hold("acme/one"), shelf.hold("acme/two")
    copies = shelf.copies(shelf.dataset("acme/three"))
    assert copies(promise(), SIZE) in (first, second)
    first.unlink()
    assert copies(promise(), SIZE) == second


def test_what_is_not_downloaded_is_not_there(shelf: Shelf) -> None:
    shelf.hold()
    with shelf.database.unit_of_work() as session:
        session.get_one(Dataset, "ds_1").downloaded = False
    assert shelf.copies(shelf.dataset("acme/two"))(promise(), SIZE) is None


def test_many_files_are_asked_for_at_once(shelf: Shelf) -> None:
    place = shelf.hold()
    promised = [promise(value=f"{number:064x}") for number in range(2500)] + [promise()]
    copies = DedupCandidates(shelf.database, Store(shelf.folder), shelf.dataset("acme/two"), promised)
    with statements(shelf.database) as sent:
        found = [copies(each, SIZE) for each in promised]
    assert found == [None] * 2500 + [place]
    assert sum("dataset_files" in statement for statement in sent) == 6
    assert copies(promised[7], SIZE) is None
    assert copies(promise(), SIZE) == place
    assert copies(promise(value="f" * 64), SIZE) is None


def test_shared_bytes_are_counted_once_and_freed_with_the_last(shelf: Shelf) -> None:
    for name in ("acme/one", "acme/two"):
        shelf.hold(name)
    shelf.hold("acme/three", sha="ef" * 32)
    assert shelf.database.call(used_bytes, ADMIN) == 2 * SIZE
    assert shelf.database.call(freed_bytes, ADMIN, "ds_1") == 0
    assert shelf.database.call(freed_bytes, ADMIN, "ds_3") == SIZE
    assert shelf.database.call(freed_bytes, ADMIN, "ds_none") == 0


def test_what_is_used_tells_nobody_that_another_has_their_file(shelf: Shelf) -> None:
    stranger = Viewer("eve")
    shelf.hold("acme/secret", visibility="restricted")
    with shelf.database.unit_of_work() as session:
        session.get_one(Dataset, "ds_1").size = SIZE
    before = shelf.database.call(used_bytes, stranger)
    shelf.hold("acme/same")
    assert shelf.database.call(used_bytes, stranger) == before + SIZE
    assert shelf.database.call(used_bytes, ADMIN) == SIZE


def test_what_each_frees_once_those_before_it_are_gone(shelf: Shelf) -> None:
    """Bytes that several datasets have are freed with the last of them, and not at all where one of them
    stays (docker/cli#1751, podman#10215: more was promised than came back)."""
    first, second, third = (f"acme/{name}" for name in ("one", "two", "three"))
    shelf.hold(first)
    shelf.hold(second, sha="ef" * 32)
    shelf.hold(third)
    with shelf.database.unit_of_work() as session:
        for row in session.exec(select(Dataset)).all():
            row.downloaded_at_ms = [first, second, third].index(row.source_id) + 1
            session.add(row)
    with shelf.database.snapshot() as session:
        found = [(one.row.source_id, one.freed_bytes) for one in candidates(session, ADMIN)]
    assert found == [(first, 0), (second, SIZE), (third, SIZE)]
    with shelf.database.unit_of_work() as session:
        pins.add(session, session.exec(select(Dataset.id).where(Dataset.source_id == third)).one(), "ada")
    with shelf.database.snapshot() as session:
        found = [(one.row.source_id, one.freed_bytes) for one in candidates(session, ADMIN)]
    assert found == [(first, 0), (second, SIZE)]
