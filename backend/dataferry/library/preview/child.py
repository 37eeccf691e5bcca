"""The process that reads one file: ``python -m … child`` takes a request from its standard input, as JSON,
and writes ``{"table": …}`` or ``{"thumbnails": […]}``, or ``{"reason": …}`` where it cannot, to its standard
output.

It limits itself before it opens the file, so that whatever is in it costs no more than that.
"""

import base64
import json
import os
import re
import resource
import signal
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dataferry.library.preview.head import WHOLE_BYTES
from dataferry.library.preview.process import TOO_MUCH_MEMORY
from dataferry.library.preview.reader import read_here
from dataferry.library.preview.table import NotATable
from dataferry.library.preview.thumbnails import MAX_PICTURE_BYTES, pictures_in_table, thumbnail_here


def limit_this_process(memory_bytes: int, seconds: int) -> None:
    """No more than so much address space and processor time; no core file, and no larger file than what is
    unpacked. It ends in good time also when nobody is left to end it."""
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 2 * WHOLE_BYTES)
    _limit(resource.RLIMIT_CPU, seconds, seconds + 1)  # at the second one it would be killed without a word
    _limit(resource.RLIMIT_AS, memory_bytes)
    signal.alarm(4 * seconds)


def _limit(what: int, soft: int, hard: int | None = None) -> None:
    with suppress(ValueError, OSError):  # macOS takes no limit of address space
        resource.setrlimit(what, (soft, soft if hard is None else hard))


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """The table, the thumbnails or the reason."""
    try:
        if "pictures" in request:
            return {"thumbnails": [_thumbnail_of(Path(path)) for path in request["pictures"]]}
        if "pictures_in" in request:
            found = pictures_in_table(Path(request["pictures_in"]), request["count"])
            return {"thumbnails": [_thumbnail(data) for data in found]}
        table = read_here(
            Path(request["path"]),
            request["name"],
            request["rows"],
            cell_chars=request["cell_chars"],
            cut=request["cut"],
        )
    except (NotATable, OSError) as error:
        reason = f"{error.strerror}." if isinstance(error, OSError) and error.strerror else str(error)
        return {"reason": reason}
    except MemoryError:
        return {"reason": TOO_MUCH_MEMORY}
    except RecursionError:
        return {"reason": "It is nested too deeply."}
    return {"table": asdict(table)}


def _thumbnail_of(path: Path) -> dict[str, Any]:
    if path.stat().st_size > MAX_PICTURE_BYTES:
        return {"reason": "It is too large to be shown."}
    return _thumbnail(path.read_bytes())


def _thumbnail(data: bytes) -> dict[str, Any]:
    try:
        made = thumbnail_here(data)
    except NotATable as error:
        return {"reason": str(error)}
    except MemoryError:
        return {"reason": TOO_MUCH_MEMORY}
    return {"webp": base64.b64encode(made.webp).decode(), "width": made.width, "height": made.height}


def main() -> None:
    request = json.load(sys.stdin)
    limit_this_process(request["memory_bytes"], request["seconds"])
    # Half of a character, as JSON can have, is none in UTF-8.
    text = re.sub("[\ud800-\udfff]", "\ufffd", json.dumps(answer(request), ensure_ascii=False))
    sys.stdout.write(text)
    sys.stdout.flush()
    os._exit(0)  # no library is given the time to clean up


if __name__ == "__main__":
    main()
