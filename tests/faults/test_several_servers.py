"""Two servers on one Postgres and one Redis: what one does the other knows, whatever goes away.

docs/field-reports.md has the reports.
"""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from dataferry.api.socket import CLOSE_CODES
from tests.api.test_chats import new_chat, streaming
from tests.support.hubs import Hubs, make_hubs
from tests.support.postgres import Postgres
from tests.support.redis import RedisServer, redis_server
from tests.support.server import Client, Server, until

#: The least that is allowed: what is measured then says most.
CONNECTIONS = 8


@dataclass
class Pair:
    """Two servers, and one person who is signed in at both."""

    servers: tuple[Server, Server]
    clients: tuple[Client, Client]
    postgres: Postgres
    redis: RedisServer
    hubs: Hubs
    url: str


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("pair") / "data"
    with ExitStack() as stack:
        hubs = make_hubs()
        stack.enter_context(hubs.kaggle)
        stack.enter_context(hubs.hub)
        url = stack.enter_context(postgres.database())
        redis = stack.enter_context(redis_server())
        settings = {
            "DATABASE_URL": url,
            "REDIS_URL": redis.url,
            "SECRET_KEY": "k" * 32,
            "DATAFERRY_DATABASE_CONNECTIONS": str(CONNECTIONS),
            **hubs.settings,
        }
        one, other = (stack.enter_context(Server(folder, **settings)) for _ in range(2))
        clients = (one.client(), other.client())
        yield Pair((one, other), clients, postgres, redis, hubs, url)
        hubs.heal()


def socket_of(server: Server, ticket: str) -> ClientConnection:
    return connect(f"{server.address.replace('http', 'ws', 1)}/api/ws?ticket={ticket}")


def ticket_of(client: Client) -> str:
    return str(client.post("/api/auth/ws-ticket").json()["ticket"])


def close_code(socket: ClientConnection, *, after_s: float) -> int | None:
    """With what code the socket is closed; None where it is open and answers after the time."""
    deadline = time.monotonic() + after_s
    try:
        while time.monotonic() < deadline:
            socket.send(json.dumps({"op": "ping", "t": 1}))
            socket.recv(timeout=5)
            time.sleep(0.05)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd is not None else 1006
    return None


def test_a_new_dataset_asked_for_20_times_at_once_is_one_job(pair: Pair) -> None:
    def ask(number: int) -> tuple[int, Any]:
        answer = pair.clients[number % 2].post(
            "/api/datasets/download/kaggle", {"dataset_id": pair.hubs.slow}
        )
        return answer.status_code, answer.json().get("job_id", answer.text)

    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(ask, range(20)))
    assert {status for status, _ in answers} <= {200, 202}, (
        pair.servers[0].log[-6000:] + pair.servers[1].log[-6000:]
    )
    jobs = {job for _, job in answers}
    assert len(jobs) == 1
    assert pair.clients[0].post(f"/api/jobs/{jobs.pop()}/cancel").is_success


def test_under_load_no_process_has_more_connections_than_it_may(pair: Pair) -> None:
    counts: list[int] = []
    with psycopg.connect(pair.url, autocommit=True) as watcher, ThreadPoolExecutor(40) as threads:
        asked = [threads.submit(pair.clients[number % 2].get, "/api/datasets") for number in range(60)]
        asked += [threads.submit(pair.clients[number % 2].get, "/api/jobs") for number in range(60)]
        while not all(one.done() for one in asked):
            row = watcher.execute(
                "SELECT count(*) - 1 FROM pg_stat_activity"
                " WHERE datname = current_database() AND backend_type = 'client backend'"
            ).fetchone()
            assert row is not None
            counts.append(row[0])
    assert {one.result().status_code for one in asked} == {200}
    assert CONNECTIONS < max(counts) <= 2 * CONNECTIONS


def test_a_killed_servers_answer_is_seen_to_have_ended(pair: Pair) -> None:
    doomed, client = pair.servers[0], pair.clients[1]
    chat = new_chat(client)
    pair.hubs.kaggle.fault("delay", seconds=60)
    with suppress(httpx.TransportError), streaming(pair.clients[0], chat, "find iris datasets") as answer:
        next(answer.iter_lines())
        assert client.get(f"/api/chats/{chat}").json()["generating"]
        doomed.kill()

    def ended() -> bool:
        thread = client.get(f"/api/chats/{chat}").json()
        return thread["generating"] is None and thread["messages"][-1]["status"] == "interrupted"

    # By the answer's heartbeat alone it would take 20 s.
    until(ended, "the other server says so", 10)
    pair.hubs.heal()
    with streaming(client, chat, "help") as following:
        assert following.status_code == 200
        following.read()
    doomed.start()


def test_a_ticket_opens_at_the_other_server_while_redis_is_away(pair: Pair) -> None:
    pair.redis.stop()
    try:
        ticket = ticket_of(pair.clients[0])
        with socket_of(pair.servers[1], ticket) as socket:
            assert close_code(socket, after_s=0.1) is None
        with socket_of(pair.servers[0], ticket) as socket:
            assert close_code(socket, after_s=5) == 4401
    finally:
        pair.redis.start()


def test_when_the_database_restarts_no_socket_ends_without_a_code(pair: Pair) -> None:
    chat = new_chat(pair.clients[0])
    with ExitStack() as stack:
        sockets = [
            stack.enter_context(socket_of(pair.servers[number % 2], ticket_of(pair.clients[number % 2])))
            for number in range(6)
        ]
        for socket in sockets[2:]:
            socket.send(json.dumps({"op": "subscribe", "topic": f"chat:{chat}"}))
            until(lambda socket=socket: "subscribed" in socket.recv(timeout=5), "it follows")  # type: ignore[misc]
        with pair.postgres.unreachable(pair.url), ThreadPoolExecutor(6) as threads:
            for socket in sockets[:2]:
                socket.send(json.dumps({"op": "subscribe", "topic": f"chat:{chat}"}))
            codes = list(threads.map(lambda socket: close_code(socket, after_s=1.5), sockets))
    assert {code for code in codes if code is not None} <= set(CLOSE_CODES), codes
    until(lambda: pair.clients[0].get("/api/auth/me").is_success, "the database is back")
