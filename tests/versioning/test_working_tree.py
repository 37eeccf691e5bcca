"""Folders and dataset.sqlite follow a lock, and a user's own files are never lost."""

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import duckdb
import pandas
import pytest

from dataferry.core.errors import InvalidInput
from dataferry.versioning.model.cache import Cache
from dataferry.versioning.model.lock_file import Lock
from dataferry.versioning.tree.working_tree import bring
from tests.support.git_repositories import GitFolder, nothing_to_fetch
from tests.support.programs import unavailable
from tests.support.versioned import appended, dataset_of, made_files

FILES = made_files(6)


@pytest.fixture
def cache(repo: GitFolder) -> Cache:
    return repo.repository.cache


@pytest.fixture
def first(cache: Cache) -> Lock:
    return dataset_of(cache, FILES[:3])


@pytest.fixture
def second(cache: Cache, first: Lock) -> Lock:
    """With three rows more, in a group of their own."""
    more = dataset_of(cache, FILES[3:])
    group = replace(more.datasets[0].groups[0], source="more")
    return appended(first, Lock((replace(more.datasets[0], groups=(group,)),)))


def state(repo: GitFolder) -> tuple[list[str], list[tuple[object, ...]]]:
    return repo.names("image"), repo.rows()


def test_folders_and_rows_are_those_of_the_lock(repo: GitFolder, first: Lock, second: Lock) -> None:
    repo.bring(first)
    assert repo.contents("image") == FILES[:3]
    assert repo.rows() == [(n, f"image/000000{n}.png", n) for n in range(3)]
    repo.bring(second)
    assert repo.contents("image") == FILES
    assert repo.rows()[3:] == [(3 + n, f"image/000000{3 + n}.png", n) for n in range(3)]
    repo.bring(None)
    assert sorted(path.name for path in repo.folder.iterdir()) == [".git"]


def test_pandas_reads_the_database_and_duckdb_the_frame(repo: GitFolder, first: Lock) -> None:
    repo.bring(first)
    with closing(sqlite3.connect(repo.folder / "dataset.sqlite")) as database:
        frame = pandas.read_sql("SELECT * FROM Pictures", database)
        # Not one that readers would have to write to, as they would in the WAL mode.
        assert database.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert list(frame.columns) == ["id", "image", "number"]
    with duckdb.connect() as connection:
        connection.register("pictures", frame)
        rows = connection.execute("SELECT typeof(number), image FROM pictures").fetchall()
    assert rows[1] == ("BIGINT", "image/0000001.png")


def test_going_back_is_a_rename(repo: GitFolder, first: Lock, second: Lock) -> None:
    repo.bring(first)
    number = (repo.folder / "image").stat().st_ino
    repo.bring(second)
    repo.bring(first)
    assert (repo.folder / "image").stat().st_ino == number
    assert not repo.bring(first).changed


def test_links_survive_a_move_of_the_checkout(repo: GitFolder, first: Lock, tmp_path: Path) -> None:
    repo.bring(first)
    repo.folder = repo.folder.rename(tmp_path / "elsewhere")
    assert repo.contents("image") == FILES[:3]
    assert not os.readlink(repo.folder / "image/0000000.png").startswith("/")


def test_a_users_own_files_stay_in_the_folder(repo: GitFolder, first: Lock, second: Lock) -> None:
    repo.bring(first)
    repo.write("image/notes.txt", "mine")
    repo.write("image/deep/er.txt", "mine too")
    repo.write("image/0000004.png", "as the next version calls one")
    (repo.folder / "image/0000001.png").unlink()
    repo.write("image/0000001.png", "edited")
    notes = repo.bring(second).notes
    assert (repo.folder / "image/notes.txt").read_text() == "mine"
    assert (repo.folder / "image/0000004.png.kept").read_text() == "as the next version calls one"
    assert (repo.folder / "image/0000001.png.kept").read_text() == "edited"
    assert "image/0000004.png of yours is image/0000004.png.kept now." in notes
    # What was edited was no more whole, so it is not what coming back brings.
    repo.bring(first)
    assert (repo.folder / "image/0000001.png").read_bytes() == FILES[1]
    repo.bring(None)
    assert repo.names("image") == ["0000001.png.kept", "0000004.png.kept", "deep", "notes.txt"]
    assert "image/" in repo.git("status", "--porcelain"), "git shows what is the user's alone"


def test_what_was_there_before_is_the_users(repo: GitFolder, first: Lock) -> None:
    repo.write("image/old.txt", "mine")
    with closing(sqlite3.connect(repo.folder / "dataset.sqlite")) as database:
        database.execute("CREATE TABLE mine (x)")
    repo.bring(first)
    assert (repo.folder / "image/old.txt").read_text() == "mine"
    with closing(sqlite3.connect(repo.folder / "dataset.sqlite.kept")) as database:
        assert database.execute("SELECT * FROM mine").fetchall() == []
    assert len(repo.rows()) == 3


def test_a_file_or_link_in_a_folders_place_is_kept(repo: GitFolder, first: Lock) -> None:
    (repo.folder / "image").symlink_to(repo.home)
    notes = repo.bring(first).notes
    assert (repo.folder / "image.kept").is_symlink()
    assert notes == ("image of yours is image.kept now.",)
    assert repo.contents("image") == FILES[:3]


