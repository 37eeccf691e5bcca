"""``fetch`` where nothing goes wrong, and what it refuses before it begins."""

import hashlib
import os
import re
import threading
import time
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

import dataferry.transfer
from dataferry.core.errors import (
    Cancelled,
    ChecksumMismatch,
    Conflict,
    DiskFull,
    InvalidInput,
    OutsideStore,
    StoreNotWritable,
)
from dataferry.core.types import Bytes, DatasetRef, FileEntry, HashName, Http, Manifest, Progress
from dataferry.transfer import FetchedFile, FetchResult, Limits, discard_workdir, fetch
from tests.fakes.files import FileServer, checksum

FILES = {"train.csv": os.urandom(300_000), "deep/er/täst.csv": b"a,b\n1,2\n", "empty": b""}


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer(FILES) as server:
        yield server


def run(manifest: Manifest, target: Path, **options: object) -> tuple[FetchResult, list[Progress]]:
    reports: list[Progress] = []
    result = fetch(manifest, target, reports.append, threading.Event(), **options)  # type: ignore[arg-type]
    return result, reports


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_files_arrive_whole_and_read_only(server: FileServer, tmp_path: Path) -> None:
    result, reports = run(server.manifest(), tmp_path / "set")
    assert tree(tmp_path / "set") == FILES
    assert result.files == tuple(
        FetchedFile(path, len(body), hashlib.sha256(body).hexdigest(), "publisher")
        for path, body in sorted(FILES.items())
    )
    assert {p.stat().st_mode & 0o777 for p in (tmp_path / "set").rglob("*") if p.is_file()} == {0o444}
    assert [p.name for p in tmp_path.iterdir()] == ["set"], "nothing is left beside it"
    assert reports[0].bytes_done == 0
    assert reports[-1].phase == "finishing"
    total = sum(map(len, FILES.values()))
    assert (reports[-1].bytes_done, reports[-1].bytes_total) == (total, total)
    assert (reports[-1].files_done, reports[-1].files_total) == (3, 3)
    assert all(p.bytes_total == total and p.bytes_done <= total for p in reports)


