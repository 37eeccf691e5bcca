"""A few processes that decode what strangers sent, each with limits of memory and time.

What a file does to its decoder (abort, segmentation fault, endless loop, gigabytes) is an error of that one
call: its process ends, and the next call gets another. The processes have none of the server's keys, write no
files and leave no core dump; what they answer is JSON and plain bytes, never pickled objects.
"""

import contextlib
import json
import logging
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from dataferry.core.child_process import child_command, child_environment, how_it_ended
from dataferry.core.errors import BadImage, Cancelled, SealBroken
from dataferry.core.files.sealed import SealedFile
from dataferry.core.idle_processes import IdleProcesses

log = logging.getLogger(__name__)

_MODULE = "dataferry.imaging.sandbox_child"
TOO_MUCH = "It takes too much memory to decode, or it is damaged."
TOO_LONG = "It takes too long to decode."
#: How often a call that can be cancelled is asked whether it was.
_LOOK_S = 0.1


@dataclass(frozen=True, slots=True)
class SandboxLimits:
    """Of one process: ``memory_bytes`` of address space, ``seconds`` for a call, ``calls`` until it is
    replaced by a new one, ``answer_bytes`` of an answer."""

    memory_bytes: int = 2 << 30
    seconds: float = 30.0
    calls: int = 200
    answer_bytes: int = 128 << 20


@dataclass(frozen=True, slots=True)
class Answer:
    """What a function in the sandbox returns: ``value`` becomes JSON, ``blob`` travels as it is."""

    value: dict[str, Any]
    blob: bytes = b""


class Sandbox:
    """A bounded pool, whose processes start when they are first wanted and end after ``idle_s``. Blocks: for
    worker threads. ``modules``: how the names of those begin whose functions may be called."""

    def __init__(
        self,
        *,
        count: int = 2,
        limits: SandboxLimits = SandboxLimits(),
        idle_s: float = 120.0,
        modules: str = "dataferry.imaging.",
    ) -> None:
        self._limits = limits
        self._modules = modules
        self._places = threading.BoundedSemaphore(count)
        self._idle = IdleProcesses[_Process](idle_s, "sandbox-idle")

    def call(
        self,
        function: str,
        source: SealedFile | Path | bytes,
        *,
        seconds: float | None = None,
        cancel: threading.Event | None = None,
        **arguments: Any,
    ) -> Answer:
        """What ``module:function`` returns for a file; ``arguments`` are JSON. ``cancel``, once it is set,
        ends the call.

        Errors: ``BadImage`` with the reason, whatever has ended the process; ``SealBroken``; ``Cancelled``
        once the pool is closed, or by ``cancel``.
        """
        header, data = _request(function, source, arguments)
        with self._places:
            process = self._take()
            try:
                answer = process.ask(header, data, seconds or self._limits.seconds, cancel)
            except BaseException:
                process.end()
                raise
            self._give_back(process)
        return _read_answer(*answer)

    def warm(self) -> None:
        """Start a process, unless one is ready, while the bytes that it is for still arrive."""
        if not self._idle.any_ready:
            threading.Thread(target=self._warm, name="sandbox-warm", daemon=True).start()

    def _warm(self) -> None:
        try:
            self._give_back(_Process(self._limits, self._modules))
        except OSError:
            log.warning("no process can be started to decode images", exc_info=True)

    def _take(self) -> "_Process":
        try:
            return self._idle.take() or _Process(self._limits, self._modules)
        except OSError as error:
            raise BadImage(
                "This server has no room for the process that decodes it.", next_step="Try again in a moment."
            ) from error

    def _give_back(self, process: "_Process") -> None:
        if process.calls >= self._limits.calls:
            process.end()
        else:
            self._idle.give_back(process)

    def close(self) -> None:
        """End the processes that are idle; those at work end with their call."""
        self._idle.close()


class _Process:
    """One process. It answers one call after another."""

    def __init__(self, limits: SandboxLimits, modules: str) -> None:
        self._limits = limits
        self.calls = 0
        self.idle_since = 0.0
        # A thread of BLAS reserves address space.
        environment = child_environment() | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [*child_command(_MODULE), str(limits.memory_bytes), modules],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(
        self, header: bytes, data: bytes, seconds: float, cancel: threading.Event | None
    ) -> tuple[dict[str, Any], bytes]:
        """The answer's header and blob. Errors: ``BadImage`` where the process ends before; ``Cancelled``."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self.calls += 1
        late = threading.Event()

        def kill() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(seconds, kill)
        timer.start()
        answered = threading.Event()
        if cancel is not None:
            threading.Thread(
                target=self._kill_when, args=(cancel, answered), name="sandbox-cancel", daemon=True
            ).start()
        try:
            self._process.stdin.write(header + data)
            self._process.stdin.flush()
            line = self._process.stdout.readline(1 << 24)
            answer = cast(dict[str, Any], json.loads(line)) if line.endswith(b"\n") else None
            size = answer.get("blob", 0) if answer is not None else 0
            if answer is not None and size <= self._limits.answer_bytes:
                blob = self._process.stdout.read(size)
                if len(blob) == size:
                    return answer, blob
        except (OSError, ValueError):
            pass
        finally:
            timer.cancel()
            answered.set()
        self._process.kill()
        ended = how_it_ended(self._process.wait())
        if cancel is not None and cancel.is_set():
            raise Cancelled
        log.info("a process that decodes images ended: %s", "it took too long" if late.is_set() else ended)
        raise BadImage(TOO_LONG if late.is_set() else TOO_MUCH)

    def _kill_when(self, cancel: threading.Event, answered: threading.Event) -> None:
        while not answered.is_set():
            if cancel.wait(_LOOK_S) and not answered.is_set():
                self._process.kill()
                return

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # what it did not read any more
                    pipe.close()


def _request(
    function: str, source: SealedFile | Path | bytes, arguments: dict[str, Any]
) -> tuple[bytes, bytes]:
    asked: dict[str, Any] = {"function": function, "arguments": arguments}
    data = b""
    if isinstance(source, SealedFile):
        asked["sealed"] = [str(source.path.absolute()), source.file_id, source.key.hex()]
    elif isinstance(source, Path):
        asked["path"] = str(source.absolute())
    else:
        data = source
        asked["bytes"] = len(data)
    return json.dumps(asked).encode() + b"\n", data


def _read_answer(answer: dict[str, Any], blob: bytes) -> Answer:
    if "broken_seal" in answer:
        raise SealBroken(str(answer["broken_seal"]))
    if "refused" in answer:
        raise BadImage(str(answer["refused"])[:500])
    return Answer(answer["value"], blob)
