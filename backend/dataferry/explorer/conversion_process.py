"""Conversion in a process of its own, of low priority, which ends with this one."""

import errno
import json
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from dataferry.core.child_process import how_it_ended, killed_by, running_child
from dataferry.core.errors import Cancelled, DataferryError, DiskFull
from dataferry.explorer.sources import TableSource

_MODULE = "dataferry.explorer.conversion_child"

Report = Callable[[int, int], None]
"""Takes the rows, and the bytes, that were read of a file so far."""


def convert_in_process(
    path: Path,
    name: str,
    sha256: str,
    folder: Path,
    report: Report,
    cancel: threading.Event,
    *,
    scratch: Path,
) -> str | None:
    """``conversion.convert`` in a child; why the file could not be read, where that is known only now.
    ``scratch``: a folder for what the child needs meanwhile. It blocks, for minutes.

    Errors: ``Cancelled``, ``DiskFull``, ``OSError``.
    """
    request = {
        "act": "convert",
        "path": str(path.absolute()),
        "name": name,
        "sha256": sha256,
        "folder": str(folder.absolute()),
    }
    return _run(request, report, cancel, scratch)


def count_in_process(
    source: TableSource,
    files: Sequence[str],
    table: str | None,
    folder: Path,
    cancel: threading.Event,
    *,
    scratch: Path,
) -> str | None:
    """``statistics.all_statistics`` of a table in a child, kept in the ``folder`` of its first file. Errors:
    as above."""
    request = {
        "act": "count",
        "source": source.model_dump(mode="json"),
        "files": list(files),
        "table": table,
        "folder": str(folder.absolute()),
    }
    return _run(request, lambda _rows, _bytes: None, cancel, scratch)


def _run(request: dict[str, Any], report: Report, cancel: threading.Event, scratch: Path) -> str | None:
    done, problem = False, None
    with (
        # A child that is killed deletes nothing.
        tempfile.TemporaryDirectory(prefix="tables-", dir=scratch) as spill,
        running_child(_MODULE, json.dumps({**request, "spill": spill})) as process,
        killed_by(cancel, process),
    ):
        assert process.stdout is not None
        for line in process.stdout:
            said = json.loads(line)
            if "rows" in said:
                report(said["rows"], said["bytes"])
            elif "failure" in said:
                raise _failure(said)
            else:
                done, problem = True, said.get("problem")
        process.wait()
    if done:
        return problem
    if cancel.is_set():
        raise Cancelled
    return f"It is damaged, or takes too much memory ({how_it_ended(process.returncode)})."


def _failure(said: dict[str, Any]) -> DataferryError:
    if said["errno"] in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull("The disk is full: the table cannot be prepared.")
    return DataferryError(f"The table cannot be prepared: {said['failure']}.", next_step="Try it again.")
