"""Runs that work in one folder after each other, or beside each other where one has lost its job."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from dataferry.core.errors import Cancelled, FolderBusy
from dataferry.core.types import Progress
from dataferry.transfer import Limits, fetch, hold_workdir, run_folder
from tests.fakes.files import FileServer
from tests.support.server import until

FILES = {"big.bin": bytes(range(256)) * 16_384, "small.csv": b"a,b\n" * 10}
PIECE = 2**20
LIMITS = Limits(connections=1, stall_timeout_s=60, piece_bytes=PIECE)


@dataclass(frozen=True)
class Run:
    """A run of a job; it holds all others for overtaken, or none."""

    name: str
    overtakes: bool = True

    def is_overtaken(self, name: str) -> bool:
        return self.overtakes


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer(FILES) as server:
        yield server


def test_a_run_goes_on_with_the_bytes_of_one_that_stands_still(server: FileServer, tmp_path: Path) -> None:
    """What that writes when it wakes is in no file of the other one."""
    work, reports, cancel = tmp_path / "work", list[Progress](), threading.Event()
    server.fault("big.bin", "stall", after=PIECE, times=1)

    def stand_still() -> None:
        with pytest.raises(Cancelled):
            fetch(
                server.manifest(),
                tmp_path / "lost",
                reports.append,
                cancel,
                workdir=work,
                limits=LIMITS,
                user=Run("job.1"),
            )

    lost = threading.Thread(target=stand_still)
    lost.start()
    journal = run_folder(work, "job.1") / "journal.jsonl"
    until(lambda: journal.exists() and b'"bytes"' in journal.read_bytes(), "the first piece is here")
    with pytest.raises(FolderBusy), hold_workdir(work, Run("job.2", overtakes=False)):
        pass
    (part,) = (run_folder(work, "job.1") / "parts").iterdir()
    with part.open("r+b") as held:
        began = time.monotonic()
        result = fetch(
            server.manifest(),
            tmp_path / "target",
            reports.append,
            threading.Event(),
            workdir=work,
            limits=LIMITS,
            user=Run("job.2"),
        )
        assert time.monotonic() - began >= 1  # the other one is given a moment to leave
        held.write(b"wrong" * 1000)
    assert result.inode == (tmp_path / "target").stat().st_ino
    assert {path: (tmp_path / "target" / path).read_bytes() for path in FILES} == FILES
    asked = [each.headers.get("Range") for each in server.requests if each.path == "big.bin"]
    assert asked.count(f"bytes=0-{PIECE - 1}") == 1
    cancel.set()
    server.heal("big.bin")
    lost.join()
    assert not (tmp_path / "lost").exists()


def test_what_a_run_may_not_place_any_more_is_not_placed(server: FileServer, tmp_path: Path) -> None:
    def refuse() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        fetch(
            server.manifest(),
            tmp_path / "target",
            lambda _progress: None,
            threading.Event(),
            workdir=tmp_path / "work",
            user=Run("job.1"),
            confirm=refuse,
        )
    assert not (tmp_path / "target").exists()
    before = server.served_bytes
    fetch(
        server.manifest(),
        tmp_path / "target",
        lambda _progress: None,
        threading.Event(),
        workdir=tmp_path / "work",
        user=Run("job.2"),
    )
    assert server.served_bytes == before
    assert not run_folder(tmp_path / "work", "job.1").exists()


def test_what_lay_in_the_working_folder_itself_is_gone_on_with(server: FileServer, tmp_path: Path) -> None:
    """As versions left it in which runs had no folders of their own."""

    def cancelled(progress: Progress) -> None:
        if progress.files_done:
            raise Cancelled

    work, target = tmp_path / "work", tmp_path / "target"
    with pytest.raises(Cancelled):
        fetch(server.manifest(), target, cancelled, threading.Event(), workdir=work)
    before = server.asked("small.csv")
    reports: list[Progress] = []
    fetch(server.manifest(), target, reports.append, threading.Event(), workdir=work, user=Run("job.1"))
    assert reports[0].files_done >= 1
    assert server.asked("small.csv") == before
