"""What one person has is another's to see or to touch nowhere: every route that takes a name of something,
tried by its member and by a stranger. A new route needs a row here.

(lobehub/lobehub#13683, open-webui/open-webui#11570, simstudioai/sim#4304: a right that one route checks and
another forgets.)
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from fastapi import FastAPI
from websockets.sync.client import connect

from dataferry.explorer.table_groups import table_id
from tests.support.hubs import Hubs
from tests.support.links import LinkServer, Page
from tests.support.server import Client, Server, until

SECRET = "s3cr3t"


@dataclass(frozen=True)
class Row:
    """What the member is answered, and the stranger; ``seen``: where all may see the dataset."""

    member: int
    stranger: int = 404
    seen: int | None = None
    body: Any = None
    params: Mapping[str, int | str] | None = None


#: In the order in which they are tried: first what changes nothing.
CHATS = {
    "GET /api/chats/{chat_id}": Row(200),
    "GET /api/chats/{chat_id}/messages": Row(200),
    "GET /api/chats/{chat_id}/stream": Row(200),
    "POST /api/chats/{chat_id}/stop": Row(200),
    "PATCH /api/chats/{chat_id}": Row(200, body={"title": "Mine"}),
    "POST /api/chats/{chat_id}/messages/{message_id}/regenerate": Row(200),
    "POST /api/chats/{chat_id}/messages": Row(200, body={"content": "hello"}),
    "GET /api/chats/{chat_id}/sharing": Row(200),
    "POST /api/chats/{chat_id}/sharing": Row(200, body={"emails": []}),
    "DELETE /api/chats/{chat_id}/sharing": Row(200),
    # One goes on in a chat of one's own from another's.
    "POST /api/chats/{chat_id}/copy": Row(404),
    "DELETE /api/chats/{chat_id}": Row(204),
}
JOBS = {
    "GET /api/jobs/{job_id}": Row(200),
    "GET /api/jobs/{job_id}/events": Row(200),
    "GET /api/jobs/{job_id}/rates": Row(200),
    "GET /api/jobs/{job_id}/limit": Row(200),
    "POST /api/jobs/{job_id}/limit": Row(200, body={"bytes_per_s": 500_000}),
    "POST /api/jobs/{job_id}/priority": Row(200, body={"priority": "low"}),
    "POST /api/jobs/{job_id}/pause": Row(200),
    "POST /api/jobs/{job_id}/resume": Row(200),
    "POST /api/jobs/{job_id}/retry": Row(200),
    "POST /api/jobs/{job_id}/cancel": Row(200),
}
SQL = {"sql": "SELECT count(*) FROM train"}
ANNOTATION = {"id": f"annotation_{'0' * 20}", "kind": "label", "label": "a", "split": "train", "image": 0}
ANNOTATION_CHANGE = {"version": "1", "label": "a"}
DATASETS = {
    "GET /api/datasets/{key}/tables": Row(200, seen=200),
    "POST /api/datasets/{key}/tables": Row(202, seen=202),
    "GET /api/datasets/{key}/tables/{table}": Row(200, seen=200),
    "GET /api/datasets/{key}/tables/{table}/rows": Row(200, seen=200),
    "GET /api/datasets/{key}/tables/{table}/statistics": Row(200, seen=200),
    # A column of numbers has no pictures.
    "GET /api/datasets/{key}/tables/{table}/media": Row(422, seen=422, params={"row": 0, "column": 0}),
    "GET /api/datasets/{key}/tables/{table}/questions": Row(200, seen=200),
    "POST /api/datasets/{key}/tables/{table}/ask": Row(200, seen=200, body={"question": "how many rows"}),
    "POST /api/datasets/{key}/tables/{table}/query": Row(200, seen=200, body=SQL),
    "POST /api/datasets/{key}/tables/{table}/query/export": Row(200, seen=200, body=SQL),
    "GET /api/datasets/{key}/tables/{table}/pictures": Row(200, seen=200, params={"name": "a.png"}),
    "GET /api/datasets/{key}": Row(200, seen=200),
    "GET /api/datasets/{key}/receipt": Row(200, seen=200),
    "GET /api/datasets/{key}/splits": Row(200, seen=200),
    "GET /api/datasets/{key}/samples": Row(200, seen=200),
    # A table has no pictures.
    "GET /api/datasets/{key}/samples/{class_id}": Row(404, seen=404),
    "GET /api/datasets/{key}/categories": Row(404, seen=404),
    "GET /api/datasets/{key}/classes": Row(404, seen=404),
    "GET /api/images/{key}/{image_id}": Row(404, seen=404),
    "GET /api/images/{key}/{class_id}/{image_id}": Row(404, seen=404),
    "GET /api/datasets/{key}/samples/{split}/{index}/thumbnail": Row(404, seen=404),
    "GET /api/datasets/{key}/samples/{split}/{index}/image": Row(404, seen=404),
    "GET /api/datasets/{key}/samples/{split}/{index}/mask": Row(404, seen=404),
    "GET /api/datasets/{key}/statistics": Row(200, seen=200),
    "GET /api/datasets/{key}/health": Row(200, seen=200),
    # A table has no pictures of one colour.
    "GET /api/datasets/{key}/health/{kind}": Row(404, seen=404),
    "GET /api/datasets/{key}/health/{kind}/export": Row(404, seen=404),
    "POST /api/datasets/{key}/statistics": Row(202, seen=202),
    "POST /api/datasets/{key}/health": Row(202, seen=202),
    # It has no recordings.
    "GET /api/datasets/{key}/sequences": Row(200, seen=200),
    "GET /api/datasets/{key}/sequence/{sequence_id}": Row(404, seen=404),
    "GET /api/datasets/{key}/frames/{sequence_id}": Row(404, seen=404),
    "GET /api/datasets/{key}/frames/{sequence_id}/{frame_id}/image": Row(404, seen=404),
    "GET /api/datasets/{key}/frames/{sequence_id}/{frame_id}/points": Row(404, seen=404),
    "GET /api/datasets/{key}/frames/{sequence_id}/{frame_id}/from-above": Row(404, seen=404),
    "GET /api/datasets/{key}/check": Row(200, seen=200),
    "GET /api/datasets/{key}/upstream": Row(200, seen=200),
    "GET /api/datasets/{key}/files": Row(200, seen=200),
    "GET /api/datasets/{key}/files/{path}": Row(200, seen=200),
    "GET /api/datasets/{key}/archive": Row(200, seen=200),
    "GET /api/datasets/{key}/croissant": Row(200, seen=200),
    "POST /api/datasets/{key}/browser-access": Row(200, seen=200),
    "GET /api/datasets/{key}/readme": Row(200, seen=200),
    "GET /api/datasets/{key}/repository": Row(200, seen=200),
    "GET /api/datasets/{key}/snippets": Row(200, seen=200),
    "POST /api/datasets/{key}/opened": Row(204, seen=204),
    "POST /api/datasets/{key}/pin": Row(204, seen=204),
    "DELETE /api/datasets/{key}/pin": Row(204, seen=204),
    "GET /api/datasets/{key}/sharing": Row(200, seen=200),
    "POST /api/datasets/{key}/sharing": Row(409, seen=409, body={"everybody": True}),
    "DELETE /api/datasets/{key}/sharing": Row(409, seen=409),
    # It has no pictures, and nobody has drawn anything.
    "GET /api/datasets/{key}/annotations": Row(200, seen=200),
    "POST /api/datasets/{key}/annotations": Row(404, seen=404, body=ANNOTATION),
    "PUT /api/datasets/{key}/annotations/{annotation_id}": Row(404, seen=404, body=ANNOTATION_CHANGE),
    "DELETE /api/datasets/{key}/annotations/{annotation_id}": Row(404, seen=404, params={"version": "1"}),
    "GET /api/datasets/{key}/annotations/export": Row(200, seen=200, params={"format": "coco"}),
    "GET /api/datasets/{key}/annotations/agreement": Row(
        200, seen=200, params={"a": "member@example.org", "b": "stranger@example.org"}
    ),
    # It has none; and once the member has given it up below, it is another's to record.
    "GET /api/datasets/{key}/versions": Row(200, seen=200),
    "POST /api/datasets/{key}/versions": Row(403, seen=403, body={"message": "mine"}),
    "GET /api/datasets/{key}/versions/diff": Row(404, seen=404, params={"from": "1"}),
    "GET /api/datasets/{key}/versions/pictures": Row(200, seen=200, params={"sha256": "0" * 64}),
    "GET /api/datasets/{key}/versions/bundle": Row(409, seen=409),
    "GET /api/datasets/{key}/versions/{version}": Row(404, seen=404),
    "POST /api/datasets/{key}/versions/{version}/restore": Row(409, seen=409, body={}),
    "DELETE /api/datasets/{key}/data": Row(202, seen=403),
    "POST /api/datasets/{key}/update": Row(202, seen=202),
    "POST /api/datasets/{key}/verify": Row(202, seen=202),
    "POST /api/datasets/{key}/keep-revision": Row(409, seen=409),
    "POST /api/datasets/{key}/repair": Row(202, seen=202),
}
#: Of one's own uploads, which no stranger and no admin sees; tried in ``test_uploads``.
UPLOADS = {
    f"{method} /api/uploads/{{category}}/{{upload_id}}{tail}"
    for method, tail in (
        *(("GET", tail) for tail in ("", "/image", "/file", "/tags", "/events", "/analysis")),
        *(("GET", f"/annotations{tail}") for tail in ("", "/export")),
        ("POST", "/annotations"),
        *((method, "/annotations/{annotation_id}") for method in ("PUT", "DELETE")),
        *(("DELETE", ""), ("POST", "/deidentify"), ("POST", "/mask"), ("POST", "/analysis")),
    )
} | {
    "GET /api/analyze/{category}/{upload_id}",
    "GET /api/uploads/traffic/sequences/{sequence_id}/export",
    "GET /api/upload/{category}/partial/{upload_id}",
    "PATCH /api/upload/{category}/partial/{upload_id}",
    "POST /api/upload/{category}",
    "POST /api/upload/{category}/batch",
    "POST /api/upload/{category}/partial",
}
#: Of what one adds oneself, which no stranger and no admin sees; tried in ``test_additions``.
ADDITIONS = {
    f"{method} /api/additions/{{addition_id}}{tail}"
    for method, tail in (
        ("GET", ""),
        ("DELETE", ""),
        *(("POST", f"/{do}") for do in ("files", "data", "finish")),
    )
}
#: What these name is the caller's own.
OF_THE_CALLER = {
    "PUT /api/sources/{source}/credential",
    "DELETE /api/sources/{source}/credential",
    "DELETE /api/auth/tokens/{token_id}",
}
#: For admins alone; tried in ``test_analysis``.
OF_ADMINS = {"POST /api/analysis/models/{name}/download"}
#: All may see KITTI, and it is not here; and whoever began an erasure knows its id, but has no account then.
OF_ALL = {"GET /api/images/kitti/{sequence_id}/{frame_id}", "GET /api/erasures/{erasure_id}"}
#: They tell what the source shows to whoever asks.
AT_ITS_SOURCE = (
    "GET /api/datasets/{key}/manifest",
    "GET /api/datasets/{key}/verdict",
    "GET /api/datasets/{key}/preview",
    "GET /api/datasets/{key}/preview/files",
    "GET /api/datasets/{key}/preview/images",
)
FILE = "train.csv"
#: What else is named in paths.
OF_DATASETS = {"version": "1", "path": FILE, "table": table_id(FILE), "split": "train", "index": "0"} | {
    "sequence_id": "training",
    "image_id": "train-0",
    "class_id": "cat",
    "frame_id": "000000",
    "annotation_id": "annotation_0",
    "kind": "blank",
}


@dataclass(frozen=True)
class Things:
    """What the member has. ``unseen``: names of datasets that nobody else may see, ``seen``: that all may."""

    chat: str
    message: str
    job: str
    ended_job: str
    unseen: tuple[str, ...]
    seen: tuple[str, ...]
    private_ref: str


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("cross") / "data"
    with Server(folder, DATAFERRY_MODEL="none", **hubs.settings) as server:
        server.client("admin@example.org")
        yield server


@pytest.fixture(scope="module")
def member(server: Server) -> Client:
    return server.client("member@example.org")


@pytest.fixture(scope="module")
def stranger(server: Server) -> Client:
    return server.client("stranger@example.org")


@pytest.fixture(scope="module")
def things(member: Client, hubs: Hubs) -> Iterator[Things]:
    with LinkServer() as links:
        links.pages["/mine.csv"] = Page(b"a,b\n1,2\n")
        wait = {"Prefer": "wait"}
        link = f"http://{links.host}/mine.csv?sig={SECRET}"
        path = "/api/datasets/download-dataset"
        seen = member.post(path, {"dataset_id": "builtin:iris"}, headers=wait).json()
        tables = member.post(f"/api/datasets/{seen['key']}/tables").json()
        member.finished(tables["job"]["id"])
        for report in ("statistics", "health"):
            computed = member.get(f"/api/datasets/{seen['key']}/{report}").json()
            member.finished(computed["job"]["id"])
        private = member.post(path, {"source": "url", "dataset_id": link}, headers=wait).json()
        running = member.post("/api/datasets/download/huggingface", {"dataset_id": hubs.slow}).json()
        # It must not be done before the last test.
        member.post(f"/api/jobs/{running['job_id']}/pause")
        until(lambda: member.job(running["job_id"])["state"] == "paused", "it rests")
        chat = member.post("/api/chats").json()["id"]
        message = member.post(f"/api/chats/{chat}/messages", {"content": "hello"}).json()["id"]

        def names(ticket: Mapping[str, Any]) -> tuple[str, str]:
            return ticket["key"], member.get(f"/api/datasets/{ticket['key']}").json()["id"]

        yield Things(
            chat=chat,
            message=message,
            job=running["job_id"],
            ended_job=private["job_id"],
            unseen=(*names(private), *names(running), "kaggle:nobody~nothing", "ds_none"),
            seen=names(seen),
            private_ref=private["ref"],
        )


def ask(client: Client, route: str, row: Row, **names: str) -> httpx.Response:
    method, _, path = route.partition(" ")
    for name, value in names.items():
        path = path.replace(f"{{{name}}}", quote(value, safe="~:!"))
    assert "{" not in path
    return client.http.request(method, path, json=row.body, params=row.params)


def test_every_route_with_a_name_in_its_path_has_a_row(app: FastAPI) -> None:
    routes = {
        f"{method.upper()} {path}"
        for path, operations in app.openapi()["paths"].items()
        for method in operations
        if "{" in path
    }
    of_one_person = {*UPLOADS, *ADDITIONS}
    assert routes == {
        *(*CHATS, *JOBS, *DATASETS, *OF_THE_CALLER, *OF_ALL, *AT_ITS_SOURCE, *OF_ADMINS, *of_one_person)
    }


@pytest.mark.parametrize("route", CHATS)
def test_a_strangers_chat(stranger: Client, things: Things, route: str) -> None:
    row = CHATS[route]
    answer = ask(stranger, route, row, chat_id=things.chat, message_id=things.message)
    assert answer.status_code == row.stranger, answer.text
    if "{message_id}" in route:
        own = stranger.post("/api/chats").json()["id"]
        assert ask(stranger, route, row, chat_id=own, message_id=things.message).status_code == 404


@pytest.mark.parametrize("route", JOBS)
def test_a_strangers_job(stranger: Client, things: Things, route: str) -> None:
    row = JOBS[route]
    for job_id in (things.job, things.ended_job):
        answer = ask(stranger, route, row, job_id=job_id)
        assert answer.status_code == row.stranger, answer.text


@pytest.mark.parametrize("route", DATASETS)
def test_a_strangers_dataset(stranger: Client, things: Things, route: str) -> None:
    """One that may not be seen is answered as one that does not exist."""
    row = DATASETS[route]
    for name in things.unseen:
        answer = ask(stranger, route, row, key=name, **OF_DATASETS)
        assert answer.status_code == row.stranger, (name, answer.text)
        assert answer.json()["code"] == "not_found"
    for name in things.seen:
        assert ask(stranger, route, row, key=name, **OF_DATASETS).status_code == row.seen, name


@pytest.mark.parametrize("route", AT_ITS_SOURCE)
def test_what_the_source_shows_to_a_stranger(
    member: Client, stranger: Client, things: Things, route: str
) -> None:
    private_key, private_id, running_key, running_id, *nobodys = things.unseen
    for name in (private_key, private_id, running_id, *nobodys):
        answer = ask(stranger, route, Row(200), key=name)
        assert answer.status_code == 404, (name, answer.text)
        assert SECRET not in answer.text
    assert ask(member, route, Row(200), key=things.seen[0]).is_success
    # It is public at its hub, and nothing of it is told to be here.
    shown = ask(stranger, route, Row(200), key=running_key)
    assert "/mine.csv" not in shown.text
    assert not [file for file in shown.json().get("files", ()) if file.get("here")]


def test_names_in_bodies_queries_and_topics(server: Server, stranger: Client, things: Things) -> None:
    for name in things.unseen:
        several = {"datasets": [{"key": name}], "ask_only": True}
        [result] = stranger.post("/api/datasets/delete-multiple", several).json()["results"]
        assert result["problem"]["code"] == "not_found", name
    for kind in ("delete", "update"):
        refused = stranger.post("/api/jobs", {"kind": kind, "ref": things.private_ref})
        assert refused.status_code == 404, refused.text
    again = stranger.post("/api/datasets/download-dataset", {"dataset_id": things.private_ref})
    assert again.status_code == 404, again.text
    dismissed = stranger.post("/api/jobs/dismiss", {"job_ids": [things.job, things.ended_job]})
    assert dismissed.json() == []
    chat = stranger.post("/api/chats").json()["id"]
    for query in ("before", "after_message"):
        path = "messages" if query == "before" else "stream"
        found = stranger.get(f"/api/chats/{chat}/{path}", params={query: things.message})
        assert found.status_code in (204, 404)
    ticket = stranger.post("/api/auth/ws-ticket").json()["ticket"]
    address = f"{server.address.replace('http', 'ws')}/api/ws?ticket={ticket}"
    with connect(address, proxy=None) as socket:
        for topic in (f"job:{things.job}", f"job:{things.ended_job}", f"user:{things.chat}", "user:"):
            socket.send(json.dumps({"op": "subscribe", "topic": topic}))
            assert json.loads(socket.recv(10))["op"] == "error", topic


def test_lists_hold_ones_own(stranger: Client, things: Things) -> None:
    text = "".join(
        stranger.get(path).text
        for path in ("/api/chats", "/api/jobs", "/api/datasets?page_size=200", "/api/sources")
    )
    named = (things.chat, things.message, things.job, things.ended_job, *things.unseen[:4], SECRET)
    assert not [name for name in named if name in text]


def test_the_member_is_served(member: Client, things: Things) -> None:
    """The same requests, after the stranger's: nothing has been changed or taken away."""
    for route, row in CHATS.items():
        answer = ask(member, route, row, chat_id=things.chat, message_id=things.message)
        assert answer.status_code == row.member, (route, answer.text)
    for route, row in JOBS.items():
        answer = ask(member, route, row, job_id=things.job)
        assert answer.status_code == row.member, (route, answer.text)
    for route, row in reversed(DATASETS.items()):
        answer = ask(member, route, row, key=things.seen[0], **OF_DATASETS)
        assert answer.status_code == row.member, (route, answer.text)
        if answer.status_code == 202:
            job_id = answer.json().get("job_id") or answer.json().get("id")
            if job_id is not None:
                member.finished(job_id)
