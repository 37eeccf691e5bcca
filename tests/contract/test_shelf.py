"""What is on this machine: a dataset of many files is shown without loading their rows; its files come in
pages and can be opened, on both databases."""

import gzip
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from dataferry.accounts.credentials import CredentialResolver
from dataferry.accounts.security import Secrets
from dataferry.accounts.service import Accounts
from dataferry.core.db import Database
from dataferry.core.errors import InvalidInput, NotFound, Unreadable
from dataferry.core.settings import Settings
from dataferry.core.types import SourceName, Viewer
from dataferry.jobs.service import Jobs
from dataferry.library import rights
from dataferry.library.access import Access
from dataferry.library.last_use import LastUse
from dataferry.library.models import Dataset, DatasetFile
from dataferry.library.paths import Store
from dataferry.library.shelf import Shelf
from dataferry.realtime import Realtime
from dataferry.sources.catalog import Catalog

pytestmark = pytest.mark.anyio

BOB, EVE = Viewer("bob"), Viewer("eve")
#: Bytes of each file on disk; its row may claim another size where no file is opened.
CONTENT = b"a,b\n1,2\n"


class World:
    """A shelf over a store of its own, and datasets put onto it."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        settings = Settings(_env_file=None, data_dir=folder, database_url=database.url, secret_key="k" * 32)
        self.store = Store(settings.store)
        credentials = CredentialResolver(database, settings, Secrets(settings))
        self.access = Access(database, Catalog([], settings), credentials)
        jobs = Jobs(database, settings, Realtime())
        accounts, self.last_use = Accounts(database, settings), LastUse(database)
        self.shelf = Shelf(database, settings, self.store, jobs, accounts, self.access, self.last_use)

    def hold(
        self, sizes: Mapping[str, int], *, source: SourceName = "kaggle", visibility: str = "public"
    ) -> Path:
        """A downloaded dataset ``acme/one`` of Bob's. ``sizes``: bytes by path. Returns its folder."""
        tree = self.store.root / source / "acme" / "one" / "1"
        dataset = Dataset(
            id=f"ds_{source}",
            source=source,
            source_id="acme/one",
            revision="1",
            name=f"{source}:acme/one",
            visibility=visibility,
            updated_at_ms=0,
            downloaded=True,
            status="downloaded",
            local_path=str(tree),
        )
        with self.database.unit_of_work() as session:
            session.add(dataset)
            session.flush()
            session.add_all(
                DatasetFile(dataset_id=dataset.id, path=path, size=size, sha256="0" * 64, grade="recorded")
                for path, size in sizes.items()
            )
            rights.record_access(session, dataset.id, BOB.user_id)
            rights.own(session, dataset.id, [BOB.user_id])
        return tree

    def write(self, tree: Path, *paths: str, contents: Mapping[str, bytes] | None = None) -> None:
        for path in paths:
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_bytes((contents or {}).get(path, CONTENT))


@pytest.fixture
def world(database: Database, tmp_path: Path) -> Iterator[World]:
    world = World(database, tmp_path)
    yield world
    world.last_use.close()


@contextmanager
def loaded_rows() -> Iterator[list[str]]:
    """The paths of the file rows that are loaded as objects in the block."""
    paths: list[str] = []

    def loaded(file: DatasetFile, _context: Any) -> None:
        paths.append(file.path)

    event.listen(DatasetFile, "load", loaded)
    try:
        yield paths
    finally:
        event.remove(DatasetFile, "load", loaded)


@pytest.mark.parametrize("source", ["kaggle", "huggingface"])
async def test_a_dataset_of_many_files_is_shown_without_loading_them(
    world: World, source: SourceName
) -> None:
    tables = {f"part-{n:04}.csv": len(CONTENT) for n in range(1500)}
    tree = world.hold({**tables, **{f"images/{n:04}.png": 10 for n in range(1500)}}, source=source)
    world.write(tree, "part-0000.csv")
    with loaded_rows() as loaded:
        view = await world.shelf.get(BOB, f"{source}:acme~one")
        preview = await world.shelf.preview(BOB, f"{source}:acme~one")
    snippet = "load_dataset" if source == "huggingface" else "part-0000.csv"
    assert snippet in (view.snippet or "")
    assert (preview.path, preview.rows) == ("part-0000.csv", (("1", "2"),))
    assert len(loaded) <= 4


@pytest.mark.parametrize(
    ("contents", "shown"),
    [
        ({"test.csv": b"a,b,c\n1,2,3\n", "Train.CSV": CONTENT}, "Train.CSV"),
        ({"a.csv": CONTENT, "data/b.tsv": b"a\tb\n10\t20\n", "c.txt": b"x" * 99}, "data/b.tsv"),
        ({"Training/x.csv": CONTENT, "a.csv": b"a,b\n100,200\n"}, "Training/x.csv"),
        ({"B.csv": CONTENT, "a.csv": CONTENT, "c/.csv": CONTENT * 2, "dcsv": CONTENT * 3}, "B.csv"),
        ({"a.csv": CONTENT, "info.json": b'{"description": "of the dataset"}'}, "a.csv"),
        ({"a.png": b"x" * 99, "rows.csv.gz": gzip.compress(CONTENT)}, "rows.csv.gz"),
        ({"readme.md": b"x", "rows.json": b'[{"a": 1, "b": 2}]'}, "rows.json"),
    ],
)
async def test_the_main_table_is_a_training_table_then_the_largest(
    world: World, contents: dict[str, bytes], shown: str
) -> None:
    """The preview and the code that the card hands out are of the same table."""
    tree = world.hold({path: len(content) for path, content in contents.items()})
    world.write(tree, *contents, contents=contents)
    preview = await world.shelf.preview(BOB, "kaggle:acme~one")
    assert (preview.path, [column.name for column in preview.columns]) == (shown, ["a", "b"])
    snippet = (await world.shelf.get(BOB, "kaggle:acme~one")).snippet or ""
    assert f"/{shown}'" in snippet
    assert preview.snippet == snippet


