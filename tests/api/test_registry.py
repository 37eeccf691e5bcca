"""The library as a registry: thirteen fields, pages, short names, older paths, and who holds a dataset."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.hubs import Hubs
from tests.support.programs import program
from tests.support.server import Client, Server, until

WAIT = {"Prefer": "wait"}
FIXED = ("name", "description", "original_url")
TEXT = ("name", "description", "original_url", "local_path", "checksum", "status", "download_job_id")
IMDB = "huggingface:stanfordnlp/imdb"
HEART = "andrewmvd/heart-failure-clinical-data"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("registry") / "data"
    with Server(folder, DATAFERRY_RETRIES="0", **hubs.settings) as server:
        yield server


@pytest.fixture(scope="module")
def ada(server: Server) -> Client:
    return server.client()


def download(client: Client, ref: str, **options: Any) -> dict[str, Any]:
    answer = client.post("/api/datasets/download-dataset", {"dataset_id": ref, **options}, headers=WAIT)
    assert answer.status_code == 200, answer.text
    ticket: dict[str, Any] = answer.json()
    return ticket


def get(client: Client, key: str) -> dict[str, Any]:
    answer = client.get(f"/api/datasets/{key}")
    assert answer.status_code == 200, answer.text
    row: dict[str, Any] = answer.json()
    return row


def test_the_thirteen_fields_are_in_the_list_and_the_single_answer(server: Server, ada: Client) -> None:
    ticket = download(ada, "builtin:wine")
    row = get(ada, "wine")
    assert row["name"] == "wine"
    assert get(ada, "builtin:wine")["id"] == row["id"]
    listed = ada.get("/api/datasets?page_size=10&page_number=1").json()
    assert row | {"snippet": None} in [one | {"snippet": None} for one in listed["datasets"]]
    assert all(isinstance(row[name], str) for name in TEXT), row
    assert all(isinstance(row[name], int) for name in ("updated_at_ms", "downloaded_at_ms", "size"))
    assert isinstance(row["download_progress"], float)
    assert (row["downloaded"], row["error"], row["download_progress"]) == (True, None, 100.0)
    assert row["download_job_id"] == ticket["job_id"]
    assert ada.get(f"/api/jobs/{row['download_job_id']}").json()["state"] == "succeeded"
    files = [path for path in Path(row["local_path"]).rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) == row["size"]


def test_no_route_changes_what_is_fixed(ada: Client) -> None:
    download(ada, "imdb", source="huggingface")
    before = get(ada, "imdb")
    assert before["name"] == "imdb"
    key = before["key"]
    download(ada, IMDB, force_download=True)
    ada.finished(ada.post(f"/api/datasets/{key}/update").json()["job_id"])
    ada.post(f"/api/datasets/{key}/opened")
    after = get(ada, IMDB)
    assert {name: after[name] for name in (*FIXED, "local_path")} == {
        name: before[name] for name in (*FIXED, "local_path")
    }


@pytest.mark.parametrize(
    "query",
    ["page_size=0", "page_size=-1", "page_size=201", "page_size=ten", "page_number=0", "page_number=x"],
)
@pytest.mark.parametrize("path", ["/api/datasets", "/datasets"])
def test_a_page_that_can_not_be_is_refused(ada: Client, path: str, query: str) -> None:
    assert ada.get(f"{path}?{query}").status_code == 422


def test_pages_count_from_1_and_have_the_total(ada: Client) -> None:
    for ref in ("builtin:iris", "builtin:digits", "builtin:diabetes"):
        download(ada, ref)
    pages = [ada.get(f"/api/datasets?page_size=2&page_number={n}").json() for n in (1, 2, 99)]
    assert {page["total"] for page in pages} == {pages[0]["total"]}
    assert [page["page_number"] for page in pages] == [1, 2, 99]
    ids = [row["id"] for page in pages for row in page["datasets"]]
    assert len(ids) == len(set(ids)) == 4


def test_the_older_registrys_three_lines(server: Server, ada: Client) -> None:
    """``curl -X GET``, as they were written, but for the port and the token."""

    def curl(path: str) -> tuple[int, dict[str, Any]]:
        token = f"Authorization: {ada.http.headers['Authorization']}"
        content = ("-H", "Content-Type: application/json", "-H", token)
        address = server.address + path
        command = [program("curl"), "-s", "-w", "\n%{http_code}", "-X", "GET", address, *content]
        text, _, status = subprocess.run(
            command, capture_output=True, text=True, check=True
        ).stdout.rpartition("\n")
        return int(status), json.loads(text)

    download(ada, "builtin:iris")
    download(ada, IMDB)
    status, params = curl("/job_params/dataset")
    assert status == 200
    assert params["properties"]["force_download"]["type"] == "boolean"
    assert params["body"] == ada.get("/api/job_params/dataset").json()
    status, page = curl("/datasets?page_size=10&page_number=1")
    assert (status, page["page_number"], page["page_size"]) == (200, 1, 10)
    assert page["body"]["datasets"] == page["datasets"]
    assert page["total"] >= len(page["datasets"]) > 0
    status, dataset = curl("/datasets/humaneval")
    assert (status, dataset["status"], dataset["body"]["status"]) == (200, "registered", "registered")
    assert (dataset["name"], dataset["downloaded"]) == ("humaneval", False)
    status, dataset = curl("/datasets/iris")
    assert (status, dataset["status"], dataset["body"]["status"]) == (200, "downloaded", "downloaded")
    assert dataset["body"]["name"] == "iris"
    status, problem = curl("/datasets/nothing-of-that-name")
    assert (status, problem["code"]) == (404, "not_found")
    assert curl(f"/datasets/{IMDB}")[1]["ref"] == IMDB


def test_the_pages_own_screens_are_where_they_were(server: Server, ada: Client) -> None:
    for path in ("/library", "/library/builtin:iris"):
        answer = ada.get(path, headers={"Accept": "text/html"})
        assert answer.headers["content-type"].startswith("text/html"), path


def test_the_status_follows_the_whole_life(ada: Client, hubs: Hubs) -> None:
    """From the first request to the deletion: what the row says at each step, and that what holds the dataset
    is named to whoever wants it deleted."""
    seen: list[str] = []
    ticket = ada.post("/api/datasets/download/huggingface", {"dataset_id": hubs.slow}).json()
    key = ticket["key"]

    def told() -> dict[str, Any]:
        row = get(ada, key)
        seen.append(row["status"])
        assert 0 <= row["download_progress"] <= 100
        assert row["downloaded"] or row["status"] != "downloaded"
        return row

    until(lambda: told()["status"] in ("running", "verifying"), "it runs")
    refused = ada.http.delete(f"/api/datasets/{key}/data")
    since = ada.job(ticket["job_id"])["started_at"]
    assert refused.status_code == 409
    assert f"Job {ticket['job_id']} (download)" in refused.json()["detail"]
    assert f"since {since[:10]} {since[11:16]} UTC" in refused.json()["detail"]
    ada.post(f"/api/jobs/{ticket['job_id']}/pause")
    until(lambda: told()["status"] == "paused", "it rests")
    ada.post(f"/api/jobs/{ticket['job_id']}/resume")
    until(lambda: told()["status"] == "downloaded", "it is here")
    assert told()["error"] is None
    ada.finished(ada.http.delete(f"/api/datasets/{key}/data").json()["job_id"])
    row = told()
    assert (row["status"], row["downloaded"], row["download_progress"]) == ("absent", False, 0)
    assert seen[0] in ("queued", "running")


def test_a_deletion_takes_every_file_partial_ones_too_and_nothing_of_its_neighbours(
    server: Server, ada: Client, hubs: Hubs
) -> None:
    store = server.data_dir / "downloads"

    def files() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in store.rglob("*") if path.is_file()}

    download(ada, "builtin:digits")
    until(lambda: not any(".trash" in path.parts for path in files()), "earlier deletions are done")
    neighbours = files()
    hubs.kaggle.fault("drop_after", bytes=100)
    try:
        answer = ada.post("/api/datasets/download/kaggle", {"dataset_id": HEART})
        assert ada.finished(answer.json()["job_id"])["state"] == "failed"
    finally:
        hubs.heal()
    key = answer.json()["key"]
    download(ada, "builtin:wine", force_download=True)
    kept = {path for path in files() if "wine" not in path.parts} - set(neighbours)
    assert kept
    for name in (key, "wine"):
        ada.finished(ada.http.delete(f"/api/datasets/{name}/data").json()["job_id"])
    left = until(lambda: (now := files()) and not any(".trash" in p.parts for p in now) and now, "it is gone")
    assert left == {path: body for path, body in neighbours.items() if "wine" not in path.parts}
    # What is registered stays listed; the other is not.
    listed = {row["ref"]: row for row in ada.get("/api/datasets?page_size=200").json()["datasets"]}
    assert (listed["builtin:wine"]["status"], listed["builtin:wine"]["downloaded"]) == ("registered", False)
    assert get(ada, key)["status"] == "absent"
    assert f"kaggle:{HEART}" not in listed
