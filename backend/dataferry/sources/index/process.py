"""The build in a process of its own: its memory is given back, its work is of low priority, and it ends with
the process that started it."""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dataferry.core.errors import Cancelled, DataferryError
from dataferry.core.types import ProblemWords, SourceName
from dataferry.sources.index.build import BuildProgress, Report
from dataferry.sources.index.manifest import IndexManifest

#: What the process needs of the environment: no keys, no addresses.
_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV")


def build_in_process(
    snapshots: Mapping[SourceName, Path], target: Path, report: Report, cancel: threading.Event
) -> IndexManifest:
    """``build`` in a child of low priority; ``cancel`` ends it. Blocks, for minutes.

    ``report`` is called from this thread. Errors: those of ``build``; ``Cancelled``; ``DataferryError`` where
    the process is killed from outside. Each leaves the index that was there.
    """
    request: dict[str, Any] = {"snapshots": {name: str(path.absolute()) for name, path in snapshots.items()}}
    request["target"] = str(target.absolute())
    with _child(json.dumps(request)) as process, _killed_by(cancel, process):
        answer = _follow(process, report)
    if cancel.is_set() and not isinstance(answer, IndexManifest):
        raise Cancelled
    if isinstance(answer, IndexManifest):
        return answer
    if answer is not None:
        raise answer.restore()
    raise DataferryError(
        f"The process that builds the index ended ({_how_it_ended(process.returncode)});"
        " the one that was there stays in use.",
        next_step="Build it again; if it stays so, look for memory that ran out.",
    )


@contextlib.contextmanager
def _child(request: str) -> "Iterator[subprocess.Popen[str]]":
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ} | {
        "PYTHONUTF8": "1"
    }
    process = subprocess.Popen(
        # -P: no module of the folder that the server happens to be started in.
        [sys.executable, "-P", "-m", "dataferry.sources.index"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=environment,
    )
    try:
        assert process.stdin is not None
        # It stays open: its end tells the child that nobody waits any more.
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(f"{request}\n")
            process.stdin.flush()
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                pipe.close() if pipe else None


@contextlib.contextmanager
def _killed_by(cancel: threading.Event, process: "subprocess.Popen[str]") -> Iterator[None]:
    """Meanwhile the process is killed once ``cancel`` is set."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.1):
            if cancel.is_set():
                process.kill()
                return

    watcher = threading.Thread(target=watch, name="index-build-cancel", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def _follow(process: "subprocess.Popen[str]", report: Report) -> IndexManifest | ProblemWords | None:
    """What the process ends with; None where it says nothing."""
    assert process.stdout is not None
    answer: IndexManifest | ProblemWords | None = None
    for line in process.stdout:
        said = json.loads(line)
        if "manifest" in said:
            answer = IndexManifest.model_validate(said["manifest"])
        elif "problem" in said:
            answer = ProblemWords.model_validate(said["problem"])
        else:
            report(BuildProgress.model_validate(said["progress"]))
    process.wait()
    return answer


def _how_it_ended(returncode: int) -> str:
    return f"signal {-returncode}" if returncode < 0 else f"exit code {returncode}"
