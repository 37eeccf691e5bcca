"""HTTP/1.1 on one connection: a request goes out, its answer's head and body come in.

llhttp (through httptools) reads heads and chunks, because those are where servers surprise. A body of
known length goes from the socket into the reader's buffer and is touched by nothing in between.

Errors are those of the socket, and ``Malformed``; whoever knows the host's name makes them readable.
"""

import select
import socket
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol, TypeVar, overload

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

#: A status line and its headers, with any answers that only announce another, are no longer than this.
HEAD_BYTES = 64 * 1024
HEAD_LINES = 200
#: Chunk sizes and trailers without a byte of the body between them.
_IDLE_BYTES = 64 * 1024
#: Statuses that have no body, whatever their headers say.
_BODILESS = frozenset({204, 304})


class Malformed(ValueError):
    """What came is not HTTP as we read it. Says what is wrong, in few words."""


class Closed(ConnectionError):
    """The connection ended before a byte of the answer came."""


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


class _Listener:
    """What the parser tells of one answer."""

    __slots__ = ("begun", "complete", "lines", "pieces")

    def __init__(self) -> None:
        self.lines: list[tuple[bytes, bytes]] = []
        self.pieces: deque[memoryview] = deque()
        self.begun = 0
        self.complete = False

    def on_message_begin(self) -> None:
        self.begun += 1

    def on_header(self, name: bytes, value: bytes) -> None:
        self.lines.append((name, value))

    def on_body(self, piece: bytes) -> None:
        if not self.complete:
            self.pieces.append(memoryview(piece))

    def on_message_complete(self) -> None:
        self.complete = True


class _Body(Protocol):
    #: Whether the answer ended where it said, so that the next one begins cleanly.
    clean: bool

    @property
    def arrived(self) -> bool:
        """Nothing more of it is on the line."""

    def readinto(self, buffer: memoryview) -> int:
        """0 at the end. Errors: ``OSError`` where it ends too early."""


class _Sized:
    """A body with ``Content-Length``, or none at all."""

    def __init__(self, line: socket.socket, early: memoryview, length: int) -> None:
        self._line = line
        self._early = early[:length]
        self._missing = length
        self.clean = len(early) <= length

    @property
    def arrived(self) -> bool:
        return self._missing == len(self._early)

    def readinto(self, buffer: memoryview) -> int:
        if self._early:
            count = _move(self._early, buffer)
            self._early = self._early[count:]
        elif self._missing:
            room = buffer if len(buffer) <= self._missing else buffer[: self._missing]
            count = self._line.recv_into(room)
            if count == 0:
                raise ConnectionError(f"{self._missing} bytes are missing")
        else:
            return 0
        self._missing -= count
        return count


class _Chunked:
    """A body in chunks. ``store`` is where received bytes wait for the parser."""

    def __init__(
        self,
        line: socket.socket,
        early: memoryview,
        store: memoryview,
        parser: HttpResponseParser,
        heard: _Listener,
    ) -> None:
        self._line = line
        self._store = store
        self._parser = parser
        self._heard = heard
        self.clean = True
        if early:
            self._feed(early)

    @property
    def arrived(self) -> bool:
        return self._heard.complete

    def readinto(self, buffer: memoryview) -> int:
        idle, pieces = 0, self._heard.pieces
        while not pieces:
            if self._heard.complete:
                return 0
            received = self._line.recv_into(self._store)
            idle += received
            if received == 0 or idle > _IDLE_BYTES:
                raise ConnectionError("the chunks do not end")
            self._feed(self._store[:received])
        count = _move(pieces[0], buffer)
        if count == len(pieces[0]):
            pieces.popleft()
        else:
            pieces[0] = pieces[0][count:]
        return count

    def _feed(self, received: memoryview) -> None:
        try:
            self._parser.feed_data(received)
        except HttpParserError as error:
            if not self._heard.complete:
                raise ConnectionError(f"broken chunks: {error}") from error
        self.clean = self._heard.begun == 1  # what follows the last chunk begins another message


class _Open:
    """A body that lasts until the server closes: nothing tells whether it is whole."""

    clean = False
    arrived = False

    def __init__(self, line: socket.socket, early: memoryview) -> None:
        self._line = line
        self._early = early

    def readinto(self, buffer: memoryview) -> int:
        if not self._early:
            return self._line.recv_into(buffer)
        count = _move(self._early, buffer)
        self._early = self._early[count:]
        return count


