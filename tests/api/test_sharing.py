"""Who sees a gated or private dataset, and how its owner lets others see it and takes that back."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.sync.client import connect

from tests.fakes.catalogue import grace
from tests.support.hubs import Hubs, make_hubs
from tests.support.links import LinkServer, Page
from tests.support.server import Client, Server

WAIT = {"Prefer": "wait"}
SECRET = "s3cr3t"
#: Every way to what is in a dataset.
READS = ("", "/receipt", "/files", "/files/{path}", "/archive", "/preview", "/readme", "/sharing")


@pytest.fixture(scope="module")
def hubs() -> Iterator[Hubs]:
    hubs = make_hubs()
    with hubs.kaggle, hubs.hub:
        yield hubs


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("sharing") / "data", **hubs.settings) as server:
        server.client("admin@example.org")
        yield server


@pytest.fixture(scope="module")
def ada(server: Server) -> Client:
    """She has accepted the gated datasets' terms."""
    client = server.client("ada@example.org")
    key = {"secret": grace().hf_token}
    assert client.http.put("/api/sources/huggingface/credential", json=key).status_code == 200
    return client


@pytest.fixture(scope="module")
def bob(server: Server) -> Client:
    return server.client("bob@example.org")


@pytest.fixture(scope="module")
def eve(server: Server) -> Client:
    return server.client("eve@example.org")


@pytest.fixture(scope="module")
def gated(ada: Client, hubs: Hubs) -> dict[str, Any]:
    """The gated dataset, as Ada's download has brought it."""
    answer = ada.post("/api/datasets/download/huggingface", {"dataset_id": hubs.gated}, headers=WAIT)
    assert answer.status_code == 200, answer.text
    ticket: dict[str, Any] = answer.json()
    return ticket


def statuses(client: Client, key: str, path: str) -> set[int]:
    return {client.get(f"/api/datasets/{key}{read.format(path=path)}").status_code for read in READS}


def share(client: Client, key: str, **body: Any) -> Any:
    return client.post(f"/api/datasets/{key}/sharing", body)


def listed(client: Client) -> set[str]:
    return {one["key"] for one in client.get("/api/datasets").json()["datasets"]}


def test_it_is_seen_while_it_is_shared_in_every_way(
    server: Server, ada: Client, bob: Client, eve: Client, gated: dict[str, Any]
) -> None:
    key = gated["key"]
    path = ada.get(f"/api/datasets/{key}/files").json()["files"][0]["path"]
    assert 200 not in statuses(bob, key, path)
    shared = share(ada, key, emails=["Bob@Example.org"])
    assert shared.status_code == 200, shared.text
    assert [one["email"] for one in shared.json()["shares"]] == ["bob@example.org"]
    assert "terms" in shared.json()["terms"]
    assert statuses(bob, key, path) == {200}
    assert 200 not in statuses(eve, key, path)
    assert key in listed(bob) - listed(eve)
    # He sees by whom, and can neither pass it on, nor take it away, nor make it his.
    told = bob.get(f"/api/datasets/{key}/sharing").json()
    assert (told["may_share"], told["shares"][0]["shared_by"]) == (False, "ada@example.org")
    assert share(bob, key, emails=["eve@example.org"]).status_code == 403
    assert bob.http.delete(f"/api/datasets/{key}/data").status_code == 403
    again = bob.post("/api/datasets/download/huggingface", {"dataset_id": gated["ref"].partition(":")[2]})
    assert again.status_code == 403, again.text
    # Her job stays hers.
    ticket = bob.post("/api/auth/ws-ticket").json()["ticket"]
    with connect(f"{server.address.replace('http', 'ws')}/api/ws?ticket={ticket}", proxy=None) as socket:
        socket.send(json.dumps({"op": "subscribe", "topic": f"job:{gated['job_id']}"}))
        assert json.loads(socket.recv(10))["op"] == "error"
    assert ada.http.delete(f"/api/datasets/{key}/sharing?email=bob@example.org").status_code == 200
    assert 200 not in statuses(bob, key, path)


def test_with_everybody_and_with_nobody(ada: Client, bob: Client, eve: Client, gated: dict[str, Any]) -> None:
    key = gated["key"]
    assert share(ada, key, everybody=True).json()["shares"][0]["email"] is None
    assert key in listed(bob) & listed(eve)
    assert share(ada, key, emails=["nobody@example.org"]).status_code == 404
    assert ada.http.delete(f"/api/datasets/{key}/sharing").json()["shares"] == []
    assert key not in listed(bob) | listed(eve)


def test_a_share_ends_with_the_files(ada: Client, bob: Client, gated: dict[str, Any], hubs: Hubs) -> None:
    """A later copy is another one (nextcloud/server#7238: the share outlived its file)."""
    key = gated["key"]
    share(ada, key, emails=["bob@example.org"])
    ada.finished(ada.http.delete(f"/api/datasets/{key}/data").json()["job_id"])
    assert key not in listed(bob)
    body = {"dataset_id": hubs.gated}
    assert ada.post("/api/datasets/download/huggingface", body, headers=WAIT).status_code == 200
    assert key not in listed(bob)


def test_a_shared_link_keeps_its_secret(ada: Client, bob: Client) -> None:
    """Whoever reads the files cannot fetch with the link, and so cannot make it theirs."""
    with LinkServer() as links:
        links.pages["/mine.csv"] = Page(b"a,b\n1,2\n")
        link = f"http://{links.host}/mine.csv?sig={SECRET}"
        body = {"source": "url", "dataset_id": link}
        ticket = ada.post("/api/datasets/download-dataset", body, headers=WAIT).json()
        key = ticket["key"]
        assert share(ada, key, emails=["bob@example.org"]).status_code == 200
        seen = bob.get(f"/api/datasets/{key}")
        assert seen.status_code == 200
        assert SECRET not in seen.text + bob.get(f"/api/datasets/{key}/receipt").text
        for again in (
            bob.post("/api/datasets/download-dataset", {"dataset_id": ticket["ref"]}),
            bob.post(f"/api/datasets/{key}/update"),
        ):
            assert again.status_code == 404, again.text
        ada.http.delete(f"/api/datasets/{key}/sharing")
        assert bob.get(f"/api/datasets/{key}").status_code == 404


def test_what_all_see_needs_no_sharing(ada: Client) -> None:
    ada.post("/api/datasets/download-dataset", {"dataset_id": "builtin:iris"}, headers=WAIT)
    assert share(ada, "builtin:iris", everybody=True).status_code == 409
