"""The search index from outside: offered, built of what the hubs publish, updated and removed; and what goes
wrong on the way."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.api.conftest import application
from tests.fakes.content import text
from tests.fakes.dataset import FakeDataset, single
from tests.fakes.snapshots import HUB_STATS, PARQUET, hub_stats, refresh
from tests.support.certificates import made_certificate
from tests.support.hubs import Hubs, make_hubs
from tests.support.interceptor import Interceptor
from tests.support.server import PASSWORD, Client, Server, until


@pytest.fixture
def hubs() -> Iterator[Hubs]:
    """Of this test alone: their catalogues change."""
    hubs = make_hubs()
    with hubs.kaggle, hubs.hub:
        yield hubs


@pytest.fixture
def server(tmp_path: Path, hubs: Hubs) -> Iterator[Server]:
    with Server(tmp_path / "data", DATAFERRY_MODEL="none", **hubs.settings) as server:
        yield server


def index(client: Client | TestClient, **query: Any) -> dict[str, Any]:
    answer = client.get("/api/index", params=query)
    assert answer.is_success, answer.text
    view: dict[str, Any] = answer.json()
    return view


def build(client: Client) -> dict[str, Any]:
    """The job of an update that has ended."""
    answer = client.post("/api/index")
    assert answer.status_code == 202, answer.text
    return client.finished(answer.json()["id"])


def part(view: dict[str, Any], source: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in view["sources"] if one["source"] == source)
    return found


def fetched(hubs: Hubs, dataset_id: str = HUB_STATS) -> int:
    """How often files of a snapshot were asked of HuggingFace's storage."""
    return len([one for one in hubs.hub.requests() if one.server != "hub" and one.dataset == dataset_id])


def sign_up(app: FastAPI, email: str) -> TestClient:
    client = TestClient(app, base_url="http://localhost:8000")
    assert client.post("/api/auth/register", json={"email": email, "password": PASSWORD}).is_success
    token = client.post("/api/auth/token", data={"username": email, "password": PASSWORD}).json()
    client.headers["Authorization"] = f"Bearer {token['access_token']}"
    return client


def test_the_index_is_offered_built_updated_and_removed(server: Server, hubs: Hubs) -> None:
    ada, bob = server.client(), server.client("bob@example.org")
    offered = index(ada, costs=True)
    assert (offered["state"], offered["may_change"]) == ("absent", True)
    assert all(cost["download_bytes"] > 0 and cost["license"] for cost in offered["costs"]), offered
    job = build(ada)
    assert job["state"] == "succeeded", job
    assert job["progress"]["phase"] == "indexing"
    assert job["progress"]["rows_done"] > 0
    assert not [one for one in hubs.kaggle.requests() if one.file in ("Kernels.csv", "archive.zip")]
    built = index(bob)
    assert (built["state"], built["job"], built["may_change"]) == ("ready", None, False)
    assert min(one["datasets"] for one in built["sources"]) > 5
    assert not list((server.data_dir / "downloads" / ".incomplete").glob("*/*/*"))  # the snapshots are gone

    before = fetched(hubs)
    job = build(ada)
    assert "nothing newer" in job["progress"]["note"]
    assert (fetched(hubs), job["progress"]["bytes_done"]) == (before, 0)
    hubs.hub.catalogue.add(
        FakeDataset(
            "huggingface", "new/axolotl-songs", "Axolotl songs", "", "mit", single("a.csv", lambda: text("a"))
        )
    )
    stats = hubs.hub.catalogue.find("huggingface", HUB_STATS)
    assert stats is not None
    stats.publish(stats.make)
    assert build(ada)["state"] == "succeeded"
    assert fetched(hubs) > before
    updated = index(ada)
    counts = [part(view, "huggingface")["datasets"] for view in (built, updated)]
    assert counts[1] == counts[0] + 1
    assert part(updated, "kaggle") == part(built, "kaggle")

    hubs.kaggle.stop()
    hubs.hub.stop()
    for words, ref in (
        ("axolotl songs", "huggingface:new/axolotl-songs"),
        ("iris species", "kaggle:uciml/iris"),
    ):
        answer = bob.post("/api/datasets/search-all", {"query": words}).json()
        assert ref in [card["ref"] for card in answer["datasets"]]
        assert answer["index_snapshot_at"]

    assert ada.http.delete("/api/index").json()["state"] == "absent"
    answer = bob.post("/api/datasets/search-all", {"query": "axolotl"}).json()
    assert (answer["index_snapshot_at"], answer["datasets"]) == (None, [])
    assert index(bob)["state"] == "absent"


def test_it_is_built_and_searched_behind_a_proxy(tmp_path: Path, hubs: Hubs) -> None:
    """Both hubs are names that only the proxy knows, and it shows certificates of its own."""
    ports = hubs.hub.behind_names("hf.invalid") | hubs.kaggle.behind_names("kaggle.invalid")
    authority, tls = made_certificate(tmp_path, *ports)
    trusted = {"SSL_CERT_FILE": str(authority), "REQUESTS_CA_BUNDLE": str(authority)}
    with Interceptor(tls, ports) as proxy:
        settings = hubs.settings | trusted | {"HTTPS_PROXY": proxy.url}
        with Server(tmp_path / "data", DATAFERRY_MODEL="none", **settings) as server:
            ada = server.client()
            assert all(cost["download_bytes"] for cost in index(ada, costs=True)["costs"])
            job = build(ada)
            assert job["state"] == "succeeded", job
            assert min(one["datasets"] for one in index(ada)["sources"]) > 5
    assert {"hub.hf.invalid", "hub.kaggle.invalid", "storage.hf.invalid"} <= set(proxy.asked)


