"""The program in processes that begin with its modules loaded: ``start(["serve"], …)``.

Loading them takes a core one to three seconds, and the tests start the program some 300 times. One
process for each of pytest's loads them once and forks for each start, on Linux; elsewhere a fork is not
safe, and each start is a process of its own from the beginning. What a child then runs, and its
environment, folder, output, signals and exit code, are those of ``python -m dataferry``. No module is
loaded before that reads the environment while it is loaded.
"""

import atexit
import contextlib
import fcntl
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import termios
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Self

_MODULES = ("dataferry.app", "dataferry.cli", "h11", "requests", "websockets.asyncio.client", "yaml")
#: Set for tests; what is measured begins as a user's process does.
FORKING = False
#: They read the environment while they are loaded.
_NEVER = ("huggingface_hub", "kagglesdk", "langchain_google_genai")
#: They are loaded when somebody first asks for what they do.
_LAZY = ("mcp", "mcp_types")


class ForkedProcess:
    """The part of ``subprocess.Popen`` that tests use, for a child of the process that forks."""

    def __init__(self, status: int, stdout: IO[str], stderr: IO[str] | None) -> None:
        self._status = open(status, "rb", buffering=0)  # noqa: SIM115 - closed by wait
        self.stdout = stdout
        self.stderr = stderr
        self.pid = self._told()
        self.returncode: int | None = None
        self._lock = threading.Lock()

    def _told(self) -> int:
        line = self._status.read(12)
        assert line, "the process that forks has ended"
        return int(line)

    def wait(self, timeout: float | None = None) -> int:
        """The exit code. Errors: ``subprocess.TimeoutExpired``."""
        with self._lock:
            if self.returncode is None:
                with selectors.DefaultSelector() as selector:
                    selector.register(self._status, selectors.EVENT_READ)
                    if not selector.select(timeout):
                        raise subprocess.TimeoutExpired("dataferry", timeout or 0)
                self.returncode = self._told()
                self._status.close()
            return self.returncode

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What is still to be read. Errors: ``subprocess.TimeoutExpired``, once it has been killed."""
        printed = ["", ""]

        def read(index: int, stream: IO[str] | None) -> None:
            printed[index] = stream.read() if stream else ""

        readers = [threading.Thread(target=read, args=pair) for pair in enumerate((self.stdout, self.stderr))]
        for reader in readers:
            reader.start()
        try:
            self.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        finally:
            for reader in readers:
                reader.join()
        return printed[0], printed[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.wait()
        for stream in (self.stdout, self.stderr):
            if stream is not None:
                stream.close()


class _Forker:
    """The process that forks, started when it is first needed; it ends with this one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def close(self) -> None:
        if self._socket is not None and self._process is not None:
            self._socket.close()
            self._process.wait()

    def _connected(self) -> socket.socket:
        if self._socket is None:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                environment = {"PATH": os.environ["PATH"], "PYTHONWARNINGS": "ignore"}
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "tests.support.preloaded"],
                    env=environment,
                    cwd=Path(__file__).parents[2],
                    stdin=theirs,
                    stdout=subprocess.DEVNULL,
                )
            self._socket = ours
        return self._socket

    def start(
        self, request: Mapping[str, Any], *, separate: bool, terminal: int | None = None
    ) -> ForkedProcess:
        if terminal is None:
            out_read, out_write = os.pipe()
            err_read, err_write = os.pipe() if separate else (None, out_write)
        else:
            err_read, err_write = None, os.dup(terminal)
            out_read, out_write = os.pipe() if separate else (os.open(os.devnull, os.O_RDONLY), err_write)
        status_read, status_write = os.pipe()
        with self._lock:
            socket.send_fds(
                self._connected(), [json.dumps(request).encode()], [out_write, err_write, status_write]
            )
        for descriptor in {out_write, err_write, status_write}:
            os.close(descriptor)
        return ForkedProcess(
            status_read,
            open(out_read, encoding="utf-8"),
            None if err_read is None else open(err_read, encoding="utf-8"),
        )


_FORKER = _Forker()
atexit.register(_FORKER.close)


