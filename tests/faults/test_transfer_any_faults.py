"""Any faults in any order, and kills between them: the same bytes in the end, or a clear failure."""

import random
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dataferry.core.types import Http, Manifest
from dataferry.transfer import Limits
from tests.fakes.files import FileServer
from tests.fakes.files_wire import FaultName
from tests.support.archives import zipped
from tests.support.fetching import Fetching
from tests.support.trees import same

PIECE = 32 * 1024
LIMITS = Limits(
    connections=3,
    connect_timeout_s=2,
    stall_timeout_s=0.2,
    piece_bytes=PIECE,
    span_bytes=4 * PIECE,
    sync_interval_s=0.05,
)
MEMBERS = {f"{n}.csv": random.Random(n).randbytes(40_000) for n in range(3)}
FILES = {
    "large.bin": random.Random(10).randbytes(20 * PIECE + 17),
    "plain.bin": random.Random(11).randbytes(9 * PIECE + 5),
    "small.csv": random.Random(12).randbytes(5_000),
}
WHOLE = FILES | MEMBERS

#: What a server may do to a file of which only its ETag is known.
HONEST: dict[FaultName, dict[str, Any]] = {
    "drop": {"after": st.integers(0, 5 * PIECE)},
    "stall": {"after": st.integers(0, 5 * PIECE)},
    "short_body": {"after": st.integers(0, PIECE)},
    "status": {"status": st.sampled_from([500, 502, 503, 408])},
    "ratelimit": {"seconds": st.just(0), "style": st.sampled_from(["retry-after", "ratelimit"])},
    "hang_up": {},
    "no_range": {},
    "stale_416": {},
    "mismatch": {},
    "no_length": {},
    "gzip": {},
    "too_long": {},
    "lying_range": {"honest": st.just(True), "shift": st.integers(1, PIECE)},
}
#: What is found out by a checksum alone.
LYING: dict[FaultName, dict[str, Any]] = {
    "wrong_bytes": {},
    "lying_range": {"shift": st.integers(1, PIECE)},
    "short_chunked": {"after": st.integers(0, PIECE)},
}


@st.composite
def faults(draw: st.DrawFn) -> tuple[str, FaultName, dict[str, Any]]:
    path = draw(st.sampled_from([*FILES, "set.zip"]))
    kinds = HONEST if path == "plain.bin" else HONEST | LYING
    name = draw(st.sampled_from(sorted(kinds)))
    how = {key: draw(value) for key, value in kinds[name].items()}
    return path, name, {"times": draw(st.integers(1, 2)), "skip": draw(st.integers(0, 8)), **how}


#: For each run, the bytes after which it is killed; None for a run that ends by itself.
KILLS = st.lists(st.none() | st.integers(0, 300_000), max_size=3)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(order=st.lists(faults(), max_size=8), kills=KILLS)
def test_any_faults_and_kills_end_in_the_same_bytes(
    order: list[tuple[str, FaultName, dict[str, Any]]], kills: list[int | None]
) -> None:
    files = FILES | {"set.zip": zipped(MEMBERS.items())}
    with FileServer(files) as server, tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "set"
        for path, name, how in order:
            server.fault(path, name, **how)
        for after in [*kills, None, None]:
            attempt(server, target, after)
            if target.exists():
                same(target, WHOLE)
                return
        for path in files:
            server.heal(path)
        with Fetching(manifest(server), target, LIMITS) as child:
            assert child.result().error == ""
        same(target, WHOLE)


def manifest(server: FileServer) -> Manifest:
    promised = server.manifest("large.bin", "small.csv")
    plain = server.manifest("plain.bin", promised=None)
    packed = server.manifest("set.zip", unpack=True)
    return Manifest(promised.ref, "r1", promised.files + plain.files + packed.files)


def attempt(server: FileServer, target: Path, after: int | None) -> None:
    """One run, killed once so many bytes more have been served."""
    with Fetching(manifest(server), target, LIMITS) as child:
        if after is not None:
            enough = server.served_bytes + after
            child.until(lambda _: server.served_bytes >= enough, "bytes are served")
            return
        end = child.result()
    assert end.error == "" or end.detail, "a failure says what it is"


# -- single ones, at the worst place ------------------------------------------------------------------


@pytest.fixture
def large() -> Any:
    with FileServer({"large.bin": FILES["large.bin"]}) as server:
        yield server


@pytest.mark.parametrize("fault", ["gzip", "short_body", "too_long", "slow_first_byte"])
@pytest.mark.parametrize("skip", [0, 3])
def test_one_odd_answer_among_good_ones(
    large: FileServer, tmp_path: Path, fault: FaultName, skip: int
) -> None:
    large.fault("large.bin", fault, times=1, skip=skip, after=1000, seconds=0.1)
    for _ in range(2):
        with Fetching(large.manifest(), tmp_path / "set", LIMITS) as child:
            end = child.result()
        assert not end.error or end.detail
        if not end.error:
            break
    same(tmp_path / "set", dict(large.files))


@pytest.mark.parametrize("skip", [0, 3])
@pytest.mark.parametrize("sized", [True, False])
def test_a_body_without_end_is_cut_off(large: FileServer, tmp_path: Path, skip: int, sized: bool) -> None:
    large.fault("large.bin", "endless", skip=skip, times=1)
    manifest = large.manifest(sized=sized)
    limits = Limits(connections=3, stall_timeout_s=2, piece_bytes=PIECE, min_free_bytes=0)
    with Fetching(manifest, tmp_path / "set", limits) as child:
        if not sized and skip == 0:
            # Nothing tells it from a large file: it goes on until somebody stops it.
            child.until(lambda progress: progress.bytes_done > 3 * len(FILES["large.bin"]), "it goes on")
            child.kill()
        else:
            child.result()
    large.heal("large.bin")
    if not (tmp_path / "set").exists():
        with Fetching(manifest, tmp_path / "set", limits) as child:
            assert child.result().error == ""
    same(tmp_path / "set", dict(large.files))


def test_each_span_of_a_redirected_file_keeps_its_range_and_takes_no_token_along(
    large: FileServer, tmp_path: Path
) -> None:
    with FileServer({"blob": FILES["large.bin"]}, host="127.0.0.2") as store:
        large.fault("large.bin", "redirect", to=store.url("blob", "sig=1"))
        manifest = large.manifest()
        entry = manifest.files[0]
        headers = {"Authorization": "Bearer secret"}
        entry = replace(entry, origin=Http(large.url("large.bin"), headers))
        with Fetching(replace(manifest, files=(entry,)), tmp_path / "set", LIMITS) as child:
            assert child.result().error == ""
        same(tmp_path / "set", dict(large.files))
        assert {request.headers["Authorization"] for request in large.requests} == {"Bearer secret"}
        assert len(store.requests) > 3
        assert not any("Authorization" in request.headers for request in store.requests)
        assert all("Range" in request.headers for request in store.requests)
