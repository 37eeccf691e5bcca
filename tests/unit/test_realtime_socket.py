"""The socket, spoken to by the ``websockets`` client over a real server."""

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from sqlmodel import SQLModel
from websockets.asyncio.client import ClientConnection, connect

from dataferry.accounts.views import OpenSession
from dataferry.api.socket import MAX_MESSAGE_CHARS, install_socket
from dataferry.core.db import Database
from dataferry.core.errors import NotSignedIn
from dataferry.core.settings import Settings
from dataferry.core.types import DatasetRef, Progress, Viewer
from dataferry.jobs.service import JobRun, Jobs
from dataferry.realtime import Realtime
from tests.support.queues import PreparedQueues

pytestmark = pytest.mark.anyio

Message = dict[str, Any]


class Site:
    """A server with the socket alone, and jobs that advance when a test says so."""

    def __init__(self, folder: Path) -> None:
        settings = Settings(_env_file=None, data_dir=folder, poll_s=0.02, progress_hz=20)
        self.database = Database(settings.sqlalchemy_url)
        SQLModel.metadata.create_all(self.database.engine)
        self.realtime = Realtime(settings)
        self.jobs = Jobs(self.database, settings, self.realtime)
        self.jobs.register("download", self._work)
        self.tickets = {f"ticket-{name}": Viewer(name) for name in ("ada", "bob")}
        self.session_ended = asyncio.Event()
        self.step = threading.Semaphore(0)
        self.app = FastAPI()
        topics = dict.fromkeys(("job", "user"), self.jobs.snapshot)
        install_socket(self.app, realtime=self.realtime, topics=topics, admit=self._admit)
        # As `dataferry serve` runs it.
        config = uvicorn.Config(
            self.app,
            log_config=None,
            lifespan="off",
            http="h11",
            ws="websockets-sansio",
            timeout_graceful_shutdown=1,
        )
        self.server = uvicorn.Server(config)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"

    @asynccontextmanager
    async def _admit(self, ticket: str) -> AsyncIterator[OpenSession]:
        viewer = self.tickets.get(ticket)
        if viewer is None:
            raise NotSignedIn("The ticket is used up or too old.")
        yield OpenSession(viewer, self.session_ended)

    def _work(self, run: JobRun) -> None:
        for done in range(1, 4):
            self.step.acquire(timeout=10)
            run.progress(Progress(phase="fetching", bytes_done=done, bytes_total=3))
        self.step.acquire(timeout=10)

    async def start(self) -> None:
        await self.jobs.start()
        self._serving = asyncio.create_task(self.server.serve([self._listener]))

    async def stop(self) -> None:
        self.step.release(100)
        self.server.should_exit = True
        await self._serving
        await self.jobs.stop()
        self.database.close()

    async def submit(self, *who: str) -> str:
        for name in who:
            job_id, _created = await self.database.run(
                lambda session, name=name: self.jobs.submit(  # type: ignore[misc]
                    session,
                    kind="download",
                    ref=DatasetRef.parse("builtin:iris"),
                    title="<script>alert(1)</script>",
                    dataset_id="dataset_iris",
                    params={},
                    requester_id=name,
                    single_flight_key="iris",
                )
            )
        self.jobs.wake(job_id)
        return job_id

    def connect(self, ticket: str = "ticket-ada", **arguments: Any) -> connect:
        return connect(f"ws://{self.address}/api/ws?ticket={ticket}", **arguments)


@pytest.fixture
def data_dir(tmp_path: Path, prepared_queues: PreparedQueues) -> Path:
    prepared_queues.copy_into(tmp_path)
    return tmp_path


@pytest.fixture
async def site(data_dir: Path) -> AsyncIterator[Site]:
    site = Site(data_dir)
    await site.start()
    yield site
    await site.stop()


async def ask(client: ClientConnection, **message: Any) -> None:
    await client.send(json.dumps(message))


async def answer(client: ClientConnection) -> Message:
    async with asyncio.timeout(10):
        message: Message = json.loads(await client.recv())
        return message


async def until(client: ClientConnection, state: str) -> list[Message]:
    """Every message up to the first that says that the job is in ``state``."""
    messages = [await answer(client)]
    while messages[-1].get("job", {}).get("state") != state:
        messages.append(await answer(client))
    return messages


async def test_a_client_follows_a_job_to_its_end(site: Site) -> None:
    job_id = await site.submit("ada")
    topic = f"job:{job_id}"
    async with site.connect() as client:
        await ask(client, op="subscribe", topic=topic)
        snapshot = await answer(client)
        assert snapshot["op"] == "snapshot"
        assert snapshot["job"]["title"] == "<script>alert(1)</script>"
        subscribed = await answer(client)
        assert subscribed == {
            "op": "subscribed",
            "topic": topic,
            "epoch": snapshot["epoch"],
            "seq": snapshot["seq"],
        }
        site.step.release(4)
        events = await until(client, "succeeded")
        assert {event["op"] for event in events} == {"event"}
        assert [event["seq"] for event in events] == [subscribed["seq"] + n + 1 for n in range(len(events))]
        assert events[-1]["job"]["progress"]["bytes_done"] == 3


