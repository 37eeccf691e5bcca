"""A file at several addresses: pytorch/vision#1938, pytorch/vision#8568, pytorch/pytorch#164238.

MNIST's own host answered 403 for years, then 404, then a page of its own, and the tools that knew no other
address failed.
"""

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from dataferry.core.errors import DataferryError, NotFound
from dataferry.core.types import DatasetRef, FileEntry, Http, Manifest, Progress
from dataferry.transfer import Limits, fetch
from tests.fakes.files import FileServer, checksum

PIECE = 64 * 1024
LIMITS = Limits(
    connections=4, piece_bytes=PIECE, span_bytes=2 * PIECE, backoff_s=0.001, refusal_backoff_s=0.001
)
SMALL, LARGE = os.urandom(1000), os.urandom(20 * PIECE + 7)


def run(target: Path, url: str, mirrors: tuple[str, ...], body: bytes, reports: list[Progress]) -> bytes:
    entry = FileEntry("a.bin", Http(url, mirrors=mirrors), len(body), checksum(body, "sha256"))
    manifest = Manifest(DatasetRef("builtin", "a"), "1", (entry,))
    fetch(manifest, target, reports.append, threading.Event(), limits=LIMITS)
    return (target / "a.bin").read_bytes()


@pytest.mark.parametrize("body", [SMALL, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("fault", [{"status": 403}, {"status": 404}, {"status": 503}, {"name": "hang_up"}])
def test_a_mirror_gives_what_the_first_address_does_not(
    tmp_path: Path, body: bytes, fault: dict[str, Any]
) -> None:
    with FileServer({"a.bin": body}) as first, FileServer({"a.bin": body}) as mirror:
        first.fault("a.bin", **({"name": "status"} | fault))
        reports: list[Progress] = []
        assert run(tmp_path / "t", first.url("a.bin"), (mirror.url("a.bin"),), body, reports) == body
        assert first.served["a.bin"] == 0


def test_an_address_without_a_server_is_followed_by_every_mirror(tmp_path: Path) -> None:
    with FileServer({}) as none, FileServer({"a.bin": SMALL}) as last:
        mirrors = (none.url("a.bin"), last.url("a.bin"))
        assert run(tmp_path / "t", "http://127.0.0.1:9/a.bin", mirrors, SMALL, []) == SMALL


def test_the_error_is_told_where_no_mirror_has_it_either(tmp_path: Path) -> None:
    with FileServer({}) as first, FileServer({}) as mirror, pytest.raises(NotFound, match=r"no file a\.bin"):
        run(tmp_path / "t", first.url("a.bin"), (mirror.url("a.bin"),), SMALL, [])


def test_no_mirror_is_asked_where_the_first_address_serves(tmp_path: Path) -> None:
    with FileServer({"a.bin": LARGE}) as first, FileServer({"a.bin": LARGE}) as mirror:
        first.fault("a.bin", "drop", after=PIECE, times=3, skip=1)
        assert run(tmp_path / "t", first.url("a.bin"), (mirror.url("a.bin"),), LARGE, []) == LARGE
        assert mirror.requests == []


def test_other_bytes_from_a_mirror_are_refused(tmp_path: Path) -> None:
    with FileServer({}) as first, FileServer({"a.bin": b"x" * len(SMALL)}) as mirror:
        with pytest.raises(DataferryError, match=r"a\.bin"):
            run(tmp_path / "t", first.url("a.bin"), (mirror.url("a.bin"),), SMALL, [])
        assert not (tmp_path / "t").exists()
