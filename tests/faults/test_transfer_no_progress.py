"""Servers with which a download never gets on: few requests, further and further apart, and an end that says
why. And those with which it gets on slowly: that must arrive."""

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from dataferry.core.errors import DataferryError, NetworkFault
from dataferry.core.types import Manifest, Progress
from dataferry.transfer import FetchResult, Limits, fetch
from tests.fakes.files import FileServer
from tests.support.archives import zipped

KIB = 1024
LIMITS = Limits(
    connections=4, stall_timeout_s=2, piece_bytes=64 * KIB, span_bytes=512 * KIB, backoff_s=0.0005
)
BODY = os.urandom(2048 * KIB)
#: No server is asked more often for a file that it never brings.
FEW = 20


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer({"a.bin": BODY}) as server:
        yield server


def run(
    manifest: Manifest, target: Path, reports: list[Progress] | None = None, **limits: Any
) -> FetchResult:
    report = [] if reports is None else reports
    return fetch(manifest, target, report.append, threading.Event(), limits=replace(LIMITS, **limits))


def fails(manifest: Manifest, target: Path, **limits: Any) -> DataferryError:
    with pytest.raises(DataferryError) as caught:
        run(manifest, target, **limits)
    assert not target.exists()
    assert caught.value.transient
    return caught.value


@pytest.mark.parametrize("connections", [1, 4, 8])
def test_a_server_without_ranges_that_breaks_off(
    server: FileServer, tmp_path: Path, connections: int
) -> None:
    """Issue 9, 1.1: 1,188 requests in 8 s. What is thrown away is no progress (huggingface_hub#1784)."""
    server.fault("a.bin", "cut_whole", after=512 * KIB)
    error = fails(server.manifest(), tmp_path / "set", connections=connections)
    assert isinstance(error, NetworkFault)
    assert "a.bin" in error.detail
    assert 2 <= len(server.requests) <= FEW
    assert server.served_bytes <= FEW * 512 * KIB


def test_the_tries_are_further_and_further_apart(server: FileServer, tmp_path: Path) -> None:
    """jjjake/internetarchive#87: without pauses a server in trouble stays in it."""
    server.fault("a.bin", "cut_whole", after=512 * KIB)
    fails(server.manifest(), tmp_path / "set", backoff_s=0.02)
    pauses = [later.at - earlier.at for earlier, later in pairwise(server.requests)]
    assert pauses[0] >= 0.02
    assert pauses[-1] >= 0.3


def test_bytes_in_vain_have_a_budget_that_is_told(server: FileServer, tmp_path: Path) -> None:
    """The end of a large file would be fetched again and again: twice what it has is enough."""
    server.fault("a.bin", "cut_whole", after=len(BODY) - 100)
    error = fails(server.manifest(), tmp_path / "set", refetch_bytes=1)
    assert "in vain" in error.detail
    assert len(server.requests) == 2


def test_the_budget_holds_for_a_file_of_unknown_size(server: FileServer, tmp_path: Path) -> None:
    server.fault("a.bin", "cut_chunked", after=len(BODY) - 100)
    error = fails(server.manifest(sized=False), tmp_path / "set", refetch_bytes=1)
    assert "in vain" in error.detail
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [416, 412])
def test_a_range_is_refused_whatever_is_asked(server: FileServer, tmp_path: Path, status: int) -> None:
    """lingochamp/FileDownloader#929: 416 to every request, without an end."""
    server.fault("a.bin", "status", status=status)
    fails(server.manifest(), tmp_path / "set")
    assert len(server.requests) <= FEW


def test_every_range_is_refused_and_the_whole_is_not(server: FileServer, tmp_path: Path) -> None:
    server.fault("a.bin", "stale_416")
    run(server.manifest(), tmp_path / "set")
    assert (tmp_path / "set" / "a.bin").read_bytes() == BODY
    assert len(server.requests) <= FEW


def test_the_same_first_bytes_whatever_is_asked(server: FileServer, tmp_path: Path) -> None:
    server.fault("a.bin", "same_prefix", after=64 * KIB)
    fails(server.manifest(), tmp_path / "set")
    assert len(server.requests) <= FEW


