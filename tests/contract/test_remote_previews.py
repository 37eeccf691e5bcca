"""The first rows of what is not here, through the real clients from the fake hubs."""

import asyncio
import gzip
import io
import json
import random
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dataferry.accounts.credentials import CredentialResolver
from dataferry.accounts.models import User
from dataferry.accounts.security import Secrets
from dataferry.core.db import Database
from dataferry.core.errors import (
    DataferryError,
    GatedDataset,
    NetworkFault,
    NotFound,
    SourceRateLimited,
    SourceTimeout,
    TooManyRequests,
    TransferError,
    Unreadable,
)
from dataferry.core.settings import Settings
from dataferry.core.types import Credential, Viewer
from dataferry.library.preview_views import Preview
from dataferry.library.private_urls import PrivateUrls
from dataferry.library.remote_previews import RemotePreviews
from dataferry.sources.catalog import Catalog, build_sources
from tests.fakes.catalogue import grace
from tests.fakes.content import binary, generated, text
from tests.fakes.dataset import FakeDataset
from tests.fakes.server import Request
from tests.support.hubs import Hubs, make_hubs
from tests.support.links import LinkServer, Page
from tests.support.server import until

pytestmark = pytest.mark.anyio

ADA, GRACE = Viewer("usr_ada"), Viewer("usr_grace")
MIB = 1 << 20


class World:
    """``hold`` gives a hub a dataset of these files; ``look`` previews it."""

    def __init__(self, database: Database, folder: Path, hubs: Hubs) -> None:
        settings = Settings(
            _env_file=None,
            data_dir=folder,
            database_url=database.url,
            secret_key="k" * 32,
            hf_endpoint=hubs.hub.url,
            kaggle_endpoint=hubs.kaggle.url,
            allow_private_urls=True,
        )
        with database.unit_of_work() as session:
            session.add(User(id=GRACE.user_id, email="grace@example.org", password_hash=""))
        secrets = Secrets(settings)
        self.hubs = hubs
        self._held = 0
        self.catalog = Catalog(build_sources(settings), settings)
        self.credentials = CredentialResolver(database, settings, secrets)
        self._parts = (database, self.catalog, self.credentials, PrivateUrls(secrets))
        self.previews = self.looking(5.0)

    def looking(self, deadline_s: float) -> RemotePreviews:
        return RemotePreviews(*self._parts, deadline_s=deadline_s)

    def hold(self, files: dict[str, Any], hub: Any = "huggingface", **about: Any) -> str:
        blobs = {path: binary(one) if isinstance(one, bytes) else one for path, one in files.items()}
        self._held += 1
        name = f"acme/number-{self._held}"
        self.hubs.hub.catalogue.add(FakeDataset(hub, name, "", "", "mit", lambda: blobs, bare=True, **about))
        return f"{hub}:{name}"

    async def look(self, files: dict[str, Any], **asked: Any) -> Preview:
        return await self.previews.preview(ADA, self.hold(files), **asked)

    @property
    def downloads(self) -> list[Request]:
        """Requests for bytes, at the hubs' storages."""
        return [
            one
            for fake in (self.hubs.hub, self.hubs.kaggle)
            for one in fake.log
            if one.server != "hub" or "resolve-cache" in one.path
        ]

    @property
    def sent(self) -> int:
        return sum(one.bytes_sent for one in self.downloads)


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """Nothing here depends on the kind of the database."""
    return f"sqlite:///{tmp_path / 'test.sqlite'}"


@pytest.fixture
def world(database: Database, tmp_path: Path) -> Iterator[World]:
    hubs = make_hubs()
    with hubs.kaggle, hubs.hub:
        world = World(database, tmp_path, hubs)
        yield world
        world.catalog.close()


def parquet(table: pa.Table, **options: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, **options)
    return out.getvalue()


def numbered(rows: int, **more: Any) -> pa.Table:
    return pa.table({"id": range(rows), "text": [f"row {row} " * 30 for row in range(rows)], **more})


def noise(rows: int) -> list[bytes]:
    """That no packing makes smaller."""
    data = random.Random(1).randbytes(64 * rows)
    return [data[64 * row : 64 * row + 64] for row in range(rows)]


def csv_of(rows: int) -> bytes:
    return b"id,name\n" + b"".join(b"%07d,name of a row\n" % row for row in range(rows))


# -- tables -------------------------------------------------------------------------------------


async def test_a_long_table_costs_its_beginning_and_says_so(world: World) -> None:
    data = csv_of(400_000)
    shown = await world.look({"data.csv": data}, row_count=3)
    assert [column.name for column in shown.columns] == ["id", "name"]
    assert shown.rows == tuple((f"{row:07d}", "name of a row") for row in range(3))
    assert (shown.partial, shown.row_count, shown.fetched_from) == (True, None, "HuggingFace")
    assert shown.fetched_bytes == 512 << 10
    assert world.sent < MIB
    assert shown.size_bytes == len(data)
    # No number is made of half a row, and none is called exact that was not counted.
    assert shown.about_row_count is not None
    assert 390_000 <= shown.about_row_count <= 410_000
    assert shown.snippet == ""


