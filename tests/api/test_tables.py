"""The tables of a dataset that is here, over all rows: prepared by a job, read page by page, filtered, sorted
and counted."""

import io
import json
import math
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as parquet
import pytest

from tests.fakes.made import png
from tests.support.links import LinkServer, Page
from tests.support.server import Client, Server, until

ROWS = 5_000
PICTURE = png(2, 2, lambda x, y: (255, x, y))


def _csv() -> bytes:
    """Values as people write them: codes, gaps with a word for them, numbers beyond a float's, a comma."""
    lines = ["id,name,code,price,day,id"]
    for n in range(ROWS):
        price = "NA" if n % 10 == 0 else f"{n / 4:.2f}"
        lines.append(f'{9007199254740993 + n},"n, {n % 7}",{n:06},{price},2024-01-{n % 28 + 1:02},{n}')
    return "\n".join(lines).encode()


def _parquet() -> bytes:
    table = pa.table(
        {
            "a/b": pa.array([1.5, math.nan, math.inf, None]),
            "pic": pa.array([{"bytes": PICTURE, "path": "a.png"}, None, None, None]),
            "list": pa.array([[1, 2], [], None, [3]]),
            "long": pa.array(["x" * 5_000, "y", "", None]),
        }
    )
    file = io.BytesIO()
    parquet.write_table(table, file)
    return file.getvalue()


def _arrow() -> bytes:
    table = pa.table(
        {"id": [9007199254740993, None], "tags": [["a"], []], "half": pa.array([0.5, 1], pa.float16())}
    )
    file = io.BytesIO()
    feather.write_feather(table, file)
    return file.getvalue()


def _workbook() -> bytes:
    book = openpyxl.Workbook()
    for row in (["Prices of 2024"], [], ["name", "code", "price"], ["tea", "007", 1.5], ["milk", "042", 2]):
        book.active.append(row)
    book.create_sheet("empty")
    book.create_sheet("more").append(["n"])
    book["more"].append([1])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _sqlite(folder: Path) -> bytes:
    path = folder / "made.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute('CREATE TABLE "first one" (n INTEGER, "say ""so""" TEXT)')
        connection.execute('INSERT INTO "first one" VALUES (1, ?)', ("ü",))
        connection.execute("CREATE TABLE second (m)")
        connection.execute("INSERT INTO second VALUES (2.5)")
    connection.close()
    return path.read_bytes()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("tables") / "data") as server:
        yield server


@pytest.fixture(scope="module")
def ada(server: Server) -> Client:
    return server.client()


@pytest.fixture(scope="module")
def links(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkServer]:
    with LinkServer() as links:
        links.pages["/prices.csv"] = Page(_csv())
        links.pages["/typed.parquet"] = Page(_parquet())
        links.pages["/several.sqlite"] = Page(_sqlite(tmp_path_factory.mktemp("made")))
        links.pages["/typed.arrow"] = Page(_arrow())
        links.pages["/prices.xlsx"] = Page(_workbook())
        wide = {f"c {n}": n for n in range(300)}
        links.pages["/wide.jsonl"] = Page("".join(json.dumps(wide) + "\n" for _ in range(3)).encode())
        links.pages["/broken.parquet"] = Page(b"PAR1" + bytes(range(256)) * 8 + b"PAR1")
        yield links


def _prepared(client: Client, links: LinkServer, name: str) -> tuple[str, list[dict[str, Any]]]:
    """The address of a dataset's tables, and the tables, once they are ready."""
    asked = client.post(
        "/api/datasets/download-dataset",
        {"source": "url", "dataset_id": f"http://{links.host}/{name}"},
        headers={"Prefer": "wait"},
    )
    assert asked.status_code == 200, asked.text
    path = f"/api/datasets/{asked.json()['key']}/tables"
    begun = client.post(path).json()
    if begun["job"]:
        assert client.finished(begun["job"]["id"])["state"] == "succeeded"
    shown = client.get(path).json()
    assert (shown["prepared"], shown["preparing"]) == (True, False), shown
    return path, shown["tables"]


@pytest.fixture(scope="module")
def prices(ada: Client, links: LinkServer) -> str:
    path, [table] = _prepared(ada, links, "prices.csv")
    assert [column["kind"] for column in table["columns"]] == [
        *("integer", "text", "text", "number", "date", "integer"),
    ]
    assert (table["row_count"], table["state"]) == (ROWS, "ready")
    return f"{path}/{table['id']}"


