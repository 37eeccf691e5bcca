"""HTTP/1.1 on one connection: where heads and bodies end, however the bytes arrive."""

import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataferry.transfer.http.http1 import (
    MAX_HEAD_BYTES,
    Connection,
    ConnectionClosed,
    Headers,
    MalformedResponse,
    Response,
)

ASKED = b"GET / HTTP/1.1\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\n"


class Drip(socket.socket):
    """A socket that gives at most ``drop`` bytes at once, as a slow connection may."""

    drop = 1 << 20

    def recv_into(self, buffer: memoryview, *rest: int) -> int:  # type: ignore[override]
        return super().recv_into(buffer[: self.drop], *rest)


class SocketPair:
    """A connection, and the server's end of it."""

    def __init__(self, drop: int = 1 << 20) -> None:
        self.server, client = socket.socketpair()
        dripping = Drip(fileno=client.detach())
        dripping.drop = drop
        dripping.settimeout(5)
        self.connection = Connection(dripping)

    def answer(self, *pieces: bytes, end: bool = True, bodiless: bool = False) -> Response:
        self.server.sendall(b"".join(pieces))
        if end:
            self.server.shutdown(socket.SHUT_WR)
        return self.connection.send_request(ASKED, bodiless=bodiless)

    def close(self) -> None:
        self.connection.close()
        self.server.close()


@pytest.fixture
def pair() -> Iterator[SocketPair]:
    pair = SocketPair()
    yield pair
    pair.close()


def body_of(answer: Response, size: int = 1000) -> bytes:
    buffer, body = memoryview(bytearray(size)), b""
    while count := answer.readinto(buffer):
        body += bytes(buffer[:count])
    return body


