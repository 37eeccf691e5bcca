"""What a download would bring, told before anything is started."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.catalogue import CHEST_XRAY, IMDB, PIMA
from tests.fakes.dataset import FakeDataset
from tests.support.hubs import Hubs
from tests.support.links import LinkServer, Page
from tests.support.server import Client, Server

REF = f"huggingface:{IMDB}"
WAIT = {"Prefer": "wait"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("plans") / "data"
    with Server(folder, DATAFERRY_SEARCH_CACHE_S="0", **hubs.settings) as server:
        yield server


@pytest.fixture(scope="module")
def ada(server: Server) -> Client:
    return server.client()


def plan(client: Client, dataset_id: str, *, status: int = 200, **more: Any) -> dict[str, Any]:
    answer = client.post("/api/datasets/plan-download", {"dataset_id": dataset_id, **more})
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def paths(plan: dict[str, Any]) -> set[str]:
    return {file["path"] for file in plan["files"]}


def test_what_comes_and_what_is_here(ada: Client) -> None:
    """Told without a trace: hf's dry run once copied files (huggingface/huggingface_hub#4817)."""
    before = plan(ada, REF)
    texts = {"plain_text/train.jsonl", "plain_text/test.jsonl"}
    assert paths(before) == {".gitattributes", "README.md", *texts}
    assert (before["file_count"], before["here_count"]) == (4, 0)
    assert (
        before["fetch_bytes"] == before["total_bytes"] == sum(file["size_bytes"] for file in before["files"])
    )
    assert before["fits"]
    assert ada.get("/api/jobs").json() == []
    assert ada.get("/api/datasets?registered=false").json()["total"] == 0
    body = {"dataset_id": REF, "include": ["*/train*"]}
    assert ada.post("/api/datasets/download-dataset", body, headers=WAIT).status_code == 200
    after = plan(ada, REF)
    assert {file["path"] for file in after["files"] if file["here"]} == {"plain_text/train.jsonl"}
    assert after["fetch_bytes"] == after["total_bytes"] - after["here_bytes"]
    assert plan(ada, REF, force_download=True)["here_count"] == 0
    chosen = plan(ada, f"https://huggingface.co/datasets/{IMDB}/blob/main/README.md")
    assert paths(chosen) == {"README.md"}
    assert "It has" in plan(ada, REF, include=["*.tsv"], status=404)["next_step"]


def test_a_file_that_another_dataset_has_is_here(ada: Client, hubs: Hubs) -> None:
    make = next(one.make for one in hubs.hub.catalogue.at("huggingface") if one.id == IMDB)
    twin = hubs.hub.catalogue.add(FakeDataset("huggingface", "ada/twin", "Twin", "", "mit", make))
    body = {"dataset_id": REF}
    assert ada.post("/api/datasets/download-dataset", body, headers=WAIT).status_code == 200
    found = plan(ada, f"huggingface:{twin.id}")
    assert {"plain_text/train.jsonl"} <= {file["path"] for file in found["files"] if file["here"]}


def test_an_archive_comes_as_a_whole(ada: Client) -> None:
    whole = plan(ada, f"kaggle:{CHEST_XRAY}")
    assert whole["archive"]
    assert whole["file_count"] > 20
    assert {file["grade"] for file in whole["files"]} == {"transport"}
    part = plan(ada, f"kaggle:{CHEST_XRAY}", include=["*/test/*"])
    assert 0 < part["file_count"] < whole["file_count"]
    assert part["total_bytes"] < whole["total_bytes"]
    assert part["fetch_bytes"] == whole["fetch_bytes"]


def test_what_keeps_a_download_from_starting_is_told_here_too(ada: Client, hubs: Hubs) -> None:
    assert plan(ada, f"huggingface:{hubs.gated}", status=403)["code"] == "gated"
    assert plan(ada, "kaggle:nobody/nothing", status=404)["code"] == "not_found"


def test_a_manifest_is_paged_to_its_end(ada: Client, hubs: Hubs) -> None:
    """All of it: kaggle's own program stops at 20 files (Kaggle/kaggle-cli#289, #458)."""
    key, seen = f"huggingface:{hubs.many.replace('/', '~')}", []
    params: dict[str, Any] = {"limit": 150}
    while True:
        page = ada.get(f"/api/datasets/{key}/manifest", params=params)
        assert page.status_code == 200, page.text
        seen += [file["path"] for file in page.json()["files"]]
        if page.json()["next"] is None:
            break
        params["cursor"] = page.json()["next"]
    assert len(seen) == len(set(seen)) == page.json()["file_count"] > 300
    assert seen == sorted(seen)


def test_files_of_what_is_here_are_listed_without_its_source(ada: Client, hubs: Hubs) -> None:
    ada.post("/api/datasets/download/kaggle", {"dataset_id": PIMA}, headers=WAIT)
    key = f"kaggle:{PIMA.replace('/', '~')}"
    try:
        hubs.kaggle.fault("rate_limit")
        page = ada.get(f"/api/datasets/{key}/manifest")
        assert page.status_code == 200, page.text
        assert page.json()["origin"] == "library"
        assert paths(page.json()) == {"diabetes.csv"}
    finally:
        hubs.heal()


def test_of_a_link_with_a_secret(ada: Client) -> None:
    """Before it is known here, and from its page once it is; without the secret nobody is told more."""
    with LinkServer() as links:
        links.pages["/mine.csv"] = Page(b"a,b\n1,2\n")
        link = f"http://{links.host}/mine.csv?sig=s3cr3t"
        before = plan(ada, link, source="url")
        assert (paths(before), before["fetch_bytes"]) == ({"mine.csv"}, 8)
        assert before["verdict"]["room"]["download_bytes"] == 8
        body = {"source": "url", "dataset_id": link}
        ticket = ada.post("/api/datasets/download-dataset", body, headers=WAIT).json()
        told = ada.get(f"/api/datasets/{ticket['key']}/manifest")
        assert told.status_code == 200, told.text
        assert told.json()["here_count"] == 1
        assert "s3cr3t" not in told.text
