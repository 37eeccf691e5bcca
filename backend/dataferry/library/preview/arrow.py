"""Arrow's file format (Feather) and its stream, read in a process of their own.

arro3's reader trusts what a file says of itself: a damaged one ends the process that reads it, and a packed
buffer of a few bytes may claim terabytes. So that process is not the server, and has a limit of memory.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from dataferry.library.preview.head import Head, whole
from dataferry.library.preview.loaders import arrow_loader
from dataferry.library.preview.table import NotATable, Table, made_table

#: What the file format begins with; a stream has no such mark.
FILE_MAGIC = b"ARROW1\0\0"
_SECONDS = 20.0


def read_arrow(head: Head, path: str, rows: int) -> Table:
    """Errors: ``NotATable`` for a damaged file, and for one whose first rows take too much memory."""
    with tempfile.TemporaryDirectory() as folder:
        file = head.path.absolute()
        if head.packing:
            file = Path(folder) / "unpacked.arrow"
            file.write_bytes(whole(head))
        found = _in_a_process(file, rows)
    is_file = head.data.startswith(FILE_MAGIC)
    return made_table(
        found["names"],
        found["rows"],
        loader=arrow_loader(path, head.packing, is_file=is_file),
        notes=found["notes"],
        dtypes=[(dtype, numeric) for dtype, numeric in found["dtypes"]],
    )


def _in_a_process(file: Path, rows: int) -> dict[str, Any]:
    """What ``arrow_process`` says of the file."""
    # -P: no module of the folder that the server happens to be started in.
    command = [sys.executable, "-P", "-m", "dataferry.library.preview.arrow_process", str(file), str(rows)]
    try:
        run = subprocess.run(  # noqa: S603 - our own module
            command, capture_output=True, stdin=subprocess.DEVNULL, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise NotATable("It takes too long to read.") from error
    if run.returncode:
        raise NotATable("It is damaged, or its first rows take too much memory.")
    found: dict[str, Any] = json.loads(run.stdout)
    return found