async def test_any_file_of_a_dataset_can_be_asked_for(world: World) -> None:
    tree = world.hold({"train.csv": len(CONTENT), "notes.txt": len(CONTENT)})
    world.write(tree, "train.csv", "notes.txt")
    assert (await world.shelf.preview(BOB, "kaggle:acme~one", path="notes.txt")).rows == (("1", "2"),)
    with pytest.raises(NotFound):
        await world.shelf.preview(BOB, "kaggle:acme~one", path="../1/train.csv")


async def test_a_dataset_without_a_table_has_no_preview(world: World) -> None:
    tree = world.hold({"a.png": len(CONTENT)})
    world.write(tree, "a.png")
    with pytest.raises(NotFound, match="no table"):
        await world.shelf.preview(BOB, "kaggle:acme~one")
    assert "rglob" in ((await world.shelf.get(BOB, "kaggle:acme~one")).snippet or "")


async def test_a_table_that_cannot_be_read_says_why(world: World) -> None:
    tree = world.hold({"a.parquet": len(CONTENT)})
    world.write(tree, "a.parquet")
    with pytest.raises(Unreadable, match=r"a\.parquet cannot be shown as a table\. It is no \.parquet file"):
        await world.shelf.preview(BOB, "kaggle:acme~one")
    assert "read_parquet" in ((await world.shelf.get(BOB, "kaggle:acme~one")).snippet or "")


async def test_files_come_in_pages_by_path(world: World) -> None:
    world.hold({f"data/{n:02}.csv": n for n in range(7)})
    pages = [await world.shelf.files(BOB, "kaggle:acme~one", page_size=3)]
    while pages[-1].next is not None:
        pages.append(await world.shelf.files(BOB, "kaggle:acme~one", after=pages[-1].next, page_size=3))
    assert [len(page.files) for page in pages] == [3, 3, 1]
    listed = [file for page in pages for file in page.files]
    assert [(file.path, file.size) for file in listed] == [(f"data/{n:02}.csv", n) for n in range(7)]
    assert {(file.sha256, file.grade) for file in listed} == {("0" * 64, "recorded")}
    exactly_one = await world.shelf.files(BOB, "kaggle:acme~one", page_size=7)
    assert (len(exactly_one.files), exactly_one.next) == (7, None)
    with pytest.raises(InvalidInput):
        await world.shelf.files(BOB, "kaggle:acme~one", after="data/\0")


async def test_a_file_is_opened_where_it_lies(world: World) -> None:
    tree = world.hold({"data/a b.csv": len(CONTENT)})
    world.write(tree, "data/a b.csv")
    path = (await world.shelf.open_file(BOB, "kaggle:acme~one", "data/a b.csv")).path
    assert path.read_bytes() == CONTENT
    assert path.is_relative_to(world.store.root)


@pytest.mark.parametrize(
    "path",
    [
        "b.csv",
        "",
        ".",
        "data",
        "data/../data/a.csv",
        "./data/a.csv",
        "../1/data/a.csv",
        "/etc/hostname",
        "a\0b",
    ],
)
async def test_only_the_files_of_a_dataset_are_opened(world: World, path: str) -> None:
    tree = world.hold({"data/a.csv": len(CONTENT)})
    world.write(tree, "data/a.csv", "b.csv")
    with pytest.raises(NotFound):
        await world.shelf.open_file(BOB, "kaggle:acme~one", path)


@pytest.mark.parametrize("listed", ["../secret", "a/../../secret", "link", "folder/secret"])
async def test_no_file_outside_is_opened_though_the_dataset_lists_it(world: World, listed: str) -> None:
    tree = world.hold({listed: len(CONTENT)})
    world.write(tree, "a/here")
    world.write(tree.parent, "secret")
    (tree / "link").symlink_to(tree.parent / "secret")
    (tree / "folder").symlink_to(tree.parent, target_is_directory=True)
    assert (tree / listed).resolve().read_bytes() == CONTENT
    with pytest.raises(NotFound):
        await world.shelf.open_file(BOB, "kaggle:acme~one", listed)


async def test_a_file_that_is_not_there_as_it_was_verified_is_not_opened(world: World) -> None:
    tree = world.hold({"gone.csv": 1, "changed.csv": 1})
    world.write(tree, "changed.csv")
    for path in ("gone.csv", "changed.csv"):
        with pytest.raises(NotFound, match="not on the disk"):
            await world.shelf.open_file(BOB, "kaggle:acme~one", path)


async def test_files_of_a_restricted_dataset_are_for_those_with_access(world: World) -> None:
    tree = world.hold({"a.csv": len(CONTENT)}, visibility="restricted")
    world.write(tree, "a.csv")
    assert len((await world.shelf.files(BOB, "kaggle:acme~one")).files) == 1
    assert (await world.shelf.open_file(BOB, "kaggle:acme~one", "a.csv")).path == tree / "a.csv"
    with pytest.raises(NotFound):
        await world.shelf.files(EVE, "kaggle:acme~one")
    with pytest.raises(NotFound):
        await world.shelf.open_file(EVE, "kaggle:acme~one", "a.csv")
