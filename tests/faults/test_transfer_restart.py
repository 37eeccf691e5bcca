"""``fetch`` killed, crowded out and started again: what is whole is never fetched twice."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dataferry.core.errors import Conflict, DiskFull, FolderBusy, NetworkFault
from dataferry.core.types import Manifest, Progress
from dataferry.transfer import FetchResult, discard_workdir, fetch
from dataferry.transfer.files.workdir import Workdir
from dataferry.transfer.scheduler import MAX_ATTEMPTS
from tests.fakes.files import FileServer

BODY = os.urandom(200_000)

#: A process of its own that fetches a set and prints its progress: files and bytes, then its memory
#: (kB) before and at the peak.
CHILD = """
import json, resource, sys, threading
from pathlib import Path
from dataferry.core.types import Checksum, DatasetRef, FileEntry, Http, Manifest
from dataferry.transfer import fetch

link, target, files, file_limit = sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3]), int(sys.argv[4])
if file_limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))
entries = tuple(
    FileEntry(path, Http(f"{link}/{path}"), size=size, checksum=Checksum("sha256", digest, "publisher"))
    for path, size, digest in files
)
manifest = Manifest(DatasetRef.make("url", f"{link}/set"), "r1", entries)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
fetch(manifest, target, lambda p: print(p.files_done, p.bytes_done, flush=True), threading.Event())
print(before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer({"a.bin": BODY, "b.bin": BODY[::-1], "c.bin": b"c"}) as server:
        yield server


class Child:
    """``with Child(server, target) as child``: killed at the end if it is still there."""

    def __init__(self, server: FileServer, target: Path, *, file_limit: int = 0) -> None:
        files = [[path, len(body), hashlib.sha256(body).hexdigest()] for path, body in server.files.items()]
        link = f"http://{server.address}"
        self._process = subprocess.Popen(
            [sys.executable, "-c", CHILD, link, str(target), json.dumps(files), str(file_limit)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> "Child":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()  # SIGKILL
        self._process.communicate(timeout=10)

    def wait_for(self, condition: Callable[[int, int], bool]) -> None:
        """Read its progress until it is so far."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if condition(*map(int, line.split())):
                return
        raise AssertionError(self._process.communicate()[1])

    def result(self) -> tuple[str, str]:
        """What it printed and complained of, once it has ended."""
        return self._process.communicate(timeout=20)


def run(manifest: Manifest, target: Path, workdir: Path | None = None) -> FetchResult:
    return fetch(manifest, target, lambda _: None, threading.Event(), workdir=workdir)


def stopped_at_a(server: FileServer, manifest: Manifest, target: Path) -> None:
    """A first run that brings all files but ``a.bin``."""
    server.fault("a.bin", "status", status=500)
    with pytest.raises(NetworkFault):
        run(manifest, target)
    server.heal("a.bin")


def asked(server: FileServer) -> tuple[int, int, int]:
    return server.asked("a.bin"), server.asked("b.bin"), server.asked("c.bin")


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_after_kill_9_only_unfinished_files_are_fetched_again(tmp_path: Path) -> None:
    files = {f"{n:02}.bin": os.urandom(50_000 + n) for n in range(20)}
    files["big.bin"] = os.urandom(9_000_000)  # large enough to be synced on its own
    files["zz.bin"] = os.urandom(1_000_000)
    with FileServer(files) as server:
        server.fault("zz.bin", "stall", after=600_000)
        with Child(server, tmp_path / "set") as child:
            child.wait_for(lambda done, count: done == 21 and count >= 10_000_000 + 600_000)
        assert not (tmp_path / "set").exists()

        server.heal("zz.bin")
        before = len(server.requests)
        reports: list[Progress] = []
        result = fetch(server.manifest(), tmp_path / "set", reports.append, threading.Event())
        assert [request.path for request in server.requests[before:]] == ["zz.bin"]
    assert tree(tmp_path / "set") == files
    assert {f.path: f.sha256 for f in result.files} == {
        path: hashlib.sha256(body).hexdigest() for path, body in files.items()
    }
    there = sum(map(len, files.values())) - len(files["zz.bin"])
    assert (reports[0].bytes_done, reports[0].files_done) == (there, 21), "progress begins with what is there"
    assert [p.name for p in tmp_path.iterdir()] == ["set"]


def test_a_second_process_is_a_conflict_until_the_first_is_dead(server: FileServer, tmp_path: Path) -> None:
    server.fault("a.bin", "stall", after=1000)
    with Child(server, tmp_path / "set") as child:
        child.wait_for(lambda done, count: done == 2)
        with pytest.raises(Conflict):
            run(server.manifest(), tmp_path / "set")
    server.heal("a.bin")
    run(server.manifest(), tmp_path / "set")
    assert asked(server) == (2, 1, 1)


def test_no_room_in_mid_file(tmp_path: Path) -> None:
    """The system's limit on a file's size stands in for a full disk."""
    with FileServer({"a.bin": os.urandom(3_000_000)}) as server:
        with Child(server, tmp_path / "set", file_limit=1_000_000) as child:
            complaint = child.result()[1]
        assert DiskFull.__name__ in complaint
        assert "is free in" in complaint
        assert not (tmp_path / "set").exists()
        run(server.manifest(), tmp_path / "set")


def test_memory_stays_flat(tmp_path: Path) -> None:
    files = {f"{n}.bin": bytes(16_000_000) for n in range(4)}
    with FileServer(files) as server, Child(server, tmp_path / "set") as child:
        before, peak = map(int, child.result()[0].splitlines()[-1].split())
    assert peak - before < 32_000, "kB, for 64 MB over four connections"


def test_what_the_journal_claims_is_checked(server: FileServer, tmp_path: Path) -> None:
    stopped_at_a(server, server.manifest(), tmp_path / "set")
    work = tmp_path / ".incomplete" / "set"
    # A power cut can leave a small file with the right size and zeros in it, and a torn line.
    lost = work / "tree" / "b.bin"
    lost.chmod(0o644)
    lost.write_bytes(bytes(len(BODY)))
    with (work / "journal.jsonl").open("a") as journal:
        journal.write('{"path": "a.bi')
    (work / "tree" / "stray").mkdir()
    (work / "tree" / "stray" / "x.bin").write_bytes(b"not of this dataset")
    run(server.manifest(), tmp_path / "set")
    assert tree(tmp_path / "set") == server.files
    assert not (tmp_path / "set" / "stray").exists()
    assert asked(server) == (MAX_ATTEMPTS + 1, 2, 1)


def test_a_journal_that_is_no_journal(server: FileServer, tmp_path: Path) -> None:
    stopped_at_a(server, server.manifest(), tmp_path / "set")
    journal = tmp_path / ".incomplete" / "set" / "journal.jsonl"
    journal.write_text(journal.read_text().splitlines()[0] + '\n[]\n{"path": 1}\n{"x": 2}\nnull\n')
    run(server.manifest(), tmp_path / "set")
    assert tree(tmp_path / "set") == server.files
    assert asked(server) == (MAX_ATTEMPTS + 1, 2, 2)


def test_another_revision_begins_anew(server: FileServer, tmp_path: Path) -> None:
    stopped_at_a(server, server.manifest(), tmp_path / "set")
    run(replace(server.manifest(), revision="r2"), tmp_path / "set")
    assert asked(server) == (MAX_ATTEMPTS + 1, 2, 2)


def test_another_promise_is_another_file(server: FileServer, tmp_path: Path) -> None:
    stopped_at_a(server, server.manifest(), tmp_path / "set")
    server.files["b.bin"] = bytes(len(BODY))
    run(server.manifest(), tmp_path / "set")
    assert tree(tmp_path / "set") == server.files
    assert asked(server) == (MAX_ATTEMPTS + 1, 2, 1)


def test_without_a_promise_another_size_tells(server: FileServer, tmp_path: Path) -> None:
    stopped_at_a(server, server.manifest(promised=None), tmp_path / "set")
    server.files["b.bin"] = b"changed"
    run(server.manifest(promised=None), tmp_path / "set")
    assert tree(tmp_path / "set") == server.files
    assert asked(server) == (MAX_ATTEMPTS + 1, 2, 1)


def test_a_smaller_choice_of_files_keeps_only_those(server: FileServer, tmp_path: Path) -> None:
    stopped_at_a(server, server.manifest(), tmp_path / "set")
    run(server.manifest("b.bin"), tmp_path / "set")
    assert tree(tmp_path / "set") == {"b.bin": server.files["b.bin"]}
    assert asked(server) == (MAX_ATTEMPTS, 1, 1)


def test_an_end_that_was_cut_short_is_finished(server: FileServer, tmp_path: Path) -> None:
    """Killed between the rename and the clean-up: nothing is fetched again, nothing is a conflict."""
    manifest, target, work = server.manifest(), tmp_path / "set", tmp_path / "work"
    result = run(manifest, target, work)
    with Workdir.locked(work, manifest) as workdir:
        target.rename(workdir.tree)
        workdir.write_finished(result.files)
        workdir.tree.rename(target)
    assert run(manifest, target, work) == result
    assert asked(server) == (1, 1, 1)


def test_a_kill_before_the_caller_has_recorded_the_result_costs_nothing(
    server: FileServer, tmp_path: Path
) -> None:
    """Issue 9, 1.4: 50 of 50 files were fetched again. The caller's folder stays until it is discarded."""
    target, work = tmp_path / "set", tmp_path / "work"
    result = run(server.manifest(), target, work)
    assert run(server.manifest(), target, work) == result
    assert asked(server) == (1, 1, 1)
    with Workdir.locked(work, server.manifest()), pytest.raises(FolderBusy):
        discard_workdir(work)
    discard_workdir(work)
    discard_workdir(work)
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_a_finished_folder_speaks_for_its_own_target_only(server: FileServer, tmp_path: Path) -> None:
    manifest, target, work = server.manifest(), tmp_path / "set", tmp_path / "work"
    result = run(manifest, target, work)
    with Workdir.locked(work, manifest) as workdir:
        workdir.tree.mkdir()
        workdir.write_finished(result.files)
    with pytest.raises(Conflict, match="exists already"):
        run(manifest, target, work)
