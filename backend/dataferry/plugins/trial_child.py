"""Imports plugins' files, and writes a line of JSON for each: null, or what is wrong with it.

``plugins.trial`` starts it with the seconds that a file may take, the store, and the files.
"""

import faulthandler
import json
import logging
import os
import resource
import sys
import threading
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from dataferry.plugins.discovery import FoundPlugin, Plugins
from dataferry.plugins.faults import PluginFault
from dataferry.plugins.person import read_plugin_file

#: Of the machine's memory.
_SHARE = 0.5
#: Seconds in which a thread may end that an import has started.
_THREADS_S = 1.0


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a plugin prints is no answer
    _bound_memory()
    logging.disable()
    seconds, store, *files = sys.argv[1:]
    for file in files:
        fault = _fault_of(Path(file), Path(store), float(seconds))
        print(json.dumps(None if fault is None else asdict(fault)), file=answers, flush=True)
    os._exit(0)  # threads may go on


def _bound_memory() -> None:
    pages = int(_SHARE * os.sysconf("SC_PHYS_PAGES"))
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (pages * os.sysconf("SC_PAGE_SIZE"),) * 2)


def _fault_of(file: Path, store: Path, seconds: float) -> PluginFault | None:
    before = set(threading.enumerate())
    faulthandler.dump_traceback_later(seconds, exit=True)
    read = list(read_plugin_file(file, store))
    # What a plugin declares may be code too.
    Plugins(one if isinstance(one, PluginFault) else FoundPlugin(one, "folder", str(file)) for one in read)
    faulthandler.cancel_dump_traceback_later()
    for one in read:
        if isinstance(one, PluginFault) and one.kind == "import":
            return one
    return _left_thread(file, before)


def _left_thread(file: Path, before: Collection[threading.Thread]) -> PluginFault | None:
    """That a thread goes on which would keep the program from ending."""
    until = time.monotonic() + _THREADS_S
    for thread in threading.enumerate():
        if thread in before or thread.daemon:
            continue
        thread.join(max(0.0, until - time.monotonic()))
        if thread.is_alive():
            return PluginFault(
                "import",
                str(file),
                f"Its import leaves a thread behind that goes on ({thread.name}): the program could not end.",
                "Start it where it is needed, or make it one with daemon=True.",
                line=_line_of(thread, file),
            )
    return None


def _line_of(thread: threading.Thread, file: Path) -> int | None:
    """The line of the file at which a thread is."""
    frame = sys._current_frames().get(thread.ident or 0)
    while frame is not None:
        if frame.f_code.co_filename == str(file):
            return frame.f_lineno
        frame = frame.f_back
    return None


if __name__ == "__main__":
    main()
