"""Clients written for the older services: the same routes, fields and spellings carry them on."""

import concurrent.futures
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

from tests.fakes.catalogue import HEART, IMDB, PIMA
from tests.support.hubs import Hubs
from tests.support.server import Client, Server

WAIT = {"Prefer": "wait"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("older") / "data", **hubs.settings) as server:
        yield server


@pytest.fixture(scope="module")
def ada(server: Server) -> Client:
    return server.client()


def test_the_answer_of_a_finished_download(server: Server, ada: Client) -> None:
    """``{success, dataset_id, source, message, file_path}``, and more beside them."""
    store = (server.data_dir / "downloads").resolve()
    body = {"dataset_id": HEART, "download_path": None}
    answer = ada.post("/api/datasets/download/kaggle", body, headers=WAIT)
    assert answer.status_code == 200
    ticket = answer.json()
    assert ticket["success"] is True
    assert (ticket["dataset_id"], ticket["source"]) == (HEART, "Kaggle")
    assert HEART in ticket["message"]
    assert "downloaded" in ticket["message"]
    # <store>/kaggle/<owner>/<name>/<revision>
    assert Path(ticket["file_path"]).parent == store / "kaggle" / HEART

    answer = ada.post("/api/datasets/download/huggingface", {"dataset_id": IMDB}, headers=WAIT)
    ticket = answer.json()
    assert (ticket["dataset_id"], ticket["source"]) == (IMDB, "HuggingFace")
    assert IMDB in ticket["message"]
    assert ticket["file_path"] in ticket["message"]
    assert Path(ticket["file_path"]).parent == store / "huggingface" / IMDB


def test_every_file_of_a_huggingface_repository_arrives(hubs: Hubs, ada: Client) -> None:
    ticket = ada.post("/api/datasets/download/huggingface", {"dataset_id": hubs.many}, headers=WAIT).json()
    folder = Path(ticket["file_path"])
    dataset = hubs.hub.catalogue.find("huggingface", hubs.many)
    assert dataset is not None
    for path, blob in dataset.latest.files.items():
        assert (folder / path).stat().st_size == blob.size


@pytest.mark.parametrize("route", ["kaggle", "huggingface"])
def test_a_full_ref_goes_to_the_source_that_it_names(ada: Client, route: str) -> None:
    """Older clients send every card that is not Kaggle's to HuggingFace's route."""
    for ref, source in (("builtin:iris", "Built-in"), (f"kaggle:{HEART}", "Kaggle")):
        answer = ada.post(f"/api/datasets/download/{route}", {"dataset_id": ref}, headers=WAIT)
        assert answer.status_code == 200, answer.text
        assert (answer.json()["dataset_id"], answer.json()["source"]) == (ref, source)


def test_a_card_can_be_sent_back_as_it_is(ada: Client) -> None:
    found = ada.post("/api/datasets/search-all", {"query": "diabetes"}).json()
    cards = found["datasets"]
    assert {"Kaggle", "HuggingFace", "Built-in"} == {card["source"] for card in cards}
    for card in cards:
        assert all(isinstance(card[name], str) for name in ("id", "title", "source", "url"))
        assert isinstance(card["downloads"], int)
        route = "kaggle" if card["source"] == "Kaggle" else "huggingface"
        answer = ada.post(f"/api/datasets/download/{route}", {"dataset_id": card["id"]})
        assert answer.status_code in (200, 202), answer.text
        assert answer.json()["source"] == card["source"]
        own = ada.post(card["download_endpoint"], {"dataset_id": card["id"]})
        assert own.json()["job_id"] == answer.json()["job_id"]
    counts = {card["id"]: card["downloads"] for card in cards}
    assert counts[PIMA] == 812_345
    assert counts["scikit-learn/diabetes"] == 4_870


def test_a_client_that_stops_waiting_loses_nothing(hubs: Hubs, ada: Client) -> None:
    answer = ada.post(
        "/api/datasets/download/huggingface", {"dataset_id": hubs.slow}, headers={"Prefer": "wait=0.3"}
    )
    assert answer.status_code == 202
    job = ada.finished(answer.json()["job_id"])
    assert job["state"] == "succeeded"
    assert ada.get(f"/api/datasets/{job['key']}").json()["local_path"] == answer.json()["file_path"]


