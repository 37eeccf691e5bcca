"""What one person does with a dataset or a job that others have too ends with them, and costs the others
nothing."""

import json
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

from tests.fakes.dataset import FakeDataset
from tests.support.hubs import Hubs
from tests.support.server import Client, Server, until

HEART = "andrewmvd/heart-failure-clinical-data"
WAIT = {"Prefer": "wait"}


@pytest.fixture(scope="module")
def heart(hubs: Hubs) -> FakeDataset:
    dataset = hubs.kaggle.catalogue.find("kaggle", HEART)
    assert dataset is not None
    return dataset


def publish(dataset: FakeDataset) -> None:
    """The next revision at its source, with the same files."""
    dataset.publish(lambda: dict(dataset.versions[0].files))


def download(client: Client, dataset_id: str, **body: Any) -> dict[str, Any]:
    answer = client.post("/api/datasets/download-dataset", {"dataset_id": dataset_id, **body}, headers=WAIT)
    assert answer.status_code == 200, answer.text
    ticket: dict[str, Any] = answer.json()
    return ticket


def update(client: Client, key: str) -> dict[str, Any]:
    job = client.finished(client.post(f"/api/datasets/{key}/update").json()["job_id"])
    assert job["state"] == "succeeded", job
    return job


def delete(client: Client, key: str, **params: str) -> dict[str, Any]:
    answer = client.http.delete(f"/api/datasets/{key}/data", params=params)
    assert answer.status_code == 202, answer.text
    deletion: dict[str, Any] = answer.json()
    job = client.finished(deletion["job_id"])
    assert job["state"] == "succeeded", job
    return deletion | {"note": job["progress"]["note"]}


def test_an_update_leaves_the_revisions_of_others(
    server: Server, admin: Client, ada: Client, bob: Client, heart: FakeDataset
) -> None:
    """Also an admin's: what they are asked to fetch is no order to delete. Those of the updater go, and with
    the last owner all do."""
    ref = f"kaggle:{HEART}"
    first = download(ada, ref)
    key, old = first["key"], Path(first["file_path"])
    publish(heart)
    newer = Path(update(bob, key)["file_path"])
    assert any(old.iterdir())
    assert any(newer.iterdir())
    assert ada.get(f"/api/datasets/{key}", params={"revision": "1"}).json()["may_delete"]
    publish(heart)
    newest = Path(update(admin, key)["file_path"])
    assert any(old.iterdir())
    assert any(newer.iterdir())
    # Bob's second update takes his own former revision; Ada's takes hers.
    update(bob, key)
    assert not newer.exists()
    assert any(old.iterdir())
    update(ada, key)
    assert not old.exists()
    assert any(newest.iterdir())


def test_who_downloads_what_is_here_may_not_delete_it_for_others(
    server: Server, ada: Client, bob: Client
) -> None:
    """Asking for it as well made it theirs to delete. Its files go with the last owner; a folder that one of
    them wished for goes with them."""
    ticket = download(ada, "builtin:wine", download_path="adas/wine")
    key = ticket["key"]
    tree = Path(ada.get(f"/api/datasets/{key}").json()["local_path"])
    store = server.data_dir / "downloads"
    download(bob, "builtin:wine", download_path="bobs/wine")
    download(bob, "builtin:wine", download_path="adas/wine")
    mine = delete(bob, key)
    assert (mine["freed_bytes"], mine["stays"]) == (0, True)
    assert "Others" in mine["note"]
    assert any((store / "adas" / "wine").iterdir())
    assert not (store / "bobs" / "wine").exists()
    assert ada.get(f"/api/datasets/{key}").json()["downloaded"]
    assert ada.get(f"/api/datasets/{key}/receipt").json()["requested_by"] == ["ada@example.org"]
    assert bob.http.delete(f"/api/datasets/{key}/data").status_code == 403
    last = delete(ada, key)
    assert last["freed_bytes"] > 0
    assert not last["stays"]
    assert not tree.exists()
    assert not (store / "adas" / "wine").exists()


def test_an_admin_deletes_for_all_and_whoever_asks_again_owns_it(
    admin: Client, ada: Client, bob: Client
) -> None:
    key = download(ada, "builtin:iris")["key"]
    download(bob, "builtin:iris")
    assert not delete(admin, key)["stays"]
    assert not ada.get(f"/api/datasets/{key}").json()["downloaded"]
    # Who had it before has no part in what is fetched now.
    download(bob, "builtin:iris")
    assert bob.get(f"/api/datasets/{key}/receipt").json()["requested_by"] == ["bob@example.org"]
    assert not delete(bob, key)["stays"]


