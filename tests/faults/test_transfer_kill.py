"""``fetch`` killed at any moment, frozen, and raced: the same bytes in the end, and few of them twice."""

import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dataferry.core.types import Manifest
from dataferry.transfer import Limits
from tests.fakes.content import generated
from tests.fakes.files import FileServer
from tests.support.archives import zipped
from tests.support.fetching import Fetching
from tests.support.server import until
from tests.support.trees import same

CONNECTIONS = 4
MB = 1_000_000
PIECE = 2**20
LIMITS = Limits(connections=CONNECTIONS, stall_timeout_s=5, piece_bytes=PIECE)
#: What a kill may cost: on every connection a piece, and what was in buffers on its way to the disk.
COST = CONNECTIONS * (PIECE + MB)
KILLS = 20

SMALL = {f"small/{n:02}.csv": random.Random(n).randbytes(20_000) for n in range(40)}
LARGE = {
    "large.bin": generated(60 * MB, 1).read(0, 60 * MB),
    "plain.bin": generated(12 * MB, 2).read(0, 12 * MB),
}
MEMBERS = {f"{n}.bin": random.Random(100 + n).randbytes(700_000) for n in range(10)}


@pytest.fixture
def server() -> Iterator[FileServer]:
    files = SMALL | LARGE | {"set.zip": zipped(MEMBERS.items())}
    with FileServer(files, bytes_per_s=12 * MB) as server:
        yield server


def mixed(server: FileServer) -> Manifest:
    """Small and large files, one of them with no promise but its ETag, and an archive."""
    promised = server.manifest("large.bin", *SMALL)
    plain = server.manifest("plain.bin", promised=None)
    packed = server.manifest("set.zip", unpack=True)
    return Manifest(promised.ref, "r1", promised.files + plain.files + packed.files)


def idle(server: FileServer) -> bool:
    return not any(server.under_way.values())


@pytest.mark.alone
def test_killed_twenty_times_it_ends_in_the_same_bytes(server: FileServer, tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    manifest, target = mixed(server), tmp_path / "set"
    there, served, kills = 0, 0, 0
    while kills < KILLS:
        with Fetching(manifest, target, LIMITS) as child:
            child.until(lambda _: True, "it starts")
            if child.end is not None or target.exists():
                break  # the last kill came too late
            found = child.reports[0].bytes_done
            cost = there + served - found
            assert cost <= COST, f"kill {kills} of seed {seed} cost {cost} bytes"
            there, before = found, server.served_bytes
            if chance.random() < 0.3:
                threading.Event().wait(chance.uniform(0, 0.15))
            else:
                enough = before + chance.uniform(0, chance.choice((MB, 14 * MB)))
                child.until(lambda _, enough=enough: server.served_bytes >= enough, "bytes are served")
            child.kill()
            kills += 1
        until(lambda: idle(server), "the server is done with it")
        served = server.served_bytes - before
    for phase in ("verifying", "unpacking", "finishing"):
        with Fetching(manifest, target, LIMITS) as child:
            child.until(lambda progress, phase=phase: progress.phase == phase, phase)
    with Fetching(manifest, target, LIMITS) as child:
        end = child.result()
        assert end.error in ("", "Conflict"), end  # whole already, where the last kill came too late
    print(f"{kills} kills")
    same(target, SMALL | LARGE | MEMBERS)
    assert end.error or [path.name for path in tmp_path.iterdir()] == ["set"]


def test_frozen_for_longer_than_a_stall_it_goes_on(server: FileServer, tmp_path: Path) -> None:
    """SIGSTOP, as when a lid is closed; the connections may be cut meanwhile."""
    manifest, limits = mixed(server), Limits(connections=CONNECTIONS, stall_timeout_s=0.5)
    with Fetching(manifest, tmp_path / "set", limits) as child:
        child.until(lambda progress: progress.bytes_done > 10 * MB, "bytes arrive")
        child.freeze()
        threading.Event().wait(1.5)
        child.thaw()
        end = child.result()
    if end.error:
        assert end.transient, end
        with Fetching(manifest, tmp_path / "set", limits) as child:
            assert child.result().error == ""
    same(tmp_path / "set", SMALL | LARGE | MEMBERS)


def test_of_two_processes_on_one_target_one_fetches(server: FileServer, tmp_path: Path) -> None:
    manifest = mixed(server)
    with (
        Fetching(manifest, tmp_path / "set", LIMITS) as one,
        Fetching(manifest, tmp_path / "set", LIMITS) as two,
    ):
        assert sorted([one.result().error, two.result().error]) == ["", "FolderBusy"]
    same(tmp_path / "set", SMALL | LARGE | MEMBERS)
    assert server.served_bytes <= sum(map(len, server.files.values())) + MB