async def test_a_small_table_is_known_to_its_end(world: World) -> None:
    shown = await world.look({"data.csv": csv_of(50)}, row_count=3)
    assert (shown.row_count, shown.about_row_count, len(shown.rows)) == (50, None, 3)


@pytest.mark.parametrize(
    ("name", "packed"),
    [
        ("data.csv.gz", lambda data: gzip.compress(data, 1)),
        ("data.csv.zip", lambda data: _zip("data.csv", data)),
        ("data.jsonl", lambda data: _lines(data)),
        ("data.json", lambda data: b"[" + b",\n".join(_lines(data).splitlines()) + b"]"),
    ],
)
async def test_the_head_of_other_forms(world: World, name: str, packed: Any) -> None:
    rows = "".join(f"{row},{hash(str(row)) & 0xFFFFFFFFFF:x}\n" for row in range(500_000))
    data = packed(f"id,name\n{rows}".encode())
    assert len(data) > 4 * MIB
    shown = await world.look({name: data}, row_count=2)
    assert [column.name for column in shown.columns] == ["id", "name"]
    assert [row[0] for row in shown.rows] == ["0", "1"]
    assert (shown.row_count, shown.fetched_bytes) == (None, 512 << 10)
    assert not [note for note in shown.notes if "damaged" in note]


@pytest.mark.parametrize("options", [{}, {"data_page_version": "2.0"}, {"compression": "zstd"}])
async def test_of_a_large_row_group_only_its_first_pages_are_fetched(world: World, options: Any) -> None:
    """A viewer refuses them (huggingface/dataset-viewer#1519, betagouv/ComparIA#124)."""
    table = numbered(
        200_000,
        list=[[row, row + 1] for row in range(200_000)],
        record=[{"a": row, "b": [str(row)]} for row in range(200_000)],
        noise=noise(200_000),
    )
    data = parquet(table, row_group_size=200_000, **options)
    assert len(data) > 9 * MIB
    shown = await world.look({"data.parquet": data}, row_count=5)
    assert shown.row_count == 200_000
    assert [column.dtype for column in shown.columns] == [
        *("BIGINT", "VARCHAR", "BIGINT[]"),
        *("STRUCT(a BIGINT, b VARCHAR[])", "BLOB"),
    ]
    assert [row[0] for row in shown.rows] == ["0", "1", "2", "3", "4"]
    assert shown.rows[3][2:4] == ("[3, 4]", "{'a': 3, 'b': [3]}")
    assert shown.fetched_bytes is not None
    assert shown.fetched_bytes == world.sent < 6 * MIB
    assert {one.authorization for one in world.downloads} == {None}


async def test_a_column_of_pictures_keeps_nobody_from_the_others(world: World) -> None:
    """Cells beyond a viewer's limit took the whole table with them (huggingface/dataset-viewer#1957)."""
    big = [generated(5 * MIB, row).read(0, 5 * MIB) for row in range(3)]
    data = parquet(pa.table({"id": [1, 2, 3], "image": big, "label": ["a", "b", "c"]}), use_dictionary=False)
    shown = await world.look({"data.parquet": data})
    assert [column.name for column in shown.columns] == ["id", "image", "label"]
    assert shown.rows == (("1", None, "a"), ("2", None, "b"), ("3", None, "c"))
    assert shown.row_count == 3
    assert "The values of the column image are too large" in " ".join(shown.notes)
    assert world.sent < 2 * MIB


async def test_two_thousand_columns(world: World) -> None:
    table = pa.table({f"c{number}": range(2_000) for number in range(2_000)})
    data = parquet(table, row_group_size=500)
    assert len(data) > 4 * MIB
    shown = await world.look({"wide.parquet": data}, row_count=2)
    assert (shown.column_count, len(shown.columns), shown.row_count) == (2_000, 1_000, 2_000)
    assert [row[:3] for row in shown.rows] == [("0", "0", "0"), ("1", "1", "1")]


async def test_kaggle_gives_single_files_even_as_archives(world: World) -> None:
    """The CSV was a zip archive called .csv (Kaggle/kagglehub#187)."""
    rows = "".join(f"{row},{row * 2654435761 % 2**40:x}\n" for row in range(500_000))
    table = f"id,name\n{rows}".encode()
    for zipped in ((), ("deep/a.csv",)):
        key = world.hold({"deep/a.csv": table, "b.txt": b"-"}, "kaggle", zipped=zipped)
        previews = world.looking(5.0)
        shown = await previews.preview(ADA, key, row_count=2)
        assert (shown.path, shown.rows[1][0], shown.revision) == ("deep/a.csv", "1", "1")
        assert (shown.row_count, shown.fetched_from) == (None, "Kaggle")
    assert {one.authorization for one in world.downloads} == {None}


