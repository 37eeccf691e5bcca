"""``dataferry mcp``: an assistant's program starts it and speaks to it through pipes."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dataferry.core.lock import read_owner
from tests.fakes.files import FileServer
from tests.support.assistants import ERAS, HELLO, Person, over_stdio, text_of
from tests.support.server import Server, until

pytestmark = pytest.mark.anyio

COMMAND = (sys.executable, "-m", "dataferry", "mcp")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("mcp") / "data") as server:
        yield server


def spoken(server: Server, *messages: object, **settings: str) -> "subprocess.CompletedProcess[bytes]":
    """The program, given these messages and then the end of its input."""
    lines = b"".join(
        message if isinstance(message, bytes) else json.dumps(message).encode() + b"\n"
        for message in messages
    )
    environment = {**server.environment, **settings}
    return subprocess.run(COMMAND, input=lines, capture_output=True, timeout=60, env=environment, check=False)


@pytest.mark.parametrize("era", ERAS)
async def test_the_running_server_is_used(server: Server, era: str) -> None:
    async with over_stdio(COMMAND, server.environment, era=era) as client:
        assert not (await client.call_tool("start_download", {"ref": "builtin:iris"})).is_error
        done = await client.call_tool("follow_download", {"ref": "builtin:iris"})
        [job] = done.structured_content["jobs"]
        assert job["state"] == "succeeded"


async def test_a_restart_in_mid_answer_is_not_noticed(tmp_path: Path) -> None:
    """modelcontextprotocol/python-sdk#3556, punkpeye/mcp-remote#106."""
    server = Server(tmp_path / "data")

    async def follow(era: str, ref: str, following: asyncio.Event) -> str:
        async def progress(*_told: object) -> None:
            following.set()

        async with over_stdio(COMMAND, server.environment, era=era, person=Person()) as client:
            assert not (await client.call_tool("start_download", {"ref": ref})).is_error
            done = await client.call_tool("follow_download", {"ref": ref}, progress_callback=progress)
            assert not (await client.call_tool("list_library")).is_error
            return str(done.structured_content["jobs"][0]["state"])

    with FileServer({"slow.bin": bytes(300_000)}) as files, server:
        files.fault("slow.bin", "stall", after=100_000)
        begun = {era: asyncio.Event() for era in ERAS}
        ref = f"url:{files.url('slow.bin')}"
        clients = [asyncio.create_task(follow(era, ref, following)) for era, following in begun.items()]
        await asyncio.gather(*(following.wait() for following in begun.values()))
        await asyncio.to_thread(server.stop)
        assert "Traceback" not in server.log
        files.heal("slow.bin")
        await asyncio.to_thread(server.start)
        assert await asyncio.gather(*clients) == ["succeeded"] * len(ERAS)


async def test_a_download_goes_on_when_its_client_has_gone(tmp_path: Path) -> None:
    """In a background server, which nothing else needs; it ends once the download has."""
    server = Server(tmp_path / "data", DATAFERRY_AGENT_DOWNLOAD_LIMIT_BYTES="1")
    with FileServer({"slow.bin": bytes(300_000)}) as files:
        files.fault("slow.bin", "stall", after=100_000)
        async with over_stdio(COMMAND, server.environment, person=Person()) as client:
            answer = await client.call_tool("start_download", {"ref": f"url:{files.url('slow.bin')}"})
            assert not answer.is_error, text_of(answer)
            owner = read_owner(server.data_dir)
            assert owner is not None
            assert owner.background
        await asyncio.sleep(1)  # five times as long as it stays without a need
        assert read_owner(server.data_dir) == owner
        files.heal("slow.bin")
        await asyncio.to_thread(until, lambda: read_owner(server.data_dir) is None, "the server ends")
    assert list((server.data_dir / "downloads").rglob("slow.bin"))


def test_nothing_but_the_protocol_is_on_stdout(server: Server) -> None:
    """mario-andreschak/mcp-windows-desktop-automation#5 and many more."""
    two = {"jsonrpc": "2.0", "id": "two", "method": "tools/list"}
    cancelled = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": None}
    ended = spoken(server, HELLO, b"no json\n", cancelled, two)
    told = [json.loads(line) for line in ended.stdout.splitlines()]
    assert {message["id"] for message in told} == {1, None, "two"}
    assert ended.returncode == 0


def test_the_end_of_its_input_is_its_own(server: Server) -> None:
    """ProxymanApp/Proxyman#2727, modelcontextprotocol/python-sdk#2231."""
    assert spoken(server).returncode == 0


def test_what_keeps_it_from_starting_is_told_to_the_client(server: Server) -> None:
    ended = spoken(server, HELLO, DATAFERRY_SERVER="http://127.0.0.1:9", DATAFERRY_TOKEN="dft_x")
    [answer] = [json.loads(line) for line in ended.stdout.splitlines()]
    assert "does not answer" in answer["error"]["message"]
    ended = spoken(server, HELLO, DATAFERRY_PORT="no number")
    [answer] = [json.loads(line) for line in ended.stdout.splitlines()]
    assert "DATAFERRY_PORT" in answer["error"]["message"]
    assert ended.returncode != 0
