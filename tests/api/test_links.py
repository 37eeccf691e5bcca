"""Direct links through the product's own routes, and the sources as people name them."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.links import Asked, LinkServer, Page
from tests.support.server import Client, Server, until

CSV = b"id,name\n" + b"1,Ada\n" * 500
WAIT = {"Prefer": "wait"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A link is described within a second; a job waits for thirty."""
    settings = {
        "DATAFERRY_CONNECT_TIMEOUT_S": "0.5",
        "DATAFERRY_DESCRIBE_TIMEOUT_S": "0.8",
        "DATAFERRY_RETRIES": "0",
        "DATAFERRY_SEARCH_CACHE_S": "0",
    }
    with Server(tmp_path_factory.mktemp("links") / "data", **settings) as server:
        yield server


@pytest.fixture(scope="module")
def ada(server: Server) -> Client:
    return server.client()


@pytest.fixture
def web() -> Iterator[LinkServer]:
    with LinkServer() as web:
        yield web


def ask(client: Client, source: str, dataset_id: str, **more: Any) -> dict[str, Any]:
    body = {"source": source, "dataset_id": dataset_id, **more}
    answer = client.post("/api/datasets/download-dataset", body)
    assert answer.status_code in (200, 202), answer.text
    ticket: dict[str, Any] = answer.json()
    return ticket


def arrived(client: Client, ticket: dict[str, Any]) -> dict[str, bytes]:
    job = client.finished(ticket["job_id"])
    assert job["state"] == "succeeded", job
    folder = Path(job["file_path"])
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_link_with_another_version_in_each_answer(ada: Client, web: LinkServer) -> None:
    """781flyingdutchman/background_downloader#541: nodes behind one name, or an export made on the spot."""
    web.pages["/export.csv"] = lambda asked: Page(
        CSV + b"2,Bob\n" * asked.number, headers={"ETag": f'"{asked.number}"'}
    )
    ticket = ask(ada, "url", f"http://{web.host}/export.csv")
    assert arrived(ada, ticket)["export.csv"].startswith(CSV)
    job = ada.job(ticket["job_id"])
    row = ada.get(f"/api/datasets/{ticket['key']}").json()
    assert row["revision"] == job["revision"], "it is the version that the card was of"


def test_a_link_whose_first_byte_takes_longer_than_a_card_waits(ada: Client, web: LinkServer) -> None:
    def answer(asked: Asked) -> Page:
        threading.Event().wait(1.0)
        return Page(CSV, headers={"Content-Disposition": "attachment; filename=made.csv"})

    web.pages["/slow"] = answer
    assert arrived(ada, ask(ada, "url", f"http://{web.host}/slow")) == {"made.csv": CSV}


def test_a_version_that_was_asked_for_and_is_gone(ada: Client, web: LinkServer) -> None:
    web.pages["/a.csv"] = Page(CSV, headers={"ETag": '"1"'})
    link = f"http://{web.host}/a.csv"
    first = ask(ada, "url", link)
    arrived(ada, first)
    revision = ada.job(first["job_id"])["revision"]
    assert arrived(ada, ask(ada, "url", link, revision=revision)) == {"a.csv": CSV}
    web.pages["/a.csv"] = Page(CSV, headers={"ETag": '"2"'})
    body = {"source": "url", "dataset_id": link, "revision": revision, "force_download": True}
    answer = ada.post("/api/datasets/download-dataset", body)
    assert answer.status_code == 404, answer.text
    assert "without a revision" in answer.json()["next_step"]


def test_a_job_that_waits_for_a_first_byte_can_be_cancelled(ada: Client, web: LinkServer) -> None:
    released = threading.Event()

    def answer(asked: Asked) -> Page:
        released.wait(20)
        return Page(CSV)

    web.pages["/never.csv"] = answer
    ticket = ask(ada, "url", f"http://{web.host}/never.csv")
    until(lambda: len(web.requests) >= 2, "the job has asked")
    began = time.monotonic()
    assert ada.post(f"/api/jobs/{ticket['job_id']}/cancel").is_success
    assert ada.finished(ticket["job_id"])["state"] == "cancelled"
    assert time.monotonic() - began < 5
    released.set()


def test_a_login_page_is_told_before_the_job(ada: Client, web: LinkServer) -> None:
    web.pages["/data.csv"] = Page(b"<!DOCTYPE html><html>", headers={"Content-Type": "text/plain"})
    body = {"source": "url", "dataset_id": f"http://{web.host}/data.csv"}
    answer = ada.post("/api/datasets/download-dataset", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert "direct link" in answer.json()["next_step"]


@pytest.mark.parametrize("word", ["builtin", "Built-in", "BUILT-IN", "Built in", "built_in"])
def test_a_source_is_taken_by_the_label_that_its_card_bears(ada: Client, word: str) -> None:
    assert "train.csv" in arrived(ada, ask(ada, word, "iris"))
    ref = {"dataset_id": f"{word}:iris"}
    assert ada.post("/api/datasets/download-dataset", ref).json()["source"] == "Built-in"
    found = ada.post("/api/datasets/search-all", {"query": "iris", "sources": [word]}).json()
    assert {hit["source"] for hit in found["datasets"]} == {"Built-in"}


def test_other_labels(ada: Client, web: LinkServer) -> None:
    web.pages["/a.csv"] = Page(CSV)
    assert arrived(ada, ask(ada, "URL", f"http://{web.host}/a.csv")) == {"a.csv": CSV}
    for word, name in (("Kaggle", "kaggle"), ("HuggingFace", "huggingface"), ("Hugging Face", "huggingface")):
        answer = ada.post("/api/datasets/search-all", {"query": "iris", "sources": [word]})
        assert answer.is_success, answer.text
        found = answer.json()
        assert [problem["source"] for problem in found["source_errors"]] == [name], found
    assert ada.post("/api/datasets/search-all", {"query": "iris", "sources": ["Zenodo"]}).status_code == 422