def start(
    arguments: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    separate: bool = False,
    terminal: int | None = None,
) -> "subprocess.Popen[str] | ForkedProcess":
    """``dataferry`` with these arguments. ``separate``: what it says of errors is a stream of its own.

    ``terminal``, a pseudo-terminal's descriptor (``tests/support/terminal.py``), is its stdin, stderr and,
    if they are not ``separate``, its stdout.
    """
    command = [sys.executable, "-m", "dataferry", *arguments]
    if FORKING and sys.platform == "linux":
        request = {"arguments": list(arguments), "environment": dict(env), "folder": str(cwd)}
        return _FORKER.start(request, separate=separate, terminal=terminal)
    if terminal is not None:
        return start_at(terminal, command, env=env, cwd=cwd, piped=separate)
    return subprocess.Popen(
        command,
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if separate else subprocess.STDOUT,
        text=True,
    )


def start_at(
    terminal: int, command: Sequence[str], *, env: Mapping[str, str], cwd: Path, piped: bool
) -> "subprocess.Popen[str]":
    """A program at a pseudo-terminal, where Ctrl+C interrupts it. ``piped``: its stdout is a pipe."""
    return subprocess.Popen(
        command,
        env=dict(env),
        cwd=cwd,
        stdin=terminal,
        stdout=subprocess.PIPE if piped else terminal,
        stderr=terminal,
        text=True,
        preexec_fn=lambda: _take(0),
    )


def _take(terminal: int) -> None:
    """Lead a session of its own, whose terminal it is."""
    os.setsid()
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)


def run(
    arguments: Sequence[str], *, env: Mapping[str, str], cwd: Path, timeout: float = 60
) -> "subprocess.CompletedProcess[str]":
    """As ``subprocess.run`` with the output captured."""
    with start(arguments, env=env, cwd=cwd, separate=True) as process:
        stdout, stderr = process.communicate(timeout=timeout)
        return subprocess.CompletedProcess(list(arguments), process.wait(), stdout, stderr)


def _serve(requests: socket.socket) -> None:
    """Fork for each request until the other side is gone. Returns in each child, set up to go on."""
    selector = selectors.DefaultSelector()
    selector.register(requests, selectors.EVENT_READ)
    while True:
        for key, _events in selector.select():
            if key.fileobj is not requests:
                _tell_end(selector, key)
                continue
            text, descriptors, _flags, _address = socket.recv_fds(requests, 1 << 17, 3)
            if not text:
                os._exit(0)
            out, err, status = descriptors
            pid = os.fork()
            if pid == 0:
                selector.close()
                requests.close()
                _become(json.loads(text), out, err)
                return
            os.close(out)
            os.close(err)
            os.write(status, b"%12d" % pid)
            selector.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, status))


def _tell_end(selector: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
    pid, status = key.data
    _pid, how = os.waitpid(pid, 0)
    selector.unregister(key.fileobj)
    os.close(key.fd)
    # Nobody may be there to read it any more.
    with contextlib.suppress(BrokenPipeError):
        os.write(status, b"%12d" % os.waitstatus_to_exitcode(how))
    os.close(status)


def _become(request: dict[str, Any], out: int, err: int) -> None:
    if os.isatty(err):
        _take(err)
    stdin = err if os.isatty(err) else os.open(os.devnull, os.O_RDONLY)
    for descriptor, number in ((stdin, 0), (out, 1), (err, 2)):
        os.dup2(descriptor, number)
    os.closerange(3, 1 << 12)
    # What Python made of the descriptors that were there before knows those.
    sys.stdout = open(1, "w", 1 if os.isatty(1) else -1, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", 1, encoding="utf-8", closefd=False)  # noqa: SIM115
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.path[0] = request["folder"]
    sys.argv = ["dataferry", *request["arguments"]]


def main() -> None:
    """Load the modules, fork, and in each child go on as ``python -m dataferry``."""
    requests = socket.socket(fileno=os.dup(0))
    for name in _MODULES:
        importlib.import_module(name)
    assert not [name for name in _NEVER if name in sys.modules]
    assert not [name for name in _LAZY if name in sys.modules]
    assert threading.active_count() == 1, "a fork with threads is not safe"
    gc.collect()
    gc.freeze()
    _serve(requests)
    runpy.run_module("dataferry", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
