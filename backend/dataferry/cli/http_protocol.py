"""uvicorn's protocols, which hold a connection for as long as its client likes, with limits.

uvicorn itself closes only what is idle between two requests (Kludex/uvicorn#157): a client that sends
nothing, or a byte now and then, or reads nothing, would be waited for without end. No middleware can tell:
it is called once the headers are there.
"""

import asyncio
from contextlib import suppress
from typing import Any, cast

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from dataferry.api.connections import STATE_KEY, Connection, Connections
from dataferry.api.problems import busy, too_slow

#: Seconds that an idle connection of somebody known is kept: longer than a proxy keeps its own (nginx: 60),
#: so that the proxy never sends a request into one that is being closed (lsst-sqre/phalanx#5103).
_KNOWN_KEEP_ALIVE_S = 75
#: The rest of a body is taken in for so long after its answer, since a reset could overtake the answer.
_DRAIN_S = 2.0
_DRAIN_BYTES = 2**20
#: A body of which so much has come in the time that it has gets on.
_GETS_ON_BYTES = 65_536
_CLOSE = (b"connection", b"close")


class ServerConfig(uvicorn.Config):
    """uvicorn's configuration, with what all connections share and their limits in seconds."""

    def __init__(
        self,
        app: Any,
        *,
        connections: Connections,
        header_timeout_s: float,
        body_timeout_s: float,
        send_timeout_s: float,
        **given: Any,
    ) -> None:
        super().__init__(app, http=HttpProtocol, ws=WebSocketProtocol, **given)
        self.connections = connections
        self.header_timeout_s = header_timeout_s
        self.body_timeout_s = body_timeout_s
        self.send_timeout_s = send_timeout_s


class HttpProtocol(H11Protocol):
    """HTTP/1.1 with limits on the time of headers, bodies and reading, and on the number of connections."""

    config: ServerConfig
    _connection: Connection
    #: What the client has still to send (``h11``'s state of it), and until when.
    _receiving: Any = None
    #: What has come since then.
    _body_bytes = 0
    _receive_timer: asyncio.TimerHandle | None = None
    _send_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        address = self.client[0] if self.client else ""
        self._connection = self.config.connections.open(address, self._abort)
        self.app_state = {**self.app_state, STATE_KEY: self._connection}
        self._app, self.app = self.app, self._answer
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        self._stop_timers()
        self._connection.release()

    def data_received(self, data: bytes) -> None:
        self._body_bytes += len(data)
        super().data_received(data)
        if self.transport.get_protocol() is self:
            self._watch()

    def on_response_complete(self) -> None:
        if self._connection.known:
            self.timeout_keep_alive = _KNOWN_KEEP_ALIVE_S
        super().on_response_complete()
        self._watch()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._watch()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        self._stop_timers()
        self._connection.waits()  # for the ticket: signing in ends it
        super().handle_websocket_upgrade(event)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._watch()

    # -- limits -------------------------------------------------------------------------------

    def _watch(self) -> None:
        """Set the timers for what the client has to do now; one that runs for the same goes on."""
        closing = self.transport.is_closing()
        state = None if closing else self.conn.their_state
        idle = state is h11.IDLE
        if state is not h11.SEND_BODY and not (idle and self.timeout_keep_alive_task is None):
            state = None
        if state is not self._receiving:
            self._receiving = state
            _cancel(self._receive_timer)
            self._receive_timer = None
            if state is not None:
                seconds = self.config.header_timeout_s if idle else self.config.body_timeout_s
                self._body_bytes = 0
                self._receive_timer = self.loop.call_later(seconds, self._too_slow)
        # What is closing has an answer in its buffer, or is gone in the next turn of the loop.
        unread = closing or self.flow.write_paused
        if unread and self._send_timer is None:
            self._send_timer = self.loop.call_later(self.config.send_timeout_s, self._abort)
        elif not unread:
            _cancel(self._send_timer)
            self._send_timer = None
        if idle or unread or state is not None:
            self._connection.waits()
        else:
            self._connection.works()

    def _too_slow(self) -> None:
        """Say so where there is a request to answer and no answer under way; close. A body that gets on, as
        an upload over a slow line does, has as long again."""
        if self._receiving is h11.SEND_BODY and self._body_bytes >= _GETS_ON_BYTES:
            self._receiving = None
            self._watch()
            return
        begun = self._receiving is h11.SEND_BODY or self.conn.trailing_data[0]
        if begun and (self.cycle is None or self.cycle.response_complete or not self.cycle.response_started):
            self.transport.write(too_slow())
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()
        self._watch()

    def _abort(self) -> None:
        self.transport.abort()

    def _stop_timers(self) -> None:
        _cancel(self._receive_timer)
        _cancel(self._send_timer)

    # -- answers ------------------------------------------------------------------------------

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        """The application; or 503 for a stranger while too many of them wait for an answer. An answer that
        comes before the body's end says that the connection closes, and the rest is taken in for a moment."""

        async def send_and_drain(message: Any) -> None:
            if self.conn.their_state is h11.SEND_BODY:
                if message["type"] == "http.response.start":
                    message = {**message, "headers": [*message.get("headers", ()), _CLOSE]}
                elif not message.get("more_body", False):
                    await send({**message, "more_body": True})
                    await _drain(receive)
                    message = {"type": "http.response.body", "body": b""}
            await send(message)

        has_token = any(name == b"authorization" for name, _ in scope["headers"])
        app = self._app if has_token or self._connection.may_ask else busy
        await app(scope, receive, send_and_drain)


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """The socket, which gives its connection back when it ends."""

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        cast(Connection, self.app_state[STATE_KEY]).release()


async def _drain(receive: Any) -> None:
    left = _DRAIN_BYTES
    with suppress(TimeoutError):
        async with asyncio.timeout(_DRAIN_S):
            while left > 0:
                message = await receive()
                if not message.get("more_body", False):
                    return
                left -= len(message["body"])


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
