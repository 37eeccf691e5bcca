"""A look at a dataset's files: what it reads, how much of a large dataset it takes, and what it says."""

import hashlib
import os
import shutil
from pathlib import Path

import pytest

from dataferry.core.db import Database
from dataferry.core.settings import Settings
from dataferry.jobs.service import Jobs
from dataferry.library import check_rows, file_state, looks
from dataferry.library.check_views import CheckReport
from dataferry.library.looks import Looks
from dataferry.library.models import Dataset
from dataferry.library.paths import Store
from dataferry.library.recording import record_download
from dataferry.realtime import Realtime
from dataferry.transfer import FetchedFile


class World:
    """A downloaded dataset of ``count`` files of three bytes, and looks at it."""

    def __init__(self, database: Database, folder: Path, count: int) -> None:
        self.database = database
        settings = Settings(_env_file=None, data_dir=folder, database_url=database.url, secret_key="k" * 32)
        store = Store(settings.store)
        self.looks = Looks(database, store, Jobs(database, settings, Realtime()))
        self.tree = store.root / "kaggle" / "acme" / "one" / "1"
        self.tree.mkdir(parents=True)
        with database.unit_of_work() as session:
            session.add(
                Dataset(
                    id="ds_1", source="kaggle", source_id="acme/one", revision="1", name="", updated_at_ms=0
                )
            )
        files = []
        for n in range(count):
            body = f"{n:03}".encode()
            (self.tree / f"{n:03}.csv").write_bytes(body)
            sha256 = hashlib.sha256(body).hexdigest()
            files.append(FetchedFile(f"{n:03}.csv", len(body), sha256, "publisher"))
        record_download(database, "ds_1", files, str(self.tree), "job_1", {}, write=database.call)

    @property
    def dataset(self) -> Dataset:
        return self.database.read(lambda session: session.get_one(Dataset, "ds_1"))

    def look(self) -> CheckReport:
        """What is known after a look."""
        place = self.looks._places.get("ds_1")
        if place is not None:
            place.not_before = 0
        self.looks.look(self.dataset)
        return self.database.read(check_rows.stored, "ds_1") or check_rows.untouched(self.dataset)


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    return World(database, tmp_path, 5)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that are read."""
    names: list[str] = []
    hashed = file_state.hashed

    def noted(file: Path, *arguments: object) -> object:
        names.append(file.name)
        return hashed(file, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(file_state, "hashed", noted)
    return names


def test_a_look_reads_only_what_was_written_to(world: World, read: list[str]) -> None:
    assert world.look().condition == "whole"
    assert read == []
    (world.tree / "000.csv").unlink()
    os.utime(world.tree / "001.csv")
    report = world.look()
    assert [(one.path, one.fault) for one in report.faults] == [("000.csv", "missing")]
    assert read == ["001.csv"]
    world.look()
    assert read == ["001.csv"]  # its new time is recorded


def test_many_bytes_are_not_read_but_said_to_be_unsure(
    world: World, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looks, "LOOK_BYTES", 2)
    os.utime(world.tree / "001.csv")
    report = world.look()
    assert (report.condition, report.counts.touched) == ("unsure", 1)
    assert report.line == "1 file was written to since it was verified, of 5."
    assert report.next_step == "Verify it: its bytes are then compared."
    assert (world.dataset.status, world.dataset.error) == ("downloaded", None)
    assert read == []


def test_inodes_that_are_all_new_say_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a mount of some file systems, or a restored backup."""
    monkeypatch.setattr(looks, "LOOK_BYTES", 2)
    kept = world.tree.with_name("kept")
    world.tree.rename(kept)
    shutil.copytree(kept, world.tree)
    shutil.rmtree(kept)
    assert world.look().condition == "whole"


def test_of_a_large_dataset_each_look_takes_the_next_files(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looks, "LOOK_FILES", 2)
    (world.tree / "004.csv").unlink()
    assert [world.look().condition for _ in range(4)] == ["whole", "whole", "damaged", "damaged"]


def test_what_cannot_be_read_is_said_and_the_rest_is_compared(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    assert file_state.hashed(folder, 3, None, lambda _count: None) is None
    assert file_state.hashed(tmp_path / "nothing", 3, None, lambda _count: None) is None


def test_what_was_recorded_without_times_is_compared_by_its_size(world: World, read: list[str]) -> None:
    """As by versions before this one."""
    with world.database.unit_of_work() as session:
        connection = session.connection()
        connection.exec_driver_sql("UPDATE dataset_files SET mtime_ns = NULL, inode = NULL")
    os.utime(world.tree / "001.csv")
    assert world.look().condition == "whole"
    (world.tree / "002.csv").write_bytes(b"longer")
    assert world.look().counts.changed == 1
    assert read == []
