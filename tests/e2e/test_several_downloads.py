"""``dataferry download`` of several datasets, what it waits for, and Ctrl+C."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.catalogue import IMDB
from tests.fakes.files import FileServer
from tests.fakes.hub import HubFake
from tests.support import preloaded
from tests.support.server import Server, until
from tests.support.terminal import Terminal

IRIS, WINE, MISSING = "builtin:iris", "builtin:wine", "builtin:nothing-of-that-name"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with HubFake() as hub, Server(tmp_path_factory.mktemp("several") / "data", HF_ENDPOINT=hub.url) as server:
        yield server


@pytest.fixture
def slow() -> Iterator[FileServer]:
    """A link that stalls until it is healed."""
    with FileServer({"slow.bin": bytes(300_000)}) as files:
        files.fault("slow.bin", "stall", after=100_000)
        yield files


def run(server: Server, *arguments: str, code: int = 0, **settings: str) -> tuple[str, str]:
    """stdout and stderr."""
    done = preloaded.run(arguments, env={**server.environment, **settings}, cwd=server.data_dir.parent)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout, done.stderr


def test_paths_come_in_the_order_of_the_names_and_a_failure_keeps_nothing_back(server: Server) -> None:
    refs = [f"huggingface:{IMDB}", MISSING, WINE, IRIS, "a/b"]
    out, err = run(server, "download", *refs, code=3)
    assert [re.sub(r".*/downloads/(\w+/\S+?/\w+)/.*", r"\1", line) for line in out.splitlines()] == [
        "huggingface/stanfordnlp/imdb",
        "builtin/_/wine",
        "builtin/_/iris",
    ]
    assert all(Path(line).is_dir() for line in out.splitlines())
    failures = [line for line in err.splitlines() if line.startswith("dataferry:")]
    assert len(failures) == 2
    assert MISSING in failures[0]
    assert "'a/b' names no source" in failures[1]
    # The code is that of the first failure in their order.
    run(server, "download", "a/b", MISSING, code=2)
    out, _ = run(server, "download", WINE, IRIS, "--json")
    assert [json.loads(line)["ref"] for line in out.splitlines()] == [WINE, IRIS]


def test_a_list_may_hold_comments_blank_lines_and_what_windows_adds(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes(f"\ufeff# two tables\r\n\r\n{WINE}  # the second\r\n{IRIS}\r\n{WINE}".encode())
    out, _ = run(server, "download", "-i", str(path))
    assert [line.split("/")[-2] for line in out.splitlines()] == ["wine", "iris"]
    for content, words in ((b"\xff\xfe", "no UTF-8 text"), (b"# nothing\n", "Which dataset?")):
        path.write_bytes(content)
        _, err = run(server, "download", "-i", str(path), code=2)
        assert words in err
    for wrong in (tmp_path / "missing.txt", tmp_path):
        _, err = run(server, "download", "-i", str(wrong), code=2)
        assert f"The list {wrong} cannot be read" in err
    run(server, "download", code=2)


def test_a_list_may_come_from_a_pipe(server: Server) -> None:
    with Terminal(
        ["download", "-i", "-"], env=server.environment, cwd=server.data_dir.parent, piped=True
    ) as terminal:
        terminal.send(f"{IRIS}\n{WINE}\n\x04")
        assert terminal.wait() == 0
        assert [line.split("/")[-2] for line in terminal.output.splitlines()] == ["iris", "wine"]


def test_ctrl_c_ends_at_once_and_says_that_the_server_goes_on(server: Server, slow: FileServer) -> None:
    with Terminal(
        ["download", slow.url("slow.bin"), IRIS], env=server.environment, cwd=server.data_dir.parent
    ) as terminal:
        terminal.until("running")
        began = time.monotonic()
        terminal.interrupt()
        assert terminal.wait() == 130
        assert time.monotonic() - began < 2
        # The small one may be under way as well, then there are two.
        [line] = [line for line in terminal.lines if " on in the server at" in line]
        assert re.search("The download job_|2 downloads go ", line)
        [job_id] = re.findall(r"jobs cancel (\w+)", line)
    slow.heal("slow.bin")
    until(lambda: re.search(f"{job_id}.*succeeded", run(server, "jobs")[0]), "the job goes on")


def test_ctrl_c_without_a_server_says_that_the_download_is_kept(tmp_path: Path, slow: FileServer) -> None:
    own = Server(tmp_path / "data")
    arguments = ["download", slow.url("slow.bin")]
    with Terminal(arguments, env=own.environment, cwd=tmp_path, columns=200) as terminal:
        terminal.until("running")
        began = time.monotonic()
        terminal.interrupt()
        assert terminal.wait() == 130
        assert time.monotonic() - began < 2
        assert "is kept, with what has come of it: the same command goes on there" in terminal.text
    slow.heal("slow.bin")
    out, _ = run(own, *arguments)
    assert Path(out.strip()).exists()


def test_ctrl_c_ends_a_search_whose_hub_stalls(tmp_path: Path) -> None:
    with HubFake() as hub:
        hub.fault("delay", seconds=20)
        own = Server(tmp_path / "data", HF_ENDPOINT=hub.url, DATAFERRY_SEARCH_TIMEOUT_S="30")
        arguments = ["search", "imdb", "--source", "huggingface"]
        with Terminal(arguments, env=own.environment, cwd=tmp_path) as terminal:
            until(lambda: hub.requests("/api/datasets"), "the hub is asked")
            began = time.monotonic()
            terminal.interrupt()
            assert terminal.wait() == 130
            assert time.monotonic() - began < 2
        until(lambda: not (tmp_path / "data" / "owner.lock").read_text(), "the server ends too", 5)


def test_what_is_offline_is_told_at_once_and_counted_down(tmp_path: Path) -> None:
    settings = {"DATAFERRY_RETRY_DELAY_S": "30"}
    with FileServer({"a.bin": b"a"}) as files:
        files.fault("a.bin", "status", status=503)
        own = Server(tmp_path / "data", **settings)
        arguments = ["download", files.url("a.bin")]
        with Terminal(arguments, env=own.environment, cwd=tmp_path, columns=160) as terminal:
            terminal.until("next try in")
            counted = until(lambda: len(set(re.findall(r"next try in (\d+) s", terminal.text))) > 1, "counts")
            assert counted
            terminal.interrupt()
            terminal.wait()
        with preloaded.start(arguments, env=own.environment, cwd=tmp_path, separate=True) as piped:
            assert any("waiting: " in line and "next try in" in line for line in piped.stderr or ())
            piped.kill()
