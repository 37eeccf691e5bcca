"""Assistants' programs: the official SDK's own client, over both transports."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from mcp import Client, StdioServerParameters, types
from mcp.client.streamable_http import streamable_http_client

#: The protocol of 2025, with its handshake and sessions, and that of 2026, without.
ERAS = ("legacy", "auto")
#: How a client of 2025 introduces itself.
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "by hand", "version": "1"},
    },
}


class Person:
    """Who sits before a client, and answers what it asks them."""

    def __init__(self, *, agrees: bool = True) -> None:
        self.agrees = agrees
        self.asked: list[str] = []

    async def answer(self, _context: Any, params: types.ElicitRequestParams) -> types.ElicitResult:
        self.asked.append(params.message)
        if self.agrees:
            return types.ElicitResult(action="accept", content={"confirm": True})
        return types.ElicitResult(action="decline")


@asynccontextmanager
async def over_http(
    address: str, token: str, *, era: str = "auto", person: Person | None = None
) -> AsyncIterator[Client]:
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(headers=headers, timeout=30) as http:
        transport = streamable_http_client(f"{address}/mcp", http_client=http)
        async with Client(
            transport, mode=era, elicitation_callback=person.answer if person else None
        ) as client:
            yield client


@asynccontextmanager
async def over_stdio(
    command: Sequence[str], environment: Mapping[str, str], *, era: str = "auto", person: Person | None = None
) -> AsyncIterator[Client]:
    program = StdioServerParameters(command=command[0], args=list(command[1:]), env=dict(environment))
    async with Client(program, mode=era, elicitation_callback=person.answer if person else None) as client:
        yield client


def text_of(result: types.CallToolResult) -> str:
    [content] = result.content
    assert isinstance(content, types.TextContent)
    return content.text
