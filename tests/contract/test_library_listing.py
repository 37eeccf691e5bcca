"""The library as a list: searched, filtered, sorted; what each may do with a row, what deleting frees."""

from pathlib import Path
from typing import Any

import pytest

from dataferry.core.db import Database
from dataferry.core.types import Viewer
from dataferry.library import rights
from dataferry.library.listing import LibraryQuery
from dataferry.library.models import Dataset, DatasetFile
from tests.contract.test_shelf import BOB, EVE, World

pytestmark = pytest.mark.anyio
ADMIN = Viewer("root", admin=True)


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    world = World(database, tmp_path)
    world.store.prepare()
    return world


def put(world: World, name: str, *, files: dict[str, tuple[str, int]] | None = None, **fields: Any) -> str:
    """A dataset of Bob's. ``files``: hash and size by path."""
    source = fields.pop("source", "kaggle")
    given = {"title": name, "status": "downloaded", "downloaded": True, "updated_at_ms": 0} | fields
    dataset = Dataset(
        id=f"ds_{name}", source=source, source_id=f"acme/{name}", revision="1", name=f"{source}:acme/{name}"
    )
    for field, value in given.items():
        setattr(dataset, field, value)
    with world.database.unit_of_work() as session:
        session.add(dataset)
        session.flush()
        rights.record_access(session, dataset.id, BOB.user_id)
        rights.own(session, dataset.id, [BOB.user_id])
        for path, (digest, size) in (files or {}).items():
            session.add(
                DatasetFile(dataset_id=dataset.id, path=path, size=size, sha256=digest, grade="publisher")
            )
    return f"{source}:acme~{name}"


@pytest.fixture
def shelves(world: World) -> World:
    put(world, "apples", size=5, grade="publisher", downloaded_at_ms=10, license="MIT", updated_at_ms=1)
    put(world, "Birds", size=500, grade="recorded", downloaded_at_ms=30, last_used_ms=90, updated_at_ms=2)
    put(
        world, "cats", title="Ünïcode 100%", source="huggingface", size=50, grade="transport", updated_at_ms=3
    )
    put(world, "dogs", status="failed", downloaded=False, updated_at_ms=4)
    put(world, "eels", status="queued", downloaded=False, updated_at_ms=5)
    return world


async def names(world: World, viewer: Viewer = BOB, **wanted: Any) -> list[str]:
    page = await world.shelf.query(viewer, LibraryQuery(**wanted))
    assert page.total >= len(page.datasets)
    return [view.ref.rpartition("/")[2] for view in page.datasets]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ["eels", "dogs", "cats", "Birds", "apples"]),
        ({"q": "BIRD"}, ["Birds"]),
        ({"q": "acme dogs"}, ["dogs"]),
        ({"q": "U\u0308NÏCODE"}, ["cats"]),
        ({"q": "ÜNÏCODE"}, ["cats"]),
        ({"q": "100%"}, ["cats"]),
        ({"q": "%"}, ["cats"]),
        ({"q": "_"}, []),
        ({"source": "huggingface"}, ["cats"]),
        ({"state": "failed"}, ["dogs"]),
        ({"state": "under_way"}, ["eels"]),
        ({"state": "here", "sort": "name"}, ["apples", "Birds", "cats"]),
        ({"grade": "recorded"}, ["Birds"]),
        ({"state": "here", "sort": "size"}, ["Birds", "cats", "apples"]),
        ({"sort": "size", "descending": False}, ["apples", "cats", "Birds", "dogs", "eels"]),
        ({"sort": "used"}, ["Birds", "apples", "dogs", "eels", "cats"]),
        ({"sort": "license"}, ["apples", "Birds", "dogs", "eels", "cats"]),
        ({"sort": "checksum", "descending": True}, ["Birds", "cats", "apples", "dogs", "eels"]),
        ({"sort": "state"}, ["dogs", "eels", "apples", "Birds", "cats"]),
        ({"sort": "name", "page_size": 2, "page_number": 2}, ["dogs", "eels"]),
    ],
)
async def test_the_library_is_searched_filtered_and_sorted(
    shelves: World, wanted: dict[str, Any], found: list[str]
) -> None:
    """What has no value comes last either way, on both databases; % and _ are letters like others."""
    assert await names(shelves, **wanted) == found


@pytest.mark.parametrize("sort", ["changed", "title", "-title", "-size_bytes", "license", "used", "checksum"])
async def test_pages_that_follow_a_row_are_the_list(shelves: World, sort: Any) -> None:
    """On both databases, with values that are missing."""
    found, position = [], None
    while True:
        page, position = await shelves.shelf.page(BOB, LibraryQuery(sort=sort, limit=2), position)
        found += [view.ref.rpartition("/")[2] for view in page.datasets]
        if position is None:
            break
    assert found == await names(shelves, sort=sort)


async def test_a_new_title_is_found_and_the_old_one_no_more(shelves: World) -> None:
    with shelves.database.unit_of_work() as session:
        dataset = session.get(Dataset, "ds_apples")
        assert dataset is not None
        dataset.title = "ÉCOLES of France"
    assert await names(shelves, q="école") == ["apples"]
    assert await names(shelves, q="apples france") == ["apples"], "by its ref as before"


