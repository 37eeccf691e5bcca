"""Our side of the benchmark, as a whole process: ``python -m benchmarks.transfer.ours ORDER.json``.

Builds a manifest and calls ``fetch``, nothing else. Waits where a hub wants it and calls again, as the
job runner does. Prints one JSON line: the seconds inside ``fetch`` and its waits, and how many waits.
"""

import json
import sys
import time
from pathlib import Path
from threading import Event
from typing import Any

from dataferry.core.errors import SourceRateLimited
from dataferry.core.types import Checksum, DatasetRef, FileEntry, Http, Manifest, Progress
from dataferry.transfer import Limits, fetch
from dataferry.transfer.limits.governor import Governor


def main() -> None:
    if sys.argv[1:] == ["--idle"]:
        return
    seconds, waits = fetch_order(json.loads(Path(sys.argv[1]).read_text()))
    print(json.dumps({"inner_s": seconds, "waits": waits}))


def fetch_order(order: dict[str, Any]) -> tuple[float, int]:
    """Fetch what is ordered; the seconds inside, and the number of waits that a hub demanded."""
    manifest = Manifest(
        DatasetRef.make("url", "http://127.0.0.1/benchmark"),
        revision="1",
        files=tuple(_entry(file, order["base"]) for file in order["files"]),
    )
    began = time.perf_counter()
    waits = _download(manifest, order)
    return time.perf_counter() - began, waits


def _entry(file: dict[str, Any], base: str) -> FileEntry:
    checksum = Checksum("sha256", file["sha256"], "publisher")
    url = f"{base}/{file['path']}"
    return FileEntry(file["path"], Http(url), file["size"], checksum, unpack=file.get("unpack", False))


def _download(manifest: Manifest, order: dict[str, Any]) -> int:
    """The number of waits that a hub demanded."""
    governor, waits = Governor(), 0
    limits = Limits(connections=order["connections"])
    progress = _print if order.get("progress") else _ignore
    while True:
        try:
            with governor.join("ada") as member:
                fetch(manifest, Path(order["target"]), progress, Event(), limits=limits, member=member)
            return waits
        except SourceRateLimited as error:
            waits += 1
            time.sleep(error.retry_after or 1.0)


def _ignore(_: Progress) -> None:
    pass


def _print(progress: Progress) -> None:
    print(json.dumps({"bytes_done": progress.bytes_done}), flush=True)


if __name__ == "__main__":
    main()
