"""Questions to a dataset's tables over the API, the command line and the agent: SQL, and words that become
SQL."""

import csv
import io
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pyarrow.parquet as parquet
import pytest

from tests.support.server import Client, Server, until

ENDLESS = "SELECT count(*) FROM range(10000000000) a, range(1000) b"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("asking") / "data") as server:
        yield server


@pytest.fixture(scope="module")
def ada(server: Server) -> Client:
    return server.client()


@pytest.fixture(scope="module")
def iris(ada: Client) -> str:
    """The address of its table."""
    wait = {"Prefer": "wait"}
    ada.post("/api/datasets/download-dataset", {"dataset_id": "builtin:iris"}, headers=wait)
    begun = ada.post("/api/datasets/builtin:iris/tables").json()
    if begun["job"]:
        ada.finished(begun["job"]["id"])
    table = ada.get("/api/datasets/builtin:iris/tables").json()["tables"][0]
    return f"/api/datasets/builtin:iris/tables/{table['id']}"


def _query(client: Client, table: str, sql: str, **more: Any) -> dict[str, Any]:
    answer = client.post(f"{table}/query", {"sql": sql, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


def test_sql_is_answered_with_a_chart(ada: Client, iris: str) -> None:
    shown = ada.get(f"{iris}/questions").json()
    table = shown["tables"][0]
    species = table["columns"][-1]
    assert species["kind"] == "text", table
    sql = f"SELECT {species['written']}, count(*) AS n FROM {table['name']} GROUP BY 1 ORDER BY 1"
    answer = _query(ada, iris, sql)
    assert [column["kind"] for column in answer["result"]["columns"]] == ["text", "integer"]
    assert len(answer["result"]["rows"]) == 3
    assert answer["chart"] == {"kind": "bar", "x": 0, "y": 1}
    some = _query(ada, iris, f"FROM {table['name']}", limit=2)
    assert (len(some["result"]["rows"]), some["result"]["more"]) == (2, True)


def test_an_answer_is_exported_whole(ada: Client, iris: str) -> None:
    sql = {"sql": "SELECT range AS n, 'a, \"b\"' AS t FROM range(30000)"}
    found = ada.http.post(f"{iris}/query/export", params={"format": "csv"}, json=sql)
    assert found.headers["content-disposition"] == 'attachment; filename="answer.csv"'
    rows = list(csv.reader(io.StringIO(found.text)))
    assert (rows[0], len(rows), rows[-1]) == (["n", "t"], 30_001, ["29999", 'a, "b"'])
    found = ada.http.post(f"{iris}/query/export", params={"format": "parquet"}, json=sql)
    assert parquet.read_table(io.BytesIO(found.content)).num_rows == 30_000
    refused = ada.http.post(f"{iris}/query/export", json={"sql": "COPY x TO '/tmp/a'"})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input")


def test_a_query_ends_with_its_client(server: Server, ada: Client, iris: str) -> None:
    scratch = server.data_dir / "downloads" / ".trash"

    def ask() -> None:
        here = httpx.Client(base_url=server.address, headers=ada.http.headers, timeout=2)
        with here as client, pytest.raises(httpx.ReadTimeout):
            client.post(f"{iris}/query", json={"sql": ENDLESS})

    asking = threading.Thread(target=ask)
    asking.start()
    until(lambda: list(scratch.glob("query-*")), "the query runs")
    asking.join()
    begun = time.monotonic()
    until(lambda: not list(scratch.glob("query-*")), "the query has ended")
    assert time.monotonic() - begun < 10
