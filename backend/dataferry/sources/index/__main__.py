"""The process that ``build_in_process`` starts: a request on its input, lines of JSON on its output."""

import contextlib
import ctypes
import json
import os
import platform
import sys
import threading
from pathlib import Path
from typing import Any

from dataferry.core.errors import DataferryError
from dataferry.core.types import words_of
from dataferry.sources.index.build import BuildProgress, build

_NICEST = 19
#: linux/ioprio.h: this process, only when nobody else wants the disk. The number of the call, by machine.
_IOPRIO_WHO_PROCESS, _IOPRIO_CLASS_IDLE = 1, 3 << 13
_IOPRIO_SET = {"x86_64": 251, "aarch64": 30}


def main() -> None:
    request = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _yield_to_others()
    snapshots = {name: Path(path) for name, path in request["snapshots"].items()}
    try:
        manifest = build(snapshots, Path(request["target"]), _tell_progress)
    except DataferryError as error:
        _tell({"problem": words_of(error)})
    else:
        _tell({"manifest": manifest.model_dump(mode="json")})


def _tell_progress(progress: BuildProgress) -> None:
    _tell({"progress": progress.model_dump()})


def _tell(said: dict[str, Any]) -> None:
    print(json.dumps(said), flush=True)  # noqa: T201 - the answer


def _end_with_parent() -> None:
    """The input ends when the process that started this one does, however it ends."""
    sys.stdin.read()
    os._exit(1)


def _yield_to_others() -> None:
    with contextlib.suppress(OSError):
        os.nice(_NICEST)
    number = _IOPRIO_SET.get(platform.machine())
    if sys.platform == "linux" and number is not None:
        ctypes.CDLL(None).syscall(number, _IOPRIO_WHO_PROCESS, 0, _IOPRIO_CLASS_IDLE)


if __name__ == "__main__":
    main()
