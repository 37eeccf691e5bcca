"""Many downloads of mixed kinds under random faults, many at a time, in one process.

``python -m tests.faults.soak [--downloads 200] [--at-once 20] [--seed N]``: memory must be flat, no
descriptor and no thread may be left behind, and no tree may be wrong. Prints a table; exit code 1 where one
of them fails. The servers are a process of their own.
"""

import argparse
import ctypes
import gc
import multiprocessing
import os
import random
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from dataferry.core.errors import Cancelled, DataferryError, SourceRateLimited, TransferError
from dataferry.core.types import DatasetRef, FileEntry, Http, Manifest, Progress
from dataferry.transfer import Limits, fetch
from dataferry.transfer.limits.governor import Governor, Shares
from tests.fakes.files import FileServer, Request, checksum
from tests.fakes.files_wire import Fault, FaultName
from tests.support.archives import tarred, zipped
from tests.support.trees import same

LIMITS = Limits(
    connections=4, stall_timeout_s=0.5, piece_bytes=128 * 1024, span_bytes=512 * 1024, sync_interval_s=0.2
)
#: A download is asked for again so often.
ATTEMPTS = 60
#: Of a hundred answers so many are odd.
ODD_PERCENT = 8
#: Memory may grow by so much after the first fifth of the downloads.
GROWTH_BYTES = 16 * 2**20

_libc = ctypes.CDLL(None)
_M_ARENA_MAX = -8
_FAULTS: dict[FaultName, dict[str, Callable[[random.Random], Any]]] = {
    "drop": {"after": lambda chance: chance.randrange(400_000)},
    "stall": {"after": lambda chance: chance.randrange(400_000)},
    "status": {"status": lambda chance: chance.choice([500, 502, 503])},
    "ratelimit": {"seconds": lambda chance: 0},
    "wrong_bytes": {},
    "short_body": {"after": lambda chance: chance.randrange(50_000)},
    "hang_up": {},
    "no_range": {},
    "no_length": {},
    "lying_range": {},
    "stale_416": {},
    "mismatch": {},
    "gzip": {},
}


@dataclass(frozen=True)
class Kind:
    """What a download consists of: what is served, which of it is unpacked, and the tree in the end."""

    name: str
    served: dict[str, bytes]
    tree: dict[str, bytes]
    packed: frozenset[str] = frozenset()


@dataclass
class Usage:
    """What this process holds now."""

    memory: int
    descriptors: int
    threads: int

    @classmethod
    def now(cls) -> "Usage":
        gc.collect()
        if hasattr(_libc, "malloc_trim"):
            _libc.malloc_trim(0)  # what is free already, and kept for later, is no leak
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return cls(
            pages * os.sysconf("SC_PAGE_SIZE"), len(os.listdir("/proc/self/fd")), threading.active_count()
        )


@dataclass
class Outcome:
    first: Usage
    last: Usage
    errors: Counter[str]

    @property
    def complaints(self) -> list[str]:
        grown = self.last.memory - self.first.memory
        found = []
        if grown > GROWTH_BYTES:
            found.append(f"memory grew by {grown >> 20} MiB")
        if self.last.descriptors > self.first.descriptors:
            found.append(f"{self.last.descriptors - self.first.descriptors} descriptors are left open")
        if self.last.threads > self.first.threads:
            found.append(f"{self.last.threads - self.first.threads} threads are left")
        return found


def kinds(seed: int) -> list[Kind]:
    chance = random.Random(seed)
    small = {f"{n // 10}/{n:03}.csv": chance.randbytes(chance.randrange(200, 20_000)) for n in range(60)}
    large = {"large.bin": chance.randbytes(3_000_000), "note.txt": b"hello"}
    members = {f"m/{n}.bin": chance.randbytes(150_000) for n in range(8)}
    return [
        Kind("small files", small, small),
        Kind("a large file", large, large),
        Kind("a zip", {"set.zip": zipped(members.items())}, members, frozenset({"set.zip"})),
        Kind("a tar", {"set.tar": tarred(members.items())}, members, frozenset({"set.tar"})),
    ]


