"""A child process for work that takes long or reads what strangers wrote: its memory is given back, it has
none of the server's keys, and it ends with the process that started it."""

import contextlib
import ctypes
import os
import platform
import subprocess
import sys
import threading
from collections.abc import Iterator

#: What the process needs of the environment: no keys, no addresses.
_ENVIRONMENT = (
    *("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "VIRTUAL_ENV"),
    *("HOME", "TMPDIR", "LANG", "LC_ALL"),
)
_NICEST = 19
#: linux/ioprio.h: this process, only when nobody else wants the disk. The number of the call, by machine.
_IOPRIO_WHO_PROCESS, _IOPRIO_CLASS_IDLE = 1, 3 << 13
_IOPRIO_SET = {"x86_64": 251, "aarch64": 30}


def child_command(module: str) -> list[str]:
    """``python -m module``, which sees no module of the folder that the server happens to be started in."""
    return [sys.executable, "-P", "-m", module]


def child_environment() -> dict[str, str]:
    """What a child has of this process's environment."""
    kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    return kept | {"PYTHONUTF8": "1"}


def start_child(module: str) -> "subprocess.Popen[str]":
    """Start ``python -m module``, whose input and output are pipes of text. Errors: ``OSError``."""
    return subprocess.Popen(  # noqa: S603 - our own module
        child_command(module),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=child_environment(),
    )


def end_child(process: "subprocess.Popen[str]") -> None:
    """End it at once."""
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        with contextlib.suppress(OSError):
            pipe.close() if pipe else None


@contextlib.contextmanager
def running_child(module: str, request: str) -> "Iterator[subprocess.Popen[str]]":
    """A child that is given one line, and is ended at the end."""
    process = start_child(module)
    try:
        assert process.stdin is not None
        # It stays open: its end tells the child that nobody waits any more.
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(f"{request}\n")
            process.stdin.flush()
        yield process
    finally:
        end_child(process)


@contextlib.contextmanager
def killed_by(cancel: threading.Event, process: "subprocess.Popen[str]") -> Iterator[None]:
    """Meanwhile the process is killed once ``cancel`` is set."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.1):
            if cancel.is_set():
                process.kill()
                return

    watcher = threading.Thread(target=watch, name="child-cancel", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def how_it_ended(returncode: int) -> str:
    return f"signal {-returncode}" if returncode < 0 else f"exit code {returncode}"


# -- in the child ------------------------------------------------------------------------------------


def end_with_parent() -> None:
    """Waits until the input ends, as it does when the process that started this one does, and ends this one:
    for a thread."""
    sys.stdin.read()
    os._exit(1)


def yield_to_others() -> None:
    """Processor and disk are this process's only when nobody else wants them."""
    with contextlib.suppress(OSError):
        os.nice(_NICEST)
    number = _IOPRIO_SET.get(platform.machine())
    if sys.platform == "linux" and number is not None:
        ctypes.CDLL(None).syscall(number, _IOPRIO_WHO_PROCESS, 0, _IOPRIO_CLASS_IDLE)