class Answer:
    """One answer. Its body must be read before the connection is asked again."""

    def __init__(self, status: int, headers: Headers, body: _Body, *, kept: bool) -> None:
        self.status = status
        self.headers = headers
        #: As many bytes of the body as have arrived, into a buffer; 0 at its end.
        self.readinto = body.readinto
        self._body = body
        self._kept = kept

    @property
    def reusable(self) -> bool:
        """Whether the connection can be asked again now."""
        return self._kept and self._body.clean and self._body.arrived

    @property
    def told(self) -> bool:
        """Whether the server says where the body ends."""
        return not isinstance(self._body, _Open)


class Connection:
    """A connected socket, with TLS and timeouts as they were set on it."""

    def __init__(self, line: socket.socket) -> None:
        self.line = line
        self._bytes = bytearray(HEAD_BYTES)
        self._store = memoryview(self._bytes)

    def ask(self, request: bytes, *, bodiless: bool = False) -> Answer:
        """Send a request and read the head of its answer. ``bodiless``: to ``HEAD`` and ``CONNECT``.

        Errors: ``Closed``, ``Malformed``, and the socket's own, ``TimeoutError`` among them.
        """
        try:
            self.line.sendall(request)
            filled = self.line.recv_into(self._store)
        except TimeoutError:
            raise
        except OSError as error:
            raise Closed("closed before the answer") from error
        if filled == 0:
            raise Closed("closed before the answer")
        start = 0
        while True:
            end, filled = self._end_of_head(start, filled)
            parser, heard = _read_head(self._store[start:end])
            status = parser.get_status_code()
            if status >= 200:
                return self._answer(status, parser, heard, self._store[end:filled], bodiless)
            start = end  # only an announcement (1xx): the answer follows

    def disturbed(self) -> bool:
        """Whether something came, the connection's end maybe, though nothing was asked."""
        poll = select.poll()
        poll.register(self.line, select.POLLIN)
        return bool(poll.poll(0))

    def close(self) -> None:
        self.line.close()

    def _end_of_head(self, start: int, filled: int) -> tuple[int, int]:
        """Where the head that begins at ``start`` ends, and where what has come ends."""
        look = start
        while (end := self._blank_line(look, filled)) < 0:
            if not b"HTTP/".startswith(self._bytes[start : min(filled, start + 5)]):
                raise Malformed("no status line")
            if filled == HEAD_BYTES:
                raise Malformed("too many headers")
            look = max(start, filled - 3)
            received = self.line.recv_into(self._store[filled:])
            if received == 0:
                raise ConnectionError("the headers end too early")
            filled += received
        return end, filled

    def _blank_line(self, look: int, filled: int) -> int:
        """Where the empty line after the headers ends, -1 if it has not come."""
        place = self._bytes.find(b"\r\n\r\n", look, filled)
        bare = self._bytes.find(b"\n\n", look, place if place >= 0 else filled)
        if bare >= 0:
            return bare + 2
        return place + 4 if place >= 0 else -1

    def _answer(
        self,
        status: int,
        parser: HttpResponseParser,
        heard: _Listener,
        early: memoryview,
        bodiless: bool,
    ) -> Answer:
        headers = Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in heard.lines])
        length, coding = headers.get("content-length"), headers.get("transfer-encoding")
        body: _Body
        if bodiless or status in _BODILESS:
            body = _Sized(self.line, early, 0)
        elif length is not None:
            body = _Sized(self.line, early, int(length))
        elif coding is None:
            body = _Open(self.line, early)
        elif coding.lower() == "chunked":
            body = _Chunked(self.line, early, self._store, parser, heard)
        else:
            raise Malformed(f"the transfer encoding {coding[:20]!r}")
        kept = _stays_open(parser.get_http_version(), headers.get("connection", ""))
        return Answer(status, headers, body, kept=kept)


def _read_head(head: memoryview) -> tuple[HttpResponseParser, _Listener]:
    heard = _Listener()
    parser = HttpResponseParser(heard)
    # Old servers pad the sizes of chunks, or end lines with "\n". Only a proxy could be misled by that.
    parser.set_dangerous_leniencies(lenient_spaces_after_chunk_size=True, lenient_optional_cr_before_lf=True)
    try:
        parser.feed_data(head)
    except HttpParserUpgrade as error:
        raise Malformed("another protocol") from error
    except HttpParserError as error:
        raise Malformed(str(error)) from error
    if len(heard.lines) > HEAD_LINES:
        raise Malformed("too many headers")
    return parser, heard


def _stays_open(version: str, connection: str) -> bool:
    terms = {term.strip() for term in connection.lower().split(",")}
    return "close" not in terms and (version == "1.1" or "keep-alive" in terms)


def _move(source: memoryview, target: memoryview) -> int:
    """Copy what fits; the number of bytes."""
    count = min(len(source), len(target))
    target[:count] = source[:count]
    return count
