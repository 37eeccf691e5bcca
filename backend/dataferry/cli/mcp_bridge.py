"""Carries the messages of the Model Context Protocol between a program's pipe and a server's ``/mcp``.

The tools run in the server, as for everybody. What is carried is not read beyond what the transport needs,
so the protocol's versions, questions to the person and progress pass through. A server that has been
restarted is found again, and told of the client anew: clients give up on a lost session
(modelcontextprotocol/python-sdk#3556).
"""

import asyncio
import base64
import contextlib
import json
import threading
from collections.abc import AsyncIterator
from typing import Any, BinaryIO

from dataferry.client.http_library import httpx
from dataferry.client.remote import RemoteServer, no_api, unanswered, was_cut_off
from dataferry.client.server import Server
from dataferry.core.errors import DataferryError
from dataferry.core.problems import ProblemWords

Message = dict[str, Any]

_PARSE_ERROR, _SERVER_ERROR = -32700, -32000
_VERSION_KEY = "io.modelcontextprotocol/protocolVersion"
#: Seconds for what is under way when the client has closed its end; it kills what stays longer.
_FAREWELL_S = 1.5
#: The server says something every 15 s while an answer is under way.
_READ_S = 90.0
#: Times that a message is sent: a server may be about to end, have been restarted, and know neither the
#: token nor the session any more.
_TRIES = 5


class Bridge:
    """One client's session. ``output`` gets a line for each message."""

    def __init__(self, server: Server, output: BinaryIO) -> None:
        self._server = server
        self._output = output
        self._remote = server if isinstance(server, RemoteServer) else None
        self._token = server.token()
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(_READ_S, connect=10),
            trust_env=self._remote is not None,
            verify=(self._remote.tls_context() if self._remote else None) or False,
        )
        self._finding = asyncio.Lock()
        self._session: str | None = None
        self._version: str | None = None
        #: What the client has introduced itself with, for a server that has been restarted.
        self._introduction: Message | None = None
        self._under_way: dict[str, asyncio.Task[None]] = {}

    async def run(self, source: BinaryIO) -> None:
        """Carry messages until the client closes its end."""
        lines = _lines(source)
        try:
            while (line := await lines.get()) is not None:
                await self._take(line)
            if self._under_way:
                await asyncio.wait(self._under_way.values(), timeout=_FAREWELL_S)
        except BrokenPipeError:
            pass  # nobody reads
        finally:
            for task in self._under_way.values():
                task.cancel()
            await self._leave()

    async def _take(self, line: bytes) -> None:
        try:
            message = json.loads(line)
        except ValueError:
            self._write({"jsonrpc": "2.0", "id": None, "error": _problem(_PARSE_ERROR, "This is no JSON.")})
            return
        if not isinstance(message, dict):
            self._write({"jsonrpc": "2.0", "id": None, "error": _problem(_PARSE_ERROR, "Send one message.")})
            return
        if "method" in message and "id" in message and message["method"] != "initialize":
            key = json.dumps(message["id"])
            task = self._under_way[key] = asyncio.create_task(self._carry(message))
            task.add_done_callback(lambda _task: self._under_way.pop(key, None))
            return
        if message.get("method") == "notifications/cancelled":
            await self._cancel(message)
            return
        if message.get("method") == "initialize":
            self._introduction, self._session, self._version = message, None, None
        # In order: what follows needs the session, or tells of it.
        await self._carry(message)

    async def _cancel(self, message: Message) -> None:
        if self._session is not None:
            await self._carry(message)
        task = self._under_way.get(json.dumps(_mapping(message.get("params")).get("requestId")))
        if task is not None and self._session is None:
            task.cancel()  # without a session, the end of the connection says it

    async def _carry(self, message: Message) -> None:
        """Send a message and write what comes back; for a request, an error if need be."""
        try:
            for left in reversed(range(_TRIES)):
                if await self._sent(message, last=left == 0):
                    return
        except DataferryError as error:
            if "method" in message and "id" in message:
                self._write(error_answer(message["id"], error))

    async def _sent(self, message: Message, *, last: bool) -> bool:
        """Whether it is done with. Errors: why it cannot be, where this was the last try."""
        address, session, token = self._server.address, self._session, self._token
        try:
            async with self._client.stream(
                "POST", f"{address}/mcp", content=json.dumps(message).encode(), headers=self._headers(message)
            ) as response:
                if response.status_code == httpx.codes.UNAUTHORIZED and not last:
                    return await self._renew(token)
                if response.status_code == httpx.codes.NOT_FOUND and session is not None and not last:
                    return await self._introduce_again(session)
                if self._remote is None and was_cut_off(response):
                    raise httpx.RemoteProtocolError("the server ends")
                await self._write_answer(message, response)
                return True
        except httpx.TransportError as error:
            if last or not await self._found_again(address):
                raise unanswered(address, error) from error
            return False

    def _headers(self, message: Message) -> dict[str, str]:
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
        }
        parameters = _mapping(message.get("params"))
        version = _mapping(parameters.get("_meta")).get(_VERSION_KEY)
        if isinstance(version, str):
            headers["MCP-Protocol-Version"] = version
            headers["Mcp-Method"] = str(message.get("method", ""))
            if isinstance(parameters.get("name"), str):
                headers["Mcp-Name"] = _header(parameters["name"])
            return headers
        if self._session is not None:
            headers["Mcp-Session-Id"] = self._session
        if self._version is not None:
            headers["MCP-Protocol-Version"] = self._version
        return headers

    async def _write_answer(self, message: Message, response: httpx.Response) -> None:
        if message.get("method") == "initialize":
            self._session = response.headers.get("mcp-session-id")
        kind = response.headers.get("content-type", "").partition(";")[0]
        if kind == "text/event-stream":
            answered = False
            async for answer in _events(response):
                self._note_version(message, answer)
                self._write(answer)
                answered = answered or ("method" not in answer and answer.get("id") == message.get("id"))
            if not answered:
                raise httpx.RemoteProtocolError("the stream has ended before the answer")
            return
        content = await response.aread()
        if not content:
            return
        answer = _json(content)
        if kind == "application/problem+json" and isinstance(answer, dict):
            raise ProblemWords.of_document(answer).restore()
        if not isinstance(answer, dict) or answer.get("jsonrpc") != "2.0":
            raise no_api(self._server.address, response)
        if "id" in message and answer.get("id") is None:
            answer = {**answer, "id": message["id"]}
        self._note_version(message, answer)
        self._write(answer)

    def _note_version(self, message: Message, answer: Message) -> None:
        if message.get("method") == "initialize" and isinstance(answer.get("result"), dict):
            self._version = answer["result"].get("protocolVersion")

    # -- a server that has been restarted -----------------------------------------------------

    async def _found_again(self, address: str) -> bool:
        async with self._finding:
            moved = self._server.address != address
            return moved or await asyncio.to_thread(self._server.find)

    async def _renew(self, refused: str) -> bool:
        """False: try again with another token. Errors: there is none."""
        async with self._finding:
            if self._token == refused:
                self._token = await asyncio.to_thread(lambda: self._server.token(renew=True))
            if self._token == refused and self._remote is not None:
                raise self._remote.refused()
        return False

    async def _introduce_again(self, lost: str) -> bool:
        """False: try again in another session, which is begun as the client began the one that is lost."""
        async with self._finding:
            if self._session != lost or self._introduction is None:
                return False
            self._session = None
            started = {"jsonrpc": "2.0", "method": "notifications/initialized"}
            for message in (self._introduction, started):
                headers = self._headers(message)
                response = await self._client.post(
                    f"{self._server.address}/mcp", json=message, headers=headers
                )
                self._session = response.headers.get("mcp-session-id", self._session)
        return False

    async def _leave(self) -> None:
        """End the session, if that takes no time."""
        with contextlib.suppress(httpx.HTTPError, TimeoutError):
            async with asyncio.timeout(0.5):
                if self._session is not None:
                    await self._client.delete(f"{self._server.address}/mcp", headers=self._headers({}))
                await self._client.aclose()

    def _write(self, message: Message) -> None:
        # Not more than one line, whatever is in it.
        self._output.write(json.dumps(message).encode() + b"\n")


