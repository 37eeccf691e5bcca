"""A download rests, outlasts a restart of the server at rest, and goes on from its bytes."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.files import FileServer
from tests.support.server import Client, Server, until

BODY = bytes(range(256)) * 4096 * 40
PIECE = 4 * 2**20


@pytest.fixture
def files() -> Iterator[FileServer]:
    with FileServer({"big.bin": BODY}, bytes_per_s=1_500_000) as files:
        yield files


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path / "data", DATAFERRY_PROGRESS_HZ="20") as server:
        yield server


def begin(client: Client, files: FileServer) -> str:
    """The job of a download of which a quarter has come."""
    job_id: str = client.post("/api/datasets/download-dataset", {"dataset_id": files.url("big.bin")}).json()[
        "job_id"
    ]
    until(lambda: client.job(job_id)["progress"]["bytes_done"] > len(BODY) / 4, "a quarter comes", 30)
    return job_id


def test_a_download_rests_within_two_seconds_and_goes_on_from_its_bytes(
    server: Server, files: FileServer
) -> None:
    ada = server.client()
    job_id = begin(ada, files)
    asked = time.monotonic()
    assert ada.post(f"/api/jobs/{job_id}/pause").status_code == 200
    until(lambda: ada.job(job_id)["state"] == "paused", "it rests")
    until(lambda: files.under_way["big.bin"] == 0, "nothing is sent any more")
    assert time.monotonic() - asked < 2
    came = ada.job(job_id)["progress"]["bytes_done"]
    assert came > len(BODY) / 4
    server.kill()
    server.start()
    ada = server.client()
    resting = ada.job(job_id)
    assert (resting["state"], resting["progress"]["bytes_done"]) == ("paused", came)
    files.bytes_per_s = None
    before = files.served_bytes
    assert ada.post(f"/api/jobs/{job_id}/resume").json()["state"] in ("queued", "running")
    job = ada.finished(job_id)
    assert job["state"] == "succeeded", job
    assert next(Path(job["file_path"]).rglob("big.bin")).read_bytes() == BODY
    # Those on their way when it was paused may come again: less than a piece of each connection, and what
    # the connections' buffers held.
    assert files.served_bytes - before < len(BODY) - came + 8 * PIECE


def test_who_may_pause_and_what_cannot_be(server: Server, files: FileServer) -> None:
    ada, bob = server.client(), server.client("bob@example.org")
    job_id = begin(ada, files)
    for act in ("pause", "resume"):
        assert bob.post(f"/api/jobs/{job_id}/{act}").status_code == 404
    files.bytes_per_s = None
    ada.finished(job_id)
    for act in ("pause", "resume"):
        answer = ada.post(f"/api/jobs/{job_id}/{act}")
        assert answer.status_code == 409
        assert answer.json()["next_step"]


def test_a_paused_download_leaves_nothing_that_looks_whole_and_a_cancel_takes_it_back(
    server: Server, files: FileServer
) -> None:
    ada = server.client()
    job_id = begin(ada, files)
    ada.post(f"/api/jobs/{job_id}/pause")
    until(lambda: ada.job(job_id)["state"] == "paused", "it rests")
    assert not Path(ada.job(job_id)["file_path"]).exists()
    store = server.data_dir
    assert list(store.rglob("parts/*"))
    assert ada.post(f"/api/jobs/{job_id}/cancel").json()["state"] == "cancelled"
    until(lambda: not list(store.rglob("big.bin")) and not list(store.rglob("parts/*")), "its bytes go")