def _rows(client: Client, table: str, **params: Any) -> dict[str, Any]:
    answer = client.get(f"{table}/rows", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


def _filter(column: int, op: str, *values: str) -> str:
    return json.dumps({"column": column, "op": op, "values": values})


def test_a_page_has_values_as_they_are_written(ada: Client, prices: str) -> None:
    page = _rows(ada, prices, offset=ROWS - 2, limit=10)
    assert (page["row_count"], len(page["rows"])) == (ROWS, 2)
    assert page["rows"][0] == ["9007199254745991", "n, 0", "004998", "1249.50", "2024-01-15", "4998"]
    assert _rows(ada, prices, offset=10, limit=1, column=[3, 0])["rows"] == [["NA", "9007199254741003"]]
    assert _rows(ada, prices, offset=ROWS + 5)["rows"] == []


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ((3, "ge", "1200"), 180),
        ((3, "between", "0.25", "0.75"), 3),
        ((3, "is_null"), 500),
        ((0, "eq", "9007199254740994"), 1),
        ((0, "lt", "9007199254740993.5"), 1),
        ((1, "contains", "N, 3"), 714),
        ((2, "eq", "000042"), 1),
        ((2, "ne", "000042"), ROWS - 1),
        ((4, "lt", "2024-01-02"), 179),
        ((5, "in", "1", "2", "99999"), 2),
    ],
)
def test_filters_compare_values_and_not_their_text(
    ada: Client, prices: str, asked: tuple[Any, ...], count: int
) -> None:
    assert _rows(ada, prices, filter=_filter(*asked))["row_count"] == count


def test_search_filter_and_sort_together(ada: Client, prices: str) -> None:
    wanted = {"search": "n, 3", "filter": _filter(3, "not_null"), "sort": 3, "descending": True}
    page = _rows(ada, prices, **wanted, limit=2, column=[3, 5])
    assert page["rows"] == [["1248.50", "4994"], ["1246.75", "4987"]]
    # What has no value comes last, whichever way it is sorted.
    for descending in (True, False):
        last = _rows(ada, prices, sort=3, descending=descending, offset=ROWS - 1, column=[3])
        assert last["rows"] == [["NA"]]


def test_what_cannot_be_asked_says_what_can(ada: Client, prices: str) -> None:
    for params in (
        {"filter": _filter(3, "gt", "dear")},
        {"filter": _filter(99, "eq", "1")},
        {"filter": _filter(3, "between", "1")},
        {"filter": "price > 3"},
        {"sort": 99},
        {"column": [99]},
    ):
        answer = ada.get(f"{prices}/rows", params=params)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input"), answer.text
        assert answer.json()["next_step"]
    assert ada.get(f"{prices[:-3]}abc/rows").status_code == 404


def test_statistics_of_all_rows_and_of_a_filter(ada: Client, prices: str) -> None:
    whole = ada.get(f"{prices}/statistics").json()
    price = whole["columns"]["3"]
    assert (price["rows"], price["nulls"], price["min"], price["max"]) == (ROWS, 500, "0.25", "1249.75")
    assert sum(one["count"] for one in price["histogram"]) == ROWS - 500
    assert whole["columns"]["0"]["max"] == str(9007199254740993 + ROWS - 1)
    name = whole["columns"]["1"]
    assert (name["distinct"], name["distinct_exact"]) == (7, True)
    assert name["top"][0] == {"value": "n, 0", "count": 715}
    assert len(whole["files"][0]) == 64
    some = ada.get(f"{prices}/statistics", params={"column": 3, "filter": _filter(3, "lt", "1")}).json()
    assert (some["filtered"], some["row_count"], list(some["columns"])) == (True, 3, ["3"])
    assert some["columns"]["3"]["max"] == "0.75"


