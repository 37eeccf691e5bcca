"""Hosts that allow one or two connections and refuse the rest: those that work serve, without a storm.

aria2/aria2#577 and mayswind/AriaNg#708: 503 to each connection above two. bezzad/Downloader.Desktop#14: a
file fails over four connections and comes over one. curl and wget use one and never meet it; aria2c
gives each refused connection up, and never tries more again (aria2/aria2#1839).
"""

import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dataferry.core.errors import Forbidden, NetworkFault
from dataferry.core.types import Http, Manifest, Progress
from dataferry.transfer import FetchResult, Governor, Limits, Shares, fetch
from tests.fakes.files import Crowd, FileServer
from tests.support.certificates import made_certificate

PIECE = 64 * 1024
LIMITS = Limits(connections=8, stall_timeout_s=2, piece_bytes=PIECE, span_bytes=2 * PIECE, backoff_s=0.005)
BODY = os.urandom(24 * PIECE + 123)
RATE = 4_000_000


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer({"a.bin": BODY}, bytes_per_s=RATE) as server:
        yield server


def run(
    manifest: Manifest, target: Path, reports: list[Progress] | None = None, **shares: Any
) -> FetchResult:
    report = [] if reports is None else reports
    with Governor(Shares(**shares)).join("ada") as member:
        return fetch(manifest, target, report.append, threading.Event(), limits=LIMITS, member=member)


MANNERS = [
    (403, {}),
    (421, {}),
    (429, {}),
    (429, {"Retry-After": "0"}),
    (503, {}),
    (503, {"Retry-After": "120"}),
    (509, {}),
    (None, {}),
]


@pytest.mark.parametrize(("by", "most"), [("connections", 1), ("requests", 2)])
@pytest.mark.parametrize(("status", "headers"), MANNERS, ids=str)
def test_those_that_work_serve(
    server: FileServer, tmp_path: Path, by: Any, most: int, status: int | None, headers: dict[str, str]
) -> None:
    server.crowd = crowd = Crowd(most, by, status, headers)
    run(server.manifest(), tmp_path / "set")
    assert (tmp_path / "set" / "a.bin").read_bytes() == BODY
    assert crowd.peak == most
    assert crowd.refused <= 14, "each connection is refused once or twice, and waits then"
    assert server.served_bytes <= 1.1 * len(BODY), "nothing is fetched twice"


def test_the_same_with_many_small_files(server: FileServer, tmp_path: Path) -> None:
    server.files = {f"{n:02}.bin": BODY[:20_000] for n in range(40)}
    server.crowd = crowd = Crowd(2, "requests", 503)
    run(server.manifest(), tmp_path / "set")
    assert {path.name for path in (tmp_path / "set").iterdir()} == set(server.files)
    assert crowd.refused <= 14


def test_connections_that_are_refused_before_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority, context = made_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    with FileServer({"a.bin": BODY}, tls=context, bytes_per_s=RATE) as server:
        server.crowd = crowd = Crowd(2, "connections", None)
        run(server.manifest(), tmp_path / "set")
        assert 0 < crowd.refused <= 14
    assert (tmp_path / "set" / "a.bin").read_bytes() == BODY


def test_more_are_tried_again_later(server: FileServer, tmp_path: Path) -> None:
    """A limit that passes is no limit for ever; one that stays is met ever less often."""
    server.crowd = crowd = Crowd(1, "requests", 503)

    def report(progress: Progress) -> None:
        if progress.bytes_done > len(BODY) // 4:
            crowd.most = 8

    with Governor(Shares(refused_retry_s=0.02)).join("ada") as member:
        fetch(server.manifest(), tmp_path / "set", report, threading.Event(), limits=LIMITS, member=member)
    assert crowd.peak > 1


def test_a_limit_that_is_lowered_under_way(server: FileServer, tmp_path: Path) -> None:
    server.crowd = crowd = Crowd(4, "requests", 503)

    def report(progress: Progress) -> None:
        if progress.bytes_done > len(BODY) // 4:
            crowd.most = 1

    with Governor().join("ada") as member:
        fetch(server.manifest(), tmp_path / "set", report, threading.Event(), limits=LIMITS, member=member)
    assert (tmp_path / "set" / "a.bin").read_bytes() == BODY
    assert crowd.refused <= 24


def test_the_next_download_knows_the_limit(server: FileServer, tmp_path: Path) -> None:
    """bezzad/Downloader.Desktop#14: the host's limit is remembered, not met anew each time."""
    server.crowd = crowd = Crowd(2, "requests", 503)
    governor = Governor()
    refused = []
    for name in ("first", "second"):
        crowd.refused = 0
        with governor.join("ada") as member:
            fetch(
                server.manifest(),
                tmp_path / name,
                lambda _: None,
                threading.Event(),
                limits=LIMITS,
                member=member,
            )
        refused.append(crowd.refused)
    # One may meet a thread of the server that has sent its last byte and is still about to end.
    assert refused[0] > 1 >= refused[1], refused


def test_where_a_link_leads_takes_two(server: FileServer, tmp_path: Path) -> None:
    with FileServer({"a.bin": b""}, host="127.0.0.2") as link:
        link.fault("a.bin", "redirect", to=server.url("a.bin"))
        server.crowd = crowd = Crowd(2, "requests", 403)
        entry = replace(server.manifest().files[0], origin=Http(link.url("a.bin")))
        run(replace(server.manifest(), files=(entry,)), tmp_path / "set")
        assert (tmp_path / "set" / "a.bin").read_bytes() == BODY
        assert crowd.refused <= 24
        assert link.asked("a.bin") <= 16


@pytest.mark.parametrize(("status", "error"), [(403, Forbidden), (503, NetworkFault)])
def test_a_host_that_serves_nobody_is_not_taken_for_a_crowded_one(
    server: FileServer, tmp_path: Path, status: int, error: type[Exception]
) -> None:
    server.crowd = Crowd(0, "requests", status)
    few = replace(LIMITS, connections=2)
    with pytest.raises(error):
        fetch(server.manifest(), tmp_path / "set", lambda _: None, threading.Event(), limits=few)
    assert len(server.requests) <= 6
