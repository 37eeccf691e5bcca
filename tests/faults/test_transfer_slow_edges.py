"""Storage of which some edges are slow (huggingface/xet-core#821: two of three at 8.7 MB/s beside 68).

A fixed least speed is no answer: armbian/build#4663 could not be used on slow lines, and aria2c never makes
anew the connections that it drops (aria2/aria2#2111).
"""

import os
import random
import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import repeat
from pathlib import Path

import pytest

from dataferry.core.types import Http, Manifest
from dataferry.transfer import Governor, Limits, fetch
from dataferry.transfer.pace import Paces
from tests.fakes.files import FileServer

SLOW, FAST = 300_000.0, 4_000_000.0
PIECE = 64 * 1024
LIMITS = Limits(connections=4, piece_bytes=PIECE, span_bytes=8 * PIECE, pace_window_s=0.1)
BODY = os.urandom(6_000_000)


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer({"a.bin": BODY}) as server:
        yield server


def run(manifest: Manifest, target: Path, *, bytes_per_s: float | None = None) -> None:
    with Governor().join("ada", bytes_per_s=bytes_per_s) as member:
        fetch(manifest, target, lambda _: None, threading.Event(), limits=LIMITS, member=member)
    assert (target / "a.bin").read_bytes() == BODY


def test_slow_connections_are_made_anew(server: FileServer, tmp_path: Path) -> None:
    """Each new connection is slow with probability 0.7. Nothing is fetched twice but what sockets held."""
    draws = random.Random(1)
    server.rates = (SLOW if draws.random() < 0.7 else FAST for _ in repeat(None))
    run(server.manifest(), tmp_path / "set")
    assert 5 <= server.connections <= 20
    assert server.sent_at[FAST] >= 0.7 * len(BODY)
    assert server.served_bytes <= len(BODY) + server.connections * 256 * 1024


def test_equally_slow_ones_are_kept(server: FileServer, tmp_path: Path) -> None:
    server.rates = repeat(2_000_000.0)
    run(server.manifest(), tmp_path / "set")
    assert server.connections == LIMITS.connections


def test_a_bit_slower_is_not_slow(server: FileServer, tmp_path: Path) -> None:
    server.rates = iter([FAST, FAST / 2, FAST, FAST / 2])
    run(server.manifest(), tmp_path / "set")
    assert server.connections == LIMITS.connections


def test_a_cap_of_our_own_makes_none_anew(server: FileServer, tmp_path: Path) -> None:
    draws = random.Random(1)
    server.rates = (SLOW if draws.random() < 0.7 else FAST for _ in repeat(None))
    run(server.manifest(), tmp_path / "set", bytes_per_s=5_000_000)
    assert server.connections == LIMITS.connections


@pytest.mark.parametrize(("left", "asked"), [(2900, range(2, 20)), (60, range(1, 2))])
def test_the_hub_is_asked_for_another_edge_unless_it_counts_few_questions(
    server: FileServer, tmp_path: Path, left: int, asked: range
) -> None:
    """Those that are fast stay where they are."""
    server.rates = repeat(FAST)
    with FileServer({"a.bin": BODY}, host="127.0.0.2") as slow, FileServer({"a.bin": b""}) as hub:
        slow.rates = iter([FAST, *repeat(SLOW, 20)])
        quota = {
            "RateLimit": f'"resolvers";r={left};t=280',
            "RateLimit-Policy": '"w";"resolvers";q=3000;w=300',
        }
        for times, store in ((1, slow), (None, server)):
            hub.fault(
                "a.bin", "status", status=302, headers={"Location": store.url("a.bin"), **quota}, times=times
            )
        entry = replace(server.manifest().files[0], origin=Http(hub.url("a.bin")))
        run(replace(server.manifest(), files=(entry,)), tmp_path / "set")
        assert hub.asked("a.bin") in asked
        assert (server.served_bytes > 0) == (left > 100)


def test_one_that_only_begins_is_not_slow() -> None:
    """A new connection grows for a while, and a rate counts only while it is fresh."""
    now = 0.0
    paces = Paces(1.0, lambda: now)
    a, b = threading.Event(), threading.Event()
    fast, new = paces.of(a), paces.of(b)
    for rate in (100, 200, 400, 800):
        now += 1
        assert not paces.is_far_behind(fast, 10_000, 1.0, 0.9)
        assert not paces.is_far_behind(new, rate, 1.0, 0.9)
    assert not paces.is_far_behind(new, 800, 1.0, 0.1), "it did not wait for the line"
    assert paces.is_far_behind(new, 800, 1.0, 0.9)
    now += 10
    assert not paces.is_far_behind(new, 800, 1.0, 0.9), "nobody else is at work"
    assert paces.of(a) is fast
