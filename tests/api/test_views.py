"""A folder that a person wishes for is theirs alone to suffer from."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.server import Client, Server

WAIT = {"Prefer": "wait"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("views") / "data") as server:
        yield server


@pytest.fixture(scope="module")
def ada(server: Server) -> Client:
    return server.client("ada@example.org")


@pytest.fixture(scope="module")
def bob(server: Server) -> Client:
    return server.client("bob@example.org")


@pytest.fixture
def store(server: Server) -> Path:
    return server.data_dir / "downloads"


def download(client: Client, dataset: str, **body: object) -> dict[str, object]:
    ticket = client.post(
        "/api/datasets/download-dataset", {"dataset_id": dataset, **body}, headers=WAIT
    ).json()
    assert "job_id" in ticket, ticket
    return client.finished(ticket["job_id"])


@pytest.mark.parametrize(
    "path",
    [
        "x" * 300,
        "mine/" + "ü" * 200,
        "/".join(["deep"] * 1000),
        "a-file/below",
        "a-file",
        "~nosuchuser/x",
        "~root",
        "bad\ud800",
    ],
)
def test_a_folder_that_cannot_be_is_refused_at_once(ada: Client, store: Path, path: str) -> None:
    (store / "a-file").write_text("mine")
    body = json.dumps({"dataset_id": "builtin:wine", "download_path": path})
    headers = {"Content-Type": "application/json"}
    answer = ada.http.post("/api/datasets/download-dataset", content=body, headers=headers)
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] in ("invalid_input", "outside_store")
    assert (store / "a-file").read_text() == "mine"
    assert not (store / "mine").exists()


def test_below_another_views_file(ada: Client, bob: Client, store: Path) -> None:
    assert download(ada, "builtin:wine", download_path="wines")["state"] == "succeeded"
    file = next(path for path in (store / "wines").rglob("*") if path.is_file())
    body = {"dataset_id": "builtin:wine", "download_path": str(file / "more")}
    assert bob.post("/api/datasets/download-dataset", body).status_code == 422


def test_a_view_that_becomes_impossible_hurts_nobody(ada: Client, bob: Client, store: Path) -> None:
    """It was possible when it was asked for; the files of the dataset are known only later."""
    ours = store / "ours"
    ours.mkdir()
    for name in ("train.csv", "data.csv", "breast_cancer.csv", "README.md"):
        (ours / name).write_text("older work")
    job = download(ada, "builtin:breast_cancer", download_path="ours")
    assert job["state"] == "succeeded"
    assert "ours" in str(job["progress"]["note"])  # type: ignore[index]
    assert "another file" in str(job["progress"]["note"])  # type: ignore[index]
    job = download(bob, "builtin:breast_cancer", force_download=True)
    assert (job["state"], job["progress"]["note"]) == ("succeeded", None)  # type: ignore[index]
    deletion = ada.http.delete("/api/datasets/builtin:breast_cancer/data").json()
    assert ada.finished(deletion["job_id"])["state"] == "succeeded"
    assert all(path.read_text() == "older work" for path in ours.iterdir())


def test_a_view_whose_folder_was_made_a_file(ada: Client, bob: Client, store: Path) -> None:
    """Everybody's later downloads, and the deletion, do not mind."""
    assert download(ada, "builtin:digits", download_path="shown")["state"] == "succeeded"
    for path in (store / "shown").iterdir():
        path.unlink()
    (store / "shown").rmdir()
    (store / "shown").write_text("mine")
    assert download(bob, "builtin:digits", force_download=True)["state"] == "succeeded"
    assert download(bob, "builtin:digits", download_path="bobs")["state"] == "succeeded"
    assert any((store / "bobs").iterdir())
    deletion = bob.http.delete("/api/datasets/builtin:digits/data").json()
    assert bob.finished(deletion["job_id"])["state"] == "succeeded"
    assert not (store / "bobs").exists()
    assert (store / "shown").read_text() == "mine"
