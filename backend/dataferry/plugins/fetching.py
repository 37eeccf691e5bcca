"""A plugin's files fetched without a server, by the engine that the library's jobs use."""

import threading
from pathlib import Path

from dataferry.core.types import Progress
from dataferry.plugins.contract import FETCHED_PERCENT, Filed, State
from dataferry.plugins.manifest import manifest_of
from dataferry.transfer import fetch

_WORDS = {"verifying": "Verifying", "unpacking": "Unpacking", "finishing": "Verifying"}


def fetch_files(plugin: Filed, title: str, target: Path, state: State) -> None:
    """Bring the plugin's files to the folder ``target``, all of them verified, or nothing; what has arrived
    before a failure is kept for the next call. Errors: those of ``transfer.fetch``."""

    def report(progress: Progress) -> None:
        state["message"] = f"{_WORDS.get(progress.phase, 'Downloading')} {title}"
        if progress.bytes_total:
            state["progress"] = FETCHED_PERCENT * progress.bytes_done / progress.bytes_total

    fetch(manifest_of(plugin), target, report, threading.Event())
    state["progress"] = FETCHED_PERCENT
