"""Who sees a gated or private dataset, and how its owner lets others see it and takes that back."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from huggingface_hub.errors import HfHubHTTPError
from websockets.sync.client import connect

import dataferry
from dataferry.core.errors import NotFound
from dataferry.explorer.table_groups import table_id
from tests.fakes.catalogue import grace
from tests.support.access import age_access
from tests.support.archives import zipped
from tests.support.assistants import Person, over_http, text_of
from tests.support.hub_client import HubClient, plain_client, token_of
from tests.support.hubs import Hubs
from tests.support.links import LinkServer, Page
from tests.support.plugins import png
from tests.support.server import Client, Server

WAIT = {"Prefer": "wait"}
SECRET = "s3cr3t"
TABLE = "table.csv"
#: What the addresses of a dataset's routes are filled with; a query where one is needed.
NAMES = {"path": TABLE, "table": table_id(TABLE), "split": "train", "index": "0", "class_id": "cat"} | {
    "sequence_id": "training",
    "frame_id": "000000",
    "image_id": "train-0",
    "kind": "blank",
    "version": "1",
}
QUERIES: dict[str, dict[str, int | str]] = {
    "/annotations/export": {"format": "coco"},
    "/annotations/agreement": {"a": "ada@example.org", "b": "bob@example.org"},
    "/tables/{table}/media": {"row": 0, "column": 0},
    "/tables/{table}/pictures": {"name": "photo.png"},
    "/versions/diff": {"from": "1", "to": "2"},
    "/versions/pictures": {"sha256": "0" * 64},
}


@pytest.fixture(scope="module")
def ada(server: Server) -> Client:
    """She has accepted the gated datasets' terms."""
    client = server.client("ada@example.org")
    key = {"secret": grace().hf_token}
    assert client.http.put("/api/sources/huggingface/credential", json=key).status_code == 200
    return client


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


@pytest.fixture(scope="module")
def letter(ada: Client) -> Iterator[str]:
    """The key of what a private link of hers has brought: a table and a picture, prepared to be looked at,
    with its reports."""
    with LinkServer() as links:
        body = zipped([(TABLE, b"a,b\n1,2\n"), ("photo.png", png(8, 8)), ("README.md", b"# Mine\n")])
        links.pages["/mine.zip"] = Page(body)
        link = f"http://{links.host}/mine.zip?sig={SECRET}"
        asked = {"source": "url", "dataset_id": link}
        ticket = ada.post("/api/datasets/download-dataset", asked, headers=WAIT).json()
        ada.finished(ada.post(f"/api/datasets/{ticket['key']}/tables").json()["job"]["id"])
        for report in ("statistics", "health"):
            ada.finished(ada.post(f"/api/datasets/{ticket['key']}/{report}").json()["id"])
        yield ticket["key"]


@pytest.fixture
def reads(app: FastAPI) -> list[str]:
    """Every way to what is in a dataset."""
    prefix = "/api/datasets/{key}"
    routes = app.openapi()["paths"].items()
    return [path.removeprefix(prefix) for path, known in routes if path.startswith(prefix) and "get" in known]


def statuses(client: Client, reads: Iterable[str], key: str) -> dict[str, int]:
    return {
        read: client.get(
            f"/api/datasets/{key}{read.format(**NAMES)}", params=QUERIES.get(read, {})
        ).status_code
        for read in reads
    }


def share(client: Client, key: str, **body: Any) -> Any:
    return client.post(f"/api/datasets/{key}/sharing", body)


def listed(client: Client) -> set[str]:
    return {one["key"] for one in client.get("/api/datasets").json()["datasets"]}


def test_it_is_seen_while_it_is_shared_in_every_way(
    ada: Client, bob: Client, eve: Client, letter: str, reads: list[str]
) -> None:
    key, nothing = letter, dict.fromkeys(reads, 404)
    hers = statuses(ada, reads, key)
    assert list(hers.values()).count(200) > 15
    assert statuses(bob, reads, key) == nothing
    assert share(ada, key, emails=["Bob@Example.org"]).status_code == 200
    assert statuses(bob, reads, key) == hers
    assert statuses(eve, reads, key) == nothing
    # What his browser was given for its own downloads goes no further than he does.
    browser = bob.post(f"/api/datasets/{key}/browser-access").headers["set-cookie"].partition(";")[0]
    file = f"{bob.http.base_url}/api/datasets/{key}/files/{TABLE}"
    assert httpx.get(file, headers={"Cookie": browser}).status_code == 200
    assert ada.http.delete(f"/api/datasets/{key}/sharing?email=bob@example.org").status_code == 200
    assert httpx.get(file, headers={"Cookie": browser}).status_code == 404
    assert statuses(bob, reads, key) == nothing
    assert statuses(ada, reads, key) == hers


