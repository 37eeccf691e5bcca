"""Where our own time goes with many small files: ``python -m benchmarks.transfer.profiling``.

The engine fetches 5,000 files of 20 KiB from nginx over one connection, under the interpreter's profiler,
in every thread. The profiler charges each call of Python code about as much again: read the shares, not
the sums.
"""

import cProfile
import pstats
import tempfile
import threading
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

from benchmarks.transfer.content import FULL, make_small
from benchmarks.transfer.ours import fetch_order
from benchmarks.transfer.server import serving

_MEMORY = Path("/dev/shm")
#: What is the machine's work, and waits: functions that are not ours, by what is in their names.
_WORK = {
    "recv_into": "receive, and wait for the server",
    "sendall": "send the request",
    "posix.open": "make the file",
    "posix.write": "write the file and the journal",
    "posix.close": "close the file",
    "posix.fchmod": "make the file read-only",
    "'update' of '_hashlib": "SHA-256",
    "'acquire' of '_thread": "wait for other threads",
}


def main() -> None:
    parent = _MEMORY if _MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="dataferry-profile-", dir=parent) as folder:
        root = Path(folder)
        site = root / "site"
        site.mkdir()
        files = make_small(site, FULL.files)
        listed = [{"path": file.path, "size": file.size, "sha256": file.sha256} for file in files]
        with serving(site, root / "nginx", None) as server:
            order = {"files": listed, "base": f"{server.address}/small", "target": str(root / "out")}
            stats = _profiled({**order, "connections": 1})
    _print(stats, len(files))


def _profiled(order: dict[str, Any]) -> list[pstats.Stats]:
    """One for each thread of the fetch."""
    profiles: list[cProfile.Profile] = []

    def begin(_frame: FrameType, _event: str, _argument: object) -> None:
        # Called at a thread's first step; the profiler then takes this function's place.
        profiles.append(cProfile.Profile())
        profiles[-1].enable()

    threading.setprofile(begin)
    try:
        fetch_order(order)
    finally:
        threading.setprofile(None)
    return [pstats.Stats(profile) for profile in profiles if profile.getstats()]


def _print(stats: list[pstats.Stats], files: int) -> None:
    # The connection's thread is the one that did the most.
    busiest = max(stats, key=lambda each: each.total_calls)  # type: ignore[attr-defined]
    spent: Counter[str] = Counter()
    for (file, _, name), (_, _, own, _, _) in busiest.stats.items():  # type: ignore[attr-defined]
        spent[_kind(file, name)] += own
    total = sum(spent.values())
    print(f"{files} files, one connection: µs a file under the profiler")
    for kind, seconds in spent.most_common():
        print(f"  {seconds / files * 1e6:7.1f}  {seconds / total:5.1%}  {kind}")


def _kind(file: str, name: str) -> str:
    if file == "~":
        return next((kind for part, kind in _WORK.items() if part in name), "Python: built-in functions")
    parts = Path(file).parts
    if "transfer" in parts and "dataferry" in parts:
        return f"Python: transfer/{parts[-1]}"
    return "Python: its standard library"


if __name__ == "__main__":
    main()
