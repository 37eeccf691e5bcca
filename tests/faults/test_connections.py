"""Clients that are silent, slow, or send what nobody asked for, against the server as it is run."""

import contextlib
import json
import select
import socket
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from websockets.sync.client import connect

from tests.faults.flood import KEPT_DESCRIPTORS, Attack, Usage, attack, kept_and_new
from tests.support.server import Client, Server, until

HEADER_TIMEOUT_S, BODY_TIMEOUT_S, SEND_TIMEOUT_S = 1.0, 1.5, 2.0
LARGEST_BODY = 4 * 2**20


@pytest.fixture(scope="module")
def silent_hub() -> Iterator[str]:
    """It takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as hub:
        yield f"http://127.0.0.1:{hub.getsockname()[1]}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, silent_hub: str) -> Iterator[Server]:
    settings = {
        "DATAFERRY_HEADER_TIMEOUT_S": str(HEADER_TIMEOUT_S),
        "DATAFERRY_BODY_TIMEOUT_S": str(BODY_TIMEOUT_S),
        "DATAFERRY_SEND_TIMEOUT_S": str(SEND_TIMEOUT_S),
        "DATAFERRY_MAX_CONNECTIONS": "1000",
        "DATAFERRY_MAX_CONNECTIONS_PER_CLIENT": "60",
        "DATAFERRY_SEARCH_TIMEOUT_S": "5",
        "HF_ENDPOINT": silent_hub,
    }
    with Server(tmp_path_factory.mktemp("server") / "data", **settings) as server:
        yield server


@pytest.fixture(scope="module")
def ada(server: Server) -> Client:
    return server.client()


class Raw:
    """A connection without a client's manners."""

    def __init__(self, server: Server, receive_buffer: int | None = None) -> None:
        host, port = server.address.removeprefix("http://").split(":")
        self.socket = socket.socket()
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(30)
        self.socket.connect((host, int(port)))

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def drip(self, data: bytes) -> bytes:
        """What the server has said by the time that it closed, while a byte was sent every now and then."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            deadline = time.monotonic() + 30
            for index in range(10**6):
                assert time.monotonic() < deadline, "it is still open"
                self.socket.sendall(data[index % len(data) : index % len(data) + 1])
                if select.select([self.socket], [], [], 0.1)[0]:
                    break
        return self.rest()

    def rest(self) -> bytes:
        """All that comes until the server closes."""
        parts = []
        with contextlib.suppress(ConnectionResetError):
            while part := self.socket.recv(65536):
                parts.append(part)
        return b"".join(parts)

    def answer(self) -> bytes:
        """One answer with a length."""
        text = b""
        while b"\r\n\r\n" not in text:
            text += self.socket.recv(1)
        head = text.lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        while length:
            part = self.socket.recv(length)
            assert part
            text, length = text + part, length - len(part)
        return text


@pytest.fixture
def raw(server: Server) -> Iterator[Raw]:
    raw = Raw(server)
    with raw.socket:
        yield raw


def code(answer: bytes) -> tuple[int, str]:
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)["code"]


def test_silence_is_closed_without_a_word(raw: Raw) -> None:
    assert raw.rest() == b""


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: " + b"a" * 999, b"\r\n"])
def test_headers_that_drip(raw: Raw, data: bytes) -> None:
    answer = raw.drip(data)
    assert answer == b"" or int(answer.split()[1]) in (400, 408)


def test_headers_that_drip_after_a_request(raw: Raw) -> None:
    """Kludex/uvicorn#157: each byte ended the only timer that there was."""
    raw.send(b"GET /api/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert raw.answer().startswith(b"HTTP/1.1 200")
    assert code(raw.drip(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: " + b"a" * 999)) == (408, "too_slow")


@pytest.mark.parametrize("length", [b"Content-Length: 1000", b"Transfer-Encoding: chunked"])
def test_a_body_that_drips(raw: Raw, length: bytes) -> None:
    head = b"POST /api/auth/register HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    raw.send(head + length + b"\r\n\r\n")
    assert code(raw.drip(b"1\r\n \r\n")) == (408, "too_slow")


def test_a_body_that_nobody_wants_is_not_waited_for(raw: Raw) -> None:
    raw.send(b"GET /api/health/live HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n")
    answer = raw.rest()
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"connection: close" in answer.lower()


def test_the_page_with_an_endless_body(raw: Raw, server: Server) -> None:
    """What serves files looks meanwhile whether the client is there, and so reads what it sends."""
    before = len(server.log)
    raw.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        for _ in range(2000):
            raw.send(b"8000\r\n" + b"x" * 0x8000 + b"\r\n")
    raw.rest()
    assert "Traceback" not in server.log[before:]


def test_a_strangers_body_is_refused_before_it_is_sent(raw: Raw) -> None:
    """fastapi/fastapi#4941: it was read and parsed first."""
    head = b"POST /api/datasets/search-all HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    raw.send(head + b"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n" % LARGEST_BODY)
    answer = raw.answer()
    assert code(answer) == (401, "not_signed_in")
    assert b"connection: close" in answer.lower()


@pytest.mark.parametrize(
    ("size", "refusal"), [(LARGEST_BODY - 1, (401, "not_signed_in")), (16 * 2**20, (413, "too_large"))]
)
def test_a_refusal_is_read_by_a_client_that_sends_first(
    raw: Raw, size: int, refusal: tuple[int, str]
) -> None:
    head = b"POST /api/datasets/search-all HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    raw.send(head + b"Content-Length: %d\r\n\r\n" % size)
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        raw.send(b"x" * size)
    assert code(raw.rest()) == refusal


def held_by_the_server(server: Server, clients: Sequence[socket.socket]) -> int:
    """How many of the connections still have a descriptor at the server's end (proc(5): the inode)."""
    ports = {f"{client.getsockname()[1]:04X}" for client in clients}
    own = f"{int(server.address.rpartition(':')[2]):04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(
        row[1].endswith(f":{own}") and row[2].rpartition(":")[2] in ports and row[9] != "0" for row in rows
    )


def test_answers_that_nobody_reads_are_given_up(server: Server, ada: Client) -> None:
    """Pipelined requests whose answers are never read."""
    with contextlib.ExitStack() as held:
        clients = [held.enter_context(Raw(server, receive_buffer=4096).socket) for _ in range(3)]
        for client in clients:
            client.sendall(b"GET /api/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 100)
        assert ada.get("/api/auth/me").is_success
        until(lambda: held_by_the_server(server, clients) == 0, "the server has given them up", 60)


def test_a_stream_and_a_socket_outlive_every_limit(server: Server, ada: Client) -> None:
    """The answer waits for a hub that is silent for longer than any of the limits, and so does the socket."""
    ticket = ada.post("/api/auth/ws-ticket").json()["ticket"]
    chat = ada.post("/api/chats", {}).json()["id"]
    with connect(server.address.replace("http", "ws") + f"/api/ws?ticket={ticket}") as live:
        began = time.monotonic()
        stream = ada.http.stream(
            "POST",
            f"/api/chats/{chat}/messages",
            json={"content": "find datasets about tigers"},
            headers={"Accept": "text/event-stream"},
        )
        with stream as answer:
            text = answer.read().decode()
        assert text.endswith("data: [DONE]\n\n")
        assert time.monotonic() - began > max(HEADER_TIMEOUT_S, BODY_TIMEOUT_S, SEND_TIMEOUT_S)
        live.send(json.dumps({"op": "ping", "t": 7}))
        assert json.loads(live.recv(30)) == {"op": "pong", "t": 7}


def test_a_flood_leaves_who_is_signed_in_alone(server: Server, ada: Client) -> None:
    """`python -m tests.faults.flood` is the same for a minute, and measures."""
    before = Usage.of(server.pid)
    kept, new = kept_and_new(ada)
    with new, attack(server.address, Attack(silent=150, slow=10, bodies=2, addresses=2)) as held:
        until(lambda: held() >= 100, "the flood has begun")
        for _ in range(10):
            assert kept.get("/api/chats").is_success
            assert new.get("/api/jobs").is_success
    until(
        lambda: Usage.of(server.pid).descriptors <= before.descriptors + KEPT_DESCRIPTORS,
        "what it held came back",
        60,
    )
    assert "Traceback" not in server.log