def test_a_typed_file_is_read_as_it_is(ada: Client, links: LinkServer) -> None:
    path, [table] = _prepared(ada, links, "typed.parquet")
    assert [column["kind"] for column in table["columns"]] == ["number", "media", "nested", "text"]
    address = f"{path}/{table['id']}"
    page = _rows(ada, address)
    assert [row[0] for row in page["rows"]] == ["1.5", "nan", "inf", None]
    assert page["rows"][0][1:3] == ["a.png", "[1,2]"]
    assert page["cut"] == [{"row": 0, "column": 3, "chars": 5_000}]
    counted = ada.get(f"{address}/statistics").json()["columns"]
    figures = counted["0"]
    assert (figures["nan"], figures["infinite"], figures["nulls"]) == (1, 1, 1)
    assert (figures["min"], figures["max"], figures["mean"]) == ("1.5", "1.5", 1.5)
    assert _rows(ada, address, filter=_filter(0, "gt", "1"))["row_count"] == 2  # NaN is not greater
    picture = ada.get(f"{address}/media", params={"row": 0, "column": 1})
    assert (picture.headers["content-type"], picture.content) == ("image/png", PICTURE)
    assert ada.get(f"{address}/media", params={"row": 1, "column": 1}).status_code == 404


def test_an_arrow_file_keeps_its_types(ada: Client, links: LinkServer) -> None:
    path, [table] = _prepared(ada, links, "typed.arrow")
    kinds = {column["name"]: column["kind"] for column in table["columns"]}
    assert kinds == {"id": "integer", "tags": "nested", "half": "text"}
    page = _rows(ada, f"{path}/{table['id']}")
    assert page["rows"] == [["9007199254740993", '["a"]', "0.5"], [None, "[]", "1.0"]]


def test_each_sheet_of_a_workbook_is_a_table(ada: Client, links: LinkServer) -> None:
    path, tables = _prepared(ada, links, "prices.xlsx")
    assert [(table["name"], table["row_count"]) for table in tables] == [("Sheet", 2), ("more", 1)]
    assert [column["name"] for column in tables[0]["columns"]] == ["name", "code", "price"]
    address = f"{path}/{tables[0]['id']}"
    assert _rows(ada, address, sort=2, descending=True)["rows"] == [
        ["milk", "042", "2"],
        ["tea", "007", "1.5"],
    ]
    assert _rows(ada, address, filter=_filter(1, "eq", "007"))["row_count"] == 1


def test_a_database_is_several_tables(ada: Client, links: LinkServer) -> None:
    path, tables = _prepared(ada, links, "several.sqlite")
    assert [table["name"] for table in tables] == ["first one", "second"]
    assert _rows(ada, f"{path}/{tables[0]['id']}")["rows"] == [["1", "ü"]]
    assert _rows(ada, f"{path}/{tables[1]['id']}")["rows"] == [["2.5"]]


def test_more_columns_than_a_list_of_tables_has(ada: Client, links: LinkServer) -> None:
    path, [table] = _prepared(ada, links, "wide.jsonl")
    assert (table["column_count"], len(table["columns"])) == (300, 200)
    address = f"{path}/{table['id']}"
    assert ada.get(address).json()["columns"][299]["name"] == "c 299"
    assert _rows(ada, address, column=[298, 299], limit=1)["rows"] == [["298", "299"]]
    counted = ada.get(f"{address}/statistics", params={"column": 299}).json()
    assert counted["columns"]["299"]["min"] == "299"


def test_what_is_no_table_says_why(ada: Client, links: LinkServer) -> None:
    path, [table] = _prepared(ada, links, "broken.parquet")
    assert (table["state"], bool(table["problem"])) == ("unreadable", True)
    refused = ada.get(f"{path}/{table['id']}/rows")
    assert (refused.status_code, refused.json()["code"]) == (404, "unreadable")


def test_rows_go_with_the_dataset(server: Server, ada: Client, links: LinkServer) -> None:
    links.pages["/going.csv"] = Page(b"a\n1\n")
    path, [table] = _prepared(ada, links, "going.csv")
    kept = server.data_dir / "downloads" / ".tables"
    before = {folder.name for folder in kept.iterdir()}
    several = {"datasets": [{"key": path.split("/")[3]}]}
    [deleted] = ada.post("/api/datasets/delete-multiple", several).json()["results"]
    ada.finished(deleted["job_id"])
    until(lambda: len(before) - 1 == len(list(kept.iterdir())), "its rows are gone")
    assert ada.get(f"{path}/{table['id']}/rows").status_code == 404
