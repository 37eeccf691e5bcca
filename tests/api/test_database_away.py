"""Every route while the database is locked or gone: a problem that names a time, and never a fault.

The kinds: nbr23/youtube-dl-server#128 (locked), langgenius/dify#35438 and
camptocamp/c2cgeoportal#2382 (Postgres).
"""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import Response
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from dataferry.accounts.views import OpenSession
from dataferry.api.deps import Services
from dataferry.api.socket import TRY_LATER, install_socket
from dataferry.core.types import Viewer
from tests.api.conftest import application
from tests.support.postgres import Postgres
from tests.support.server import until

ACCOUNT = {"email": "ada@example.org", "password": "correct horse battery"}
#: Nobody is kept waiting here.
WAIT_S = 0.05
#: What says of itself whether the database answers, or asks it nothing.
UNTOUCHED = {"GET /api/ws", "GET /api/health/live", "GET /api/health/ready"}


@pytest.fixture(scope="module", params=["locked", "gone"])
def away(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator["Away"]:
    """The application, with one signed-in person, whose database is then taken away."""
    given: dict[str, Any] = {"database_wait_s": WAIT_S}
    with ExitStack() as stack:
        if request.param == "gone":
            postgres: Postgres = request.getfixturevalue("postgres")
            url = stack.enter_context(postgres.database())
            given |= {"DATABASE_URL": url, "SECRET_KEY": "s" * 32}
        app = stack.enter_context(application(tmp_path_factory.mktemp("away") / "data", **given))
        client = TestClient(app, base_url="http://localhost:8000", raise_server_exceptions=False)
        post(client, "/api/auth/register", json=ACCOUNT)
        form = {"username": ACCOUNT["email"], "password": ACCOUNT["password"]}
        token = post(client, "/api/auth/token", data=form)["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        chat = post(client, "/api/chats", json={})["id"]
        tickets = [post(client, "/api/auth/ws-ticket")["ticket"] for _ in range(2)]
        outage = postgres.unreachable(url) if request.param == "gone" else locked(app)
        stack.enter_context(outage)
        yield Away(client, app.state.services, chat, tickets, reads=request.param != "gone")


def post(client: TestClient, path: str, **arguments: Any) -> Any:
    """The answer, once a busy machine's database has had the time for it that nobody is given here."""

    def answer() -> Any:
        response = client.post(path, **arguments)
        return response.json() if response.is_success else None

    return until(answer, path)


@dataclass
class Away:
    """``reads``: what only reads goes on."""

    client: TestClient
    services: Services
    chat: str
    tickets: list[str]
    reads: bool


@contextmanager
def locked(app: FastAPI) -> Iterator[None]:
    file = Path(app.state.services.database.engine.url.database)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


def operations(client: TestClient) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in client.get("/api/openapi.json").json()["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def told(answer: Response) -> str:
    """What the answer tells, which must be that the database cannot be used now."""
    assert answer.status_code == 503, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) >= 1
    problem = answer.json()
    assert problem["code"] == "database_away"
    assert problem["retryable"] is True
    assert not re.search(r"sqlite3|psycopg|sqlalche|Traceback|SELECT|INSERT", answer.text)
    return str(problem["detail"])


#: What a body must have, beside what the routes take without one.
BODIES: dict[str, Any] = {
    "POST /api/auth/register": {"email": "eve@example.org", "password": ACCOUNT["password"]},
    "POST /api/auth/refresh": {"refresh_token": "x" * 43},
    "POST /api/chats": {},
    "PATCH /api/chats/{chat_id}": {"title": "Another"},
    "POST /api/chats/{chat_id}/messages": {"content": "Find iris data"},
    "PUT /api/transfer/limits": {"bytes_per_s": 1000},
    "POST /api/datasets/download-dataset": {"source": "builtin", "dataset_id": "iris"},
}


@pytest.mark.parametrize("away", ["gone"], indirect=True)
@pytest.mark.parametrize("when", ["at the ticket", "at the first topic"])
def test_the_socket_says_that_it_is_worth_another_try(away: Away, when: str) -> None:
    @asynccontextmanager
    async def admit(ticket: str) -> AsyncIterator[OpenSession]:
        if when == "at the first topic":
            yield OpenSession(Viewer("ada"), asyncio.Event())
            return
        async with away.services.accounts.open_by_ticket(ticket) as opened:
            yield opened

    app = FastAPI()
    install_socket(
        app, realtime=away.services.realtime, topics={"user": away.services.jobs.snapshot}, admit=admit
    )
    ticket = away.tickets.pop()
    with TestClient(app) as client, client.websocket_connect(f"/api/ws?ticket={ticket}") as socket:
        socket.send_json({"op": "subscribe", "topic": "user:ada"})
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_json()
    assert closed.value.code == TRY_LATER
    assert "database" in closed.value.reason


def test_every_route_tells_of_it(away: Away) -> None:
    """Where only writing is impossible, those that read answer as always."""
    kept = 0
    for method, path, operation in operations(away.client):
        name = f"{method} {path}"
        if name in UNTOUCHED:
            continue
        content = operation.get("requestBody", {}).get("content", {})
        body = {"json": BODIES.get(name, {})} if "application/json" in content else {}
        if name == "POST /api/auth/token":
            body = {"data": {"username": ACCOUNT["email"], "password": ACCOUNT["password"]}}
        address = re.sub(r"\{\w+\}", "none", path.replace("{chat_id}", away.chat))
        answer = away.client.request(method, address, **body)
        if away.reads and answer.status_code != 503:
            assert answer.status_code < 500, f"{name}: {answer.text}"
            kept += 1
        elif not away.reads and answer.status_code == 422:
            kept += 1  # refused before anything is asked
        else:
            told(answer)
    assert kept < 15 or away.reads


@pytest.mark.parametrize("name", BODIES)
def test_what_writes_is_told_of_it(away: Away, name: str) -> None:
    method, _, path = name.partition(" ")
    answer = away.client.request(method, path.replace("{chat_id}", away.chat), json=BODIES[name])
    assert told(answer).startswith("Dataferry's own database")


def test_a_stream_is_refused_in_words_before_it_begins(away: Away) -> None:
    answer = away.client.post(
        f"/api/chats/{away.chat}/messages",
        json={"content": "Find iris data"},
        headers={"Accept": "text/event-stream"},
    )
    told(answer)