def chunks(*pieces: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


# -- bodies ---------------------------------------------------------------------------------------

BODIES = {
    "sized": (b"Content-Length: 6\r\n\r\nabcdef", b"abcdef", True),
    "empty": (b"Content-Length: 0\r\n\r\n", b"", True),
    "empty lines": (b"Content-Length: 6\r\n\r\na\n\n\r\n\r", b"a\n\n\r\n\r", True),
    "chunked": (b"Transfer-Encoding: chunked\r\n\r\n" + chunks(b"ab", b"cdef"), b"abcdef", True),
    "no chunks": (b"Transfer-Encoding: Chunked\r\n\r\n0\r\n\r\n", b"", True),
    "extensions": (b"Transfer-Encoding: chunked\r\n\r\n2;x=y\r\nab\r\n0\r\n\r\n", b"ab", True),
    "padded sizes": (b"Transfer-Encoding: chunked\r\n\r\n2  \r\nab\r\n0  \r\n\r\n", b"ab", True),
    "trailers": (b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nETag: z\r\n\r\n", b"ab", True),
    "until it closes": (b"\r\nabcdef", b"abcdef", False),
    "asked to close": (b"Connection: Close\r\nContent-Length: 2\r\n\r\nab", b"ab", False),
    "empty header": (b"X-Nothing:\r\nContent-Length: 2\r\n\r\nab", b"ab", True),
}


@pytest.mark.parametrize("drop", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("size", [1, 4, 1000])
@pytest.mark.parametrize("kind", BODIES)
def test_bodies_however_they_arrive(kind: str, drop: int, size: int) -> None:
    sent, body, reusable = BODIES[kind]
    pair = SocketPair(drop)
    answer = pair.answer(OK, sent)
    assert body_of(answer, size) == body
    assert answer.status == 200
    assert answer.reusable is reusable
    assert "etag" not in answer.headers, "a trailer is no header"
    assert body_of(answer) == b"", "the end stays the end"
    pair.close()


@given(
    pieces=st.lists(st.binary(min_size=1, max_size=300)), drop=st.integers(1, 400), size=st.integers(1, 400)
)
def test_chunks_of_any_kind(pieces: list[bytes], drop: int, size: int) -> None:
    pair = SocketPair(drop)
    answer = pair.answer(OK, b"Transfer-Encoding: chunked\r\n\r\n", chunks(*pieces), end=False)
    assert body_of(answer, size) == b"".join(pieces)
    assert answer.reusable
    pair.close()


def test_a_body_goes_into_the_readers_buffer_and_no_further(pair: SocketPair) -> None:
    answer = pair.answer(OK, b"Content-Length: 100000\r\n\r\n", b"x" * 100_000, b"next", end=False)
    assert body_of(answer, 1 << 20) == b"x" * 100_000
    assert pair.connection.sock.recv(10) == b"next"


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
def test_statuses_without_a_body(pair: SocketPair, status: bytes) -> None:
    answer = pair.answer(b"HTTP/1.1 ", status, b"\r\nContent-Length: 5\r\n\r\n", end=False)
    assert body_of(answer) == b""
    assert answer.reusable


def test_an_answer_to_head_has_no_body(pair: SocketPair) -> None:
    answer = pair.answer(OK, b"Content-Length: 5\r\n\r\n", end=False, bodiless=True)
    assert (body_of(answer), answer.headers["content-length"]) == (b"", "5")
    assert answer.reusable


def test_announcements_are_skipped(pair: SocketPair) -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    answer = pair.answer(
        b"HTTP/1.1 100 Continue\r\n\r\n", hints, OK, b"Content-Length: 2\r\n\r\nab", end=False
    )
    assert (answer.status, body_of(answer)) == (200, b"ab")
    assert "link" not in answer.headers
    assert answer.reusable


@pytest.mark.parametrize(
    ("version", "connection", "kept"),
    [
        (b"1.1", b"", True),
        (b"1.1", b"keep-alive", True),
        (b"1.1", b"upgrade, CLOSE", False),
        (b"1.0", b"", False),
        (b"1.0", b"Keep-Alive", True),
    ],
)
def test_which_connections_stay_open(pair: SocketPair, version: bytes, connection: bytes, kept: bool) -> None:
    more = b"Connection: %b\r\n" % connection if connection else b""
    answer = pair.answer(b"HTTP/%b 200 OK\r\nContent-Length: 2\r\n" % version, more, b"\r\nab", end=False)
    assert body_of(answer) == b"ab"
    assert answer.reusable is kept


def test_what_has_arrived_needs_no_reader(pair: SocketPair) -> None:
    assert pair.answer(OK, b"Content-Length: 2\r\n\r\nab", end=False).reusable
    assert not pair.answer(OK, b"Content-Length: 3\r\n\r\nab", end=False).reusable


@pytest.mark.parametrize(
    "framing", [b"Content-Length: 2\r\n\r\nab", b"Transfer-Encoding: chunked\r\n\r\n" + chunks(b"ab")]
)
@pytest.mark.parametrize(
    "more", [b"junk", b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\ncd"]
)
def test_more_than_the_answer_spoils_the_connection(pair: SocketPair, framing: bytes, more: bytes) -> None:
    answer = pair.answer(OK, framing, more, end=False)
    assert body_of(answer) == b"ab"
    assert not answer.reusable


@pytest.mark.parametrize(
    "sent",
    [
        b"Content-Length: 6\r\n\r\nabc",
        b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nno size\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n" + b"X: y\r\n" * 20_000,
    ],
)
@pytest.mark.parametrize("drop", [1000, 70_000])
def test_a_body_that_ends_too_early_is_never_whole(sent: bytes, drop: int) -> None:
    pair = SocketPair(drop)
    with pytest.raises(ConnectionError):
        body_of(pair.answer(OK, sent))
    pair.close()


def test_chunks_must_lead_somewhere(pair: SocketPair) -> None:
    answer = pair.answer(OK, b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n", end=False)
    pair.server.sendall(b"X: y\r\n" * 15_000)
    with pytest.raises(ConnectionError, match="do not end"):
        body_of(answer)


# -- heads ----------------------------------------------------------------------------------------


def test_headers_have_names_in_any_case_and_lines() -> None:
    headers = Headers([("X-Goog-Hash", "a=1"), ("ETag", '"t"'), ("x-goog-hash", "b=2")])
    assert headers["X-GOOG-HASH"] == "a=1, b=2"
    assert headers.getlist("X-Goog-Hash") == ["a=1", "b=2"]
    assert headers.getlist("nothing") == []
    assert headers.get("Etag") == '"t"'
    assert "etag" in headers
    assert "missing" not in headers
    assert dict(headers) == {"x-goog-hash": "a=1, b=2", "etag": '"t"'}


@pytest.mark.parametrize("drop", [1, 1000])
def test_lines_of_old_servers(drop: int) -> None:
    pair = SocketPair(drop)
    answer = pair.answer(b"HTTP/1.0 200 OK\nX: y\n\nab\r\n\r\ncd")
    assert (answer.headers["x"], body_of(answer)) == ("y", b"ab\r\n\r\ncd")
    pair.close()


def test_letters_beyond_ascii(pair: SocketPair) -> None:
    assert pair.answer(OK, b"X: caf\xe9\r\n\r\n").headers["x"] == "caf\xe9"


@pytest.mark.parametrize(
    "head",
    [
        b"<!doctype html><title>Sign in to this network</title>",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"ICY 200 OK\r\n\r\n",
        b"HTTP/3.0 200 OK\r\n\r\n",
        b"HTTP/1.1 twohundred OK\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
        OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
        OK + b"Content-Length: -5\r\n\r\n",
        OK + b"Content-Length: 5, 6\r\n\r\n",
        OK + b"Content-Length: 0x5\r\n\r\n",
        OK + b"Content-Length: 99999999999999999999999\r\n\r\n",
        OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        OK + b"Transfer-Encoding: gzip\r\n\r\n",
        OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
        OK + b"X Y: z\r\n\r\n",
        OK + b"X: a\x00b\r\n\r\n",
        OK + b"no colon\r\n\r\n",
        OK + b"X: y\r\n" * 201 + b"\r\n",
        OK + b"X: " + b"y" * MAX_HEAD_BYTES,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 3000,
    ],
)
def test_answers_that_are_not_http(pair: SocketPair, head: bytes) -> None:
    with pytest.raises(MalformedResponse) as caught:
        pair.answer(head, end=False)
    assert len(str(caught.value)) < 100


def test_a_head_as_large_as_allowed(pair: SocketPair) -> None:
    fixed = len(OK + b"X: \r\nContent-Length: 2\r\n\r\n")
    answer = pair.answer(
        OK, b"X: " + b"y" * (MAX_HEAD_BYTES - fixed), b"\r\nContent-Length: 2\r\n\r\n", b"ab"
    )
    assert body_of(answer) == b"ab"


def test_a_connection_that_ended_before_the_answer(pair: SocketPair) -> None:
    with pytest.raises(ConnectionClosed):
        pair.answer(b"")


def test_a_connection_that_ended_before_the_question(pair: SocketPair) -> None:
    pair.server.close()
    with pytest.raises(ConnectionClosed):
        pair.connection.send_request(ASKED)


def test_a_connection_that_ended_within_the_headers(pair: SocketPair) -> None:
    with pytest.raises(ConnectionError) as caught:
        pair.answer(OK, b"X: y\r\n")
    assert not isinstance(caught.value, ConnectionClosed)


def test_a_connection_shows_that_something_came_unasked(pair: SocketPair) -> None:
    assert not pair.connection.has_unexpected_data()
    pair.server.close()
    assert pair.connection.has_unexpected_data()
