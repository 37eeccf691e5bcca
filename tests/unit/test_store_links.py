"""Symbolic links that somebody planted in the store are not followed: nothing outside is read, served,
linked, written, moved or deleted by them. (418sec/huntr#440: a check of files alone was passed by a linked
folder; nextcloud/server#1257.)"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from dataferry.core.errors import Conflict, InvalidInput, OutsideStore, StoreNotWritable
from dataferry.library.paths import Store
from dataferry.transfer import discard_workdir, hold_workdir
from tests.support.server import until

CONTENT = "a,b\n1,2\n"
FILE = "data/iris.csv"


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Path]:
    """A place that is not the store's. Whatever a test does, it stays as it was."""
    outside = tmp_path / "outside"
    (outside / "1" / "data").mkdir(parents=True)
    (outside / "1" / FILE).write_text(CONTENT)
    (outside / "iris.csv").write_text(CONTENT)
    before = snapshot(outside)
    yield outside
    assert snapshot(outside) == before


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    """Inode and number of names of all that is in a folder."""
    return {str(path): (path.lstat().st_ino, path.lstat().st_nlink) for path in folder.rglob("*")}


@pytest.fixture(params=["plain", "root is a link"])
def store(tmp_path: Path, request: pytest.FixtureRequest) -> Store:
    root = tmp_path / "store"
    if request.param != "plain":
        (tmp_path / "disk").mkdir()
        root.symlink_to(tmp_path / "disk")
    store = Store(root)
    store.prepare()
    return store


@pytest.fixture
def tree(store: Store) -> Path:
    tree = store.root / "kaggle" / "uciml" / "iris" / "1"
    (tree / "data").mkdir(parents=True)
    (tree / FILE).write_text(CONTENT)
    return tree


def plant(path: Path, target: Path) -> None:
    """A link in the place of what is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    path.symlink_to(target)


def level(tree: Path, outside: Path, name: str) -> None:
    """A link at one level of the way to the file, that leads to a file of the same name and size."""
    if name == "source":
        (outside.parent / "more" / "uciml").mkdir(parents=True)
        (outside.parent / "more" / "uciml" / "iris").symlink_to(outside)
    places = {
        "source": (tree.parents[2], outside.parent / "more"),
        "dataset": (tree.parent, outside),
        "revision": (tree, outside / "1"),
        "folder": (tree / "data", outside / "1" / "data"),
        "file": (tree / FILE, outside / "iris.csv"),
    }
    plant(*places[name])
    assert (tree / FILE).read_text() == CONTENT


LEVELS = ["source", "dataset", "revision", "folder", "file"]


@pytest.mark.parametrize("name", LEVELS)
def test_a_link_on_the_way_to_a_file(store: Store, tree: Path, outside: Path, name: str) -> None:
    assert store.file(tree, FILE, len(CONTENT)) == tree / FILE
    level(tree, outside, name)
    assert store.file(tree, FILE, len(CONTENT)) is None
    assert store.inodes(tree) == frozenset()
    store.make_view(tree, store.view("mine"))
    assert not [path for path in (store.root / "mine").rglob("*") if not path.is_dir()]
    store.remove_view(tree, store.view("mine"))
    if name in ("source", "dataset", "revision"):
        with pytest.raises(Conflict, match="symbolic link"):
            store.check(tree)
    store.discard(tree)
    store.discard_soon(tree)
    until(lambda: not list(store.scratch().iterdir()), "the trash is empty")


@pytest.mark.parametrize("place", ["view", "above it", "folder", "file"])
def test_a_link_in_a_view(store: Store, tree: Path, outside: Path, place: str) -> None:
    view = store.view("mine/iris")
    store.make_view(tree, view)
    former = store.inodes(tree)
    places = {
        "view": (view, outside),
        "above it": (view.parent, outside),
        "folder": (view / "data", outside),
        "file": (view / FILE, tree / FILE),
    }
    plant(*places[place])
    if place == "above it":
        view = view.parent.parent / "mine" / "1"
    with pytest.raises(Conflict):
        store.make_view(tree, view, previous=former)
    if place == "file":
        store.remove_view(tree, view)
        assert (tree / FILE).exists()
        assert (view / FILE).is_symlink()
    elif place != "folder":
        with pytest.raises(Conflict):
            store.remove_view(tree, view)
        with pytest.raises((Conflict, InvalidInput, OutsideStore)):
            store.try_view(view)
    else:
        store.remove_view(tree, view)


@pytest.mark.parametrize("name", [".trash", ".incomplete"])
def test_a_link_in_place_of_the_stores_own_folders(
    store: Store, tree: Path, outside: Path, name: str
) -> None:
    """They are emptied sooner or later: at the next start, by a deletion, by a sweep."""
    folder = store.root / name
    if folder.exists():
        folder.rmdir()
    folder.symlink_to(outside)
    assert store.partials() == []
    if name == ".incomplete":
        with pytest.raises(StoreNotWritable), hold_workdir(store.partial("1")):
            raise AssertionError("it is held")
        with pytest.raises(StoreNotWritable):
            discard_workdir(store.partial("1"))
    else:
        store.discard(tree)
        assert not tree.exists()
        folder.rmdir()
        folder.symlink_to(outside)
    store.prepare()
    assert not folder.is_symlink()


def test_links_in_the_trash_and_among_the_working_folders(store: Store, outside: Path) -> None:
    (store.scratch() / "one").symlink_to(outside)
    (store.scratch() / "file").symlink_to(outside / "iris.csv")
    incomplete = store.root / ".incomplete"
    incomplete.mkdir()
    (incomplete / "ds_1").symlink_to(outside)
    store.prepare()
    until(lambda: not os.listdir(store.scratch()), "the trash is empty")
    assert store.partials() == []
    with pytest.raises(StoreNotWritable), hold_workdir(store.partial("ds_1")):
        raise AssertionError("it is held")
    store.discard(incomplete / "ds_1")
    assert not (incomplete / "ds_1").is_symlink()
