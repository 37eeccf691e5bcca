"""Trees of the library's datasets, walked page by page, on SQLite and on Postgres."""

from pathlib import Path

import pytest

from dataferry.core.db import Database
from dataferry.core.types import DatasetRef
from dataferry.library.file_trees import Folder
from dataferry.library.snapshots import Snapshot, Snapshots
from tests.contract.test_library_listing import put
from tests.contract.test_shelf import BOB, EVE, World

pytestmark = pytest.mark.anyio
REF = DatasetRef.parse("kaggle:acme/birds")
#: Names that a language's collation puts elsewhere than code points do.
PATHS = ["A.csv", "a-b/x.csv", "a/b/deep.csv", "a/b/Ä.csv", "a/x.csv", "a0", "a0/y.csv", "é.csv", "z.csv"]


@pytest.fixture
def snapshots(database: Database, tmp_path: Path) -> Snapshots:
    world = World(database, tmp_path)
    world.store.prepare()
    put(world, "birds", files=dict.fromkeys(PATHS, ("0" * 64, 1)), visibility="restricted")
    return Snapshots(database, world.store, world.access, world.last_use)


async def walked(snapshots: Snapshots, folder: str, *, recursive: bool, limit: int) -> list[str]:
    """Paths, folders with a slash behind them."""
    snapshot = await of(snapshots)
    found: list[str] = []
    after = None
    while True:
        page = await snapshots.entries(snapshot, folder, recursive=recursive, after=after, limit=limit)
        found += [f"{one.path}/" if isinstance(one, Folder) else one.path for one in page.entries]
        after = page.next
        if after is None:
            return found


async def of(snapshots: Snapshots) -> Snapshot:
    (snapshot,) = await snapshots.find(BOB, REF)
    return snapshot


@pytest.mark.parametrize("limit", [1, 2, 100])
async def test_nothing_is_left_out_or_told_twice_in_pages(snapshots: Snapshots, limit: int) -> None:
    whole = await walked(snapshots, "", recursive=True, limit=limit)
    assert [path for path in whole if not path.endswith("/")] == sorted(PATHS)
    assert sorted(path for path in whole if path.endswith("/")) == ["a-b/", "a/", "a/b/", "a0/"]
    top = await walked(snapshots, "", recursive=False, limit=limit)
    assert top == ["A.csv", "a-b/", "a/", "a0", "a0/", "z.csv", "é.csv"]
    assert await walked(snapshots, "a", recursive=False, limit=limit) == ["a/b/", "a/x.csv"]
    assert await walked(snapshots, "a/b", recursive=True, limit=limit) == ["a/b/deep.csv", "a/b/Ä.csv"]
    assert await walked(snapshots, "b", recursive=True, limit=limit) == []


async def test_paths_are_files_or_folders_or_neither(snapshots: Snapshots) -> None:
    snapshot = await of(snapshots)
    found = await snapshots.paths(snapshot, ["a/b", "a/x.csv", "a/", "nothing", "a\0", "\ud800"])
    assert [one.path for one in found] == ["a/b", "a/x.csv"]


async def test_what_somebody_may_not_see_is_not_found(snapshots: Snapshots) -> None:
    assert await snapshots.find(EVE, REF) == []
