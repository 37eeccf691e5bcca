"""``/mcp``: the tools for other programs' assistants. What is said there is the Model Context Protocol's."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from dataferry.api.deps import Signed, TokenFirst, Wired

router = APIRouter(route_class=TokenFirst)


class _AnsweredBy(Response):
    """A response that an ASGI application gives."""

    def __init__(self, answer: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        super().__init__()
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._answer(scope, receive, send)


def _handed_over(signed_in: Signed, wired: Wired) -> Response:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await wired.mcp.handle(signed_in, scope, receive, send)

    return _AnsweredBy(answer)


@router.post("/mcp", include_in_schema=False)
async def speak_mcp(signed_in: Signed, wired: Wired) -> Response:
    """Answer a message of the protocol. There is no GET: nothing is told to who has not asked."""
    return _handed_over(signed_in, wired)


@router.delete("/mcp", include_in_schema=False)
async def end_mcp_session(signed_in: Signed, wired: Wired) -> Response:
    """End the session that the header names."""
    return _handed_over(signed_in, wired)
