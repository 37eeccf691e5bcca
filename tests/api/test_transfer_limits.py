"""How fast a download may be is changed while it runs, by those who may."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.files import FileServer
from tests.support.server import Client, Server, until

BODY = bytes(range(256)) * 4096 * 40
FAST, SLOW = 4_000_000, 400_000
LIMITS = "/api/transfer/limits"
NONE = {"bytes_per_s": None, "night": None, "night_bytes_per_s": None}


@pytest.fixture
def files() -> Iterator[FileServer]:
    with FileServer({"big.bin": BODY, "other.bin": BODY[1:]}) as files:
        yield files


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path / "data", DATAFERRY_PROGRESS_HZ="20") as server:
        yield server


@pytest.fixture
def ada(server: Server) -> Client:
    """The first account: an admin."""
    return server.client()


def start(client: Client, files: FileServer, path: str = "big.bin") -> str:
    """The job of a download that has begun."""
    answer = client.post("/api/datasets/download-dataset", {"dataset_id": files.url(path)})
    assert answer.status_code == 202, answer.text
    job_id: str = answer.json()["job_id"]
    until(lambda: done(client, job_id), "the first bytes come")
    return job_id


def done(client: Client, job_id: str) -> int:
    return int(client.job(job_id)["progress"]["bytes_done"])


def speed(client: Client, job_id: str, count: int) -> float:
    """Bytes a second, over the next ``count`` bytes and more."""
    began, before = time.monotonic(), done(client, job_id)
    until(lambda: done(client, job_id) >= before + count, f"{count} more bytes come", 30)
    return (done(client, job_id) - before) / (time.monotonic() - began)


def put(client: Client, **limits: object) -> dict[str, object]:
    answer = client.http.put(LIMITS, json=limits)
    assert answer.status_code == 200, answer.text
    body: dict[str, object] = answer.json()
    return body


@pytest.mark.alone
def test_a_running_download_is_slowed_down_and_let_go_again(ada: Client, files: FileServer) -> None:
    put(ada, bytes_per_s=FAST)
    job_id = start(ada, files)
    fast = speed(ada, job_id, FAST)
    assert fast < 1.5 * FAST
    limited = ada.post(f"/api/jobs/{job_id}/limit", {"bytes_per_s": SLOW})
    assert limited.json() == {"job_id": job_id, "bytes_per_s": SLOW}
    assert ada.get(f"/api/jobs/{job_id}/limit").json() == limited.json()
    speed(ada, job_id, SLOW)  # what was on its way when the limit came counts for no speed
    slow = speed(ada, job_id, SLOW)
    assert slow < 2 * SLOW
    assert fast > 3 * slow
    put(ada, bytes_per_s=None)
    # Its own limit still counts, until that is taken off too.
    assert speed(ada, job_id, SLOW) < 2 * SLOW
    left = len(BODY) - done(ada, job_id)
    assert ada.post(f"/api/jobs/{job_id}/limit", {"bytes_per_s": None}).json()["bytes_per_s"] is None
    # A deadline that it could not keep with either limit.
    job = ada.finished(job_id, timeout=0.8 * left / FAST)
    assert job["state"] == "succeeded", job


def test_the_limit_of_all_is_for_all_together(ada: Client, files: FileServer) -> None:
    put(ada, bytes_per_s=FAST)
    one, two = start(ada, files), start(ada, files, "other.bin")
    began, before = time.monotonic(), done(ada, one) + done(ada, two)
    until(lambda: done(ada, one) + done(ada, two) >= before + 2 * FAST, "both go on", 30)
    both = (done(ada, one) + done(ada, two) - before) / (time.monotonic() - began)
    assert both < 1.5 * FAST
    for job_id in (one, two):
        ada.post(f"/api/jobs/{job_id}/cancel")


def test_what_was_set_outlasts_a_kill(server: Server, ada: Client, files: FileServer) -> None:
    assert ada.get(LIMITS).json() == {**NONE, "set_by": "settings"}
    limits = {"bytes_per_s": SLOW, "night": "1:00-2:00", "night_bytes_per_s": 2 * SLOW}
    kept = {**limits, "night": "01:00-02:00", "set_by": "admin"}
    assert put(ada, **limits) == kept
    job_id = start_slow(ada, files)
    server.kill()
    server.start()
    again = server.client()
    assert again.get(LIMITS).json() == {**NONE, "set_by": "admin"}
    assert again.get(f"/api/jobs/{job_id}/limit").json()["bytes_per_s"] == SLOW
    until(lambda: again.job(job_id)["state"] == "running", "the job goes on")
    assert speed(again, job_id, SLOW) < 2 * SLOW
    again.post(f"/api/jobs/{job_id}/cancel")
    until(lambda: again.job(job_id)["state"] == "cancelled", "it ends")


def start_slow(client: Client, files: FileServer) -> str:
    """A job with a limit of its own."""
    put(client, bytes_per_s=SLOW)
    job_id = start(client, files)
    client.post(f"/api/jobs/{job_id}/limit", {"bytes_per_s": SLOW})
    put(client, bytes_per_s=None)
    return job_id


def test_the_settings_count_until_an_admin_sets_others(tmp_path: Path) -> None:
    settings = {
        "DATAFERRY_BANDWIDTH_BYTES_PER_S": "5000000",
        "DATAFERRY_NIGHT": "22:00-6:00",
        "DATAFERRY_NIGHT_BYTES_PER_S": "9000000",
    }
    with Server(tmp_path / "data", **settings) as server:
        ada = server.client()
        given = {"bytes_per_s": 5_000_000, "night": "22:00-06:00", "night_bytes_per_s": 9_000_000}
        assert ada.get(LIMITS).json() == {**given, "set_by": "settings"}
        assert put(ada) == {**NONE, "set_by": "admin"}
        assert ada.http.delete(LIMITS).json() == {**given, "set_by": "settings"}


def test_who_may_not_is_refused(server: Server, ada: Client, files: FileServer) -> None:
    job_id = start_slow(ada, files)
    bob = server.client("bob@example.org")
    assert bob.get(LIMITS).status_code == 200
    for answer in (bob.http.put(LIMITS, json={"bytes_per_s": 1}), bob.http.delete(LIMITS)):
        assert answer.status_code == 403
        assert "admin" in answer.json()["next_step"]
    url = f"/api/jobs/{job_id}/limit"
    for answer in (bob.get(url), bob.post(url, {"bytes_per_s": 1}), bob.post(url, {"bytes_per_s": None})):
        assert answer.status_code == 404
    assert ada.get(url).json()["bytes_per_s"] == SLOW
    ada.post(f"/api/jobs/{job_id}/cancel")
    assert ada.post(url, {"bytes_per_s": 1}).status_code == 409
    until(lambda: ada.get(url).json()["bytes_per_s"] is None, "an ended job has no limit")


def test_what_is_no_limit_is_refused(ada: Client) -> None:
    for limits, words in (
        ({"bytes_per_s": 0}, "greater"),
        ({"bytes_per_s": "2MB"}, "integer"),
        ({"night": "late"}, "22:00-06:00"),
        ({"night": "22:00-22:00"}, "different"),
        ({"night_bytes_per_s": 1000}, "hours"),
        ({"speed": 1}, "speed"),
    ):
        answer = ada.http.put(LIMITS, json=limits)
        assert answer.status_code == 422, limits
        assert words in answer.text
    assert ada.get(LIMITS).json()["set_by"] == "settings"