async def test_a_row_says_what_this_person_may_do_with_it(shelves: World) -> None:
    async def may(viewer: Viewer) -> dict[str, tuple[bool, bool]]:
        page = await shelves.shelf.query(viewer, LibraryQuery(sort="name"))
        return {view.ref[-4:]: (view.may_delete, view.may_update) for view in page.datasets}

    mine = {"ples": (True, True), "irds": (True, True), "dogs": (True, False), "eels": (False, False)}
    assert await may(BOB) == mine | {"cats": (True, True)}
    # Not hers: the server would answer 403.
    assert await may(EVE) == dict.fromkeys(("ples", "irds", "cats"), (False, True))
    assert (await may(ADMIN))["dogs"] == (True, False)
    view = await shelves.shelf.get(EVE, "kaggle:acme~apples")
    assert not view.may_delete


async def test_deleting_several_counts_what_they_share_once(world: World) -> None:
    """Sizes of images that share layers were added up (lerd-env/lerd#1798, hauler-dev/hauler#504)."""
    shared = {"same.bin": ("a" * 64, 1000)}
    one = put(world, "one", files=shared | {"1.csv": ("1" * 64, 10)})
    two = put(world, "two", files=shared | {"2.csv": ("2" * 64, 20)})
    put(world, "kept", files={"2.csv": ("2" * 64, 20)})
    ask = world.shelf.delete_several
    assert (await ask(BOB, [(one, None)], ask_only=True)).freed_bytes == 10
    assert (await ask(BOB, [(one, None), (two, None), (two, None)], ask_only=True)).freed_bytes == 1010
    partial = world.store.partial("ds_two")
    partial.mkdir(parents=True)
    (partial / "part").write_bytes(b"x" * 65536)
    assert (await ask(BOB, [(two, None)], ask_only=True)).freed_bytes >= 65536


async def test_one_that_may_not_be_deleted_does_not_keep_the_others(world: World) -> None:
    """longhorn/longhorn#2506: one image in use, and none of the selected ones went."""
    one = put(world, "one", files={"1.csv": ("1" * 64, 10)})
    with world.database.unit_of_work() as session:
        rights.give_up(session, "ds_one")
        rights.record_access(session, "ds_one", EVE.user_id)
        rights.own(session, "ds_one", [EVE.user_id])
    two = put(world, "two", files={"2.csv": ("2" * 64, 20)})
    deletions = await world.shelf.delete_several(EVE, [(one, None), (two, None), ("kaggle:a~gone", None)])
    assert deletions.freed_bytes == 10
    codes = [result.problem and result.problem.code for result in deletions.results]
    assert codes == [None, "forbidden", "not_found"]
    assert [result.job_id is not None for result in deletions.results] == [True, False, False]


async def test_what_deleting_frees_tells_nothing_of_others(world: World) -> None:
    """A file of a dataset that the viewer may not see, and a dataset that stays for others."""
    mine = put(world, "mine", files={"1.csv": ("1" * 64, 10)})
    put(world, "secret", files={"1.csv": ("1" * 64, 10)}, visibility="restricted")
    with world.database.unit_of_work() as session:
        rights.give_up(session, "ds_mine")
        for user in (EVE, Viewer("joe")):
            rights.record_access(session, "ds_mine", user.user_id)
        rights.own(session, "ds_mine", [EVE.user_id])
    asked = await world.shelf.delete_several(EVE, [(mine, None)], ask_only=True)
    assert (asked.freed_bytes, asked.results[0].stays) == (10, False)
    with world.database.unit_of_work() as session:
        rights.own(session, "ds_mine", ["joe"])
    asked = await world.shelf.delete_several(EVE, [(mine, None)], ask_only=True)
    assert (asked.freed_bytes, asked.results[0].stays) == (0, True)
    # An admin sees both, and deletes for all.
    asked = await world.shelf.delete_several(ADMIN, [(mine, None), ("ds_secret", None)], ask_only=True)
    assert (asked.freed_bytes, {result.stays for result in asked.results}) == (10, {False})


async def test_a_selection_and_the_whole_of_a_dataset_are_told_apart(world: World) -> None:
    """Both have one key: deleting the row of the selection deleted the whole."""
    put(world, "whole", files={"all.csv": ("1" * 64, 500)})
    put(world, "part", source_id="acme/whole", selection="abc", files={"some.csv": ("2" * 64, 7)})
    views = {view.selected: view for view in (await world.shelf.query(BOB, LibraryQuery())).datasets}
    assert views[False].key == views[True].key
    asked = await world.shelf.delete_several(BOB, [(views[True].id, None)], ask_only=True)
    assert asked.freed_bytes == 7
    assert (await world.shelf.get(BOB, views[True].id)).selected
    assert not views[True].may_update


async def test_when_it_was_last_used_is_written_down(world: World) -> None:
    key = put(world, "one", downloaded_at_ms=5)
    assert (await world.shelf.get(BOB, key)).last_used_ms == 5
    await world.shelf.opened(EVE, key)
    assert ((await world.shelf.get(BOB, key)).last_used_ms or 0) > 1_000_000


async def test_the_disk_is_what_df_says(world: World) -> None:
    put(world, "one", files={"1.csv": ("1" * 64, 10)})
    partial = world.store.partial("ds_other")
    partial.mkdir(parents=True)
    (partial / "part").write_bytes(b"x" * 65536)
    disk = await world.shelf.storage(BOB)
    assert disk.total_bytes == disk.used_bytes + disk.free_bytes
    assert disk.dataset_bytes == 10
    assert disk.partial_bytes >= 65536
    assert disk.database_disk is None
