"""A plugin's files fetched without a server, by the engine that the library's jobs use."""

import threading
from functools import partial

from dataferry.core.types import Progress
from dataferry.plugins.contract import FETCHED_PERCENT, Placed, State
from dataferry.plugins.manifest import manifest_of
from dataferry.plugins.recorded import compare_with_first
from dataferry.transfer import fetch

_WORDS = {"verifying": "Verifying", "unpacking": "Unpacking", "finishing": "Verifying"}


def fetch_files(plugin: Placed, state: State) -> None:
    """Bring the plugin's files to its ``root``, all of them verified, or nothing; what has arrived before a
    failure is kept for the next call. Errors: those of ``transfer.fetch`` and ``compare_with_first``."""

    def report(progress: Progress) -> None:
        state["message"] = f"{_WORDS.get(progress.phase, 'Downloading')} {plugin.display_name}"
        if progress.bytes_total:
            state["progress"] = FETCHED_PERCENT * progress.bytes_done / progress.bytes_total

    accept = partial(compare_with_first, plugin)
    fetch(manifest_of(plugin), plugin.root, report, threading.Event(), accept=accept)
    state["progress"] = FETCHED_PERCENT