def soak(downloads: int, at_once: int, seed: int) -> Outcome:
    """Errors: ``AssertionError`` for a tree that is wrong, or a failure that is none of our own."""
    served = kinds(seed)
    governor = Governor(Shares(connections=32))
    with tempfile.TemporaryDirectory() as folder, _servers(seed) as servers:

        def one(number: int) -> Counter[str]:
            kind = number % len(served)
            own = random.Random(seed + number)
            return _download(served[kind], servers[kind], Path(folder) / str(number), own, governor)

        with ThreadPoolExecutor(at_once, "soak") as pool:
            warm = max(at_once, downloads // 5)
            errors = sum(pool.map(one, range(warm)), Counter())
            first = _settled(Usage.now())
            errors += sum(pool.map(one, range(warm, downloads)), Counter())
            last = _settled(first)
    return Outcome(first, last, errors)


class _Unreliable(FileServer):
    """Some of its answers go wrong, whoever asks."""

    def __init__(self, files: Mapping[str, bytes], seed: int) -> None:
        super().__init__(files)
        self._chance = random.Random(seed)

    def take_fault(self, request: Request) -> Fault | None:
        if self._chance.randrange(100) >= ODD_PERCENT:
            return None
        name = self._chance.choice(list(_FAULTS))
        fault = Fault(name, **{key: make(self._chance) for key, make in _FAULTS[name].items()})
        if name == "stall":  # cut by the client first
            threading.Timer(3 * LIMITS.stall_timeout_s, fault.lifted.set).start()
        return fault if fault.fits(request) else None


def _serve(seed: int, told: Connection) -> None:
    with ExitStack() as stack:
        servers = [stack.enter_context(_Unreliable(kind.served, seed)) for kind in kinds(seed)]
        told.send([server.url("") for server in servers])
        told.poll(None)  # until the other end is closed


@contextmanager
def _servers(seed: int) -> Iterator[list[str]]:
    """The address of a server for each kind."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(seed, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours.recv()
    finally:
        ours.close()
        process.terminate()
        process.join()


def _settled(before: Usage) -> Usage:
    """Usage once threads that outlast their fetch a moment are gone as well."""
    for _ in range(100):
        now = Usage.now()
        if now.descriptors <= before.descriptors and now.threads <= before.threads:
            break
        threading.Event().wait(0.05)
    return now


def _download(
    kind: Kind, server: str, target: Path, chance: random.Random, governor: Governor
) -> Counter[str]:
    """One download, until it is there. Some are stopped on the way."""
    errors: Counter[str] = Counter()
    for _ in range(ATTEMPTS):
        try:
            _fetch(kind, server, target, chance.random() < 0.15, governor)
        except Cancelled:
            errors["cancelled"] += 1
        except DataferryError as error:
            if not (isinstance(error, TransferError | SourceRateLimited) and error.next_step):
                raise AssertionError("not what these servers did") from error
            errors[type(error).__name__] += 1
        else:
            same(target, kind.tree)
            return errors
        assert not target.exists(), "a fetch that failed has left a tree"
    raise AssertionError(f"{kind.name} never arrived: {errors}")


def _fetch(kind: Kind, server: str, target: Path, stopped: bool, governor: Governor) -> None:
    files = tuple(
        FileEntry(path, Http(server + path), len(body), checksum(body, "sha256"), path in kind.packed)
        for path, body in kind.served.items()
    )
    cancel = threading.Event()

    def listen(progress: Progress) -> None:
        if stopped and progress.bytes_done > 0:
            cancel.set()

    with governor.join(f"user {target.name[-1]}") as member:
        manifest = Manifest(DatasetRef.make("url", server), "r1", files)
        fetch(manifest, target, listen, cancel, limits=LIMITS, member=member)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--downloads", type=int, default=200)
    parser.add_argument("--at-once", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}")
    if hasattr(_libc, "mallopt"):
        # An arena for each few threads would be kept half empty: growth that is no leak.
        _libc.mallopt(_M_ARENA_MAX, 1)
    outcome = soak(arguments.downloads, arguments.at_once, arguments.seed)
    for name, count in outcome.errors.most_common():
        print(f"{count:6} {name}")
    for name, usage in (("after the first fifth", outcome.first), ("at the end", outcome.last)):
        held = f"{usage.descriptors} descriptors, {usage.threads} threads"
        print(f"{name:22} {usage.memory / 2**20:7.1f} MiB, {held}")
    for complaint in outcome.complaints:
        print(complaint)
    return 1 if outcome.complaints else 0


if __name__ == "__main__":
    sys.exit(main())
