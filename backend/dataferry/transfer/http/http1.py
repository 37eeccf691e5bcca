"""HTTP/1.1 on one connection: a request is sent, its response's head and body are read.

llhttp (through httptools) reads heads and chunks, because those are where servers surprise. A body of
known length goes from the socket into the reader's buffer and is touched by nothing in between.

Errors are those of the socket, and ``MalformedResponse``; whoever knows the host's name makes them readable.
"""

import select
import socket
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol, TypeVar, overload

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

#: The longest status line with its headers, 1xx responses before it included.
MAX_HEAD_BYTES = 64 * 1024
MAX_HEAD_LINES = 200
#: The most bytes of chunk sizes and trailers without a byte of the body between them.
_MAX_FRAMING_BYTES = 64 * 1024
#: Statuses that have no body, whatever their headers say.
_BODILESS = frozenset({204, 304})


class MalformedResponse(ValueError):
    """What came is not HTTP as we read it. Says what is wrong, in few words."""


class ConnectionClosed(ConnectionError):
    """The connection ended before a byte of the response arrived."""


_Other = TypeVar("_Other")


class Headers(Mapping[str, str]):
    """Header lines; names are found in any case, and lines of one name are joined with ``, ``."""

    __slots__ = ("_joined", "_lines")

    def __init__(self, lines: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> None:
        pairs = lines.items() if isinstance(lines, Mapping) else lines
        self._lines = [(name.lower(), value) for name, value in pairs]
        self._joined: dict[str, str] = dict(self._lines)
        if len(self._joined) < len(self._lines):
            self._joined = {name: ", ".join(self.getlist(name)) for name in self._joined}

    def getlist(self, name: str) -> list[str]:
        """The lines of a name, each by itself."""
        wanted = name.lower()
        return [value for name, value in self._lines if name == wanted]

    def __getitem__(self, name: str) -> str:
        return self._joined[name.lower()]

    @overload
    def get(self, name: str, default: None = None, /) -> str | None: ...
    @overload
    def get(self, name: str, default: str | _Other, /) -> str | _Other: ...
    def get(self, name: str, default: object = None, /) -> object:
        # The inherited one raises and catches for each header that is missing, as most are.
        return self._joined.get(name.lower(), default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._joined)

    def __len__(self) -> int:
        return len(self._joined)

    def __repr__(self) -> str:
        return f"Headers({self._joined!r})"


class _ParserEvents:
    """Callbacks of the parser, for one response."""

    __slots__ = ("chunks", "complete", "lines", "messages")

    def __init__(self) -> None:
        self.lines: list[tuple[bytes, bytes]] = []
        self.chunks: deque[memoryview] = deque()
        self.messages = 0
        self.complete = False

    def on_message_begin(self) -> None:
        self.messages += 1

    def on_header(self, name: bytes, value: bytes) -> None:
        self.lines.append((name, value))

    def on_body(self, chunk: bytes) -> None:
        if not self.complete:
            self.chunks.append(memoryview(chunk))

    def on_message_complete(self) -> None:
        self.complete = True


class _Body(Protocol):
    #: Whether the response ended where its headers say, so that the next one begins cleanly.
    ends_cleanly: bool

    @property
    def is_complete(self) -> bool:
        """Whether all of it has arrived."""

    def readinto(self, buffer: memoryview) -> int:
        """0 at the end. Errors: ``OSError`` where it ends too early."""


class _FixedLengthBody:
    """A body with ``Content-Length``, or none at all."""

    def __init__(self, sock: socket.socket, received: memoryview, length: int) -> None:
        self._sock = sock
        self._received = received[:length]
        self._missing = length
        self.ends_cleanly = len(received) <= length

    @property
    def is_complete(self) -> bool:
        return self._missing == len(self._received)

    def readinto(self, buffer: memoryview) -> int:
        if self._received:
            count = _copy(self._received, buffer)
            self._received = self._received[count:]
        elif self._missing:
            room = buffer if len(buffer) <= self._missing else buffer[: self._missing]
            count = self._sock.recv_into(room)
            if count == 0:
                raise ConnectionError(f"{self._missing} bytes are missing")
        else:
            return 0
        self._missing -= count
        return count


class _ChunkedBody:
    """A body in chunks. Received bytes go through ``receive_view`` to the parser."""

    def __init__(
        self,
        sock: socket.socket,
        received: memoryview,
        receive_view: memoryview,
        parser: HttpResponseParser,
        events: _ParserEvents,
    ) -> None:
        self._sock = sock
        self._receive_view = receive_view
        self._parser = parser
        self._events = events
        self.ends_cleanly = True
        if received:
            self._feed(received)

    @property
    def is_complete(self) -> bool:
        return self._events.complete

    def readinto(self, buffer: memoryview) -> int:
        framing_bytes, chunks = 0, self._events.chunks
        while not chunks:
            if self._events.complete:
                return 0
            received = self._sock.recv_into(self._receive_view)
            framing_bytes += received
            if received == 0 or framing_bytes > _MAX_FRAMING_BYTES:
                raise ConnectionError("the chunks do not end")
            self._feed(self._receive_view[:received])
        count = _copy(chunks[0], buffer)
        if count == len(chunks[0]):
            chunks.popleft()
        else:
            chunks[0] = chunks[0][count:]
        return count

    def _feed(self, received: memoryview) -> None:
        try:
            self._parser.feed_data(received)
        except HttpParserError as error:
            if not self._events.complete:
                raise ConnectionError(f"broken chunks: {error}") from error
        self.ends_cleanly = self._events.messages == 1  # what follows the last chunk begins another message


class _UntilCloseBody:
    """A body that lasts until the server closes: nothing shows whether it is complete."""

    ends_cleanly = False
    is_complete = False

    def __init__(self, sock: socket.socket, received: memoryview) -> None:
        self._sock = sock
        self._received = received

    def readinto(self, buffer: memoryview) -> int:
        if not self._received:
            return self._sock.recv_into(buffer)
        count = _copy(self._received, buffer)
        self._received = self._received[count:]
        return count


class Response:
    """One response. Its body must be read before the next request on the connection."""

    def __init__(self, status: int, headers: Headers, body: _Body, *, keeps_open: bool) -> None:
        self.status = status
        self.headers = headers
        #: As many bytes of the body as have arrived, into a buffer; 0 at its end.
        self.readinto = body.readinto
        self._body = body
        self._keeps_open = keeps_open

    @property
    def reusable(self) -> bool:
        """Whether the connection can take another request now."""
        return self._keeps_open and self._body.ends_cleanly and self._body.is_complete

    @property
    def has_known_end(self) -> bool:
        """Whether the headers say where the body ends."""
        return not isinstance(self._body, _UntilCloseBody)


class Connection:
    """A connected socket, with TLS and timeouts as they were set on it."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._receive_buffer = bytearray(MAX_HEAD_BYTES)
        self._receive_view = memoryview(self._receive_buffer)

    def send_request(self, request: bytes, *, bodiless: bool = False) -> Response:
        """Send a request and read the head of its response. ``bodiless``: to ``HEAD`` and ``CONNECT``.

        Errors: ``ConnectionClosed``, ``MalformedResponse``, and the socket's own, such as ``TimeoutError``.
        """
        try:
            self.sock.sendall(request)
            filled = self.sock.recv_into(self._receive_view)
        except TimeoutError:
            raise
        except OSError as error:
            raise ConnectionClosed("closed before the response") from error
        if filled == 0:
            raise ConnectionClosed("closed before the response")
        start = 0
        while True:
            end, filled = self._end_of_head(start, filled)
            parser, events = _read_head(self._receive_view[start:end])
            status = parser.get_status_code()
            if status >= 200:
                return self._response(status, parser, events, self._receive_view[end:filled], bodiless)
            start = end  # an interim response (1xx): the final one follows

    def has_unexpected_data(self) -> bool:
        """Whether something arrived, such as the end of the connection, though nothing was requested."""
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        return bool(poll.poll(0))

    def close(self) -> None:
        self.sock.close()

    def _end_of_head(self, start: int, filled: int) -> tuple[int, int]:
        """Where the head that begins at ``start`` ends, and where what has come ends."""
        search_from = start
        while (end := self._blank_line(search_from, filled)) < 0:
            if not b"HTTP/".startswith(self._receive_buffer[start : min(filled, start + 5)]):
                raise MalformedResponse("no status line")
            if filled == MAX_HEAD_BYTES:
                raise MalformedResponse("too many headers")
            search_from = max(start, filled - 3)
            received = self.sock.recv_into(self._receive_view[filled:])
            if received == 0:
                raise ConnectionError("the headers end too early")
            filled += received
        return end, filled

    def _blank_line(self, search_from: int, filled: int) -> int:
        """Where the empty line after the headers ends, -1 if it has not come."""
        crlf = self._receive_buffer.find(b"\r\n\r\n", search_from, filled)
        lf = self._receive_buffer.find(b"\n\n", search_from, crlf if crlf >= 0 else filled)
        if lf >= 0:
            return lf + 2
        return crlf + 4 if crlf >= 0 else -1

    def _response(
        self,
        status: int,
        parser: HttpResponseParser,
        events: _ParserEvents,
        received: memoryview,
        bodiless: bool,
    ) -> Response:
        headers = Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in events.lines])
        length, coding = headers.get("content-length"), headers.get("transfer-encoding")
        body: _Body
        if bodiless or status in _BODILESS:
            body = _FixedLengthBody(self.sock, received, 0)
        elif length is not None:
            body = _FixedLengthBody(self.sock, received, int(length))
        elif coding is None:
            body = _UntilCloseBody(self.sock, received)
        elif coding.lower() == "chunked":
            body = _ChunkedBody(self.sock, received, self._receive_view, parser, events)
        else:
            raise MalformedResponse(f"the transfer encoding {coding[:20]!r}")
        keeps_open = _keeps_connection_open(parser.get_http_version(), headers.get("connection", ""))
        return Response(status, headers, body, keeps_open=keeps_open)


def _read_head(head: memoryview) -> tuple[HttpResponseParser, _ParserEvents]:
    events = _ParserEvents()
    parser = HttpResponseParser(events)
    # Old servers pad the sizes of chunks, or end lines with "\n". Only a proxy could be misled by that.
    parser.set_dangerous_leniencies(lenient_spaces_after_chunk_size=True, lenient_optional_cr_before_lf=True)
    try:
        parser.feed_data(head)
    except HttpParserUpgrade as error:
        raise MalformedResponse("another protocol") from error
    except HttpParserError as error:
        raise MalformedResponse(str(error)) from error
    if len(events.lines) > MAX_HEAD_LINES:
        raise MalformedResponse("too many headers")
    return parser, events


def _keeps_connection_open(version: str, connection: str) -> bool:
    terms = {term.strip() for term in connection.lower().split(",")}
    return "close" not in terms and (version == "1.1" or "keep-alive" in terms)


def _copy(source: memoryview, target: memoryview) -> int:
    """Copy what fits; the number of bytes."""
    count = min(len(source), len(target))
    target[:count] = source[:count]
    return count
