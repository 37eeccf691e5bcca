"""``download_and_extract``, as plugins of the project before this one call it, by the transfer engine."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from dataferry.core.types import DatasetRef, FileEntry, Http, Manifest, Progress
from dataferry.plugins.contract import FETCHED_PERCENT, State
from dataferry.transfer import Limits, fetch
from dataferry.transfer.limits.governor import Member

_SIGNATURE = "download_and_extract(url, extract_to, state, step_label, file_key=None)"
_WORKING = ".incomplete"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a plugin's own download runs in: how it is stopped, its share of the lines, who is told of bytes,
    and the name of the step where the plugin gives none."""

    title: str = ""
    cancel: threading.Event = field(default_factory=threading.Event)
    limits: Limits = field(default_factory=Limits)
    member: Member | None = None
    progress: Callable[[Progress], None] = lambda _progress: None


_current: ContextVar[Surroundings | None] = ContextVar("surroundings", default=None)


@contextmanager
def surrounded(by: Surroundings) -> Iterator[None]:
    """Every ``download_and_extract`` inside the block, in this thread, runs in these surroundings."""
    token = _current.set(by)
    try:
        yield
    finally:
        _current.reset(token)


def download_and_extract(
    url: str,
    extract_to: Path | str,
    state: State,
    step_label: str | None = None,
    file_key: str | None = None,
    **unknown: Any,
) -> None:
    """Fetch what is at ``url``, unpack it where it is an archive, and move it into the folder ``extract_to``,
    over files of the same names; nothing is moved before all of it has arrived.

    ``state["message"]`` is the step's label with what is going on; ``state["progress"]`` rises to 90 in the
    first step, and with ``file_key`` ``state["files"][file_key]`` from 0 to 100 in each. After a failure
    another call goes on with what has arrived. Errors: ``TypeError`` for other arguments; those of
    ``transfer.fetch``.
    """
    if unknown:
        raise TypeError(f"It is called as {_SIGNATURE}, without {', '.join(unknown)}")
    around = _current.get() or Surroundings()
    label = step_label or around.title or unquote(Path(urlsplit(url).path).name)
    target = Path(extract_to)
    working = target / _WORKING / sha256(url.encode()).hexdigest()[:16]
    fetched = working / "fetched"
    step = _Step(label, state, file_key, around.progress)
    fetch(
        _manifest(url),
        fetched,
        step.report,
        around.cancel,
        workdir=working / "parts",
        limits=around.limits,
        member=around.member,
        replace=True,
    )
    _move(fetched, target)
    _remove(working)
    step.end()


def _manifest(url: str) -> Manifest:
    ref = DatasetRef.make("url", url)
    name = unquote(Path(urlsplit(url).path).name) or "file"
    return Manifest(ref, "", (FileEntry(name, Http(url), unpack=True),))


class _Step:
    """Moves a plugin's state with one of its steps."""

    def __init__(
        self, label: str, state: State, file_key: str | None, listener: Callable[[Progress], None]
    ) -> None:
        self._label = label
        self._state = state
        self._file_key = file_key
        self._listener = listener
        self._begun_at = float(state.get("progress") or 0.0)

    def report(self, progress: Progress) -> None:
        self._listener(progress)
        share = progress.bytes_done / progress.bytes_total if progress.bytes_total else 0.0
        what = "unpacking" if progress.phase == "unpacking" else f"{share:.0%}"
        self._state["message"] = f"{self._label}: {what}"
        self._reach(share)

    def end(self) -> None:
        self._state["message"] = self._label
        self._reach(1.0)

    def _reach(self, share: float) -> None:
        if self._begun_at < FETCHED_PERCENT:
            self._state["progress"] = self._begun_at + (FETCHED_PERCENT - self._begun_at) * share
        if self._file_key is not None:
            self._state.setdefault("files", {})[self._file_key] = 100 * share


def _move(tree: Path, target: Path) -> None:
    """Put every file of a tree below ``target``, over what has its name."""
    for folder, _, names in os.walk(tree):
        place = target / Path(folder).relative_to(tree)
        place.mkdir(parents=True, exist_ok=True)
        for name in names:
            os.replace(Path(folder, name), place / name)


def _remove(working: Path) -> None:
    """Remove the folder of a step that is done, and the one above it after the last."""
    shutil.rmtree(working, ignore_errors=True)
    with suppress(OSError):  # another step's is still there
        working.parent.rmdir()
