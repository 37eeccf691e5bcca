"""What is most wanted comes first; what is done can be put away: through the API, as the page does it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.files import FileServer
from tests.support.server import Client, Server, until

BODY = bytes(range(256)) * 4096 * 40
LIMIT = 3_000_000


@pytest.fixture
def files() -> Iterator[FileServer]:
    bodies = {f"{name}.bin": BODY + name.encode() for name in "abcd"}
    with FileServer({**bodies, "small.bin": BODY[:100_000]}) as files:
        yield files


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    settings = {"DATAFERRY_PROGRESS_HZ": "20", "DATAFERRY_DOWNLOAD_SLOTS": "2"}
    with Server(tmp_path / "data", **settings) as server:
        yield server


def start(client: Client, files: FileServer, name: str) -> str:
    answer = client.post("/api/datasets/download-dataset", {"dataset_id": files.url(f"{name}.bin")})
    assert answer.status_code == 202, answer.text
    job_id: str = answer.json()["job_id"]
    return job_id


def bytes_of(client: Client, job_id: str) -> int:
    count: int = client.job(job_id)["progress"]["bytes_done"]
    return count


def prioritize(client: Client, job_id: str, priority: str) -> None:
    answer = client.post(f"/api/jobs/{job_id}/priority", {"priority": priority})
    assert answer.status_code == 200, answer.text
    assert answer.json()["priority"] == priority


def test_priorities_share_the_line_and_order_the_queue(server: Server, files: FileServer) -> None:
    ada, bob = server.client(), server.client("bob@example.org")
    ada.http.put("/api/transfer/limits", json={"bytes_per_s": LIMIT}).raise_for_status()
    a, b = start(ada, files, "a"), start(ada, files, "b")
    until(lambda: min(bytes_of(ada, a), bytes_of(ada, b)) > 500_000, "both come")
    c, d = start(ada, files, "c"), start(ada, files, "d")
    prioritize(ada, d, "high")
    prioritize(ada, b, "high")
    prioritize(ada, a, "low")
    assert bob.post(f"/api/jobs/{a}/priority", {"priority": "high"}).status_code == 404
    assert ada.post(f"/api/jobs/{a}/priority", {"priority": "first"}).status_code == 422
    before = bytes_of(ada, a), bytes_of(ada, b)
    until(lambda: bytes_of(ada, b) - before[1] > 6_000_000, "the high one comes on")
    assert bytes_of(ada, a) - before[0] < 0.4 * (bytes_of(ada, b) - before[1])
    rates = ada.get(f"/api/jobs/{b}/rates").json()
    assert 0 < max(sample["bytes_per_s"] for sample in rates) < 2 * LIMIT, rates
    # A slot becomes free: the one that was asked for last is taken, as it is the most wanted.
    ada.post(f"/api/jobs/{b}/pause").raise_for_status()
    until(lambda: ada.job(d)["state"] == "running", "the high one starts")
    assert ada.job(c)["state"] == "queued"


def test_what_has_ended_is_put_away_and_back(server: Server, files: FileServer) -> None:
    ada = server.client()
    done = start(ada, files, "small")
    ada.finished(done)
    files.bytes_per_s = 500_000
    gone = start(ada, files, "b")
    ada.post(f"/api/jobs/{gone}/cancel").raise_for_status()
    assert ada.finished(gone)["state"] == "cancelled"
    listed = [job["id"] for job in ada.get("/api/jobs").json()]
    assert listed == [gone, done]
    assert [job["id"] for job in ada.post("/api/jobs/dismiss", {"job_ids": [gone]}).json()] == [gone]
    assert [job["id"] for job in ada.get("/api/jobs?dismissed=false").json()] == [done]
    assert ada.job(gone)["dismissed"] is True
    cleared = ada.post("/api/jobs/dismiss", {"states": ["succeeded"]}).json()
    assert [job["id"] for job in cleared] == [done]
    server.kill()
    server.start()
    ada = server.client()
    assert ada.get("/api/jobs?dismissed=false").json() == []
    assert [job["id"] for job in ada.get("/api/jobs?limit=1&offset=1").json()] == [done]
    ada.post("/api/jobs/dismiss", {"job_ids": [gone], "dismissed": False})
    assert [job["id"] for job in ada.get("/api/jobs?dismissed=false").json()] == [gone]
