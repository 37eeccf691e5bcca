"""Commands without a ``dataferry serve`` share a server, which lives as long as one of them needs it."""

import contextlib
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dataferry.core.lock import Owner, read_owner
from tests.fakes.catalogue import IMDB
from tests.fakes.files import FileServer
from tests.fakes.hub import HubFake
from tests.support import preloaded
from tests.support.programs import unavailable
from tests.support.server import Server, until


@pytest.fixture
def files() -> Iterator[FileServer]:
    """A link whose download takes as long as a test needs it to, until it is healed."""
    with FileServer({"slow.bin": bytes(300_000)}) as files:
        files.fault("slow.bin", "stall", after=100_000)
        yield files


class Shell:
    """Commands of one person, in one data folder."""

    def __init__(self, folder: Path) -> None:
        self.server = Server(folder / "data")
        self.data_dir = self.server.data_dir
        self._processes: list[subprocess.Popen[str] | preloaded.ForkedProcess] = []

    def run(self, *arguments: str, code: int = 0, **settings: str) -> str:
        """What a command printed, its result last."""
        environment = {**self.server.environment, **settings}
        run = preloaded.run(arguments, env=environment, cwd=self.data_dir.parent)
        assert run.returncode == code, run.stdout + run.stderr
        assert "Traceback" not in run.stderr
        return run.stderr + run.stdout

    def start(self, *arguments: str, **settings: str) -> "subprocess.Popen[str] | preloaded.ForkedProcess":
        environment = {**self.server.environment, **settings}
        process = preloaded.start(arguments, env=environment, cwd=self.data_dir.parent, separate=True)
        self._processes.append(process)
        return process

    def download_slowly(self, files: FileServer) -> "subprocess.Popen[str] | preloaded.ForkedProcess":
        """A download under way."""
        process = self.start("download", files.url("slow.bin"))
        until(lambda: "running" in self.run("jobs"), "the download runs")
        return process

    @property
    def servers(self) -> list[int]:
        """The processes of the background servers that there were."""
        log = self.data_dir / "background.log"
        text = log.read_text() if log.exists() else ""
        return [int(pid) for pid in re.findall(r"Started server process \[(\d+)\]", text)]

    def close(self) -> None:
        for process in self._processes:
            process.kill()
            with process:  # which closes its streams
                pass
        for pid in self.servers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    with contextlib.closing(Shell(tmp_path)) as shell:
        yield shell


def test_other_commands_work_during_a_download_and_the_server_ends_after_the_last(
    shell: Shell, files: FileServer
) -> None:
    slow = shell.download_slowly(files)
    # One that is done gives the prompt back at once, though the server stays for the other.
    assert "builtin/_/iris" in shell.run("download", "builtin:iris")
    assert slow.poll() is None
    files.heal("slow.bin")
    assert slow.wait(30) == 0
    [pid] = shell.servers
    until(lambda: read_owner(shell.data_dir) is None, "the folder is free again")
    until(lambda: not Path(f"/proc/{pid}").exists(), "the server has ended")


def test_eight_that_start_in_the_same_instant_share_one_server(shell: Shell) -> None:
    started = [shell.start("library") for _ in range(8)]
    ends = [process.communicate(timeout=60) for process in started]
    assert [process.wait() for process in started] == [0] * 8, ends
    assert len(shell.servers) == 1


def test_a_download_goes_on_when_its_server_is_killed(shell: Shell, files: FileServer) -> None:
    slow = shell.download_slowly(files)
    os.kill(shell.servers[-1], signal.SIGKILL)
    until(lambda: len(shell.servers) == 2, "another one runs")
    files.heal("slow.bin")
    printed, told = slow.communicate(timeout=30)
    assert slow.wait() == 0, told
    assert Path(printed.strip()).stat().st_size


def test_what_a_killed_server_left_in_its_lock_file_is_not_believed(shell: Shell) -> None:
    shell.data_dir.mkdir(mode=0o700)
    (shell.data_dir / "owner.lock").write_text(str(Owner("http://127.0.0.1:9", "0" * 64)))
    assert "builtin/_/iris" in shell.run("download", "builtin:iris")


