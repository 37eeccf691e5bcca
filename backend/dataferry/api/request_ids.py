"""``X-Request-Id``: one name for a request in its answer, in its problem and in the log's lines.

Plain ASGI: streams pass unbuffered.
"""

import re
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dataferry.core.telemetry import log_context, redact

HEADER = "X-Request-Id"
#: Its name in the lines of the log.
LOG_FIELD = "request"
#: What a client or a proxy may call its request; anything else is replaced, since it ends up in the log.
_SANE = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")


class RequestIds:
    """Gives every request an id: the one that it brings, or a new one where that is none or not sane."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        sane = _SANE.fullmatch(given) and redact(given) == given
        request_id = given if sane else uuid4().hex

        async def with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        with log_context(**{LOG_FIELD: request_id}):
            await self._app(scope, receive, with_id)
