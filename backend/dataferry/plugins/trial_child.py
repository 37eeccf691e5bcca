"""Imports plugins, and writes a line of JSON for each: null, or what is wrong with it.

``plugins.trial`` starts it with the seconds that one may take, the store, where modules are found, and the
names of the plugins' files and entry points.
"""

import faulthandler
import json
import logging
import os
import resource
import sys
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import entry_points
from pathlib import Path

from dataferry.plugins.discovery import ENTRY_POINT_GROUP, FoundPlugin, Plugins, read_entry
from dataferry.plugins.faults import PluginFault
from dataferry.plugins.person import read_plugin_file
from dataferry.plugins.trial import ENTRY

#: Of the machine's memory.
_SHARE = 0.5
#: Seconds in which a thread may end that an import has started.
_THREADS_S = 1.0


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a plugin prints is no answer
    _bound_memory()
    logging.disable()
    seconds, store, path, *names = sys.argv[1:]
    sys.path[:] = json.loads(path)
    for name in names:
        fault = _fault_of(name, Path(store) if store else None, float(seconds))
        print(json.dumps(None if fault is None else asdict(fault)), file=answers, flush=True)
    os._exit(0)  # threads may go on


def _bound_memory() -> None:
    pages = int(_SHARE * os.sysconf("SC_PHYS_PAGES"))
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (pages * os.sysconf("SC_PAGE_SIZE"),) * 2)


def _fault_of(name: str, store: Path | None, seconds: float) -> PluginFault | None:
    before = set(threading.enumerate())
    faulthandler.dump_traceback_later(seconds, exit=True)
    read = list(_read(name, store))
    # What a plugin declares may be code too.
    Plugins(read)
    faulthandler.cancel_dump_traceback_later()
    for one in read:
        if isinstance(one, PluginFault) and one.kind == "import":
            return one
    where = name.rpartition("=")[2] if name.startswith(ENTRY) else name
    return _left_thread(Path(where), before)


def _read(name: str, store: Path | None) -> Iterator[FoundPlugin | PluginFault]:
    if not name.startswith(ENTRY):
        assert store is not None
        for one in read_plugin_file(Path(name), store):
            yield one if isinstance(one, PluginFault) else FoundPlugin(one, "folder", name)
        return
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        if f"{ENTRY}{entry.name}={entry.value}" == name:
            yield read_entry(entry, store)


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