def test_who_only_waited_for_it_does_not_keep_it(ada: Client, bob: Client, hubs: Hubs) -> None:
    """A request that was cancelled before the files came gives no part in them."""
    asked = ada.post("/api/datasets/download/huggingface", {"dataset_id": hubs.slow}).json()
    ticket = bob.post("/api/datasets/download/huggingface", {"dataset_id": hubs.slow}).json()
    ada.post(f"/api/jobs/{asked['job_id']}/cancel")
    assert bob.finished(ticket["job_id"])["state"] == "succeeded"
    assert not delete(bob, ticket["key"])["stays"]


def test_what_one_has_set_for_a_shared_job_ends_when_they_leave(ada: Client, bob: Client, hubs: Hubs) -> None:
    """Speed limits, priorities and pauses: the job goes on as those want it who still want it.
    (python-aria-mirror-bot#57: everybody could stop everybody's downloads.)"""
    body = {"dataset_id": hubs.slow, "force_download": True}
    job_id = ada.post("/api/datasets/download/kaggle", body).json()["job_id"]
    limit, priority = f"/api/jobs/{job_id}/limit", f"/api/jobs/{job_id}/priority"
    assert ada.post(limit, {"bytes_per_s": 900_000}).status_code == 200
    assert ada.post(priority, {"priority": "high"}).status_code == 200
    for theirs in (1, None):
        assert bob.post("/api/datasets/download/kaggle", body).json()["job_id"] == job_id
        assert bob.post(limit, {"bytes_per_s": theirs}).status_code == 200
        assert bob.post(priority, {"priority": "low"}).json()["priority"] == "low"
        assert bob.post(f"/api/jobs/{job_id}/pause").status_code == 200
        until(lambda: ada.job(job_id)["state"] == "paused", "it rests")
        assert bob.post(f"/api/jobs/{job_id}/cancel").json()["state"] == "cancelled"
        assert ada.get(limit).json()["bytes_per_s"] == 900_000
        assert ada.job(job_id)["priority"] == "high"
        until(lambda: ada.job(job_id)["state"] in ("queued", "running"), "it goes on")
        assert {bob.post(f"/api/jobs/{job_id}/{act}").status_code for act in ("pause", "resume")} == {409}
    # What its own owner has paused stays so, whoever else comes and goes.
    assert bob.post("/api/datasets/download/kaggle", body).json()["job_id"] == job_id
    ada.post(f"/api/jobs/{job_id}/pause")
    bob.post(f"/api/jobs/{job_id}/pause")
    until(lambda: ada.job(job_id)["state"] == "paused", "it rests")
    bob.post(f"/api/jobs/{job_id}/cancel")
    assert ada.job(job_id)["state"] == "paused"
    ada.post(f"/api/jobs/{job_id}/cancel")


def test_what_others_are_fetching_is_seen_by_nobody_else(server: Server, ada: Client, hubs: Hubs) -> None:
    """One rule, whichever way one asks."""
    bob = server.client("eve@example.org")
    ticket = ada.post("/api/datasets/download/huggingface", {"dataset_id": hubs.slow}).json()
    row = ada.get(f"/api/datasets/{ticket['key']}").json()
    assert row["status"] in ("queued", "running"), row
    for name in (ticket["key"], row["id"]):
        for path in ("", "/receipt", "/files", "/preview", "/readme"):
            assert bob.get(f"/api/datasets/{name}{path}").status_code == 404, path
        assert bob.post(f"/api/datasets/{name}/opened").status_code == 404
        assert bob.post(f"/api/datasets/{name}/update").status_code == 404
        assert bob.http.delete(f"/api/datasets/{name}/data").status_code == 404
        several = bob.post("/api/datasets/delete-multiple", {"datasets": [{"key": name}], "ask_only": True})
        assert several.json()["results"][0]["problem"]["code"] == "not_found"
    assert row["id"] not in {one["id"] for one in bob.get("/api/datasets").json()["datasets"]}
    job_id = ticket["job_id"]
    assert {bob.get(f"/api/jobs/{job_id}{path}").status_code for path in ("", "/events", "/rates")} == {404}
    with connect(address(server, bob), proxy=None) as socket:
        socket.send(json.dumps({"op": "subscribe", "topic": f"job:{job_id}"}))
        assert json.loads(socket.recv(10))["op"] == "error"
    ada.post(f"/api/jobs/{job_id}/cancel")
    # Nor, later, that somebody wanted it.
    assert bob.get(f"/api/datasets/{ticket['key']}").status_code == 404


def address(server: Server, client: Client) -> str:
    ticket = client.post("/api/auth/ws-ticket").json()["ticket"]
    return f"{server.address.replace('http', 'ws')}/api/ws?ticket={ticket}"
