"""Tries plugins of others in a process of its own before their code runs in ours: the files of a person's
folder, and what other packages declare.

Code cannot be stopped from within: an endless loop keeps the program from starting, ``os._exit`` ends it, and
so does what takes all memory; a thread that never ends keeps it from ending. The trial does all that an
import does, in bounded time and memory. What has passed it is not tried again until the file changes, or the
version of its package.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import Any

from dataferry import __version__
from dataferry.core.child_process import child_command, how_it_ended
from dataferry.plugins.faults import PluginFault
from dataferry.plugins.locations import tried_file
from dataferry.plugins.person import told_if_slow

#: Seconds that the import of one file may take, and those of all files together.
_FILE_S, _ALL_S = 15.0, 45.0
#: Seconds after which a process that does not end itself is ended.
_GRACE_S = 5.0
_CHILD = "dataferry.plugins.trial_child"
#: Before the name of an entry point; no file's absolute path begins so.
ENTRY = "entry:"


@dataclass(frozen=True, slots=True)
class Subject:
    """A module to try. ``name``: its file, or ``entry:`` and an entry point. ``where``: how a fault names it.
    ``version``: of its package; the time and size of its ``file`` count too."""

    name: str
    where: str
    file: Path
    version: str = ""

    @classmethod
    def of_file(cls, file: Path) -> "Subject":
        return cls(str(file), str(file), file)

    @property
    def stamp(self) -> list[Any]:
        status = self.file.stat() if self.file.exists() else None
        written = [status.st_mtime_ns, status.st_size] if status is not None else []
        return [*written, __version__, *([self.version] if self.version else [])]


def tried(subjects: Sequence[Subject], store: Path | None) -> Mapping[Subject, PluginFault]:
    """What is wrong with those whose code is not to be run here. Without ``store`` nothing is remembered."""
    passed = _Passed(None if store is None else tried_file(store))
    waiting = [subject for subject in subjects if not passed.has(subject)]
    faults: dict[Subject, PluginFault] = {}
    until = time.monotonic() + _ALL_S
    while waiting and time.monotonic() < until:
        answers, ending = _run(waiting, store)
        for subject, fault in zip(waiting, answers, strict=False):
            if fault is None:
                passed.add(subject)
            else:
                faults[subject] = fault
        if ending is not None:
            faults[waiting[len(answers)]] = ending
        waiting = waiting[len(answers) + (ending is not None) :]
    passed.write()
    return faults | {subject: _not_tried(subject) for subject in waiting}


def _run(
    subjects: Sequence[Subject], store: Path | None
) -> tuple[list[PluginFault | None], PluginFault | None]:
    """The answers to the subjects, in order; and what is wrong with the one behind them, where the process
    has ended at it."""
    names = [subject.name for subject in subjects]
    # Modules are found where this process finds them.
    command = [*child_command(_CHILD), str(_FILE_S), str(store or ""), json.dumps(sys.path), *names]
    answers: list[PluginFault | None] = []
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(  # noqa: S603 - our own module
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, start_new_session=True
        )
        with process, _ended(process):
            assert process.stdout is not None
            for subject in subjects:
                with told_if_slow(subject.file), _killed_if_stuck(process):
                    line = process.stdout.readline()
                if not line:
                    break
                answer: dict[str, Any] | None = json.loads(line)
                answers.append(None if answer is None else PluginFault(**answer))
        if len(answers) == len(subjects):
            return answers, None
        said.seek(0)
        text = said.read().decode(errors="replace")
        return answers, _ending(subjects[len(answers)], process.returncode, text)


@contextmanager
def _ended(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """Afterwards the process has ended, with those that it has started: at once where nobody waits for it."""
    try:
        yield
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_S)
    finally:
        _kill(process)


@contextmanager
def _killed_if_stuck(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    timer = Timer(_FILE_S + _GRACE_S, _kill, (process,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _kill(process: "subprocess.Popen[bytes]") -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _ending(subject: Subject, returncode: int, said: str) -> PluginFault:
    """What is wrong with the one at which the process has ended. ``said``: its standard error."""
    if "Timeout (" not in said:
        detail = f"It ends the program that imports it ({how_it_ended(returncode)})."
        return PluginFault("import", subject.where, detail, "Leave out what ends it, then start again.")
    # The main thread is written last, its innermost line first.
    main = said.rpartition("most recent call first")[2]
    line = re.search(rf'File "{re.escape(str(subject.file))}", line (\d+)', main)
    return PluginFault(
        "import",
        subject.where,
        f"Its import has not ended within {_FILE_S:g} s.",
        "Mend that line, then start again." if line else "Mend it, then start again.",
        line=int(line[1]) if line else None,
    )


def _not_tried(subject: Subject) -> PluginFault:
    detail = f"It was not tried: the imports of other plugins took {_ALL_S:g} s."
    return PluginFault("import", subject.where, detail, "Mend those, or move them away, then start again.")


class _Passed:
    """What has passed, by its stamp, for the next start."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._known: dict[str, list[Any]] = {}
        self._changed = False
        with suppress(OSError, ValueError):
            self._known = {} if path is None else dict(json.loads(path.read_text()))

    def has(self, subject: Subject) -> bool:
        return self._known.get(subject.name) == subject.stamp

    def add(self, subject: Subject) -> None:
        self._known[subject.name] = subject.stamp
        self._changed = True

    def write(self) -> None:
        if self._path is None or not self._changed:
            return
        kept = {
            name: stamp
            for name, stamp in self._known.items()
            if name.startswith(ENTRY) or os.path.exists(name)
        }
        temporary = self._path.with_suffix(f".{os.getpid()}")
        with suppress(OSError):  # they are tried again then
            self._path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(json.dumps(kept, indent=1))
            os.replace(temporary, self._path)
