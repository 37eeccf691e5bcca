"""Archives are unpacked while they arrive, and count once they are verified."""

import gzip
import io
import os
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dataferry.core.errors import Cancelled, ChecksumMismatch, UnsafeArchive
from dataferry.core.types import Manifest, Progress
from dataferry.transfer import FetchResult, Limits, fetch
from tests.fakes.files import FileServer

PIECE = 32 * 1024
LIMITS = Limits(connections=4, stall_timeout_s=5, piece_bytes=PIECE, span_bytes=2 * PIECE)
MEMBERS = {f"images/{n // 4}/{n:02}.bin": os.urandom(50_000 + n) for n in range(24)}


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as container:
        for name, body in members.items():
            container.writestr(name, body)
    return buffer.getvalue()


def tarred(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as container:
        for name, body in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(body)
            container.addfile(member, io.BytesIO(body))
    return buffer.getvalue()


ARCHIVES: dict[str, Callable[[dict[str, bytes]], bytes]] = {
    "zip": zipped,
    "tar": tarred,
    "tar.gz": lambda members: gzip.compress(tarred(members), 1),
}


@pytest.fixture(params=list(ARCHIVES))
def server(request: pytest.FixtureRequest) -> Iterator[FileServer]:
    with FileServer({f"a.{request.param}": ARCHIVES[request.param](MEMBERS)}) as server:
        yield server


def run(manifest: Manifest, target: Path, **options: Any) -> tuple[FetchResult, list[Progress]]:
    reports: list[Progress] = []
    result = fetch(manifest, target, reports.append, threading.Event(), limits=LIMITS, **options)
    return result, reports


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def only(server: FileServer) -> str:
    return next(iter(server.files))


def test_members_are_there_before_the_archive_is(server: FileServer, tmp_path: Path) -> None:
    name = only(server)
    server.bytes_per_s = 200_000
    server.fault(name, "stall", after=0, skip=16)
    unpacked = tmp_path / ".incomplete" / "set" / "tree"
    cancel = threading.Event()

    def report(_: Progress) -> None:
        if any(unpacked.rglob("*.bin")):
            cancel.set()

    with pytest.raises(Cancelled):
        fetch(server.manifest(unpack=True), tmp_path / "set", report, cancel, limits=LIMITS)
    server.heal(name)
    server.bytes_per_s = None
    result, reports = run(server.manifest(unpack=True), tmp_path / "set")
    assert tree(tmp_path / "set") == MEMBERS
    assert {file.grade for file in result.files} == {"publisher"}
    assert reports[-1].phase == "finishing"
    assert reports[-1].files_done == len(MEMBERS)


def test_a_zip_shows_its_end_first(tmp_path: Path) -> None:
    with FileServer({"a.zip": zipped(MEMBERS)}, bytes_per_s=200_000) as server:
        run(server.manifest(unpack=True), tmp_path / "set")
        asked = [request.headers.get("Range", "") for request in server.requests]
    assert any(each.endswith(f"-{len(server.files['a.zip']) - 1}") for each in asked[:8])


def test_damage_takes_everything_back(server: FileServer, tmp_path: Path) -> None:
    server.fault(only(server), "wrong_bytes", times=1, skip=3)
    _, reports = run(server.manifest(unpack=True), tmp_path / "set")
    assert tree(tmp_path / "set") == MEMBERS
    assert any("arrived damaged" in (progress.note or "") for progress in reports)


def test_damage_for_good_is_never_a_tree(server: FileServer, tmp_path: Path) -> None:
    server.fault(only(server), "wrong_bytes")
    with pytest.raises(ChecksumMismatch):
        run(server.manifest(unpack=True), tmp_path / "set")
    assert not (tmp_path / "set").exists()


def test_a_change_under_way_takes_everything_back(tmp_path: Path) -> None:
    others = {f"other/{n}.bin": os.urandom(60_000) for n in range(20)}
    with FileServer({"a.zip": zipped(MEMBERS)}) as server:
        server.fault(
            "a.zip", "changed_etag", skip=6, body=_sized(others, len(server.files["a.zip"])), times=1
        )
        run(server.manifest(promised=None, unpack=True), tmp_path / "set")
    assert tree(tmp_path / "set").keys() == {*others, "filler"}
    assert not (tmp_path / "set" / "images").exists()


def _sized(members: dict[str, bytes], size: int) -> bytes:
    """A zip of exactly so many bytes."""
    empty = len(zipped({**members, "filler": b""}, zipfile.ZIP_STORED))
    return zipped({**members, "filler": bytes(size - empty)}, zipfile.ZIP_STORED)


def test_without_ranges_it_is_unpacked_all_the_same(server: FileServer, tmp_path: Path) -> None:
    server.fault(only(server), "no_range")
    run(server.manifest(unpack=True), tmp_path / "set")
    assert tree(tmp_path / "set") == MEMBERS


def test_what_leads_out_is_refused_and_nothing_stays(tmp_path: Path) -> None:
    packed = zipped({**MEMBERS, "../evil": b"x"})
    with FileServer({"a.zip": packed}) as server, pytest.raises(UnsafeArchive):
        run(server.manifest(unpack=True), tmp_path / "set")
    assert not (tmp_path / "set").exists()
    assert not any((tmp_path / ".incomplete" / "set" / "tree").rglob("*.bin"))


def test_two_archives_and_a_plain_file(tmp_path: Path) -> None:
    files = {"one.zip": zipped(MEMBERS), "two/two.zip": zipped(MEMBERS), "plain.bin": os.urandom(3 * PIECE)}
    with FileServer(files) as server:
        entries = tuple(replace(e, unpack=e.path.endswith("zip")) for e in server.manifest().files)
        run(replace(server.manifest(), files=entries), tmp_path / "set")
    expected = MEMBERS | {f"two/{path}": body for path, body in MEMBERS.items()}
    assert tree(tmp_path / "set") == expected | {"plain.bin": files["plain.bin"]}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    members=st.dictionaries(
        st.from_regex(r"[a-z]{1,6}(/[a-z]{1,6})?\.x", fullmatch=True),
        st.integers(0, 90_000),
        min_size=1,
        max_size=8,
    ),
    kind=st.sampled_from(["stored", *ARCHIVES]),
    drops=st.lists(st.integers(0, 2 * PIECE), max_size=2),  # the third is a small file's last
)
def test_any_archive_arrives_as_it_was_packed(
    tmp_path_factory: pytest.TempPathFactory, members: dict[str, int], kind: str, drops: list[int]
) -> None:
    bodies = {name: os.urandom(size // 2) + bytes(size - size // 2) for name, size in members.items()}
    suffix = "zip" if kind == "stored" else kind
    packed = zipped(bodies, zipfile.ZIP_STORED) if kind == "stored" else ARCHIVES[kind](bodies)
    target = tmp_path_factory.mktemp("any") / "set"
    with FileServer({f"a.{suffix}": packed}) as server:
        for after in drops:
            server.fault(f"a.{suffix}", "drop", after=after, times=1)
        run(server.manifest(unpack=True), target)
    assert tree(target) == bodies
