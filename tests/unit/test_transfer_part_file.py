"""One version of a large file on disk, in the hands of several threads."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dataferry.core.types import Bytes, DatasetRef, FileEntry, Manifest
from dataferry.transfer.files.part_file import Version
from dataferry.transfer.files.workdir import Partial

SIZE = 1000
CLOSERS = 4


def test_a_version_that_several_threads_close_is_closed_once(tmp_path: Path) -> None:
    """A number that is closed a second time may be another file's by then."""
    entry = FileEntry("a.bin", Bytes(lambda: (tmp_path / "none").open("rb")), size=SIZE)
    manifest = Manifest(DatasetRef.make("builtin", "iris"), "1", (entry,))
    with Partial.locked(tmp_path / "work", manifest) as work, ThreadPoolExecutor(CLOSERS) as pool:
        work.restore(lambda: None)
        for _ in range(300):
            version = Version(entry, SIZE, work, None, SIZE)
            version.begin(None)
            ready = threading.Barrier(CLOSERS)
            closed = [pool.submit(_close, version.close, ready) for _ in range(CLOSERS)]
            assert [each.result() for each in closed] == [None] * CLOSERS
            assert not version.open


def _close(close: Callable[[], None], ready: threading.Barrier) -> None:
    ready.wait()
    close()
    # Another file takes the number that was just given back.
    os.close(os.open(os.devnull, os.O_RDONLY))