def test_the_messages_of_a_chat(ada: Client) -> None:
    chat = ada.post("/api/chats", {}).json()["id"]
    ada.post(f"/api/chats/{chat}/messages", {"content": "find heart failure data"})
    mine, answer = ada.get(f"/api/chats/{chat}/messages").json()
    for message in (mine, answer):
        assert all(isinstance(message[name], str) for name in ("id", "role", "content", "timestamp"))
        assert message["chat_id"] == chat
    assert (mine["role"], answer["role"]) == ("user", "assistant")
    assert not mine.get("downloadable_datasets")
    assert HEART in {card["id"] for card in answer["downloadable_datasets"]}


def test_the_job_its_dataset_and_the_socket_agree(server: Server, hubs: Hubs, ada: Client) -> None:
    """A client written with ``websockets``: a snapshot, events in order, the end, and silence after it."""
    ticket = ada.post("/api/datasets/download/kaggle", {"dataset_id": hubs.slow}).json()
    topic = f"job:{ticket['job_id']}"
    entrance = ada.post("/api/auth/ws-ticket").json()["ticket"]
    messages: list[dict[str, Any]] = []
    with connect(f"{server.address.replace('http', 'ws')}/api/ws?ticket={entrance}") as socket:
        socket.send(json.dumps({"op": "subscribe", "topic": topic}))
        while not messages or messages[-1].get("job", {}).get("state") != "succeeded":
            messages.append(json.loads(socket.recv(timeout=30)))
            if messages[-1].get("job", {}).get("state") == "running":
                row = ada.get(f"/api/datasets/{ticket['key']}").json()
                assert row["download_job_id"] == ticket["job_id"]
                assert row["status"] in ("running", "verifying", "downloaded")
                job = messages[-1]["job"]
                assert ada.job(ticket["job_id"])["progress"]["bytes_done"] >= job["progress"]["bytes_done"]
        socket.send(json.dumps({"op": "unsubscribe", "topic": topic}))
        socket.send(json.dumps({"op": "subscribe", "topic": "job:job_of_nobody"}))
        refused = json.loads(socket.recv(timeout=10))
    assert messages[0]["op"] == "snapshot"
    events = [message for message in messages if message["op"] in ("snapshot", "event")]
    assert [message["seq"] for message in events] == sorted(message["seq"] for message in events)
    done = [message["job"]["progress"]["bytes_done"] for message in events]
    assert done == sorted(done)
    assert 0 < done[len(done) // 2] < done[-1]
    assert (refused["op"], refused["code"]) == ("error", "not_found")
    last = events[-1]["job"]
    assert last["progress"] == ada.job(ticket["job_id"])["progress"]
    row = ada.get(f"/api/datasets/{ticket['key']}").json()
    assert (row["status"], row["downloaded"], row["download_progress"]) == ("downloaded", True, 100.0)


def test_many_requests_at_once_leave_rows_and_disk_in_agreement(server: Server, ada: Client) -> None:
    """List, read, download and delete of one dataset, over and over from many threads."""
    ref = "builtin:digits"
    requests = [
        lambda: ada.post("/api/datasets/download-dataset", {"dataset_id": ref}),
        lambda: ada.get("/api/datasets"),
        lambda: ada.get(f"/api/datasets/{ref}"),
        lambda: ada.http.delete(f"/api/datasets/{ref}/data"),
    ] * 12
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda request: request(), requests))
    assert {answer.status_code for answer in answers} <= {200, 202, 404, 409}
    for job in ada.get("/api/jobs").json():
        if job["ref"] == ref:
            ada.finished(job["id"])
    row = ada.get(f"/api/datasets/{ref}")
    folder = server.data_dir / "downloads" / "builtin" / "_" / "digits"
    here = [path for path in folder.rglob("*") if path.is_file()]
    assert (row.status_code == 200 and row.json()["downloaded"]) == bool(here)
    answer = ada.post("/api/datasets/download-dataset", {"dataset_id": ref}, headers=WAIT)
    assert answer.status_code == 200
    assert any(Path(answer.json()["file_path"]).iterdir())
    incomplete = server.data_dir / "downloads" / ".incomplete"
    assert not [path for path in incomplete.iterdir() if path.is_dir()]
