"""``WS /api/ws?ticket=…``: one socket for each page, over which it follows any number of topics.

A program may send its token in the header ``Authorization`` in place of a ticket; no browser can.

Client: ``{op: subscribe, topic, after?, epoch?}`` · ``{op: unsubscribe, topic}`` · ``{op: ping, t}``
Server: ``snapshot`` and ``event {topic, epoch, seq, job}`` · ``changed`` and ``subscribed {topic, epoch,
seq}`` · ``pong {t}`` · ``error {topic?, code, detail}``

What a page has missed comes first, then ``subscribed``, then events in order. ``CLOSE_CODES`` tells why a
socket is closed.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from http import HTTPStatus
from typing import Annotated, Protocol

from fastapi import FastAPI, Query, WebSocket, WebSocketDisconnect
from fastapi.security.utils import get_authorization_scheme_param
from pydantic import ValidationError

from dataferry.accounts.views import OpenSession
from dataferry.api.connections import sign_in
from dataferry.api.deps import address_of
from dataferry.core.errors import DatabaseAway, NotSignedIn, TooManyRequests, UpgradeRequired
from dataferry.core.types import Viewer
from dataferry.realtime import Change, Feed, FeedClosed, Realtime
from dataferry.realtime.events import (
    Ping,
    Pong,
    SocketError,
    Subscribe,
    client_message,
)

log = logging.getLogger(__name__)

Admit = Callable[[str], AbstractAsyncContextManager[OpenSession]]
"""The session of a one-time ticket, watched while the socket is open. Errors: ``NotSignedIn``."""


class AdmitToken(Protocol):
    """The same for a token that came with the handshake. Errors: ``NotSignedIn``, ``TooManyRequests``."""

    def __call__(self, token: str, *, address: str) -> AbstractAsyncContextManager[OpenSession]: ...


TopicReader = Callable[[Viewer, str], Awaitable[Sequence[Change] | None]]
"""A topic as the viewer may see it now (``realtime.Snapshot``)."""

#: Characters of a message from a client.
MAX_MESSAGE_CHARS = 4096

Ticket = Annotated[str, Query(max_length=MAX_MESSAGE_CHARS, description="From `POST /api/auth/ws-ticket`")]

NOT_SIGNED_IN, TOO_LONG, FAULT, STOPPING, TRY_LATER = 4401, 1009, 1011, 1012, 1013
#: Close code → why, and what the client does then.
CLOSE_CODES: dict[int, tuple[str, str]] = {
    TOO_LONG: (f"A message had more than {MAX_MESSAGE_CHARS:,} characters.", "Send less at a time."),
    FAULT: ("The server has a fault, which it wrote to its log.", "Connect again, with a new ticket."),
    STOPPING: ("The server stops.", "Connect again, with a new ticket."),
    TRY_LATER: (
        "The database cannot be used now, or there were too many wrong tokens.",
        "Connect again later, with a new ticket.",
    ),
    NOT_SIGNED_IN: (
        "The ticket is used or expired, the token is not good, or the session has ended.",
        "Get a new ticket; where that is 401, sign in again.",
    ),
}


def install_socket(
    app: FastAPI,
    *,
    realtime: Realtime,
    topics: Mapping[str, TopicReader],
    admit: Admit,
    admit_token: AdmitToken | None = None,
) -> None:
    """Add the socket's route to ``app``, and what its address says to those who ask without an upgrade.
    ``topics``: who reads a topic, by its kind. Without ``admit_token`` only tickets open one."""

    async def snapshot(viewer: Viewer, topic: str) -> Sequence[Change] | None:
        reader = topics.get(topic.partition(":")[0])
        return None if reader is None else await reader(viewer, topic)

    def admitted(websocket: WebSocket, ticket: str) -> AbstractAsyncContextManager[OpenSession]:
        kind, token = get_authorization_scheme_param(websocket.headers.get("authorization"))
        if admit_token is not None and kind.lower() == "bearer" and not ticket:
            return admit_token(token, address=address_of(websocket))
        return admit(ticket)

    @app.get(
        "/api/ws",
        name="open_socket",
        operation_id="open_socket",
        tags=["socket"],
        status_code=HTTPStatus.UPGRADE_REQUIRED,
    )
    async def upgrade_required(ticket: Ticket = "") -> None:
        """Open the socket: a WebSocket over which a client follows any number of jobs and chats.

        The client sends `ClientMessage` and gets `ServerMessage`, as JSON in text frames. What it has missed
        comes first, then `subscribed`, then events in order.
        """
        raise UpgradeRequired("This address is a WebSocket.")

    @app.websocket("/api/ws", name="socket")
    async def socket(websocket: WebSocket, ticket: Ticket = "") -> None:
        # Accepted first: of a refused handshake a browser does not tell the page the code.
        await websocket.accept()
        try:
            async with admitted(websocket, ticket) as session:
                sign_in(websocket.scope, session.viewer.user_id)
                feed = realtime.feed(session.viewer, partial(snapshot, session.viewer))
                try:
                    await _serve(websocket, feed, session.ended)
                finally:
                    realtime.release(feed)
        except NotSignedIn as error:
            await _close(websocket, NOT_SIGNED_IN, error.detail)
        except (DatabaseAway, TooManyRequests) as error:
            await _close(websocket, TRY_LATER, error.detail)
        except Exception:
            # Where nothing closes it the page is left with a connection that broke, and no word of why.
            log.exception("a socket ended by a fault of ours")
            await _close(websocket, FAULT, "Something went wrong here.")


async def _serve(websocket: WebSocket, feed: Feed, ended: asyncio.Event) -> None:
    """Read and write until one side ends it. Errors: ``NotSignedIn`` when the session does."""
    reading = asyncio.create_task(_read(websocket, feed))
    writing = asyncio.create_task(_write(websocket, feed))
    ending = asyncio.create_task(ended.wait())
    tasks = (reading, writing, ending)
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception) and not isinstance(result, WebSocketDisconnect):
            raise result
    if ended.is_set():
        raise NotSignedIn("The session has ended.", next_step="Sign in again.")


async def _write(websocket: WebSocket, feed: Feed) -> None:
    """Sending waits for a slow client, and the feed then tells it less."""
    try:
        while True:
            for text in await feed.receive_texts():
                await websocket.send_text(text)
    except FeedClosed:
        await _close(websocket, STOPPING, "The server stops.")


async def _read(websocket: WebSocket, feed: Feed) -> None:
    while True:
        frame = await websocket.receive()
        if frame["type"] == "websocket.disconnect":
            return
        text = frame.get("text")
        if text is not None and len(text) > MAX_MESSAGE_CHARS:
            await _close(websocket, TOO_LONG, f"A message has {MAX_MESSAGE_CHARS} characters at most.")
            return
        await _answer(text, feed)


async def _answer(text: str | None, feed: Feed) -> None:
    try:
        message = client_message.validate_json(text or "")
    except ValidationError:
        detail = "Send JSON with op: subscribe, unsubscribe or ping."
        await feed.answer(SocketError(code="invalid_message", detail=detail))
        return
    if isinstance(message, Ping):
        await feed.answer(Pong(t=message.t))
    elif isinstance(message, Subscribe):
        await feed.subscribe(message.topic, message.after, message.epoch)
    else:
        await feed.unsubscribe(message.topic)


async def _close(websocket: WebSocket, code: int, reason: str) -> None:
    try:
        await websocket.close(code, reason)
    except (RuntimeError, WebSocketDisconnect):  # it is closed already
        return
