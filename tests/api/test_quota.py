"""A library with quotas and an automatic clean-up."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import httpx

from tests.fakes.catalogue import HEART
from tests.support.hubs import make_hubs
from tests.support.server import Client, Server, until

WAIT = {"Prefer": "wait"}
DAY_MS = 86_400_000
#: Enough for either of iris and wine, in bytes, and not for both.
QUOTA = 16_000


def ask(client: Client, name: str, **body: bool) -> httpx.Response:
    request = {"dataset_id": f"builtin:{name}", **body}
    return client.post("/api/datasets/download-dataset", request, headers=WAIT)


def here(client: Client) -> set[str]:
    found = client.get("/api/datasets", params={"state": "here"}).json()["datasets"]
    return {one["source_id"] if "source_id" in one else one["key"].partition(":")[2] for one in found}


def set_back(server: Server, days: dict[str, float]) -> None:
    """The last use of datasets, as if that many days had passed."""
    with closing(sqlite3.connect(server.data_dir / "dataferry.sqlite", timeout=10)) as database, database:
        for name, age in days.items():
            then = int(1000 * time.time() - age * DAY_MS)
            database.execute(
                "UPDATE datasets SET last_used_ms = ?, downloaded_at_ms = ? WHERE source_id = ?",
                (then, then, name),
            )


def test_only_what_is_pinned_is_left(tmp_path: Path) -> None:
    with Server(tmp_path / "data", DATAFERRY_QUOTA_BYTES=str(QUOTA)) as server:
        ada = server.client("ada@example.org")
        assert ask(ada, "iris").status_code == 200
        set_back(server, {"iris": 40})
        ada.post("/api/datasets/builtin:iris/pin")
        refused = ask(ada, "wine", make_room=True).json()
        assert refused["code"] == "quota_exceeded"
        assert "npin" in refused["next_step"]
        assert ada.http.delete("/api/datasets/builtin:iris/pin").status_code == 204
        problem = ask(ada, "wine").json()
        assert problem["code"] == "room_needed"
        assert "iris" in problem["detail"]
        assert ask(ada, "iris").status_code == 200  # what is here already needs no room
        set_back(server, {"iris": 40})
        assert here(ada) == {"iris"}
        assert ask(ada, "wine", make_room=True).status_code == 200
        until(lambda: here(ada) == {"wine"}, "iris has gone for it")


def test_a_persons_quota_takes_nothing_of_others(tmp_path: Path) -> None:
    with Server(tmp_path / "data", DATAFERRY_USER_QUOTA_BYTES=str(QUOTA)) as server:
        ada, bob = server.client("ada@example.org"), server.client("bob@example.org")
        assert ask(bob, "digits").json()["code"] == "quota_exceeded"  # larger than all of it
        assert ask(ada, "iris").status_code == ask(bob, "iris").status_code == 200
        set_back(server, {"iris": 40})
        assert ask(ada, "wine", make_room=True).json()["code"] == "quota_exceeded"
        assert here(bob) == {"iris"}


def test_a_size_that_is_known_only_later_counts_too(tmp_path: Path) -> None:
    """Of chosen files nobody knows the size when they are asked for."""
    hubs = make_hubs()
    settings = hubs.settings | {"DATAFERRY_USER_QUOTA_BYTES": "100"}
    with hubs.kaggle, hubs.hub, Server(tmp_path / "data", **settings) as server:
        ada = server.client("ada@example.org")
        body = {"dataset_id": f"kaggle:{HEART}", "files": ["*.csv"]}
        ticket = ada.post("/api/datasets/download-dataset", body).json()
        job = ada.finished(ticket["job_id"])
        assert job["state"] == "failed", job
        assert job["problem"]["code"] == "quota_exceeded"
        assert "your quota of 100 B" in job["problem"]["detail"]


def test_the_clean_up_removes_what_nobody_uses_and_tells_so(tmp_path: Path) -> None:
    settings = {"DATAFERRY_CLEANUP_UNUSED_DAYS": "30", "DATAFERRY_CLEANUP_EVERY_S": "0.5"}
    with Server(tmp_path / "data") as server:
        admin, ada = server.client("admin@example.org"), server.client("ada@example.org")
        assert admin.get("/api/cleanup").json()["unused_days"] is None
        for name in ("iris", "wine", "digits"):
            assert ask(ada, name).status_code == 200
        ada.post("/api/datasets/builtin:wine/pin")
        set_back(server, {"iris": 31, "wine": 31, "digits": 29})
        assert admin.get("/api/cleanup").json()["plan"]["datasets"] == []
        server.stop()
        server.environment |= settings
        server.start()
        ada = server.client("ada@example.org")
        until(lambda: here(ada) == {"wine", "digits"}, "what was not used is gone, what is pinned is not")
        assert "the clean-up removes" in server.log
        told = ada.get("/api/cleanup").json()
        assert told["unused_days"] == 30
        assert told["last_run_at"]