async def test_the_card_says_which_table_is_the_main_one(world: World) -> None:
    configs = [
        {"config_name": "b", "data_files": [{"split": "train", "path": "b/*.csv"}]},
        {"config_name": "a", "default": True, "data_files": [{"split": "test", "path": "a/*.csv"}]},
    ]
    files = {path: csv_of(rows) for path, rows in (("train_raw.csv", 90), ("a/1.csv", 1), ("b/1.csv", 9))}
    key = world.hold({**files, "a/0.csv": csv_of(2), "notes.md": b"-"}, configs=configs)
    listed = await world.previews.files(ADA, key)
    assert [file.path for file in listed.files] == ["a/0.csv", "a/1.csv", "train_raw.csv", "b/1.csv"]
    assert listed.partial
    assert (await world.previews.preview(ADA, key)).row_count == 2
    assert (await world.previews.preview(ADA, key, path="b/1.csv")).row_count == 9
    with pytest.raises(NotFound, match=r"no file 'c\.csv'"):
        await world.previews.preview(ADA, key, path="c.csv")


async def test_what_cannot_be_shown_says_why(world: World) -> None:
    key = world.hold({"a/1.png": b"x", "a/2.png": b"y"})
    listed = await world.previews.files(ADA, key)
    assert (listed.files, listed.reason) == ((), "Its files are pictures (.png).")
    with pytest.raises(NotFound, match="pictures"):
        await world.previews.preview(ADA, key)
    with pytest.raises(Unreadable, match=r"Of a \.xlsx file nothing can be shown before all of it is here"):
        await world.look({"big.xlsx": generated(5 * MIB, 1)})
    assert not world.downloads


async def test_any_link_can_be_looked_into(world: World) -> None:
    with LinkServer() as links:
        links.pages["/t.csv"] = Page(csv_of(300_000))
        shown = await world.previews.preview(ADA, f"url:http://{links.host}/t.csv", row_count=1)
        assert (shown.rows, shown.fetched_from) == ((("0000000", "name of a row"),), "URL")
        assert len(links.requests) <= 4


async def test_built_in_tables_are_read_where_they_are(world: World) -> None:
    shown = await world.previews.preview(ADA, "builtin:iris", row_count=2)
    assert (len(shown.rows), shown.partial) == (2, True)


# -- people -------------------------------------------------------------------------------------


async def test_gated_data_is_for_those_who_accepted_its_terms(world: World) -> None:
    """What one person's key has fetched is nobody else's."""
    await world.credentials.keep(GRACE.user_id, Credential("huggingface", "user", None, grace().hf_token))
    key = world.hold({"data.parquet": parquet(numbered(9))}, gated=True)
    world.hubs.hub.catalogue.accounts[1].accepted.add(key.partition(":")[2])
    assert (await world.previews.preview(GRACE, key)).row_count == 9
    with pytest.raises(GatedDataset) as refused:
        await world.previews.preview(ADA, key)
    assert refused.value.link == f"{world.hubs.hub.url}/datasets/acme/number-1"
    # The key went to the hub, and not to the storage that it led to.
    assert {one.authorization for one in world.downloads} == {None}


async def test_one_fetch_for_all_who_look_and_none_for_who_looks_again(world: World) -> None:
    key = world.hold({"data.csv": csv_of(400_000)})
    await asyncio.gather(*(world.previews.preview(ADA, key, row_count=n) for n in (1, 2, 3)))
    again = await world.previews.preview(GRACE, key, row_count=20, cell_chars=3)
    assert again.left_out.cells == 40
    assert len(world.downloads) == 1


async def test_who_looks_at_very_many_files_waits_a_little(world: World) -> None:
    files = {f"{number:02d}.csv": b"a,b\n1,2\n" for number in range(40)}
    key = world.hold(files)
    looks = (world.previews.preview(ADA, key, path=path) for path in files)
    answers = await asyncio.gather(*looks, return_exceptions=True)
    assert {type(answer) for answer in answers} == {Preview, TooManyRequests}
    await world.previews.preview(GRACE, key, path="39.csv")


async def test_who_leaves_ends_it(world: World) -> None:
    key = world.hold({"data.csv": csv_of(400_000)})
    world.hubs.hub.fault("stall", bytes=1000)
    looking = asyncio.ensure_future(world.previews.preview(ADA, key))
    await asyncio.to_thread(until, lambda: world.downloads, "bytes are asked for")
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking
    world.hubs.heal()
    assert (await world.previews.preview(ADA, key)).rows


# -- faults -------------------------------------------------------------------------------------


