"""The tools over streamable HTTP, as an ASGI application for those who have signed in.

The SDK is imported when the first request comes: most servers are never asked.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from importlib import import_module
from typing import Any

from dataferry.accounts.views import SignedIn
from dataferry.core.settings import Settings
from dataferry.jobs.service import Jobs
from dataferry.mcp.calls import ToolCalls
from dataferry.mcp.sessions import Sessions
from dataferry.tools.services import LibraryService, LocalServices

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

#: Of all clients together, and of one person: older ones of theirs are closed.
MAX_SESSIONS, MAX_SESSIONS_PER_PERSON = 1000, 20


class McpServer:
    """One for each process. ``stop`` ends what it has under way; downloads go on."""

    def __init__(
        self,
        library: LibraryService,
        jobs: Jobs,
        settings: Settings,
        key: bytes,
        local: LocalServices | None = None,
    ) -> None:
        self._calls = ToolCalls(library, jobs, settings, local=local)
        self._key = key
        self._sessions = Sessions(MAX_SESSIONS_PER_PERSON)
        self._manager: asyncio.Future[Any] | None = None
        self._host: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()

    @property
    def any_download_going(self) -> bool:
        """Whether a download that an assistant has started is under way. May be asked by another thread."""
        return self._calls.started.any_going

    async def handle(self, signed_in: SignedIn, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request of ``signed_in``, whose token has been checked."""
        manager = await self._started()
        scope = {**scope, "user": import_module("dataferry.mcp.server").session_owner(signed_in)}
        watched = self._sessions.watched(signed_in.user.id, scope, send)
        try:
            await manager.handle_request(scope, receive, watched)
        except asyncio.CancelledError:
            log.info("An answer to an assistant was cut off: the server stops.")
            return
        for session_id in self._sessions.surplus(signed_in.user.id):
            await _end(manager, scope, session_id)

    async def stop(self) -> None:
        self._stopping.set()
        self._calls.started.stop()
        if self._host is not None:
            await self._host

    async def _started(self) -> Any:
        if self._manager is None:
            self._manager = asyncio.get_running_loop().create_future()
            self._host = asyncio.create_task(self._run(self._manager))
        return await asyncio.shield(self._manager)

    async def _run(self, manager: "asyncio.Future[Any]") -> None:
        """Hold the manager open: it has to be closed by the task that has opened it."""
        try:
            sdk = await asyncio.to_thread(import_module, "dataferry.mcp.server")
            # Each session is a line at INFO, with its id.
            logging.getLogger("mcp").setLevel(logging.WARNING)
            made = sdk.session_manager(self._calls, self._key, MAX_SESSIONS)
            async with made.run():
                manager.set_result(made)
                await self._stopping.wait()
        except Exception as error:
            if manager.done():
                raise
            manager.set_exception(error)


async def _end(manager: Any, scope: Scope, session_id: str) -> None:
    """End a session as its client would."""
    headers = [(b"mcp-session-id", session_id.encode()), (b"host", b"localhost")]

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_message: MutableMapping[str, Any]) -> None:
        return None

    await manager.handle_request({**scope, "method": "DELETE", "headers": headers}, receive, send)
