"""A running server whose sessions end while something is open, behind a proxy that it trusts."""

import contextlib
import json
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.support import preloaded
from tests.support.server import PASSWORD, Client, Server, until

EMAIL = "ada@example.org"


@pytest.fixture(scope="module")
def silent_hub() -> Iterator[socket.socket]:
    """Takes connections and says nothing; closing it resets them."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, silent_hub: socket.socket) -> Iterator[Server]:
    data_dir = tmp_path_factory.mktemp("sessions") / "state" / "data"
    with Server(
        data_dir,
        DATAFERRY_TRUSTED_PROXIES="127.0.0.0/8, ::1",
        DATAFERRY_SEARCH_TIMEOUT_S="60",
        DATAFERRY_SEARCH_PATIENCE_S="60",
        DATAFERRY_SESSION_CHECK_S="0.2",
        DATAFERRY_REGISTRATIONS="8",
        DATAFERRY_LOGIN_FAILURES="3",
        HF_ENDPOINT=f"http://127.0.0.1:{silent_hub.getsockname()[1]}",
    ) as server:
        yield server


@pytest.fixture
def ada(server: Server) -> Client:
    return server.client(EMAIL)


def sign_in(
    server: Server, password: str = PASSWORD, *, by: str | None = None, email: str = EMAIL
) -> httpx.Response:
    """Without cookies, as the proxy passes it on for the client ``by``."""
    headers = {} if by is None else {"X-Forwarded-For": by}
    form = {"username": email, "password": password, "client": "cli"}
    return httpx.post(f"{server.address}/api/auth/token", data=form, headers=headers, timeout=60)


def open_socket(server: Server, client: Client) -> ClientConnection:
    ticket = client.post("/api/auth/ws-ticket").json()["ticket"]
    return connect(f"{server.address.replace('http', 'ws')}/api/ws?ticket={ticket}", proxy=None)


def closing_code(opened: ClientConnection) -> int | None:
    with contextlib.suppress(ConnectionClosed):
        while True:
            opened.recv(timeout=20)
    return opened.close_code


def test_an_open_socket_ends_with_its_session_and_no_other_does(server: Server, ada: Client) -> None:
    elsewhere = server.client(EMAIL)
    unused = ada.post("/api/auth/ws-ticket").json()["ticket"]
    with open_socket(server, ada) as ended, open_socket(server, elsewhere) as kept:
        assert ada.post("/api/auth/logout").status_code == 204
        assert closing_code(ended) == 4401
        kept.send(json.dumps({"op": "ping", "t": 1}))
        assert json.loads(kept.recv(timeout=20))["op"] == "pong"
        # A ticket that was asked for before opens nothing now.
        with connect(f"{server.address.replace('http', 'ws')}/api/ws?ticket={unused}", proxy=None) as late:
            assert closing_code(late) == 4401


def test_an_answer_is_read_no_further_than_its_session_lasts(
    server: Server, ada: Client, silent_hub: socket.socket
) -> None:
    chat = ada.post("/api/chats").json()["id"]
    asked = {"content": "find diabetes datasets on huggingface"}
    headers = {"Accept": "text/event-stream"}
    with ada.http.stream("POST", f"/api/chats/{chat}/messages", json=asked, headers=headers) as answer:
        lines = answer.iter_lines()
        assert "start" in next(lines)
        assert ada.post("/api/auth/logout").status_code == 204
        ended = server.client(EMAIL)  # a later session, which reads the same to its end
        silent_hub.close()
        rest = list(lines)
    assert "data: [DONE]" not in rest
    assert not any("text-delta" in line for line in rest)

    def whole() -> bool:
        messages = ended.get(f"/api/chats/{chat}").json()["messages"]
        return bool(messages[-1]["status"] == "complete")

    until(whole, "the answer is written all the same")


def test_a_proxy_that_is_trusted_says_where_a_client_is(server: Server, ada: Client) -> None:
    def fail(by: str) -> int:
        return sign_in(server, "wrong password", by=by).status_code

    # The rightmost hop that is no trusted proxy counts: what stands left of it is the client's own word.
    forged = [f"198.51.100.{number}, 203.0.113.5, 127.0.0.9" for number in range(5)]
    assert [fail(by) for by in forged] == [401] * 3 + [429] * 2
    assert fail("203.0.113.5:4711") == 429
    assert [fail(f"2001:db8::{number}") for number in range(1, 5)] == [401] * 3 + [429]
    assert fail("[2001:db8::77]:4711") == 429
    assert fail("2001:db8:0:1::1") == 401
    # The owner is somewhere else, and waits for none of that.
    assert sign_in(server, by="192.0.2.77").status_code == 200
    refused = sign_in(server, by="203.0.113.5")
    assert 0 < int(refused.headers["retry-after"]) <= 240
    assert "Wait" in refused.json()["next_step"]
    # Cookies are Secure where the proxy says that the browser came over TLS.
    form = {"username": EMAIL, "password": PASSWORD}
    over_tls = ada.http.post("/api/auth/token", data=form, headers={"X-Forwarded-Proto": "https"})
    assert all("Secure" in cookie for cookie in over_tls.headers.get_list("set-cookie"))


def test_registrations_are_limited_for_an_address(server: Server) -> None:
    def register(number: int, by: str) -> httpx.Response:
        account = {"email": f"user{number}@example.org", "password": PASSWORD}
        headers = {"X-Forwarded-For": by}
        return httpx.post(f"{server.address}/api/auth/register", json=account, headers=headers, timeout=60)

    assert [register(number, "192.0.2.30").status_code for number in range(8)] == [201] * 8
    refused = register(9, "192.0.2.30")
    assert refused.json()["code"] == "too_many_requests"
    assert 0 < int(refused.headers["retry-after"]) <= 30
    assert register(9, "192.0.2.31").status_code == 201


def test_databases_and_keys_are_their_owners_alone(server: Server) -> None:
    """custodia#48, librefang#5420, nakama#428: the database is readable by the whole machine."""
    assert mode(server.data_dir) == 0o700
    files = {path.name: mode(path) for path in server.data_dir.iterdir() if path.is_file()}
    assert {"dataferry.sqlite", "dataferry.sqlite-wal", "dataferry.sqlite-shm", "jobs.sqlite"} <= set(files)
    assert {"jobs.sqlite-wal", "secret.key", "owner.lock"} <= set(files)
    assert set(files.values()) == {0o600}


def test_a_command_makes_the_data_folder_private(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    preloaded.run(["users", "list"], env={"DATAFERRY_DATA_DIR": str(folder)}, cwd=tmp_path)
    assert mode(folder) == 0o700


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