def test_who_it_is_shared_with_cannot_pass_it_on(
    server: Server, ada: Client, bob: Client, eve: Client, gated: dict[str, Any]
) -> None:
    """He sees by whom, and can neither pass it on, nor take it away, nor make it his."""
    key = gated["key"]
    shared = share(ada, key, emails=["bob@example.org"])
    assert [one["email"] for one in shared.json()["shares"]] == ["bob@example.org"]
    assert "terms" in shared.json()["terms"]
    assert key in listed(bob) - listed(eve)
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
    ada.http.delete(f"/api/datasets/{key}/sharing")


def test_through_the_mirror(
    server: Server, ada: Client, bob: Client, gated: dict[str, Any], hubs: Hubs, tmp_path: Path
) -> None:
    """At once: a client that lists and fetches one file after another asks within the same second."""
    theirs = HubClient(server, token_of(bob), tmp_path)
    with plain_client():

        def is_refused() -> None:
            for ask in (
                lambda: theirs.api.dataset_info(hubs.gated, files_metadata=True),
                lambda: theirs.api.list_repo_files(hubs.gated, repo_type="dataset"),
                lambda: theirs.api.list_repo_refs(hubs.gated, repo_type="dataset"),
                lambda: theirs.api.get_paths_info(hubs.gated, "notes.jsonl", repo_type="dataset"),
                lambda: theirs.files.cat(f"datasets/{hubs.gated}/notes.jsonl"),
                lambda: theirs.files.ls(f"datasets/{hubs.gated}", refresh=True),
            ):
                assert hubs.gated not in {one.id for one in theirs.api.list_datasets()}
                with pytest.raises((HfHubHTTPError, FileNotFoundError)):
                    ask()

        is_refused()
        share(ada, gated["key"], emails=["bob@example.org"])
        assert hubs.gated in {one.id for one in theirs.api.list_datasets(gated=True)}
        assert "notes.jsonl" in {path.name for path in theirs.snapshot(hubs.gated).iterdir()}
        ada.http.delete(f"/api/datasets/{gated['key']}/sharing")
        is_refused()


@pytest.mark.anyio
async def test_through_an_assistant(
    server: Server, ada: Client, bob: Client, gated: dict[str, Any], letter: str
) -> None:
    keys = (letter, gated["key"])
    refs = [ada.get(f"/api/datasets/{key}").json()["ref"] for key in keys]
    async with over_http(server.address, token_of(bob), person=Person()) as client:

        async def seen() -> list[bool]:
            """Whether the library has each, and whether its rows can be read."""
            listed = text_of(await client.call_tool("list_library"))
            rows = [await client.call_tool("preview_dataset", {"ref": ref}) for ref in refs]
            return [*(ref in listed for ref in refs), *(not answer.is_error for answer in rows)]

        assert await seen() == 4 * [False]
        for key in keys:
            share(ada, key, emails=["bob@example.org"])
        assert await seen() == 4 * [True]
        for key in keys:
            ada.http.delete(f"/api/datasets/{key}/sharing")
        assert await seen() == 4 * [False]


def test_through_python(server: Server, ada: Client, bob: Client, letter: str, tmp_path: Path) -> None:
    theirs = dataferry.connect(server.address, token_of(bob, "download"), cache=tmp_path)
    ref = ada.get(f"/api/datasets/{letter}").json()["ref"]
    with pytest.raises(NotFound):
        theirs.load(ref)
    share(ada, letter, emails=["bob@example.org"])
    assert theirs.load(ref)["table"].to_pandas().shape == (1, 2)
    ada.http.delete(f"/api/datasets/{letter}/sharing")
    with pytest.raises(NotFound):
        theirs.load(ref)
    assert ref not in [held.ref for held in theirs.library()]


def test_a_share_ends_with_the_right_of_who_shares(
    server: Server, ada: Client, bob: Client, gated: dict[str, Any], hubs: Hubs
) -> None:
    """Her access at the hub has ended, and she has not been here since."""
    address = f"/api/datasets/{gated['key']}"
    share(ada, gated["key"], everybody=True)
    age_access(server)
    assert bob.get(address).status_code == 200
    age_access(server)
    hubs.hub.fault("private")
    assert bob.get(address).status_code == 404
    hubs.heal()
    assert bob.get(address).status_code == 404
    assert ada.get(address).status_code == 200


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
