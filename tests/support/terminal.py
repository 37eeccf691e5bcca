"""The program in a pseudo-terminal, as a person has it before them.

``run(["library"], env=…, cwd=…, columns=60)`` returns the code and the lines. ``Terminal`` is one to type
into: ``with Terminal([…], …) as terminal: terminal.until("running"); terminal.interrupt()``.
"""

import contextlib
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.preloaded import ForkedProcess, start, start_at
from tests.support.server import until

#: Colours, moves of the cursor, titles: what a terminal does and does not show.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][0-9A-B]|[=>78])")


class Terminal:
    """The program at a terminal of ``columns``, which takes its stdin, stdout and stderr.

    With ``piped`` its stdout is a pipe, as in ``dataferry … | less``, and the terminal shows stderr alone.
    With ``fresh`` it begins as a user's process does, imports and all; ``command`` is another program.
    """

    def __init__(
        self,
        arguments: Sequence[str] = (),
        *,
        env: Mapping[str, str],
        cwd: Path,
        columns: int = 100,
        piped: bool = False,
        fresh: bool = False,
        command: Sequence[str] | None = None,
    ) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        env = {"TERM": "xterm-256color"} | {name: env[name] for name in env if name != "COLUMNS"}
        self.process: subprocess.Popen[str] | ForkedProcess
        try:
            if fresh or command:
                command = command or [sys.executable, "-m", "dataferry", *arguments]
                self.process = start_at(slave, command, env=env, cwd=cwd, piped=piped)
            else:
                self.process = start(arguments, env=env, cwd=cwd, terminal=slave, separate=piped)
        finally:
            os.close(slave)
        self._shown = bytearray()
        self._piped = bytearray()
        self._readers = [threading.Thread(target=self._read, args=(self._master, self._shown))]
        if piped:
            assert self.process.stdout is not None
            self._readers.append(
                threading.Thread(target=self._read, args=(self.process.stdout.fileno(), self._piped))
            )
        for reader in self._readers:
            reader.start()

    @staticmethod
    def _read(descriptor: int, into: bytearray) -> None:
        with contextlib.suppress(OSError):  # EIO: nobody has the terminal open any more
            while part := os.read(descriptor, 1 << 16):
                into.extend(part)

    @property
    def raw(self) -> str:
        """What the terminal was sent, orders and all."""
        return self._shown.decode(errors="replace")

    @property
    def text(self) -> str:
        """What the terminal was sent, without orders; what was written over stands before what is there."""
        return _ESCAPES.sub("", self.raw).replace("\r\n", "\n").replace("\r", "\n")

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @property
    def output(self) -> str:
        """What came out of the pipe, where stdout is one."""
        return self._piped.decode(errors="replace")

    def until(self, words: str, timeout: float = 30) -> None:
        """Wait until the terminal shows ``words``."""
        until(lambda: words in self.text, f"the terminal shows {words!r}\n{self.text}", timeout)

    def send(self, text: str) -> None:
        os.write(self._master, text.encode())

    def interrupt(self) -> None:
        """Ctrl+C."""
        self.send("\x03")

    def wait(self, timeout: float = 60) -> int:
        """The exit code, once everything has been read."""
        code = self.process.wait(timeout)
        for reader in self._readers:
            reader.join(timeout)
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        os.close(self._master)


def run(
    arguments: Sequence[str] = (),
    *,
    env: Mapping[str, str],
    cwd: Path,
    columns: int = 100,
    command: Sequence[str] | None = None,
    timeout: float = 60,
) -> tuple[int, list[str]]:
    """The exit code, and the lines of a terminal of ``columns`` once the program has ended."""
    with Terminal(arguments, env=env, cwd=cwd, columns=columns, command=command) as terminal:
        return terminal.wait(timeout), terminal.lines