def test_ranges_that_say_whole_and_bring_a_little(server: FileServer, tmp_path: Path) -> None:
    """aria2/aria2#2393: the answer to any range is the whole file, and that breaks off."""
    server.fault("a.bin", "cut_whole", after=256 * KIB, skip=1)
    fails(server.manifest(), tmp_path / "set")
    assert len(server.requests) <= FEW


def test_a_range_that_is_ignored_now_and_then_costs_nothing(server: FileServer, tmp_path: Path) -> None:
    """zerx-lab/FluxDown#458: one node of several answers 200. What has arrived is kept."""
    server.bytes_per_s = 2_000_000
    for skip in (3, 8, 12):
        server.fault("a.bin", "no_range", skip=skip, times=1)
    reports: list[Progress] = []
    run(server.manifest(), tmp_path / "set", reports)
    assert (tmp_path / "set" / "a.bin").read_bytes() == BODY
    done = [progress.bytes_done for progress in reports]
    assert done == sorted(done), "nothing is thrown away"


def test_ranges_that_come_with_a_200(server: FileServer, tmp_path: Path) -> None:
    """modelscope/modelscope_hub#50: the right bytes and Content-Range under the wrong status are a range."""
    server.fault("a.bin", "partial_200")
    run(server.manifest(), tmp_path / "set")
    assert (tmp_path / "set" / "a.bin").read_bytes() == BODY
    assert server.served_bytes == len(BODY)


def test_another_version_in_every_answer(server: FileServer, tmp_path: Path) -> None:
    """781flyingdutchman/background_downloader#541."""
    server.fault("a.bin", "fresh_etag")
    run(server.manifest(), tmp_path / "set")
    assert (tmp_path / "set" / "a.bin").read_bytes() == BODY
    assert len(server.requests) <= FEW


def test_another_version_in_every_answer_that_breaks_off(server: FileServer, tmp_path: Path) -> None:
    server.fault("a.bin", "fresh_etag", after=256 * KIB)
    fails(server.manifest(promised=None), tmp_path / "set")
    assert len(server.requests) <= FEW


@pytest.mark.parametrize("after", [0, 1, 1000])
def test_hardly_anything_in_each_answer(server: FileServer, tmp_path: Path, after: int) -> None:
    server.fault("a.bin", "drop", after=after)
    fails(server.manifest(), tmp_path / "set")
    assert len(server.requests) <= FEW


@pytest.mark.parametrize("after", [64 * KIB, 100_000, 256 * KIB])
def test_a_line_that_is_cut_again_and_again_gets_on(server: FileServer, tmp_path: Path, after: int) -> None:
    """bezzad/Downloader#177, ytdl-org/youtube-dl#31390: every answer is cut, and every one brings something.
    That is progress, and arrives."""
    server.fault("a.bin", "drop", after=after)
    run(server.manifest(), tmp_path / "set", connections=2)
    assert (tmp_path / "set" / "a.bin").read_bytes() == BODY
    assert server.served_bytes <= 1.2 * len(BODY)


def test_an_archive_that_breaks_off_while_it_is_unpacked(tmp_path: Path) -> None:
    packed = zipped([("a.csv", BODY)])
    with FileServer({"set.zip": packed}) as server:
        server.fault("set.zip", "cut_whole", after=len(packed) // 2)
        fails(server.manifest("set.zip", unpack=True), tmp_path / "set")
        assert 2 <= len(server.requests) <= FEW


def test_many_small_files_that_each_break_off(server: FileServer, tmp_path: Path) -> None:
    server.files = {f"{n:03}.bin": BODY[: 20 * KIB] for n in range(100)}
    server.fault("*", "drop", after=10 * KIB)
    fails(server.manifest(), tmp_path / "set")
    assert len(server.requests) <= FEW


def test_a_small_file_that_failed_waits_before_its_next_try(server: FileServer, tmp_path: Path) -> None:
    server.files = {"a.bin": b"a"}
    server.fault("a.bin", "status", status=500)
    started = time.monotonic()
    fails(server.manifest(), tmp_path / "set", backoff_s=0.05)
    assert len(server.requests) == 3
    assert time.monotonic() - started >= 0.14
