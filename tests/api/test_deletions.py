"""Deletions and downloads of one dataset, quickly one after the other and from several people: what is said
to be here is here, and what is said to be gone is gone."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.sync.client import connect

from tests.support.server import Client, Server, until

KEY = "builtin:iris"
BODY = {"dataset_id": KEY}
WAIT = {"Prefer": "wait"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with Server(tmp_path_factory.mktemp("deletions") / "data") as server:
        yield server


@pytest.fixture(scope="module")
def ada(server: Server) -> Client:
    return server.client()


@pytest.fixture(scope="module")
def bob(server: Server, ada: Client) -> Client:
    return server.client("bob@example.org")


def download(client: Client, **options: Any) -> dict[str, Any]:
    ticket: dict[str, Any] = client.post("/api/datasets/download-dataset", BODY | options).json()
    return ticket


def delete(client: Client) -> dict[str, Any]:
    deletion: dict[str, Any] = client.http.delete(f"/api/datasets/{KEY}/data").json()
    return deletion


def here(server: Server, client: Client) -> bool:
    """Whether the dataset is here. Its row and the disk agree, and nothing is left of a download."""
    row = client.get(f"/api/datasets/{KEY}").json()
    trees = [
        path for path in (server.data_dir / "downloads" / "builtin").glob("*/iris/*") if any(path.iterdir())
    ]
    assert row["downloaded"] == (row["status"] == "downloaded") == (len(trees) == 1), (row, trees)
    incomplete = server.data_dir / "downloads" / ".incomplete"
    until(lambda: not incomplete.exists() or not any(incomplete.iterdir()), "no working folder is left")
    return bool(trees)


@contextmanager
def folder_held(server: Server, dataset_id: str) -> Iterator[None]:
    """Another process works in the dataset's folder."""
    folder = server.data_dir / "downloads" / ".incomplete" / dataset_id
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(descriptor)


def test_a_download_right_after_a_deletion_brings_the_files(server: Server, ada: Client, bob: Client) -> None:
    """rogerfar/rdt-client#961, webtorrent/webtorrent-desktop#308."""
    ada.finished(download(ada)["job_id"])
    bob.finished(download(bob)["job_id"])
    for first, second in ((ada, ada), (ada, bob), (bob, ada)):
        deletion = delete(first)
        ticket = download(second)
        assert second.finished(ticket["job_id"])["state"] == "succeeded"
        assert first.finished(deletion["job_id"])["state"] == "succeeded"
        assert here(server, ada)


def test_whoever_asks_while_it_is_deleted_gets_it_afterwards(
    server: Server, ada: Client, bob: Client
) -> None:
    """Also one who had it before, and with a view of their own: both must not be answered with what goes."""
    for client in (ada, bob):
        client.finished(download(client)["job_id"])
    dataset_id = ada.get(f"/api/datasets/{KEY}").json()["id"]
    with folder_held(server, dataset_id):
        deletion = delete(ada)
        assert delete(bob)["job_id"] == deletion["job_id"]
        until(lambda: ada.job(deletion["job_id"])["state"] == "waiting", "it waits for the folder")
        assert "at work" in ada.job(deletion["job_id"])["problem"]["detail"]
        ticket = download(bob, download_path="bobs/iris")
        assert ticket["status"] in ("queued", "waiting"), ticket
        assert download(ada)["job_id"] == ticket["job_id"]
        refused = ada.http.delete(f"/api/datasets/{KEY}/data")
        assert refused.status_code == 409
        assert ticket["job_id"] in refused.json()["detail"]
    assert bob.finished(ticket["job_id"])["state"] == "succeeded"
    assert ada.finished(deletion["job_id"])["state"] == "succeeded"
    assert here(server, ada)
    assert any((server.data_dir / "downloads" / "bobs" / "iris").iterdir())
    ada.finished(delete(ada)["job_id"])
    assert not (server.data_dir / "downloads" / "bobs" / "iris").exists()


def test_a_folder_that_is_held_costs_a_download_no_attempt(server: Server, ada: Client) -> None:
    """Homebrew/brew#23343."""
    ada.finished(download(ada)["job_id"])
    dataset_id = ada.get(f"/api/datasets/{KEY}").json()["id"]
    with folder_held(server, dataset_id):
        job_id = download(ada, force_download=True)["job_id"]
        until(lambda: ada.job(job_id)["state"] == "waiting", "it waits")
        assert ada.job(job_id)["problem"]["code"] == "folder_busy"
    job = ada.finished(job_id)
    assert (job["state"], job["attempt"]) == ("succeeded", 1)
    assert here(server, ada)


def test_others_who_have_it_are_told_that_it_is_gone(server: Server, ada: Client, bob: Client) -> None:
    """lbryio/lbry-sdk#864: Open was still offered for what had been removed. The job that brought it comes
    once more over their socket, and nothing of the deletion, which is not theirs."""
    for client in (ada, bob):
        client.finished(download(client, force_download=True)["job_id"])
    bobs = bob.get("/api/jobs").json()[0]
    user = bob.get("/api/auth/me").json()["id"]
    ticket = bob.post("/api/auth/ws-ticket").json()["ticket"]
    address = f"{server.address.replace('http', 'ws')}/api/ws?ticket={ticket}"
    with connect(address, proxy=None) as socket:
        socket.send(json.dumps({"op": "subscribe", "topic": f"user:{user}"}))
        while json.loads(socket.recv(10))["op"] != "subscribed":
            pass
        ada.finished(delete(ada)["job_id"])
        told = json.loads(socket.recv(10))
        while told["job"]["id"] != bobs["id"]:
            assert told["job"]["kind"] == "download"
            told = json.loads(socket.recv(10))
    assert (told["op"], told["job"]["state"]) == ("event", "succeeded")
    assert bob.get(f"/api/datasets/{KEY}").json()["downloaded"] is False


def test_deleted_cancelled_and_asked_for_at_once_by_two(server: Server, ada: Client, bob: Client) -> None:
    """Whatever the order is in the end: rows and disk agree."""
    for client in (ada, bob):
        client.finished(download(client)["job_id"])
    jobs: list[str] = []
    for turn in range(4):
        for client in (ada, bob):
            jobs += [answer["job_id"] for answer in (delete(client),) if "job_id" in answer]
            jobs.append(download(client, force_download=turn % 2 == 1)["job_id"])
            if turn % 2 == 0:
                client.post(f"/api/jobs/{jobs[-1]}/cancel")
    mine = {job["id"]: job for client in (ada, bob) for job in client.get("/api/jobs").json()}
    for job_id in dict.fromkeys(jobs):
        for client in (ada, bob):
            if client.get(f"/api/jobs/{job_id}").is_success:
                assert client.finished(job_id)["state"] in ("succeeded", "cancelled"), mine.get(job_id)
    until(
        lambda: not any(job["active"] for client in (ada, bob) for job in client.get("/api/jobs").json()),
        "all has ended",
    )
    here(server, ada)
    assert ada.finished(download(ada)["job_id"])["state"] == "succeeded"
    assert here(server, ada)
