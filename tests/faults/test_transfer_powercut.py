"""A power cut at any moment of a download: the same bytes afterwards, or a clean beginning.

Every write, name and sync of a download is recorded. Then, for moment after moment, the folder is built as
a power cut could have left it, and the download is asked for again.
"""

import json
import pickle
import random
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dataferry.core.errors import Conflict
from dataferry.core.types import Manifest
from dataferry.transfer import Limits, fetch
from tests.fakes.files import FileServer
from tests.support.archives import zipped
from tests.support.powercut import ALL_LOST, LOSSES, NOTHING_LOST, History
from tests.support.syscalls import record
from tests.support.trees import same, tree

ROOT = Path(__file__).parents[2]
LIMITS = Limits(connections=3, stall_timeout_s=5, piece_bytes=128 * 1024, sync_interval_s=0.05)
EVENLY = 24

MEMBERS = {f"deep/{n}.csv": random.Random(n).randbytes(30_000) for n in range(4)}
PLAIN = {f"small/{n}.csv": random.Random(10 + n).randbytes(6_000) for n in range(6)}
#: So large that it is synced on its own and not read again by the next run. Nobody has promised its bytes.
LARGE = {"large.bin": random.Random(20).randbytes(9_000_000)}
WHOLE = MEMBERS | PLAIN | LARGE
OLD = {"small/0.csv": b"of the old version", "old.csv": b"old"}

#: The download that is recorded.
CHILD = """
import pickle, sys, threading
from pathlib import Path
from dataferry.transfer import fetch
manifest, target, limits, replace = pickle.loads(Path(sys.argv[1]).read_bytes())
fetch(manifest, target, lambda _: None, threading.Event(), limits=limits, replace=replace)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[FileServer]:
    with FileServer(PLAIN | LARGE | {"set.zip": zipped(MEMBERS.items())}) as server:
        yield server


def manifest(server: FileServer) -> Manifest:
    plain = server.manifest(*PLAIN)
    large, packed = server.manifest(*LARGE, promised=None), server.manifest("set.zip", unpack=True)
    return Manifest(plain.ref, "r1", plain.files + large.files + packed.files)


@pytest.mark.parametrize("replace", [False, True])
def test_no_power_cut_leaves_a_wrong_tree(server: FileServer, tmp_path: Path, replace: bool) -> None:
    history = recorded(server, tmp_path, replace=replace)
    target, old = tmp_path / "replayed" / "set", OLD if replace else None
    moments = chosen(history)
    if replace:  # what differs is the end
        moments = moments[len(moments) * 2 // 3 :]
    for number, at in enumerate(moments):
        # The two that find most at every moment, the others in turn.
        for loss in (*LOSSES[:2], LOSSES[2 + number % (len(LOSSES) - 2)]):
            case = f"{loss.name}, {at} of {history.end}"
            history.cut(at, loss, random.Random(at), target.parent)
            after_another_boot(target.parent)
            check_shown(target, old, case)
            try:
                run(server, target, replace=replace)
            except Conflict:
                assert not replace, case
            check_shown(target, None, case)
            assert target.exists(), case
    history.cut(history.end, ALL_LOST, random.Random(), target.parent)
    same(target, WHOLE)  # what is said to be done is done


def recorded(server: FileServer, tmp_path: Path, *, replace: bool) -> History:
    """A download, call by call. It is slow enough for files to be synced on the way."""
    folder = tmp_path / "recorded"
    folder.mkdir()
    if replace:
        for path, body in OLD.items():
            (folder / "set" / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / "set" / path).write_bytes(body)
    order = tmp_path / "order.pickle"
    order.write_bytes(pickle.dumps((manifest(server), folder / "set", LIMITS, replace)))
    history = History(folder)
    server.bytes_per_s = 4_000_000
    history.tell(record([sys.executable, "-c", CHILD, str(order)], tmp_path / "trace", cwd=ROOT))
    server.bytes_per_s = None
    same(folder / "set", WHOLE)
    history.cut(history.end, NOTHING_LOST, random.Random(), tmp_path / "copy")
    assert tree(tmp_path / "copy") == tree(folder), "the account of the calls is true"
    return history


def chosen(history: History) -> list[int]:
    """Moments around every sync and every change of names, and others evenly between."""
    evenly = {history.end * n // EVENLY for n in range(EVENLY + 1)}
    last = max(change.at for change in history.changes)
    return sorted(at for at in history.moments | evenly if 0 <= at <= last)


def after_another_boot(folder: Path) -> None:
    """What the journal says of this run of the system is about a former one now."""
    for journal in folder.rglob("journal.*"):
        head, line, rest = journal.read_bytes().partition(b"\n")
        try:
            header = json.loads(head)
        except ValueError:
            continue  # torn
        journal.write_bytes(json.dumps(header | {"boot": "another"}).encode() + line + rest)


def check_shown(target: Path, old: dict[str, bytes] | None, case: str) -> None:
    """Whatever stands at the target is whole: the new version, or the old one."""
    if not target.exists():
        assert old is None, f"{case}: the old version is gone"
        return
    found = tree(target)
    assert found in (WHOLE, old), f"{case}: {sorted(found)}"


def run(server: FileServer, target: Path, *, replace: bool) -> None:
    fetch(manifest(server), target, lambda _: None, threading.Event(), limits=LIMITS, replace=replace)
