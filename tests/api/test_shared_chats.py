"""A chat that its owner shares: read by others with rights of their own, live, until it is taken back."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select
from websockets.sync.client import ClientConnection, connect

from dataferry.accounts.models import User
from dataferry.chat import rows, share_rows
from dataferry.chat.models import ChatShare
from dataferry.core.db import Database
from dataferry.core.migrate import upgrade
from tests.fakes.gemini import GeminiFake, call, say
from tests.support.hubs import Hubs
from tests.support.links import LinkServer, Page
from tests.support.server import Client, Server

SECRET_WORD = "rosebud"


@pytest.fixture(scope="module")
def model() -> Iterator[GeminiFake]:
    with GeminiFake() as fake:
        yield fake


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, model: GeminiFake, hubs: Hubs) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("threads") / "data"
    settings = {"GOOGLE_API_KEY": "key", "GOOGLE_GEMINI_BASE_URL": model.url, **hubs.settings}
    with Server(folder, **settings) as server:
        server.client("admin@example.org")
        yield server


@pytest.fixture(scope="module")
def letter(ada: Client) -> Iterator[str]:
    """The ref of what a private link of hers has brought."""
    with LinkServer() as links:
        links.pages["/letter.csv"] = Page(f"word\n{SECRET_WORD}\n".encode())
        asked = {"source": "url", "dataset_id": f"http://{links.host}/letter.csv?sig=s3cr3t"}
        ticket = ada.post("/api/datasets/download-dataset", asked, headers={"Prefer": "wait"}).json()
        yield ticket["ref"]


def ask(client: Client, chat: str, content: str) -> dict[str, Any]:
    answer = client.post(f"/api/chats/{chat}/messages", {"content": content})
    assert answer.status_code == 200, answer.text
    message: dict[str, Any] = answer.json()
    return message


def new_chat(client: Client) -> str:
    return str(client.post("/api/chats").json()["id"])


def share(client: Client, chat: str, **body: Any) -> Any:
    answer = client.post(f"/api/chats/{chat}/sharing", body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def take_back(client: Client, chat: str, **query: str) -> None:
    assert client.http.delete(f"/api/chats/{chat}/sharing", params=query).status_code == 200


def shared_with(client: Client, **query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("/api/chats", params={"shared": "true", **query}).json()
    return found


@pytest.fixture
def thread(ada: Client, model: GeminiFake, letter: str) -> str:
    """A search that everybody may see, then rows of what only she may, then words that may quote them."""
    model.reset()
    chat = new_chat(ada)
    model.script(call("search_datasets", query="iris", sources=["builtin"]), say("The iris table fits."))
    ask(ada, chat, "find iris datasets")
    model.script(call("preview_dataset", ref=letter), say(f"It says {SECRET_WORD}."))
    ask(ada, chat, f"show {letter}")
    model.script(say(f"As I said, {SECRET_WORD}."))
    ask(ada, chat, "say it again")
    return chat


@contextmanager
def following(server: Server, client: Client, chat: str) -> Iterator[ClientConnection]:
    ticket = client.post("/api/auth/ws-ticket").json()["ticket"]
    address = f"{server.address.replace('http', 'ws')}/api/ws?ticket={ticket}"
    with connect(address, proxy=None) as socket:
        socket.send(json.dumps({"op": "subscribe", "topic": f"chat:{chat}"}))
        yield socket


def heard(socket: ClientConnection) -> str:
    return str(json.loads(socket.recv(10))["op"])


def test_it_is_read_while_it_is_shared_and_by_nobody_else(ada: Client, bob: Client, thread: str) -> None:
    eve = bob
    paths = ("", "/messages", "/sharing")
    assert [eve.get(f"/api/chats/{thread}{path}").status_code for path in paths] == [404] * 3
    told = share(ada, thread, emails=["Bob@example.org"])
    assert [one["email"] for one in told["readers"]] == ["bob@example.org"]
    [listed] = shared_with(bob)
    assert (listed["id"], listed["owner"], listed["title"]) == (
        thread,
        "ada@example.org",
        "find iris datasets",
    )
    assert [one["id"] for one in bob.get("/api/chats").json()] == []
    assert [one["shared"] for one in ada.get("/api/chats").json() if one["id"] == thread] == [True]
    read = bob.get(f"/api/chats/{thread}").json()
    assert read["owner"] == "ada@example.org"
    assert len(read["messages"]) == 6
    # Nothing in it can be done by a reader.
    question = read["messages"][0]["id"]
    refused = (
        bob.post(f"/api/chats/{thread}/messages", {"content": "hello"}),
        bob.post(f"/api/chats/{thread}/messages/{question}/regenerate"),
        bob.post(f"/api/chats/{thread}/stop"),
        bob.post(f"/api/chats/{thread}/sharing", {"everybody": True}),
        bob.http.patch(f"/api/chats/{thread}", json={"title": "Mine"}),
        bob.http.delete(f"/api/chats/{thread}"),
        bob.get(f"/api/chats/{thread}/stream"),
    )
    assert [answer.status_code for answer in refused] == [404] * 7
    take_back(ada, thread)
    assert shared_with(bob) == []
    assert [bob.get(f"/api/chats/{thread}{path}").status_code for path in paths] == [404] * 3


def test_a_reader_sees_of_datasets_what_their_own_rights_let_them(
    ada: Client, bob: Client, thread: str, letter: str
) -> None:
    share(ada, thread, everybody=True)
    for path in (f"/api/chats/{thread}", f"/api/chats/{thread}/messages"):
        text = bob.get(path).text
        assert SECRET_WORD not in text
        assert '"preview"' not in text
        assert SECRET_WORD in ada.get(path).text
    first, preview, after = bob.get(f"/api/chats/{thread}").json()["messages"][1::2]
    assert (first["withheld"], first["content"]) == (False, "The iris table fits.")
    assert first["downloadable_datasets"][0]["ref"] == "builtin:iris"
    assert first["downloadable_datasets"][0]["file_path"] is None
    assert preview["withheld"]
    assert "may not see" in preview["notice"]
    # What follows was written by whoever had read it.
    assert after["withheld"]
    assert after["content"] == ""
    # A page that begins there does not forget what stood before it.
    [last] = bob.get(f"/api/chats/{thread}/messages", params={"limit": 1}).json()
    assert last["content"] == ""
    # Nor does a search tell what an answer holds.
    assert shared_with(bob, q=SECRET_WORD) == []
    assert len(shared_with(bob, q="say it again")) == 1
    # Whoever may see the dataset sees the answer, and no longer once that ends.
    key = next(one["key"] for one in ada.get("/api/datasets").json()["datasets"] if one["ref"] == letter)
    assert ada.post(f"/api/datasets/{key}/sharing", {"emails": ["bob@example.org"]}).status_code == 200
    assert SECRET_WORD in bob.get(f"/api/chats/{thread}").text
    ada.http.delete(f"/api/datasets/{key}/sharing")
    assert SECRET_WORD not in bob.get(f"/api/chats/{thread}").text


def test_it_goes_on_in_a_chat_of_ones_own(ada: Client, bob: Client, thread: str, model: GeminiFake) -> None:
    share(ada, thread, emails=["bob@example.org"])
    copied = bob.post(f"/api/chats/{thread}/copy")
    assert copied.status_code == 201, copied.text
    own = copied.json()["id"]
    take_back(ada, thread)
    text = bob.get(f"/api/chats/{own}").text
    assert "The iris table fits." in text
    assert SECRET_WORD not in text
    model.reset()
    model.script(say("Gladly."))
    assert ask(bob, own, "tell me more")["content"] == "Gladly."
    assert SECRET_WORD not in json.dumps(model.requests, default=str)
    assert ada.get(f"/api/chats/{own}").status_code == 404
    assert len(ada.get(f"/api/chats/{thread}").json()["messages"]) == 6


def test_a_reader_hears_what_is_new_and_that_it_ends(
    server: Server, ada: Client, bob: Client, thread: str, model: GeminiFake
) -> None:
    with following(server, bob, thread) as socket:
        assert heard(socket) == "error"
    share(ada, thread, emails=["bob@example.org"])
    with following(server, bob, thread) as socket:
        assert [heard(socket), heard(socket)] == ["changed", "subscribed"]
        model.script(say("Good morning."))
        ask(ada, thread, "good morning")
        assert heard(socket) == "changed"
        take_back(ada, thread, email="bob@example.org")
        assert next(op for op in iter(lambda: heard(socket), "") if op != "changed") == "error"


def test_a_reader_may_leave_and_it_ends_with_the_chat(ada: Client, bob: Client) -> None:
    chat = new_chat(ada)
    share(ada, chat, emails=["bob@example.org"])
    take_back(bob, chat)
    assert bob.get(f"/api/chats/{chat}").status_code == 404
    assert ada.get(f"/api/chats/{chat}/sharing").json()["readers"] == []
    # What is shared with everybody nobody can take from the others.
    share(ada, chat, everybody=True)
    assert bob.http.delete(f"/api/chats/{chat}/sharing").status_code == 404
    assert bob.get(f"/api/chats/{chat}").status_code == 200
    assert ada.http.delete(f"/api/chats/{chat}").status_code == 204
    assert bob.get(f"/api/chats/{chat}").status_code == 404
    unknown = ada.post(f"/api/chats/{new_chat(ada)}/sharing", {"emails": ["nobody@example.org"]})
    assert unknown.status_code == 404
    assert "nobody@example.org" in unknown.json()["detail"]


def test_a_disabled_account_shares_nothing(server: Server, bob: Client) -> None:
    leaver = server.client("leaver@example.org")
    chat = new_chat(leaver)
    share(leaver, chat, emails=["bob@example.org"])
    with closing(sqlite3.connect(server.data_dir / "dataferry.sqlite")) as database, database:
        database.execute("UPDATE users SET disabled = true WHERE email = 'leaver@example.org'")
    assert bob.get(f"/api/chats/{chat}").status_code == 404
    assert chat not in {one["id"] for one in shared_with(bob)}


def test_it_ends_with_the_account(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'one.sqlite'}")
    upgrade(database)
    with database.unit_of_work() as session:
        session.add(User(id="user_1", email="ada@example.org", password_hash=""))
        session.flush()
        share_rows.add(session, rows.new_chat(session, "user_1", "Mine"), ["user_2"])
    with database.unit_of_work() as session:
        session.delete(session.get_one(User, "user_1"))
    with database.snapshot() as session:
        assert session.exec(select(ChatShare)).all() == []
    database.close()
