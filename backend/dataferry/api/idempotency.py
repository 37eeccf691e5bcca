"""``Idempotency-Key``: a repeat of a request that creates something gets the first one's answer."""

import hashlib
import json
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Response
from starlette.responses import StreamingResponse

from dataferry.accounts.kept_answers import Answer, KeptAnswers
from dataferry.core.errors import InvalidInput

Handle = Callable[[Request], Coroutine[Any, Any, Response]]

HEADER = "Idempotency-Key"
_MAX_CHARS = 255
#: They are made for each answer anew.
_OWN_HEADERS = frozenset({"content-length"})

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias=HEADER,
        max_length=_MAX_CHARS,
        description="A new random name for each new request. A repeat within 24 hours gets the first answer "
        "again; another request under the same key is 422, a repeat while the first is at work 409. "
        "Streamed answers are not kept.",
    ),
]


async def idempotency_key(_key: IdempotencyKey = None) -> None:
    """Marks a route whose answers are kept, and describes the header."""


ONCE = Depends(idempotency_key)
"""In a route's ``dependencies``: a person's repeat of a request to it gets the first answer."""


def once(handle: Handle, answers: Callable[[Request], KeptAnswers]) -> Handle:
    """A route's handler that runs once a person and key. ``request.state.signed_in`` is who asks."""

    async def answered_once(request: Request) -> Response:
        key = request.headers.get(HEADER)
        if key is None or "text/event-stream" in request.headers.get("accept", ""):
            return await handle(request)
        _check(key)
        kept = answers(request)
        claim = await kept.claim(request.state.signed_in.user.id, key, await _digest(request))
        if isinstance(claim, Answer):
            return _repeated(claim)
        async with kept.held(claim):
            response = await handle(request)
        if isinstance(response, StreamingResponse) or response.status_code >= 300:
            await kept.release(claim)
        else:
            await kept.keep(claim, _kept(response))
        return response

    return answered_once


def _check(key: str) -> None:
    if not key.strip() or len(key) > _MAX_CHARS or not key.isprintable():
        raise InvalidInput(
            f"The Idempotency-Key must have 1 to {_MAX_CHARS} printable characters.",
            next_step="Send a random one, such as a UUID.",
        )


async def _digest(request: Request) -> str:
    """Of what is asked: method, address and body."""
    asked = [request.method, request.url.path, request.url.query]
    digest = hashlib.sha256(json.dumps(asked).encode())
    digest.update(await request.body())
    return digest.hexdigest()


def _kept(response: Response) -> Answer:
    headers = {name: value for name, value in response.headers.items() if name not in _OWN_HEADERS}
    return Answer(response.status_code, headers, bytes(response.body).decode())


def _repeated(answer: Answer) -> Response:
    return Response(answer.body, answer.status, {**answer.headers, "Idempotency-Replayed": "true"})
