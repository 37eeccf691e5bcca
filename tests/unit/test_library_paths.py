"""The store: nothing leaves it, nobody's files are lost in it."""

from pathlib import Path

import pytest

from dataferry.core.errors import Conflict, OutsideStore, StoreNotWritable
from dataferry.core.types import DatasetRef
from dataferry.library.paths import Store
from tests.support.server import until


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "store")
    store.prepare()
    return store


def tree(store: Store) -> Path:
    folder = store.root / "kaggle" / "uciml" / "iris" / "1"
    (folder / "images").mkdir(parents=True)
    (folder / "iris.csv").write_text("a,b\n")
    (folder / "images" / "1.png").write_bytes(b"png")
    return folder


def test_two_owners_and_two_revisions_never_share_a_folder(store: Store) -> None:
    targets = {
        store.target(DatasetRef.parse(ref), revision)
        for ref in ("kaggle:a/iris", "kaggle:b/iris", "huggingface:a/iris", "huggingface:iris")
        for revision in ("1", "2")
    }
    assert len(targets) == 8


def test_links_of_one_name_do_not_collide(store: Store) -> None:
    one = store.target(DatasetRef.make("url", "https://a.org/data.zip?key=1"), "r")
    other = store.target(DatasetRef.make("url", "https://a.org/data.zip?key=2"), "r")
    assert one != other
    assert one.is_relative_to(store.root / "url" / "a.org")


@pytest.mark.parametrize("revision", ["../../../etc", "/etc/passwd", "..", "a/b", "\0"])
def test_a_revision_cannot_leave_the_store(store: Store, revision: str) -> None:
    target = store.target(DatasetRef.parse("kaggle:a/iris"), revision)
    assert target.resolve().parent == (store.root / "kaggle" / "a" / "iris").resolve()


@pytest.mark.parametrize(
    "path", ["../x", "/etc", "a/../../x", "", " ", ".", ".incomplete/x", "kaggle/x", "a\0b", "~root/x"]
)
def test_a_view_outside_the_store_is_refused(store: Store, path: str) -> None:
    with pytest.raises(OutsideStore, match="not a folder"):
        store.view(path)


def test_a_link_inside_the_store_does_not_lead_out_of_it(store: Store, tmp_path: Path) -> None:
    (store.root / "out").symlink_to(tmp_path)
    with pytest.raises(OutsideStore):
        store.view("out/x")


def test_an_absolute_view_inside_the_store_is_taken(store: Store) -> None:
    assert store.view(str(store.root / "mine" / "iris")) == (store.root / "mine" / "iris").resolve()


def test_a_view_is_hardlinks_and_goes_without_a_persons_own_files(store: Store) -> None:
    source, view = tree(store), store.view("mine/iris")
    store.make_view(source, view)
    store.make_view(source, view)
    assert (view / "images" / "1.png").samefile(source / "images" / "1.png")

    (view / "notes.txt").write_text("mine")
    store.remove_view(source, view)
    assert [path.name for path in view.rglob("*")] == ["notes.txt"]
    assert (source / "iris.csv").exists()


def test_a_view_never_replaces_another_file(store: Store) -> None:
    source, view = tree(store), store.view("mine/iris")
    view.mkdir(parents=True)
    (view / "iris.csv").write_text("older work")
    with pytest.raises(Conflict, match=r"iris\.csv is another file"):
        store.make_view(source, view)
    assert (view / "iris.csv").read_text() == "older work"


def test_a_view_follows_a_tree_that_was_fetched_afresh(store: Store) -> None:
    source, view = tree(store), store.view("mine/iris")
    store.make_view(source, view)
    former = store.inodes(source)
    (source / "iris.csv").unlink()
    (source / "iris.csv").write_text("newer\n")
    store.make_view(source, view, previous=former)
    assert (view / "iris.csv").read_text() == "newer\n"


def test_discarding_a_dataset_leaves_its_neighbours(store: Store) -> None:
    folder = tree(store)
    neighbour = folder.parent / "2"
    neighbour.mkdir()
    store.discard(folder)
    assert not folder.exists()
    assert neighbour.exists()
    store.discard(folder)


def test_a_tree_is_out_of_sight_before_it_is_deleted(store: Store) -> None:
    """A cancel waits for the rename only: deleting very many files takes minutes (owncloud/client#3460)."""
    folder = tree(store)
    store.discard_soon(folder)
    assert not folder.exists()
    assert not folder.parent.exists()
    until(lambda: not list(store.scratch().iterdir()), "its bytes go")
    store.discard_soon(folder)


def test_what_a_process_left_in_the_trash_is_deleted_by_the_next(store: Store) -> None:
    left = store.scratch() / "left"
    left.mkdir()
    (left / "a.csv").write_text("a")
    (store.scratch() / "b").write_text("b")
    store.prepare()
    until(lambda: not list(store.scratch().iterdir()), "it is deleted")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreNotWritable, match="file"):
        Store(tmp_path / "file" / "store").prepare()
