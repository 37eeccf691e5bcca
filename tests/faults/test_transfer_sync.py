"""A disk that fails while what has arrived is synced: the fetch says so, and does not go on unsynced."""

import subprocess
import sys
from pathlib import Path

from tests.fakes.files import FileServer
from tests.support.programs import program

_FETCH = """
import sys, threading
from pathlib import Path
from dataferry.core.errors import DataferryError
from dataferry.core.types import DatasetRef, FileEntry, Http, Manifest
from dataferry.transfer import Limits, fetch

urls, target = sys.argv[1:-1], Path(sys.argv[-1])
files = tuple(FileEntry(url.rpartition("/")[2], Http(url)) for url in urls)
manifest = Manifest(DatasetRef.make("url", urls[0]), "r1", files)
limits = Limits(connections=2, sync_interval_s=0.05, stall_timeout_s=60)
try:
    fetch(manifest, target, lambda _progress: None, threading.Event(), limits=limits)
except DataferryError as error:
    print(error.code, error.detail)
"""


def test_a_sync_that_fails_ends_the_fetch(tmp_path: Path) -> None:
    """Small files only, so that their journal alone is synced; one of them never comes to its end."""
    files = {"here.csv": b"a" * 5000, "late.csv": b"b" * 5000}
    trace = ["-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO"]
    with FileServer(files) as server:
        server.fault("late.csv", "stall", after=100)
        urls = [server.url(name) for name in files]
        run = subprocess.run(
            [program("strace"), *trace, sys.executable, "-c", _FETCH, *urls, str(tmp_path / "set")],
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert run.stdout.startswith("store_not_writable"), run
    assert "input/output error" in run.stdout
    assert "Traceback" not in run.stderr
