"""A table, or pictures, read in a process of its own, which has limits of memory and time.

Every format has its bombs, and a library that reads one may end its process. Here that costs a preview, and
nothing of the server's memory: what it gets back is bounded too.
"""

import base64
import json
import logging
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dataferry.core.child_process import child_command, child_environment
from dataferry.library.preview.reader import CELL_CHARS
from dataferry.library.preview.table import (
    DAMAGED_OR_LARGE,
    MAX_ANSWER_BYTES,
    Column,
    CutCell,
    LeftOut,
    NotATable,
    Table,
)
from dataferry.library.preview.thumbnails import Thumbnail

log = logging.getLogger(__name__)

TOO_MUCH_MEMORY = "It takes too much memory to read."
#: Of its error output, for the log.
_LOGGED_BYTES = 2_000


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """``memory_bytes`` of address space, where libraries alone take some 300 MB; ``cpu_s`` of processor time,
    ``wall_s`` in all, on a busy machine or a slow disk too."""

    memory_bytes: int = 1 << 30
    cpu_s: int = 10
    wall_s: float = 30.0


def read_table(
    path: Path,
    name: str,
    rows: int,
    *,
    cell_chars: int = CELL_CHARS,
    cut: bool = False,
    limits: ReadLimits = ReadLimits(),
) -> Table:
    """The first ``rows`` rows of the file ``path``, which its dataset calls ``name``; cells are cut after
    ``cell_chars``. ``cut``: ``path`` holds only the file's beginning. Blocks.

    Errors: ``NotATable`` with the reason, for one that takes too much to read too.
    """
    request = {
        "path": str(path.absolute()),
        "name": name,
        "rows": rows,
        "cell_chars": cell_chars,
        "cut": cut,
        "memory_bytes": limits.memory_bytes,
        "seconds": limits.cpu_s,
    }
    answer = _asked(json.dumps(request), limits)
    if "reason" in answer:
        raise NotATable(str(answer["reason"]))
    return _table(answer["table"])


def make_thumbnails(
    paths: Sequence[Path], *, limits: ReadLimits = ReadLimits()
) -> list[Thumbnail | NotATable]:
    """The thumbnail of each picture, or why there is none. Blocks. Errors: ``NotATable`` where all of them
    together take too much."""
    return _thumbnails({"pictures": [str(path.absolute()) for path in paths]}, limits)


def thumbnails_in_table(
    path: Path, count: int, *, limits: ReadLimits = ReadLimits()
) -> list[Thumbnail | NotATable]:
    """The same of the first ``count`` pictures in a column of a Parquet file; empty where it has none.

    Blocks. Errors: ``NotATable`` for a file that cannot be read too.
    """
    return _thumbnails({"pictures_in": str(path.absolute()), "count": count}, limits)


def _thumbnails(request: dict[str, Any], limits: ReadLimits) -> list[Thumbnail | NotATable]:
    request |= {"memory_bytes": limits.memory_bytes, "seconds": limits.cpu_s}
    answer = _asked(json.dumps(request), limits)
    if "reason" in answer:
        raise NotATable(str(answer["reason"]))
    return [
        NotATable(one["reason"])
        if "reason" in one
        else Thumbnail(base64.b64decode(one["webp"]), one["width"], one["height"])
        for one in answer["thumbnails"]
    ]


def _asked(request: str, limits: ReadLimits) -> dict[str, Any]:
    """What the process answers. Its files are deleted, however it ends."""
    with tempfile.TemporaryDirectory(prefix="dataferry-preview-") as folder:
        # A thread of BLAS reserves address space.
        environment = child_environment() | {"TMPDIR": folder, "OPENBLAS_NUM_THREADS": "1"}
        with (Path(folder) / "answer").open("w+b") as output, (Path(folder) / "errors").open("w+b") as errors:
            try:
                run = subprocess.run(  # noqa: S603 - our own module
                    child_command("dataferry.library.preview.child"),
                    input=request.encode(),
                    stdout=output,
                    stderr=errors,
                    timeout=limits.wall_s,
                    env=environment,
                    check=False,
                )
            except subprocess.TimeoutExpired as error:
                raise NotATable("It takes too long to read.") from error
            except OSError as error:
                log.warning("no process can be started to read a table", exc_info=True)
                raise NotATable("This server has no room for the process that reads it.") from error
            output.seek(0)
            said = output.read(2 * MAX_ANSWER_BYTES + 1)
            if run.returncode or len(said) > 2 * MAX_ANSWER_BYTES:
                errors.seek(0)
                raise NotATable(_reason(run.returncode, errors.read(_LOGGED_BYTES)))
    answer: dict[str, Any] = json.loads(said)
    return answer


def _reason(returncode: int, errors: bytes) -> str:
    """Why the process ended without an answer, in a person's words."""
    if -returncode in (signal.SIGXCPU, signal.SIGALRM):
        return "It takes too long to read."
    if -returncode == signal.SIGXFSZ or returncode == 0:
        return "It is too large to be shown."
    if b"MemoryError" in errors:
        return TOO_MUCH_MEMORY
    if returncode > 0:
        log.warning("a preview ended with %s: %s", returncode, errors.decode(errors="replace"))
        return "It cannot be read."
    return DAMAGED_OR_LARGE


def _table(found: dict[str, Any]) -> Table:
    """The table that the process wrote as JSON."""
    return Table(
        columns=tuple(Column(**one) for one in found["columns"]),
        rows=tuple(map(tuple, found["rows"])),
        column_count=found["column_count"],
        row_count=found["row_count"],
        loader=found["loader"],
        notes=tuple(found["notes"]),
        cut=tuple(CutCell(**one) for one in found["cut"]),
        least_row_count=found["least_row_count"],
        left_out=LeftOut(**found["left_out"]),
    )
