"""Processes that run an index file's functions (``child``), as the command sees them: started, asked, ended.

They have nothing of git's environment, and a session of their own: Ctrl+C reaches only the command, which
ends them all. Should the command be killed, they find their pipe closed and end themselves.
"""

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dataferry.core.child_process import child_command, child_environment, how_it_ended
from dataferry.core.errors import ConfigError
from dataferry.versioning.execute.wire import NOTHING_YET, ROW, Message, messages, send

_MODULE = "dataferry.versioning.execute.child"
#: What a sandboxed process has of the environment beyond what every child has.
_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
_KILLED = -signal.SIGKILL


class ChildEndedError(Exception):
    """A process ended in the midst of a task. ``row``: which of its rows it was at, None before the first."""

    def __init__(self, how: str, row: int | None) -> None:
        super().__init__(how)
        self.row = row


@dataclass(frozen=True)
class Workplace:
    """What all processes of a run share.

    ``text``: of the index file, which lies in ``folder`` and is called ``name``; ``cache``: the folder of the
    cache; ``scratch``: one on its disk, for this run; ``sandbox``: whether the processes see the disk
    read-only, no home and, but for an ingest, no network.
    """

    text: str
    name: str
    folder: Path
    cache: Path
    scratch: Path
    sandbox: bool

    def check(self) -> None:
        """Errors: ``ConfigError`` where a sandbox is asked for and cannot be had."""
        if not self.sandbox:
            return
        if shutil.which("bwrap") is None:
            raise ConfigError(
                "git config datasets.sandbox is set, and there is no bwrap here.",
                next_step="Install bubblewrap (Linux), or run functions without: "
                "git config datasets.sandbox false",
            )
        tried = subprocess.run(  # noqa: S603 - our own command
            [*_sandboxed(self, network=False), sys.executable, "-c", ""],
            capture_output=True,
            text=True,
            check=False,
        )
        if tried.returncode:
            raise ConfigError(
                f"bwrap cannot make a sandbox here: {tried.stderr.strip()}.",
                next_step="Let users make namespaces, or run functions without: "
                "git config datasets.sandbox false",
            )


class ChildProcess:
    """One process. It does one task at a time."""

    _numbers = itertools.count()

    def __init__(self, workplace: Workplace, *, network: bool) -> None:
        """Errors: ``OSError``."""
        self.folder = workplace.scratch / f"child-{next(self._numbers)}"
        self.folder.mkdir()
        self._row_page = os.open(self.folder / "row", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.pwrite(self._row_page, ROW.pack(NOTHING_YET), 0)
        temporary = self.folder / "tmp"
        temporary.mkdir()
        self._is_closed = self._has_ended = False
        their_reading, self._writing = os.pipe()
        self._reading, their_writing = os.pipe()
        their_life, self._life = os.pipe()
        theirs = (their_reading, their_writing, their_life)
        command = [*child_command(_MODULE), *map(str, theirs)]
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [*_sandboxed(workplace, network=network), *command] if workplace.sandbox else command,
            stdin=subprocess.DEVNULL,
            stdout=2,
            pass_fds=theirs,
            cwd=workplace.folder,
            env=_environment(temporary, sandbox=workplace.sandbox),
            start_new_session=True,
        )
        for handle in theirs:
            os.close(handle)
        self._messages = messages(self._reading, lambda: self._process.poll() is not None)
        with contextlib.suppress(BrokenPipeError):
            send(self._writing, self._setup(workplace))

    def ask(self, task: Message) -> Iterator[Message]:
        """Everything it answers, its last message included. Errors: ``ChildEndedError``."""
        if self._has_ended:
            raise ChildEndedError("had ended before", None)
        os.pwrite(self._row_page, ROW.pack(NOTHING_YET), 0)
        with contextlib.suppress(BrokenPipeError):
            send(self._writing, task)
        try:
            for message in self._messages:
                yield message
                if "end" in message or "failed" in message:
                    return
        except ValueError as error:
            self._has_ended = True
            raise ChildEndedError("what it says is no answer", self._row()) from error
        self._has_ended = True
        raise ChildEndedError(self._how_it_ended(), self._row())

    def kill(self) -> None:
        """End it and whatever it has started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        """End it, once nobody asks it any more."""
        if self._is_closed:
            return
        self._is_closed = True
        self.kill()
        self._process.wait()
        for handle in (self._writing, self._reading, self._life, self._row_page):
            with contextlib.suppress(OSError):
                os.close(handle)

    def _setup(self, workplace: Workplace) -> Message:
        return {
            "text": workplace.text,
            "path": str(workplace.folder / Path(workplace.name).name),
            "folder": str(workplace.folder),
            "cache": str(workplace.cache),
            "scratch": str(workplace.scratch),
            "own": str(self.folder),
            "place": not workplace.sandbox,
        }

    def _row(self) -> int | None:
        (row,) = ROW.unpack(os.pread(self._row_page, ROW.size, 0))
        return None if row == NOTHING_YET else int(row)

    def _how_it_ended(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        code = self._process.returncode
        if code is None:
            return "closed its pipes"
        if code == _KILLED:
            return "was killed, as the system does when memory runs out"
        if code < 0 and -code in {each.value for each in signal.Signals}:
            return f"ended with {signal.Signals(-code).name}"
        return f"ended with {how_it_ended(code)}"


class Children:
    """The processes of a run. ``close`` ends them all."""

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace
        self._lock = threading.Lock()
        self._children: list[ChildProcess] = []
        self._is_closed = False

    def start(self, *, network: bool = False) -> ChildProcess:
        """Errors: ``OSError``; ``ChildEndedError`` once they are ended."""
        with self._lock:
            if self._is_closed:
                raise ChildEndedError("the run has ended", None)
            child = ChildProcess(self._workplace, network=network)
            self._children.append(child)
            return child

    def kill(self) -> None:
        """End them all at once: whoever waits for one of them gets ``ChildEndedError``."""
        with self._lock:
            self._is_closed = True
            for child in self._children:
                child.kill()

    def close(self) -> None:
        """End them all, once nobody asks them any more."""
        self.kill()
        for child in self._children:
            child.close()


def _environment(temporary: Path, *, sandbox: bool) -> Mapping[str, str]:
    """Nothing of git's: its variables would make every git of a function work on the commit under way."""
    if sandbox:
        own = child_environment() | {name: os.environ[name] for name in _PROXIES if name in os.environ}
    else:
        own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return own | {"TMPDIR": str(temporary), "PYTHONDONTWRITEBYTECODE": "1"}


def _sandboxed(workplace: Workplace, *, network: bool) -> Sequence[str]:
    """bwrap's command: the disk read-only, but for the folder of this run, and nothing of the home but what
    Python and the repository need."""
    home = Path.home()
    needed = {Path(sys.prefix), Path(sys.base_prefix), workplace.folder, workplace.cache}
    needed |= {Path(entry) for entry in sys.path if entry}
    shown = sorted(path for path in needed if path.is_relative_to(home) and path.exists())
    return [
        *("bwrap", "--die-with-parent", "--unshare-pid", "--unshare-ipc"),
        *(() if network else ("--unshare-net",)),
        *("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"),
        *(("--tmpfs", str(home)) if home != Path("/") else ()),
        *itertools.chain.from_iterable(("--ro-bind", str(path), str(path)) for path in shown),
        *("--bind", str(workplace.scratch), str(workplace.scratch)),
        *("--chdir", str(workplace.folder)),
    ]
