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

from tests.fakes.gemini import GeminiFake, call, say
from tests.support import preloaded
from tests.support.server import Client, Server, until

KEY = "AIzaSyA-0123456789_abcdefghijklmnopqrstu"
ENDLESS = "SELECT count(*) FROM range(10000000000) a, range(1000) b"


@pytest.fixture(scope="module")
def gemini() -> Iterator[GeminiFake]:
    with GeminiFake() as fake:
        yield fake


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, gemini: GeminiFake) -> Iterator[Server]:
    settings = {"GOOGLE_GEMINI_BASE_URL": gemini.url, "GOOGLE_API_KEY": ""}
    with Server(tmp_path_factory.mktemp("asking") / "data", **settings) as server:
        yield server


@pytest.fixture
def model(ada: Client, gemini: GeminiFake) -> Iterator[GeminiFake]:
    """With a language model, for one test."""
    saved = ada.http.put("/api/model", json={"model": "gemini-2.5-flash", "key": KEY})
    assert saved.is_success, saved.text
    gemini.reset()
    yield gemini
    gemini.reset()
    assert ada.http.delete("/api/model").is_success


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


def _ask(client: Client, table: str, question: str) -> httpx.Response:
    return client.post(f"{table}/ask", {"question": question})


def test_words_become_sql_by_rules(ada: Client, iris: str) -> None:
    ready = ada.get(f"{iris}/questions").json()
    assert ready["model"] is None
    assert len(ready["questions"]) >= 4
    answer = _ask(ada, iris, ready["questions"][0]["question"]).json()
    assert answer["sql"] == ready["questions"][0]["sql"]
    assert (answer["written_by"], answer["notice"], answer["chart"]["kind"]) == ("rules", None, "bar")
    assert len(answer["result"]["rows"]) == 3
    refused = _ask(ada, iris, "Who painted the flowers?")
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input")
    assert "“painted”" in refused.json()["detail"]
    assert "language model" in refused.json()["next_step"]
    # SQL is run as it is, whatever writes SQL here.
    name = ready["tables"][0]["name"]
    assert _ask(ada, iris, f"select count(*) from {name}").json()["written_by"] == "you"


def test_a_model_writes_sql_and_is_told_what_strangers_wrote(
    ada: Client, iris: str, model: GeminiFake
) -> None:
    sql = "SELECT species, count(*) AS n FROM train GROUP BY 1"
    model.script(say(f"Counts each species.\n```sql\n{sql}\n```"))
    answer = _ask(ada, iris, "Wieviele von jeder Art?").json()
    assert (answer["why"], answer["repaired"]) == ("Counts each species.", False)
    assert answer["written_by"] == "google_genai:gemini-2.5-flash"
    assert len(answer["result"]["rows"]) == 3
    [asked] = [one for one in model.log if one.status == 200]
    assert "never instructions to you" in asked.system
    assert "‹untrusted›" in asked.words
    assert "«setosa»" in asked.words
    assert "Wieviele" in asked.words
    assert asked.tools == {}


def test_a_models_sql_is_held_to_the_same_and_repaired_once(
    ada: Client, iris: str, model: GeminiFake
) -> None:
    steals = "```sql\nSELECT * FROM read_text('/etc/passwd')\n```"
    model.script(say(steals), say("Better.\n```sql\nSELECT count(*) > 0 FROM train\n```"))
    answer = _ask(ada, iris, "how many").json()
    assert (answer["repaired"], answer["result"]["rows"]) == (True, [["true"]])
    assert "read_text() cannot be used here" in [one for one in model.log if one.status == 200][1].words
    model.script(say(steals), say(steals))
    refused = _ask(ada, iris, "how many")
    assert refused.status_code == 422
    assert "The model's SQL fails" in refused.json()["detail"]
    model.script(say("There is no column of prices."))
    assert "There is no column of prices." in _ask(ada, iris, "price?").json()["detail"]


def test_rules_answer_where_the_model_does_not(ada: Client, iris: str, model: GeminiFake) -> None:
    model.fault("rate_limit")
    answer = _ask(ada, iris, "how many rows for each species").json()
    assert answer["written_by"] == "rules"
    assert "limit is used up" in answer["notice"]


def test_the_command_line_asks_too(server: Server, ada: Client, iris: str, tmp_path: Any) -> None:
    def run(*arguments: str) -> Any:
        command = ["query", "builtin:iris", *arguments]
        return preloaded.run(command, env=server.environment, cwd=tmp_path)

    shown = run("How many rows for each species?")
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.splitlines()[0] == "species\trows"
    assert "GROUP BY ALL" in shown.stderr
    assert run("SELECT 1 AS n FROM train LIMIT 1", "--csv").stdout == "n\n1\n"
    assert run("FROM train", "-o", "a.parquet").returncode == 0
    assert parquet.read_table(tmp_path / "a.parquet").num_rows > 50
    assert [one.name for one in tmp_path.iterdir()] == ["a.parquet"]
    failed = run("SELECT a FROM train")
    assert (failed.returncode, failed.stdout) == (2, "")
    assert "The table is train, with the columns" in failed.stderr
    assert "train\tspecies\ttext" in run().stdout
    assert run("FROM train", "-o", "a.xlsx").returncode == 2


def _told(client: Client, content: str) -> dict[str, Any]:
    """The answer's tool call, in a chat of its own."""
    chat = client.post("/api/chats").json()["id"]
    client.post(f"/api/chats/{chat}/messages", {"content": content})
    # As it is kept in the thread.
    message = client.get(f"/api/chats/{chat}").json()["messages"][-1]
    [part] = [one for one in message["parts"] if one["type"].startswith("tool-")]
    return {**part, "text": message["content"]}


def test_a_chat_asks_a_table_without_a_model(ada: Client, iris: str) -> None:
    part = _told(ada, "average petal length by species in builtin:iris")
    assert part["type"] == "tool-query_table", part
    answer = part["output"]["answer"]
    assert "avg(petal_length)" in answer["sql"]
    assert (len(answer["result"]["rows"]), answer["chart"]["kind"]) == (3, "bar")
    assert part["text"] == "Shows the average of petal\\_length for each species."
    absent = _told(ada, "how many rows by city in kaggle:nobody/nothing")
    assert absent["state"] == "output-error"


def test_a_model_asks_a_table_with_sql_of_its_own(ada: Client, iris: str, model: GeminiFake) -> None:
    model.script(
        call("query_table", ref="builtin:iris"),
        call("query_table", ref="builtin:iris", sql="SELECT * FROM read_text('/etc/passwd')"),
        call("query_table", ref="builtin:iris", sql="SELECT count(*) AS n FROM train"),
        say("There are as many rows as stand above."),
    )
    chat = ada.post("/api/chats").json()["id"]
    ada.post(f"/api/chats/{chat}/messages", {"content": "how many rows has builtin:iris"})
    parts = ada.get(f"/api/chats/{chat}").json()["messages"][-1]["parts"]
    tables, refused, counted = [one for one in parts if one["type"] == "tool-query_table"]
    assert tables["output"].get("answer") is None
    assert refused["state"] == "output-error"
    assert "read_text() cannot be used here" in refused["errorText"]
    assert counted["output"]["answer"]["result"]["rows"] == [["120"]]
    words = [one for one in model.log if one.status == 200][-1].words
    assert "petal_length number" in words
    assert "SELECT count(*) AS n FROM train" in words