def error_answer(request_id: Any, error: DataferryError) -> Message:
    """A request's answer where it could not be brought to a server."""
    sentences = " ".join(filter(None, (error.detail, error.next_step)))
    return {"jsonrpc": "2.0", "id": request_id, "error": _problem(_SERVER_ERROR, sentences)}


def _mapping(value: Any) -> Message:
    """``value`` where it is one: nobody has checked what a client sends."""
    return value if isinstance(value, dict) else {}


def _header(text: str) -> str:
    """As the protocol has a header's value that is more than printable ASCII."""
    plain = text.isascii() and text.isprintable() and text == text.strip()
    return text if plain else f"=?base64?{base64.b64encode(text.encode()).decode()}?="


def _problem(code: int, words: str) -> Message:
    return {"code": code, "message": words}


def _lines(source: BinaryIO) -> "asyncio.Queue[bytes | None]":
    """The lines of ``source`` as they come; None at its end."""
    lines: asyncio.Queue[bytes | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def read() -> None:
        with contextlib.suppress(OSError, ValueError, RuntimeError):
            for line in source:
                if line.strip():
                    loop.call_soon_threadsafe(lines.put_nowait, line)
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(lines.put_nowait, None)

    # Nothing wakes a thread that reads a pipe: it ends with the process.
    threading.Thread(target=read, daemon=True).start()
    return lines


async def _events(response: httpx.Response) -> AsyncIterator[Message]:
    """The messages of a stream of server-sent events."""
    data: list[str] = []
    async for line in response.aiter_lines():
        if line.startswith("data:"):
            data.append(line[5:].removeprefix(" "))
        elif not line and data:
            message = _json("\n".join(data).encode())
            data = []
            if isinstance(message, dict):
                yield message


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None
