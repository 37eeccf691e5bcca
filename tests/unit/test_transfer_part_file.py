"""A part file, in the hands of several threads."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dataferry.core.types import Bytes, Checksum, DatasetRef, FileEntry, Manifest
from dataferry.transfer.files.part_file import PartFile
from dataferry.transfer.files.workdir import Workdir

SIZE = 1000
CLOSERS = 4


def test_a_part_file_that_several_threads_close_is_closed_once(tmp_path: Path) -> None:
    """A number that is closed a second time may be another file's by then."""
    entry = FileEntry("a.bin", Bytes(lambda: (tmp_path / "none").open("rb")), size=SIZE)
    manifest = Manifest(DatasetRef.make("builtin", "iris"), "1", (entry,))
    with Workdir.locked(tmp_path / "workdir", manifest) as workdir, ThreadPoolExecutor(CLOSERS) as pool:
        workdir.restore(lambda: None)
        for _ in range(300):
            part_file = PartFile(entry, SIZE, workdir, None, SIZE)
            part_file.open(None)
            ready = threading.Barrier(CLOSERS)
            closed = [pool.submit(_close, part_file.close, ready) for _ in range(CLOSERS)]
            assert [each.result() for each in closed] == [None] * CLOSERS
            assert not part_file.is_open


def test_what_a_connection_has_written_is_kept_when_the_file_is_closed_before_it_lets_go(
    tmp_path: Path,
) -> None:
    """A pause closes the file while connections read: what the bar showed is there when it goes on."""
    entry = FileEntry(
        "a.bin",
        Bytes(lambda: (tmp_path / "none").open("rb")),
        size=SIZE,
        checksum=Checksum("sha256", "0" * 64, "publisher"),
    )
    manifest = Manifest(DatasetRef.make("builtin", "iris"), "1", (entry,))
    with Workdir.locked(tmp_path / "workdir", manifest) as workdir:
        workdir.restore(lambda: None)
        part_file = PartFile(entry, SIZE, workdir, None, SIZE)
        part_file.open(None)
        span = part_file.spans.next_span(SIZE)
        assert span is not None
        assert part_file.write(span, memoryview(bytes(300))) == 300
        part_file.close()
        part_file.release(span)
    with Workdir.locked(tmp_path / "workdir", manifest) as workdir:
        assert workdir.restore(lambda: None).parts["a.bin"].held == ((0, 300),)


def _close(close: Callable[[], None], ready: threading.Barrier) -> None:
    ready.wait()
    close()
    # Another file takes the number that was just given back.
    os.close(os.open(os.devnull, os.O_RDONLY))
