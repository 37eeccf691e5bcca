"""``ETag``, ``304 Not Modified`` and ``HEAD`` for what is read."""

import hashlib
import re
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from starlette.responses import FileResponse, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

Handle = Callable[[Request], Coroutine[Any, Any, Response]]

#: Below these there is no page.
_API = ("/api/", "/hub/")
#: In the scope of a request that was a HEAD.
_HEAD = "dataferry.head"
_TAG = re.compile(r'(?:W/)?("[^"]*")')


class HeadRequests:
    """Answers HEAD wherever the API has GET: with the same status and headers. Plain ASGI.

    The server itself sends no body; ``readable`` begins no stream.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "HEAD" and scope["path"].startswith(_API):
            scope = {**scope, "method": "GET", _HEAD: True}
        await self._app(scope, receive, send)


def is_head(request: Request) -> bool:
    """Whether it was a HEAD before ``HeadRequests`` made a GET of it."""
    return bool(request.scope.get(_HEAD))


def readable(handle: Handle) -> Handle:
    """A GET route's handler whose whole answers bear an ``ETag``, their own or a digest of their bytes, and
    are 304 without a body for who has them already. A stream has none: its end is not known when it begins.

    The tag is a weak one: an answer is the same whether it travels compressed or not.
    """

    async def conditional(request: Request) -> Response:
        response = await handle(request)
        known = request.headers.get("If-None-Match", "")
        if isinstance(response, FileResponse) and _has(known, response.headers["ETag"]):
            return _not_modified(response)
        if isinstance(response, FileResponse | StreamingResponse):
            return _without_body(response) if is_head(request) else response
        if response.status_code != HTTPStatus.OK:
            return response
        tag = response.headers.get("ETag")
        if tag is None:
            tag = f'"{hashlib.blake2b(response.body, digest_size=16).hexdigest()}"'
            response.headers["ETag"] = f"W/{tag}"
        if _has(known, tag):
            return _not_modified(response)
        return response

    return conditional


def _has(if_none_match: str, tag: str) -> bool:
    """Whether a client has the answer already: weak and strong tags are the same here (RFC 9110, 13.1.2)."""
    return if_none_match.strip() == "*" or tag in _TAG.findall(if_none_match)


def _not_modified(response: Response) -> Response:
    kept = {
        name: value
        for name, value in response.headers.items()
        if name not in ("content-length", "content-type")
    }
    return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=kept)


def _without_body(response: Response) -> Response:
    """The same headers, and nothing of what would have been sent."""
    head = Response(status_code=response.status_code)
    head.raw_headers = response.raw_headers
    return head