def test_who_may_build_it_and_whether_it_fits_is_said_at_once(tmp_path: Path, hubs: Hubs) -> None:
    settings = {"hf_endpoint": hubs.hub.url, "kaggle_endpoint": hubs.kaggle.url}
    with application(tmp_path, min_free_bytes=2**60, **settings) as app:
        admin, member = sign_up(app, "ada@example.org"), sign_up(app, "bob@example.org")
        assert member.get("/api/index").json()["state"] == "absent"
        for method in ("POST", "DELETE"):
            refused = member.request(method, "/api/index")
            assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
            assert "admin" in refused.json()["next_step"]
        full = admin.post("/api/index")
        assert (full.status_code, full.json()["code"]) == (507, "disk_full")
        wrong = admin.post("/api/jobs", json={"kind": "index", "ref": "builtin:iris"})
        assert wrong.status_code == 422


def test_one_hub_that_refuses_or_has_changed_its_tables_takes_nothing_from_the_other(
    server: Server, hubs: Hubs
) -> None:
    ada = server.client()
    hubs.kaggle.fault("requires_credentials")
    job = build(ada)
    assert job["state"] == "succeeded", job
    assert "Kaggle is left as it was" in job["progress"]["note"]
    half = index(ada)
    assert part(half, "huggingface")["datasets"] > 5
    assert part(half, "kaggle")["datasets"] is None
    assert "KAGGLE_KEY" in part(half, "kaggle")["problem"]["setting"]
    assert index(ada, costs=True)["costs"][1]["problem"]["code"] == "source_not_configured"

    hubs.heal()
    stats = hubs.hub.catalogue.find("huggingface", HUB_STATS)
    assert stats is not None
    make, datasets = stats.make, hubs.hub.catalogue.at("huggingface")
    stats.publish(lambda: {PARQUET: hub_stats(datasets, without=["id"])})
    job = build(ada)
    assert (job["state"], job["problem"]["code"]) == ("failed", "unreadable")
    assert f"{PARQUET} lacks id" in job["problem"]["detail"]
    other = index(ada)
    assert part(other, "huggingface") == part(half, "huggingface")
    assert part(other, "kaggle")["datasets"] > 5
    assert (other["job"]["problem"], other["job_mine"]) == (job["problem"], True)

    stats.publish(make)
    assert ada.post(f"/api/jobs/{job['id']}/retry").is_success
    assert ada.finished(job["id"])["state"] == "succeeded"
    assert index(ada)["job"] is None

    # Another version of the program has built it; then its files are no index at all.
    pointer = server.data_dir / "downloads" / ".index" / "current.json"
    written = pointer.read_text()
    pointer.write_text(written.replace('"format": 1', '"format": 0'))
    outdated = index(ada)
    assert (outdated["state"], outdated["sources"][0]["datasets"]) == ("outdated", None)
    assert "another version" in outdated["problem"]
    pointer.write_text(written[:40])
    assert index(ada)["state"] == "broken"
    assert build(ada)["state"] == "succeeded"
    assert index(ada)["state"] == "ready"


def test_it_is_killed_at_every_stage_and_goes_on_and_later_updates_itself(server: Server, hubs: Hubs) -> None:
    ada = server.client()
    hubs.hub.fault("slow", path=PARQUET, bytes_per_s=2000)
    job_id: str = ada.post("/api/index").json()["id"]
    assert ada.post("/api/index").json()["id"] == job_id
    until(lambda: ada.job(job_id)["progress"]["bytes_done"] > 0, "bytes come")
    assert ada.http.delete("/api/index").status_code == 409
    assert index(ada)["state"] == "building"
    for act, state in (("pause", "paused"), ("resume", None)):
        assert ada.post(f"/api/jobs/{job_id}/{act}").is_success
        until(lambda wanted=state: wanted in (None, ada.job(job_id)["state"]), "it rests")
    server.kill()
    hubs.heal()
    server.start()
    ada = server.client()
    until(lambda: ada.job(job_id)["progress"]["phase"] == "indexing", "rows are read")
    server.kill()
    whole = fetched(hubs)
    server.environment["DATAFERRY_INDEX_UPDATE_H"] = "0.0005"
    server.start()
    ada = server.client()
    assert ada.finished(job_id)["state"] == "succeeded"
    assert fetched(hubs) == whole
    built = index(ada)
    assert built["state"] == "ready"

    refresh(hubs.hub.catalogue)
    until(lambda: part(index(ada), "huggingface") != part(built, "huggingface"), "it is updated")


def test_a_hub_that_stalls_holds_nothing_up(tmp_path: Path, hubs: Hubs) -> None:
    settings = {"hf_endpoint": hubs.hub.url, "kaggle_endpoint": hubs.kaggle.url}
    hubs.hub.fault("delay", seconds=60)
    with application(tmp_path, describe_timeout_s=2.0, **settings) as app:
        admin = sign_up(app, "ada@example.org")
        began = time.monotonic()
        costs = index(admin, costs=True)["costs"]
        assert time.monotonic() - began < 30
        assert (costs[0]["problem"]["code"], costs[0]["download_bytes"]) == ("source_timeout", None)
        assert costs[1]["download_bytes"] > 0
        hubs.heal()