def test_a_server_that_a_person_starts_takes_over(shell: Shell, files: FileServer) -> None:
    slow = shell.download_slowly(files)
    with shell.server as server:
        assert "background server of other commands ends" in server.log
        files.heal("slow.bin")
        printed, told = slow.communicate(timeout=30)
        assert slow.wait() == 0, told
        assert printed.strip()


def test_a_search_under_way_is_asked_for_again_when_its_server_ends(shell: Shell) -> None:
    with HubFake() as hub:
        hub.fault("delay", seconds=30)
        settings = {"HF_ENDPOINT": hub.url, "DATAFERRY_SEARCH_TIMEOUT_S": "40"}
        searching = shell.start("search", "imdb", "--source", "huggingface", **settings)
        until(lambda: hub.requests("/api/datasets"), "the hub is asked")
        hub.heal()
        os.kill(shell.servers[-1], signal.SIGTERM)
        printed, told = searching.communicate(timeout=30)
        assert searching.wait() == 0, told
        assert IMDB in printed


def test_it_ends_at_once_when_it_is_told_to_and_when_the_folder_is_deleted(
    shell: Shell, files: FileServer
) -> None:
    def ended() -> bool:
        return not Path(f"/proc/{shell.servers[-1]}").exists()

    idle = {"DATAFERRY_BACKGROUND_IDLE_S": "600"}
    shell.run("library", **idle)
    os.kill(shell.servers[-1], signal.SIGTERM)
    until(ended, "SIGTERM ends it", 5)
    shell.run("library", **idle)
    pid = shell.servers[-1]
    shutil.rmtree(shell.data_dir)
    until(lambda: not Path(f"/proc/{pid}").exists(), "it ends with its folder", 5)
    assert not shell.data_dir.exists()


def test_another_commands_keys_and_settings_are_not_taken_for_ones_own(
    shell: Shell, files: FileServer
) -> None:
    idle = {"DATAFERRY_BACKGROUND_IDLE_S": "600"}
    with HubFake() as hub:
        shell.run("library", **idle)
        # The server waits for further commands, with an address of the hub that leads nowhere.
        assert IMDB in shell.run("search", "imdb", "--source", "huggingface", HF_ENDPOINT=hub.url, **idle)
        assert len(shell.servers) == 2
        slow = shell.start("download", files.url("slow.bin"), HF_ENDPOINT=hub.url, **idle)
        until(lambda: "running" in shell.run("jobs", HF_ENDPOINT=hub.url, **idle), "the download runs")
        assert "Another command's settings hold here" in shell.run("library", **idle)
        assert slow.poll() is None


def test_a_file_of_the_folder_that_it_is_called_in_is_no_module_of_it(shell: Shell) -> None:
    (shell.data_dir.parent / "uvicorn.py").write_text("raise SystemExit('this is no uvicorn')")
    installed = Path(sys.executable).with_name("dataferry")
    run = subprocess.run(
        [installed, "library"],
        env=shell.server.environment,
        cwd=shell.data_dir.parent,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr


def test_a_server_that_cannot_start_says_why_to_every_command(shell: Shell) -> None:
    shell.data_dir.mkdir(mode=0o700)
    (shell.data_dir / "dataferry.sqlite").write_text("no database")
    started = [shell.start("library") for _ in range(3)]
    for process in started:
        _printed, told = process.communicate(timeout=60)
        assert process.wait() not in (0, 1), told
        assert len(told.splitlines()) == 1


def test_another_persons_folder_is_told_as_that(shell: Shell) -> None:
    if os.geteuid() != 0:
        unavailable("wants root, who can act as somebody else: sudo make test")
    shell.data_dir.mkdir(mode=0o700)
    # Loaded before: the other user may not be able to read the program of this one.
    program = (
        "import os, dataferry.cli as cli, dataferry.cli.library;"
        f"os.setgroups([]); os.setuid({pwd.getpwnam('nobody').pw_uid}); raise SystemExit(cli.main())"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, "library"],
        env=shell.server.environment,
        cwd="/",
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 2, run.stderr
    assert f"{shell.data_dir} belongs to another user of this machine, root." in run.stderr
