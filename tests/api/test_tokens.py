"""Personal tokens: what a script may with one, what not, and how it ends."""

import contextlib
import json
import re
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.routing import Route, WebSocketRoute
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from dataferry.accounts.token_form import is_whole, make_token
from dataferry.api.deps import TokenFirst
from dataferry.api.scopes import NEEDED, OPEN
from dataferry.core.telemetry import redact
from tests.support import preloaded
from tests.support.server import PASSWORD, Client, Server, until

BOB = "bob@example.org"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    settings = {"DATAFERRY_SESSION_CHECK_S": "0.2", "DATAFERRY_LOGIN_FAILURES": "2"}
    data_dir = tmp_path_factory.mktemp("tokens") / "data"
    with Server(data_dir, DATAFERRY_TRUSTED_PROXIES="127.0.0.1", **settings) as server:
        server.client()  # the first account is the admin
        yield server


@pytest.fixture
def ada(server: Server) -> Client:
    return server.client()


@pytest.fixture
def bob(server: Server) -> Client:
    return server.client(BOB)


def make(person: Client, scope: str = "read", **given: Any) -> dict[str, Any]:
    answer = person.post("/api/auth/tokens", json={"name": "nightly", "scope": scope, **given})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def ask(
    server: Server, token: str, method: str = "GET", path: str = "/api/auth/me", **arguments: Any
) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}", **arguments.pop("headers", {})}
    return httpx.request(method, server.address + path, headers=headers, timeout=30, **arguments)


def test_a_token_is_shown_once_and_acts_for_its_person(server: Server, bob: Client) -> None:
    made = make(bob)
    token = made["token"]
    assert re.fullmatch(r"dft_[0-9A-Za-z]{36}", token)
    assert ask(server, token).json()["email"] == BOB
    ends = datetime.fromisoformat(made["expires_at"])
    assert timedelta(days=89) < ends - datetime.now(UTC) <= timedelta(days=90)
    [listed] = bob.get("/api/auth/tokens").json()
    assert listed["hint"] == f"dft_…{token[-4:]}"
    assert "token" not in listed
    # Nowhere on the server's disk, and of others' eyes: nothing.
    for path in server.data_dir.glob("*.sqlite*"):
        assert token.encode() not in path.read_bytes()
    assert token not in server.log
    # gogs/gogs#5615: every use counts; linode/manager#2997: no end is no end.
    until(lambda: bob.get("/api/auth/tokens").json()[0]["last_used_at"], "its use is written down")
    endless = make(bob, expires_at=None)
    assert (endless["expires_at"], endless["expired"]) == (None, False)
    assert ask(server, endless["token"]).status_code == 200


def test_a_scope_opens_what_it_says(server: Server, bob: Client) -> None:
    read, download = make(bob)["token"], make(bob, "download")["token"]
    wish = {"json": {"dataset_id": "builtin:iris"}}
    refused = ask(server, read, "POST", "/api/datasets/download-dataset", **wish)
    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")
    assert "scope download; yours has read" in refused.json()["detail"]
    started = ask(server, download, "POST", "/api/datasets/download-dataset", **wish)
    assert started.status_code == 202
    job = started.json()["job_id"]
    assert ask(server, read, path=f"/api/jobs/{job}").status_code == 200
    bob.finished(job)
    gone = ask(server, read, "DELETE", "/api/datasets/builtin:iris/data")
    assert gone.status_code == 403
    # What manages the account, and nobody's body is read before (test_token_first).
    for method, path in (
        ("GET", "/api/auth/tokens"),
        ("POST", "/api/auth/tokens"),
        ("POST", "/api/auth/password"),
        ("PUT", "/api/sources/kaggle/credential"),
        ("PUT", "/api/model"),
    ):
        answer = ask(server, download, method, path)
        assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope"), path
    assert bob.post("/api/auth/tokens", json={"name": "x", "scope": "admin"}).status_code == 403


def test_an_admins_lesser_token_has_no_admins_rights(server: Server, ada: Client, bob: Client) -> None:
    assert ask(server, make(ada, "admin")["token"], "DELETE", "/api/transfer/limits").status_code == 200
    lesser = make(ada, "download")["token"]
    assert ask(server, lesser, "DELETE", "/api/transfer/limits").status_code == 403
    assert ask(server, lesser, path="/api/model").json()["can_change"] is False


def test_what_is_made_with_a_token_ends_with_it(server: Server, ada: Client) -> None:
    parent = make(ada, "admin", expires_at=(datetime.now(UTC) + timedelta(days=1)).isoformat())

    def child(of: str, **given: Any) -> httpx.Response:
        body = {"name": "child", "scope": "admin", **given}
        return ask(server, of, "POST", "/api/auth/tokens", json=body)

    assert child(parent["token"]).status_code == 422
    first = child(parent["token"], expires_at=parent["expires_at"]).json()
    second = child(first["token"], expires_at=parent["expires_at"]).json()
    assert ask(server, second["token"]).status_code == 200
    assert ada.http.delete(f"/api/auth/tokens/{parent['id']}").status_code == 204
    for token in (parent, first, second):
        answer = ask(server, token["token"])
        assert (answer.status_code, "was revoked" in answer.json()["detail"]) == (401, True)


