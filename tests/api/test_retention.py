"""What is kept, and what goes by itself or at one word, when nobody uses it."""

import sqlite3
import time
from contextlib import closing
from typing import Any

import pytest

from tests.support.hubs import Hubs
from tests.support.server import Client, Server, until

HEART = "andrewmvd/heart-failure-clinical-data"
WAIT = {"Prefer": "wait"}
DAY_MS = 86_400_000


def download(client: Client, dataset_id: str) -> str:
    """Its key, once it is here."""
    answer = client.post("/api/datasets/download-dataset", {"dataset_id": dataset_id}, headers=WAIT)
    assert answer.status_code == 200, answer.text
    key: str = answer.json()["key"]
    return key


def shown(client: Client, key: str) -> dict[str, Any]:
    dataset: dict[str, Any] = client.get(f"/api/datasets/{key}").json()
    return dataset


def unused_for(server: Server, client: Client, key: str, days: float) -> None:
    """Its last use, as if that many days had passed."""
    row_id = shown(client, key)["id"]
    then = int(1000 * time.time() - days * DAY_MS)
    with closing(sqlite3.connect(server.data_dir / "dataferry.sqlite", timeout=10)) as database, database:
        database.execute(
            "UPDATE datasets SET last_used_ms = ?, downloaded_at_ms = ? WHERE id = ?", (then, then, row_id)
        )


def test_a_pin_is_its_owners(admin: Client, ada: Client, bob: Client) -> None:
    """What one person keeps another cannot let go; an admin can."""
    key = download(ada, "builtin:iris")
    assert bob.post(f"/api/datasets/{key}/pin").status_code == 204
    assert ada.post(f"/api/datasets/{key}/pin").status_code == 204
    assert ada.http.delete(f"/api/datasets/{key}/pin").status_code == 204
    assert [shown(ada, key)[name] for name in ("pinned", "pinned_by_me")] == [True, False]
    assert shown(bob, key)["pinned_by_me"]
    assert admin.http.delete(f"/api/datasets/{key}/pin").status_code == 204
    assert not shown(bob, key)["pinned"]
    # What is gone is no longer kept: who fetches it anew decides anew.
    bob.post(f"/api/datasets/{key}/pin")
    ada.finished(ada.http.delete(f"/api/datasets/{key}/data").json()["job_id"])
    download(ada, "builtin:iris")
    assert not shown(ada, key)["pinned"]


@pytest.mark.parametrize("path", ["files/wine.csv", "preview", "archive"])
def test_whoever_reads_its_files_uses_it(server: Server, ada: Client, path: str) -> None:
    """Not only whoever opens its page (nexus-public#413: what pipelines fetched daily was cleaned up as
    unused)."""
    key = download(ada, "builtin:wine")
    unused_for(server, ada, key, 40)
    before = shown(ada, key)["last_used_ms"]
    # A use that was noted just now is not noted again, and it is the row that was set back.
    server.stop()
    server.start()
    client = Client(server.address, "ada@example.org")
    name = client.get(f"/api/datasets/{key}/files").json()["files"][0]["path"]
    answer = client.get(f"/api/datasets/{key}/{path.replace('wine.csv', name)}")
    assert answer.status_code == 200, answer.text
    until(lambda: shown(client, key)["last_used_ms"] > before + 39 * DAY_MS, "the use is noted")
    client.http.close()


def test_a_pin_outlives_an_update(ada: Client, hubs: Hubs) -> None:
    heart = hubs.kaggle.catalogue.find("kaggle", HEART)
    assert heart is not None
    key = download(ada, f"kaggle:{HEART}")
    ada.post(f"/api/datasets/{key}/pin")
    heart.publish(lambda: dict(heart.versions[0].files))
    job = ada.finished(ada.post(f"/api/datasets/{key}/update").json()["job_id"])
    assert job["state"] == "succeeded", job
    assert shown(ada, key)["revision"] == job["revision"]
    assert shown(ada, key)["pinned"]
    ada.http.delete(f"/api/datasets/{key}/pin")


def plan(client: Client, **wanted: float) -> dict[str, Any]:
    answer = client.get("/api/cleanup/plan", params=wanted)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def names(found: dict[str, Any]) -> list[str]:
    return [one["key"] for one in found["datasets"]]


def test_a_prune_takes_the_least_recently_used_of_ones_own(
    server: Server, admin: Client, ada: Client, bob: Client
) -> None:
    iris, wine, digits = (download(ada, f"builtin:{name}") for name in ("iris", "wine", "digits"))
    others, shared = download(bob, "builtin:diabetes"), download(bob, "builtin:breast_cancer")
    assert download(ada, "builtin:breast_cancer") == shared
    for days, key in enumerate((wine, iris, digits, others, shared)):
        unused_for(server, admin, key, 60 - days)
    assert names(plan(ada, unused_days=30)) == [wine, iris, digits]
    assert plan(ada, unused_days=61)["datasets"] == []
    assert {others, shared} <= set(names(plan(admin, unused_days=30)))
    # A pin, and a look into it, keep it.
    ada.post(f"/api/datasets/{iris}/pin")
    ada.get(f"/api/datasets/{digits}/preview")
    until(lambda: names(plan(ada, unused_days=30)) == [wine], "whoever reads it keeps it")
    found = plan(ada, unused_days=30)
    assert (found["pinned_count"], found["busy_count"]) == (1, 1)
    assert found["freed_bytes"] == shown(ada, wine)["size"]
    used = found["used_bytes"]
    # As much as has to, and not more than can.
    assert plan(ada, keep_bytes=used)["datasets"] == []
    assert names(plan(ada, keep_bytes=used - 1)) == [wine]
    assert not plan(ada, keep_bytes=0)["enough"]
    # What was not shown to the person does not go.
    pruned = ada.post("/api/cleanup/prune", {"unused_days": 30, "only": ["ds_other"]}).json()
    assert pruned["results"] == []
    [result] = ada.post("/api/cleanup/prune", {"unused_days": 30}).json()["results"]
    assert ada.finished(result["job_id"])["state"] == "succeeded"
    assert [shown(ada, key)["downloaded"] for key in (iris, wine, digits, shared)] == [
        True,
        False,
        True,
        True,
    ]
    assert ada.http.delete(f"/api/datasets/{iris}/pin").status_code == 204