async def refused(
    world: World, files: dict[str, Any], previews: RemotePreviews | None = None
) -> DataferryError:
    with pytest.raises(DataferryError) as caught:
        await (previews or world.previews).preview(ADA, world.hold(files))
    assert caught.value.next_step
    assert "goes on by itself" not in caught.value.next_step
    return caught.value


async def test_a_server_without_ranges_is_read_no_further_than_it_must(world: World) -> None:
    """Others took the wrong bytes, or gigabytes (fsspec/filesystem_spec#1140, duckdb/duckdb-httpfs#401)."""
    world.hubs.hub.fault("no_range")
    shown = await world.look({"data.csv": csv_of(2_000_000)}, row_count=1)
    assert (shown.rows[0][0], shown.row_count) == ("0000000", None)
    assert world.sent < 3 * MIB
    table = numbered(150_000, noise=noise(150_000))
    error = await refused(world, {"data.parquet": parquet(table)})
    assert "only as a whole" in error.detail


async def test_a_connection_that_breaks_is_tried_once_more(world: World) -> None:
    world.hubs.hub.fault("drop_after", bytes=1000, times=1)
    assert (await world.look({"data.csv": csv_of(400_000)})).rows
    world.hubs.hub.fault("drop_after", bytes=1000)
    error = await refused(world, {"data.csv": csv_of(300_000)})
    assert (type(error), error.next_step) == (NetworkFault, "Try again.")


async def test_a_source_that_stalls_costs_no_more_than_the_deadline(world: World) -> None:
    world.hubs.hub.fault("stall", bytes=1000)
    began = time.monotonic()
    error = await refused(world, {"data.csv": csv_of(400_000)}, world.looking(0.5))
    assert isinstance(error, SourceTimeout)
    assert time.monotonic() - began < 3


async def test_a_limit_says_when_to_try_again(world: World) -> None:
    world.hubs.hub.fault("rate_limit", where="bytes", seconds=30)
    error = await refused(world, {"data.csv": csv_of(400_000)})
    assert (type(error), error.next_step) == (SourceRateLimited, "Try again in 30 s.")


async def test_a_page_in_place_of_the_file_is_no_table(world: World) -> None:
    page = text("<!doctype html><html><body>Sign in</body></html>")
    error = await refused(world, {"data.csv": page})
    assert isinstance(error, TransferError)
    assert "a web page in place of data.csv" in error.detail


def damaged_footer(data: bytes) -> bytes:
    start = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    return data[:start] + b"\xff" * 200 + data[start + 200 :]


def endless_footer(data: bytes) -> bytes:
    return data[:-8] + (1 << 31).to_bytes(4, "little") + b"PAR1"


def other_places(data: bytes) -> bytes:
    """Its pages are zeros: nothing is where the footer says."""
    length = int.from_bytes(data[-8:-4], "little")
    return data[:4] + bytes(len(data) - length - 12) + data[-8 - length :]


@pytest.mark.parametrize("spoil", [damaged_footer, endless_footer, other_places, lambda data: data[:-1]])
async def test_a_damaged_parquet_file_says_so(world: World, spoil: Any) -> None:
    data = spoil(parquet(numbered(150_000, noise=noise(150_000))))
    assert len(data) > 4 * MIB
    error = await refused(world, {"data.parquet": data})
    assert isinstance(error, Unreadable)
    assert world.sent < 9 * MIB


async def test_a_bomb_is_unpacked_no_further_than_it_is_shown(world: World) -> None:
    bomb = gzip.compress(b"a,b\n" + b"1,2\n" * (50 * MIB), 9)
    shown = await world.look({"bomb.csv.gz": bomb}, row_count=2)
    assert shown.rows == (("1", "2"), ("1", "2"))


async def test_a_size_that_is_not_true_is_found_out(world: World) -> None:
    """A server wrote the last byte it sent in place of the size (xrootd/xrootd#875)."""
    with LinkServer() as links:
        table = csv_of(400_000)
        whole = {"Content-Range": f"bytes 0-{(512 << 10) - 1}/{512 << 10}"}
        links.pages["/t.csv"] = lambda asked: (
            Page(table[: 512 << 10], status=206, headers=whole, ranges=False)
            if asked.headers.get("Range") == f"bytes=0-{(512 << 10) - 1}"
            else Page(table, ranges=False)
        )
        shown = await world.previews.preview(ADA, f"url:http://{links.host}/t.csv", row_count=1)
        assert (shown.row_count, shown.rows[0][0]) == (None, "0000000")


def _zip(name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return out.getvalue()


def _lines(data: bytes) -> bytes:
    rows = (line.split(b",") for line in data.splitlines()[1:])
    return b"".join(
        json.dumps({"id": int(number), "name": name.decode()}).encode() + b"\n" for number, name in rows
    )
