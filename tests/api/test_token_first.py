"""No byte of a body is read before the token is checked."""

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

ACCOUNT = {"email": "ada@example.org", "password": "correct horse battery"}


def guarded(app: FastAPI) -> list[tuple[str, str]]:
    """Method and path of every route that needs a token, with something in the place of its parameters."""
    return [
        (method.upper(), path.replace("{source}", "kaggle").replace("{", "").replace("}", ""))
        for path, operations in app.openapi()["paths"].items()
        for method, operation in operations.items()
        if operation.get("security")
    ]


async def ask(app: FastAPI, method: str, path: str, token: str | None) -> tuple[int, int]:
    """The status of the answer, and how often the body was asked for."""
    status = reads = 0

    async def receive() -> dict[str, Any]:
        nonlocal reads
        reads += 1
        return {"type": "http.request", "body": b'{"query": "' + b"x" * 1000, "more_body": True}

    async def send(message: Any) -> None:
        nonlocal status
        status = message.get("status", status)

    headers = [(b"host", b"localhost"), (b"content-type", b"application/json"), (b"content-length", b"9999")]
    if token is not None:
        headers.append((b"authorization", token.encode()))
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method}
    scope |= {"scheme": "http", "path": path, "raw_path": path.encode(), "root_path": ""}
    scope |= {
        "query_string": b"",
        "headers": headers,
        "client": ("192.0.2.1", 1),
        "server": ("localhost", 80),
    }
    async with asyncio.timeout(60):
        await app(scope, receive, send)
    return status, reads


@pytest.mark.anyio
async def test_a_stranger_is_refused_unread_on_every_route(app: FastAPI) -> None:
    routes = guarded(app)
    assert ("POST", "/api/datasets/search-all") in routes
    for method, path in routes:
        for token in (None, "Bearer wrong", "Basic YTpi"):
            assert await ask(app, method, path, token) == (401, 0), (method, path, token)


@pytest.mark.anyio
async def test_so_is_who_has_signed_out(app: FastAPI) -> None:
    client = TestClient(app, base_url="http://localhost")
    assert client.post("/api/auth/register", json=ACCOUNT).status_code == 201
    form = {"username": ACCOUNT["email"], "password": ACCOUNT["password"]}
    token = f"Bearer {client.post('/api/auth/token', data=form).json()['access_token']}"
    answer = client.post("/api/chats", json={"title": "Iris"}, headers={"Authorization": token})
    assert answer.status_code == 201
    client.post("/api/auth/logout")
    assert await ask(app, "POST", "/api/chats", token) == (401, 0)


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["/api/nothing", "/api/health/live", "/assets/none.js"])
async def test_where_nothing_takes_a_body_none_is_read(app: FastAPI, path: str) -> None:
    for method in ("POST", "GET", "DELETE"):
        assert (await ask(app, method, path, None))[1] == 0
