"""A running server whose database is locked, or whose disk takes nothing more, and then does again.

The kinds: nbr23/youtube-dl-server#128 (a lock is a 500), jellyfin/jellyfin.org#648 (a full disk is told of as
permissions, and costs rows), packet-guardian/packet-guardian#19 (the server is dead until it is restarted).
"""

import os
import re
import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.support import preloaded
from tests.support.programs import unavailable
from tests.support.server import Client, Server

Outage = Callable[[Server], AbstractContextManager[None]]

#: Far below what a client waits for an answer.
WAIT_S = "0.3"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("full")
    with Server(folder / "data", DATAFERRY_DATABASE_WAIT_S=WAIT_S) as server:
        yield server


@pytest.fixture(scope="module")
def ada(server: Server) -> Client:
    return server.client()


@contextmanager
def locked(server: Server) -> Iterator[None]:
    with closing(sqlite3.connect(server.data_dir / "dataferry.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def full_disk(server: Server) -> Iterator[None]:
    """No file can be written any more: as a full disk, or a quota."""
    if not hasattr(resource, "prlimit"):
        unavailable("wants to limit another process's files, which only Linux can")
    before = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, before)


def told(answer: httpx.Response) -> str:
    assert answer.status_code == 503, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.json()["code"] in ("database_away", "database_full")
    assert not re.search(r"sqlite3|sqlalche|Traceback|INSERT", answer.text)
    return str(answer.json()["detail"])


@pytest.mark.parametrize("outage", [locked, full_disk])
def test_what_cannot_be_stored_is_told_of_and_leaves_nothing(
    server: Server, ada: Client, outage: Outage
) -> None:
    chat = ada.post("/api/chats", {}).json()["id"]
    message = {"id": f"message-{chat[-8:]}", "content": "Find iris data"}
    before = ada.get("/api/chats").json()
    with outage(server):
        assert told(ada.post("/api/chats", {})).startswith("Dataferry's own database")
        told(ada.post(f"/api/chats/{chat}/messages", message))
        told(ada.post(f"/api/chats/{chat}/messages", message, headers={"Accept": "text/event-stream"}))
        told(ada.post("/api/datasets/download-dataset", {"source": "builtin", "dataset_id": "iris"}))
        # What only reads goes on.
        assert ada.get("/api/chats").json() == before
        assert ada.get(f"/api/chats/{chat}/messages").json() == []
    assert ada.get("/api/jobs").json() == []
    answer = ada.post(f"/api/chats/{chat}/messages", message)
    assert answer.json()["status"] == "complete"
    assert len(ada.get(f"/api/chats/{chat}/messages").json()) == 2
    assert "Traceback" not in server.log


def test_a_job_and_an_answer_wait_for_a_lock(server: Server, ada: Client) -> None:
    chat = ada.post("/api/chats", {}).json()["id"]
    answer = ada.post("/api/datasets/download-dataset", {"source": "builtin", "dataset_id": "digits"})
    with locked(server):
        for _ in range(4):  # longer than anything waits
            told(ada.post("/api/chats", {}))
    assert ada.finished(answer.json()["job_id"])["state"] == "succeeded"
    with ada.http.stream(
        "POST",
        f"/api/chats/{chat}/messages",
        json={"content": "Find wine data"},
        headers={"Accept": "text/event-stream"},
    ) as stream:
        lines = stream.iter_lines()
        assert "start" in next(lines)
        with locked(server):
            for _ in range(4):
                told(ada.post("/api/chats", {}))
        assert any("[DONE]" in line for line in lines)
    found = ada.get(f"/api/chats/{chat}/messages").json()
    assert found[-1]["status"] == "complete"


@pytest.mark.parametrize("command", [["serve", "--port", "0"], ["users", "list"]])
def test_a_command_that_begins_while_the_database_is_locked(tmp_path: Path, command: list[str]) -> None:
    with closing(sqlite3.connect(tmp_path / "dataferry.sqlite", isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode=WAL")
        other.execute("BEGIN IMMEDIATE")
        ran = preloaded.run(
            command,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(tmp_path),
                "PYTHONWARNINGS": "ignore",
                "DATAFERRY_DATA_DIR": str(tmp_path),
                "DATAFERRY_DATABASE_WAIT_S": WAIT_S,
            },
            cwd=tmp_path,
        )
    assert ran.returncode == 5
    assert "database is busy" in ran.stderr
    assert "Traceback" not in ran.stdout + ran.stderr
