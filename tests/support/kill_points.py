"""SIGKILL at every change that a function makes to files, one after the other.

The function runs in a child process; an audit hook counts what changes files and kills the process just
before the n-th change. After each the folder is looked at, and then it begins from the same state again.
"""

import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

#: Audit events of calls that change names or files.
_CHANGES = {"os.rename", "os.mkdir", "os.symlink", "os.link", "os.remove", "os.rmdir", "os.chmod"}
_CHANGES |= {"os.truncate", "shutil.rmtree", "shutil.copyfile", "subprocess.Popen", "sqlite3.connect"}
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


def kill_before(number: int) -> None:
    """From now on: SIGKILL before the ``number``-th change, from 1."""
    seen = 0

    def audit(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal seen
        if event in _CHANGES or (event == "open" and _is_write(arguments)):
            seen += 1
            if seen == number:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(audit)


def _is_write(arguments: tuple[object, ...]) -> bool:
    flags = arguments[2]
    return isinstance(flags, int) and bool(flags & _WRITES)


def sweep(folder: Path, act: Callable[[], object], check: Callable[[int], object]) -> int:
    """Kill ``act`` before each of its changes in turn, and ``check`` what is left, which it may change: the
    folder is put back each time. How many changes there are."""
    template = folder.with_name(f"{folder.name}.template")
    shutil.copytree(folder, template, symlinks=True)
    number = 0
    while True:
        number += 1
        shutil.rmtree(folder)
        shutil.copytree(template, folder, symlinks=True)
        child = os.fork()
        if child == 0:
            kill_before(number)
            act()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        check(number)
        if os.WIFEXITED(status):
            assert os.WEXITSTATUS(status) == 0, number
            return number - 1