async def test_the_page_and_a_second_tab_see_the_same(site: Site) -> None:
    async with site.connect() as page, site.connect() as tab:
        for client in (page, tab):
            await ask(client, op="subscribe", topic="user:ada")
            assert (await answer(client))["op"] == "subscribed"
        await site.submit("ada")
        site.step.release(4)
        assert await until(page, "succeeded") == await until(tab, "succeeded")


async def test_a_reconnect_goes_on_where_it_was(site: Site) -> None:
    topic = f"job:{await site.submit('ada')}"
    async with site.connect() as client:
        await ask(client, op="subscribe", topic=topic)
        seen = (await answer(client), await answer(client))[-1]
    site.step.release(2)
    async with site.connect() as client:
        await ask(client, op="subscribe", topic=topic, after=seen["seq"], epoch=seen["epoch"])
        site.step.release(2)
        events = [message for message in await until(client, "succeeded") if message["op"] != "subscribed"]
    assert {event["op"] for event in events} == {"event"}
    assert [event["seq"] for event in events] == [seen["seq"] + n + 1 for n in range(len(events))]


async def test_a_strangers_job_and_an_unknown_one_are_not_found(site: Site) -> None:
    job_id = await site.submit("ada")
    async with site.connect("ticket-bob") as client:
        for topic in (f"job:{job_id}", "job:nothing", "user:ada", "nonsense", ""):
            await ask(client, op="subscribe", topic=topic)
            error = await answer(client)
            assert (error["op"], error["code"], error["topic"]) == ("error", "not_found", topic)
        site.step.release(4)
        await site.jobs.wait(Viewer("ada"), job_id, 10)
        await ask(client, op="ping", t=1)
        assert (await answer(client))["op"] == "pong"


async def test_unsubscribe_ends_the_events_and_ping_is_answered(site: Site) -> None:
    job_id = await site.submit("ada")
    async with site.connect() as client:
        await ask(client, op="subscribe", topic=f"job:{job_id}")
        await answer(client)
        await answer(client)
        await ask(client, op="unsubscribe", topic=f"job:{job_id}")
        await ask(client, op="ping", t=7)
        while (message := await answer(client))["op"] == "event":
            pass
        assert message == {"op": "pong", "t": 7.0}
        site.step.release(4)
        await site.jobs.wait(Viewer("ada"), job_id, 10)
        await ask(client, op="ping", t=8)
        assert await answer(client) == {"op": "pong", "t": 8.0}


async def test_an_invalid_message_is_answered_and_the_socket_stays(site: Site) -> None:
    nonsense: list[str | bytes] = [
        b"\x00\x01",
        "",
        "{",
        "[]",
        "null",
        '{"op": "eat"}',
        '{"op": "subscribe"}',
        '{"op": "ping", "x": 1}',
    ]
    async with site.connect() as client:
        for message in nonsense:
            await client.send(message)
            error = await answer(client)
            assert (error["op"], error["code"]) == ("error", "invalid_message")
        await ask(client, op="ping")
        assert (await answer(client))["op"] == "pong"


async def test_a_message_that_is_too_long_ends_it(site: Site) -> None:
    async with site.connect() as client:
        await client.send(json.dumps({"op": "subscribe", "topic": "x" * MAX_MESSAGE_CHARS}))
        assert await closed(client) == 1009


@pytest.mark.parametrize("ticket", ["", "used-before"])
async def test_a_bad_ticket_is_refused_with_its_own_code(site: Site, ticket: str) -> None:
    async with site.connect(ticket) as client:
        assert await closed(client) == 4401


async def test_a_socket_ends_with_its_session(site: Site) -> None:
    async with site.connect() as client:
        await ask(client, op="ping")
        await answer(client)
        site.session_ended.set()
        assert await closed(client) == 4401


async def test_when_the_server_stops_pages_are_told_to_come_back(site: Site) -> None:
    async with site.connect() as client, site.connect() as other:
        for each in (client, other):
            await ask(each, op="ping")
            await answer(each)
        await site.realtime.close()
        assert await closed(client) == 1012
        assert await closed(other) == 1012


async def test_a_client_that_reads_nothing_costs_no_memory(site: Site) -> None:
    """Its events stay in the topic's ring, and it is told the end when it reads on."""
    job_id = await site.submit("ada")
    async with site.connect(max_queue=1, compression=None) as client:
        await ask(client, op="subscribe", topic=f"job:{job_id}")
        await answer(client)
        job = await site.jobs.get(Viewer("ada"), job_id)
        wide = job.model_copy(update={"title": "x" * 20_000})
        for _ in range(3000):
            site.realtime.publish_job(wide, ["ada"], version=99)
            await asyncio.sleep(0)
        site.realtime.publish_job(wide.model_copy(update={"title": "last"}), ["ada"], version=99)
        told = 0
        while (await answer(client)).get("job", {}).get("title") != "last":
            told += 1
        assert told < 1000


async def closed(client: ClientConnection) -> int:
    """The code with which the server ends it."""
    await asyncio.wait_for(client.wait_closed(), 10)
    assert client.close_code is not None
    return client.close_code