def test_the_packages_own_example(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    documented = dataferry.transfer.__doc__ or ""
    code = re.search(r"::\n\n((?:    .*\n|\n)+)", documented)
    assert code is not None
    lines = [line[4:] for line in code[1].splitlines()]
    assert sum(bool(line) for line in lines) <= 12
    body = b"5.1,3.5,1.4,0.2,Iris-setosa\n"
    promised = re.search(r'"([0-9a-f]{32})"', code[1])
    assert promised is not None
    with FileServer({"iris.csv": body}) as server:
        text = "\n".join(lines).replace("https://example.org", f"http://{server.address}")
        text = text.replace(promised[1], hashlib.md5(body).hexdigest())
        monkeypatch.chdir(tmp_path)
        exec(text, {})
    assert (tmp_path / "iris" / "iris.csv").read_bytes() == body
    assert hashlib.sha256(body).hexdigest() in capfd.readouterr().out


@pytest.mark.parametrize("algorithm", ["sha256", "md5", "git-sha1", "crc32"])
@pytest.mark.parametrize("sized", [True, False])
def test_every_kind_of_checksum(server: FileServer, tmp_path: Path, algorithm: HashName, sized: bool) -> None:
    server.fault("deep/er/täst.csv", "no_length")
    result, _ = run(server.manifest(promised=algorithm, sized=sized), tmp_path / "set")
    assert tree(tmp_path / "set") == FILES
    assert {file.grade for file in result.files} == {"transport" if algorithm == "crc32" else "publisher"}
    assert result.files[2].sha256 == hashlib.sha256(FILES["train.csv"]).hexdigest()


def test_without_a_promise_our_own_hash_is_recorded(server: FileServer, tmp_path: Path) -> None:
    result, reports = run(server.manifest(promised=None, sized=False), tmp_path / "set")
    assert {file.grade for file in result.files} == {"recorded"}
    assert reports[0].bytes_total is None
    assert reports[-1].bytes_total == sum(map(len, FILES.values()))


def test_google_storage_publishes_md5_with_the_bytes(server: FileServer, tmp_path: Path) -> None:
    server.headers["train.csv"] = {"x-goog-hash": "crc32c=AAAAAA==,md5=" + _base64_md5(FILES["train.csv"])}
    result, _ = run(server.manifest("train.csv", promised=None), tmp_path / "set")
    assert result.files[0].grade == "publisher"


def _base64_md5(body: bytes) -> str:
    return b64encode(hashlib.md5(body).digest()).decode()


def test_local_bytes(tmp_path: Path) -> None:
    body = os.urandom(2_500_000)
    entry = FileEntry(
        "table.csv", Bytes(lambda: BytesIO(body)), size=len(body), checksum=checksum(body, "sha256")
    )
    result, _ = run(Manifest(DatasetRef("builtin", "iris"), "1", (entry,)), tmp_path / "set")
    assert tree(tmp_path / "set") == {"table.csv": body}
    assert result.files[0].grade == "publisher"


def test_several_at_once_over_kept_connections(tmp_path: Path) -> None:
    files = {f"{n:03}.bin": os.urandom(500) for n in range(60)}
    with FileServer(files) as server:
        run(server.manifest(), tmp_path / "set", limits=Limits(connections=3))
        assert 1 <= server.connections <= 3
    assert tree(tmp_path / "set") == files


def test_an_empty_dataset_is_an_empty_folder(tmp_path: Path) -> None:
    result, _ = run(Manifest(DatasetRef("builtin", "nothing"), "1", ()), tmp_path / "set")
    assert result.files == ()
    assert (tmp_path / "set").is_dir()


# -- the target ------------------------------------------------------------------------------


def test_an_existing_target_is_a_conflict(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    with pytest.raises(Conflict, match="exists already"):
        run(server.manifest(), tmp_path / "set")
    assert server.requests == []


def test_replace_swaps_the_old_copy_for_the_new(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "old.csv").write_text("old")
    run(server.manifest("train.csv"), tmp_path / "set", replace=True)
    assert tree(tmp_path / "set") == {"train.csv": FILES["train.csv"]}
    assert [p.name for p in tmp_path.iterdir()] == ["set"]


def test_replace_keeps_the_old_copy_when_the_new_one_fails(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "old.csv").write_text("old")
    server.fault("train.csv", "wrong_bytes")
    with pytest.raises(ChecksumMismatch):
        run(server.manifest(), tmp_path / "set", replace=True)
    assert tree(tmp_path / "set") == {"old.csv": b"old"}


def test_what_is_not_accepted_takes_no_place_and_is_fetched_anew(server: FileServer, tmp_path: Path) -> None:
    target, work = tmp_path / "set", tmp_path / "work"
    target.mkdir()
    (target / "old.csv").write_text("old")
    unpromised = server.manifest(promised=None, sized=False)

    def refuse(files: Sequence[FetchedFile]) -> None:
        raise Conflict(", ".join(file.path for file in files))

    with pytest.raises(Conflict, match=re.escape("deep/er/täst.csv, empty, train.csv")):
        run(unpromised, target, replace=True, workdir=work, accept=refuse)
    assert tree(target) == {"old.csv": b"old"}
    server.files["train.csv"] = b"new"
    accepted: list[FetchedFile] = []
    result, _ = run(unpromised, target, replace=True, workdir=work, accept=accepted.extend)
    assert tree(target)["train.csv"] == b"new"
    assert tuple(accepted) == result.files


def test_a_partial_folder_of_the_callers_own(server: FileServer, tmp_path: Path) -> None:
    work = tmp_path / "work" / "ds_1"
    run(server.manifest(), tmp_path / "a" / "b" / "set", workdir=work)
    assert tree(tmp_path / "a" / "b" / "set") == FILES
    discard_workdir(work)
    assert not work.exists()
    assert work.parent.exists(), "the caller's folder is the caller's"


# -- refused before the first byte -------------------------------------------------------------


@pytest.mark.parametrize("path", ["../up", "/etc/passwd", "a/../../b"])
def test_paths_that_leave_the_folder(tmp_path: Path, path: str) -> None:
    manifest = Manifest(DatasetRef("builtin", "x"), "1", (FileEntry(path, Bytes(BytesIO)),))
    with pytest.raises(OutsideStore):
        run(manifest, tmp_path / "set")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("paths", [("a", "a"), ("a", "a/b"), ("a\0b",), ("x" * 300,)])
def test_paths_that_collide_or_cannot_be(tmp_path: Path, paths: tuple[str, ...]) -> None:
    files = tuple(FileEntry(path, Bytes(BytesIO)) for path in paths)
    with pytest.raises(InvalidInput):
        run(Manifest(DatasetRef("builtin", "x"), "1", files), tmp_path / "set")
    assert not (tmp_path / "set").exists()


def test_a_full_disk_is_said_before_the_first_byte(server: FileServer, tmp_path: Path) -> None:
    manifest = server.manifest()
    huge = tuple(replace(entry, size=10**18) for entry in manifest.files)
    with pytest.raises(DiskFull, match=r"needs .* is free in"):
        run(replace(manifest, files=huge), tmp_path / "set")
    with pytest.raises(DiskFull):
        run(manifest, tmp_path / "set", limits=Limits(min_free_bytes=10**18))
    assert server.requests == []


def test_an_unknown_size_meets_the_disk_when_the_server_tells_it(server: FileServer, tmp_path: Path) -> None:
    server.headers["train.csv"] = {"Content-Length": str(10**17)}
    with pytest.raises(DiskFull):
        run(server.manifest("train.csv", sized=False), tmp_path / "set")


def test_a_folder_that_cannot_be_written_is_named(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file where the store should be")
    with pytest.raises(StoreNotWritable) as caught:
        run(server.manifest(), tmp_path / "store" / "url" / "set")
    assert str(tmp_path / "store") in caught.value.detail
    assert caught.value.next_step
    assert server.requests == []


def test_two_fetches_do_not_share_a_partial_folder(server: FileServer, tmp_path: Path) -> None:
    server.fault("train.csv", "stall", after=10)
    cancel, failures = threading.Event(), []

    def first() -> None:
        try:
            fetch(server.manifest(), tmp_path / "set", lambda _: begun.set(), cancel)
        except Cancelled as error:
            failures.append(error)

    begun = threading.Event()
    thread = threading.Thread(target=first)
    thread.start()
    assert begun.wait(5)
    with pytest.raises(Conflict, match="Another download"):
        run(server.manifest(), tmp_path / "set")
    cancel.set()
    thread.join(5)
    assert len(failures) == 1


def test_links_must_be_http(tmp_path: Path) -> None:
    for link in ("file:///etc/passwd", "ftp://example.org/x", "http://", "nonsense"):
        files = (FileEntry("x", Http(link)),)
        with pytest.raises(InvalidInput):
            run(Manifest(DatasetRef("builtin", "x"), "1", files), tmp_path / "set")


def test_one_answer_that_does_not_come_keeps_no_other_waiting(tmp_path: Path) -> None:
    """A server beside us is asked over one connection, but not come what may."""
    files = {f"{number:02}.csv": b"x" * (100 + number) for number in range(21)}
    with FileServer(files) as server:
        server.fault("01.csv", "stall", after=0)

        def report(progress: Progress) -> None:
            if progress.files_done == len(files) - 1:
                server.heal("01.csv")

        began = time.monotonic()
        limits = Limits(connections=4, stall_timeout_s=10)
        fetch(server.manifest(), tmp_path / "set", report, threading.Event(), limits=limits)
        assert tree(tmp_path / "set") == files
        assert time.monotonic() - began < 5


def test_the_documents_ten_lines_fetch_a_file(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "transfer.md").read_text()
    found = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert found is not None
    lines = [line for line in found[1].splitlines() if line]
    assert len(lines) <= 10
    code = found[1].replace("https://example.org/iris.csv", server.url("train.csv"))
    code = re.sub(r"[0-9a-f]{32}", hashlib.md5(FILES["train.csv"]).hexdigest(), code)
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    assert tree(tmp_path / "iris") == {"iris.csv": FILES["train.csv"]}