def test_words_for_a_token_that_is_not_good(server: Server, ada: Client, bob: Client) -> None:
    mine, later = make(bob), make(bob)
    with contextlib.closing(sqlite3.connect(server.data_dir / "dataferry.sqlite")) as database:
        database.execute(
            "UPDATE personal_tokens SET expires_at = '2026-01-02 00:00:00' WHERE id = ?", (later["id"],)
        )
        database.commit()
    assert "ended on 2026-01-02" in ask(server, later["token"]).json()["detail"]
    assert "not whole" in ask(server, mine["token"][:-1]).json()["detail"]
    assert "Nobody has that token" in ask(server, make_token()).json()["detail"]
    # milesmcc/shynet#349: a disabled person's tokens worked on.
    preloaded.run(["users", "disable", BOB], env=server.environment, cwd=server.data_dir.parent)
    try:
        refused = ask(server, mine["token"])
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        assert "account is disabled" in refused.json()["detail"]
    finally:
        preloaded.run(["users", "disable", BOB, "--undo"], env=server.environment, cwd=server.data_dir.parent)
    assert ask(server, mine["token"]).status_code == 200
    # Somebody else's tokens are none.
    assert ada.http.delete(f"/api/auth/tokens/{mine['id']}").status_code == 404
    past = {"name": "x", "expires_at": "2026-01-01T00:00:00Z"}
    assert ada.post("/api/auth/tokens", json=past).status_code == 422


def test_wrong_tokens_are_limited_and_good_ones_are_not(server: Server, ada: Client) -> None:
    good = make(ada)["token"]
    by = {"headers": {"X-Forwarded-For": "198.51.100.7"}}
    statuses = [ask(server, make_token(), **by).status_code for _ in range(22)]
    assert statuses == [401] * 20 + [429] * 2
    assert ask(server, good, **by).status_code == 200
    assert int(ask(server, make_token(), **by).headers["retry-after"]) >= 1


def open_socket(server: Server, token: str, *, by_ticket: bool) -> ClientConnection:
    address = f"{server.address.replace('http', 'ws')}/api/ws"
    if not by_ticket:
        return connect(address, additional_headers={"Authorization": f"Bearer {token}"}, proxy=None)
    ticket = ask(server, token, "POST", "/api/auth/ws-ticket").json()["ticket"]
    return connect(f"{address}?ticket={ticket}", proxy=None)


@pytest.mark.parametrize("by_ticket", [True, False])
def test_an_open_socket_ends_with_its_token(server: Server, bob: Client, by_ticket: bool) -> None:
    """mattermost/mattermost#7981, home-assistant/core#56760: it went on."""
    made = make(bob)
    with open_socket(server, made["token"], by_ticket=by_ticket) as opened:
        opened.send(json.dumps({"op": "ping", "t": 1}))
        assert json.loads(opened.recv(timeout=20))["op"] == "pong"
        assert bob.http.delete(f"/api/auth/tokens/{made['id']}").status_code == 204
        with pytest.raises(ConnectionClosed):
            opened.recv(timeout=20)
        assert opened.close_code == 4401


def test_a_socket_with_a_wrong_token_is_refused_with_words(server: Server) -> None:
    with open_socket(server, make_token(), by_ticket=False) as refused:
        with pytest.raises(ConnectionClosed):
            refused.recv(timeout=20)
        assert (refused.close_code, refused.close_reason) == (4401, "Nobody has that token here.")


def test_a_new_password_leaves_tokens_as_they_are(server: Server) -> None:
    eve = server.client("eve@example.org")
    token = make(eve)["token"]
    change = {"current_password": PASSWORD, "new_password": "another password"}
    assert eve.post("/api/auth/password", json=change).status_code == 204
    assert ask(server, token).status_code == 200


def test_every_route_has_a_scope(app: FastAPI) -> None:
    """A new route is named in ``api/scopes.py``, or this fails; until then it wants ``admin``."""
    operations = {
        operation["operationId"]: operation
        for operations in app.openapi()["paths"].values()
        for operation in operations.values()
    }
    # The mirror's protocol is not ours, and not in our document.
    own = {route.name for route in app.routes if isinstance(route, TokenFirst)}
    names = set(operations) | own
    assert names - set(NEEDED) - OPEN == set(), "without a scope"
    assert (set(NEEDED) | OPEN) - names == set(), "of no route"
    for name, operation in operations.items():
        assert bool(operation["security"]) == (name in NEEDED), name
    # What is no such route: the socket, which has its own rule, and the page.
    others = [
        route.name
        for route in app.routes
        if isinstance(route, Route | WebSocketRoute) and not isinstance(route, TokenFirst)
    ]
    assert set(others) == {"openapi", "socket", "open_socket", "reference"}


def test_a_token_is_known_by_its_form() -> None:
    token = make_token()
    assert is_whole(token)
    assert not is_whole(token[:-1] + ("0" if token[-1] != "0" else "1"))
    assert token not in redact(f"the token {token} in a log")
    assert redact(f"Bearer {token}") == "Bearer …"