def test_a_database_that_somebody_wrote_to_is_kept(repo: GitFolder, first: Lock, second: Lock) -> None:
    repo.bring(first)
    with closing(sqlite3.connect(repo.folder / "dataset.sqlite", isolation_level=None)) as database:
        database.execute("CREATE TABLE mine (x)")
    repo.bring(second)
    repo.bring(first)
    assert repo.columns("mine") == []
    with closing(sqlite3.connect(repo.folder / "dataset.sqlite.kept")) as database:
        assert database.execute("SELECT * FROM mine").fetchall() == []


def test_git_ignores_what_is_ours_and_nothing_else(repo: GitFolder, first: Lock) -> None:
    (repo.folder / ".git/info").mkdir(exist_ok=True)
    (repo.folder / ".git/info/exclude").write_text("mine.txt")
    repo.bring(first)
    repo.write("mine.txt", "")
    assert repo.git("status", "--porcelain").split() == ["??", "index.py.lock"]
    repo.bring(None)
    repo.write("image/x.txt", "")
    assert repo.git("status", "--porcelain").split() == ["??", "image/"]


def test_what_git_clean_removes_comes_back(repo: GitFolder, first: Lock) -> None:
    repo.bring(first)
    before = state(repo)
    repo.git("add", "index.py.lock")
    repo.git("clean", "-fdxq")
    assert not (repo.folder / "image").exists()
    repo.bring(first)
    assert state(repo) == before


def test_a_missing_link_comes_back_when_it_is_asked_for(repo: GitFolder, first: Lock) -> None:
    repo.bring(first)
    (repo.folder / "image/0000000.png").unlink()
    repo.write("image/mine.txt", "mine")
    repo.bring(first, anew=True)
    assert repo.names("image") == ["0000000.png", "0000001.png", "0000002.png", "mine.txt"]


def test_links_into_a_cache_that_was_deleted_are_nobodys(repo: GitFolder, first: Lock, cache: Cache) -> None:
    repo.bring(first)
    repo.write("image/mine.txt", "mine")
    shutil.rmtree(repo.repository.common_dir / "datasets")
    dataset_of(cache, FILES[:3])
    repo.bring(first)
    assert repo.names("image") == ["0000000.png", "0000001.png", "0000002.png", "mine.txt"]


def test_copies_where_there_are_no_links(repo: GitFolder, first: Lock, second: Lock) -> None:
    repo.git("config", "core.symlinks", "false")
    repo.bring(first)
    assert repo.contents("image") == FILES[:3]
    assert not (repo.folder / "image/0000000.png").is_symlink()
    edited = repo.folder / "image/0000001.png"
    edited.chmod(0o644)
    edited.write_text("edited in its place")
    repo.bring(second)
    assert (repo.folder / "image/0000001.png.kept").read_text() == "edited in its place"
    assert repo.contents("image")[1] == FILES[1]


def test_a_column_that_is_not_computed_yet_leaves_its_rows_out(repo: GitFolder, second: Lock) -> None:
    dataset = second.datasets[0]
    first_group, other = dataset.groups
    without = replace(other, columns={"number": other.columns["number"]})
    repo.bring(Lock((replace(dataset, groups=(first_group, without)),)))
    assert repo.contents("image") == FILES[:3]
    assert repo.rows()[3] == (3, None, 0)


def test_nothing_changes_where_something_cannot_be_fetched(
    repo: GitFolder, cache: Cache, first: Lock, second: Lock
) -> None:
    repo.bring(first)
    before = state(repo)
    shutil.rmtree(cache.folder / "objects")

    def fails(lock: Lock) -> None:
        raise OSError("the store is down")

    repo.write("index.py.lock", str(second))
    with pytest.raises(OSError, match="the store is down"):
        bring(repo.repository, "index.py", fetch=fails)
    assert state(repo) == before
    assert not (repo.folder / ".git/datasets/leaving").exists()


def test_a_lock_with_conflicts_changes_nothing(repo: GitFolder, first: Lock) -> None:
    repo.bring(first)
    before = state(repo)
    repo.write("index.py.lock", f"<<<<<<< ours\n{first}")
    with pytest.raises(InvalidInput, match="has conflicts in it"):
        bring(repo.repository, "index.py", fetch=nothing_to_fetch)
    assert state(repo) == before


@pytest.mark.parametrize("name", ["../../outside", "a/b", ".git", ""])
def test_a_lock_from_elsewhere_reaches_nothing_outside(repo: GitFolder, first: Lock, name: str) -> None:
    repo.write("index.py.lock", str(first).replace('"image"', f'"{name}"'))
    with pytest.raises(InvalidInput):
        bring(repo.repository, "index.py", fetch=nothing_to_fetch)
    assert sorted(path.name for path in repo.folder.iterdir()) == [".git", "index.py.lock"]


def test_another_disk_than_the_git_folders(repo: GitFolder, first: Lock, second: Lock) -> None:
    """Folders are parked on the working tree's own disk."""
    shm = Path("/dev/shm")
    if not shm.is_dir() or shm.stat().st_dev == repo.folder.stat().st_dev:
        unavailable("wants /dev/shm on a disk of its own")
    elsewhere = shm / f"git-datasets-{os.getpid()}"
    repo.write("file", "")
    repo.git("add", "file")
    repo.git("commit", "-qm", "first")
    try:
        repo.git("worktree", "add", "-q", str(elsewhere))
        other = GitFolder(elsewhere, repo.home)
        other.bring(first)
        other.bring(second)
        other.bring(first)
        assert other.contents("image") == FILES[:3]
        assert other.git("status", "--porcelain").split() == ["??", "index.py.lock"]
    finally:
        shutil.rmtree(elsewhere, ignore_errors=True)
