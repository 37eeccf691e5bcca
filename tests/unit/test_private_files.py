"""What nobody else on this machine may read."""

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import text

from dataferry.core.db import Database
from dataferry.core.lock import make_data_folder
from dataferry.core.private_files import keep_database_private, mode_open_to_others


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    return {path.name: f"{stat.S_IMODE(path.stat().st_mode):o}" for path in folder.iterdir()}


def test_a_data_folder_that_we_make_is_ours_alone_and_the_folders_above_are_not(tmp_path: Path) -> None:
    folder = tmp_path / "share" / "dataferry"
    make_data_folder(folder)
    assert mode_open_to_others(folder) is None
    assert mode_open_to_others(folder.parent) == "755"


def test_a_folder_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "mounted"
    folder.mkdir(mode=0o750)
    make_data_folder(folder)
    assert mode_open_to_others(folder) == "750"


def test_a_database_and_its_log_are_closed_from_the_first_moment(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new.sqlite'}")
    with database.unit_of_work() as session:
        session.connection().execute(text("CREATE TABLE t (n)"))
    assert modes(tmp_path) == dict.fromkeys(("new.sqlite", "new.sqlite-wal", "new.sqlite-shm"), "600")
    database.close()


def test_a_database_of_an_earlier_version_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    old = sqlite3.connect(path)
    old.execute("PRAGMA journal_mode=WAL")
    old.execute("CREATE TABLE t (n)")
    assert set(modes(tmp_path).values()) == {"644"}
    keep_database_private(str(path))
    assert modes(tmp_path) == dict.fromkeys(("old.sqlite", "old.sqlite-wal", "old.sqlite-shm"), "600")
    old.close()


@pytest.mark.parametrize("path", [None, "", ":memory:", "file:x?mode=memory", "/nowhere/at/all/x.sqlite"])
def test_what_is_no_file_is_left_alone(path: str | None) -> None:
    keep_database_private(path)


def test_a_further_connection_ends_no_lock_of_this_process(tmp_path: Path) -> None:
    """A process that opens a database and closes it again loses the locks that SQLite holds on it there."""
    path = tmp_path / "locked.sqlite"
    database = Database(f"sqlite:///{path}")
    with database.unit_of_work() as session:
        session.connection().execute(text("CREATE TABLE t (n)"))
        database.read(lambda other: other.connection().execute(text("SELECT 1")))
        write = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('BEGIN IMMEDIATE')"
        other = subprocess.run([sys.executable, "-c", write, str(path)], capture_output=True, text=True)
        assert "database is locked" in other.stderr
    database.close()
