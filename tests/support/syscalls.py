"""What a process does to a folder, call by call, as ``strace`` sees it."""

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.programs import program, unavailable

#: Everything that changes files or makes changes last. What is new here must be taught to ``PowerCut``.
_CALLS = (
    "open,openat,creat,close,lseek,write,writev,pwrite64,pwritev,sendfile,copy_file_range,truncate,ftruncate,"
    "fallocate,rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,rmdir,mkdir,mkdirat,"
    "fsync,fdatasync,syncfs,sync"
)
_LINE = re.compile(r"(\d+) +(.*)")
_WHOLE = re.compile(r"(\w+)\((.*)\) += (-?\d+)(.*)", re.DOTALL)
_RESUMED = re.compile(r"<\.\.\. \w+ resumed>(.*)", re.DOTALL)
_UNFINISHED = " <unfinished ...>"


@dataclass(frozen=True)
class Call:
    """One call that succeeded. ``started`` is its place in the order of all, as far as it was under way
    while others ended."""

    name: str
    arguments: tuple[str, ...]
    result: int
    started: int

    def path(self, index: int) -> str:
        """An argument in quotes."""
        return os.fsdecode(_bytes(self.arguments[index]))

    def data(self, index: int) -> bytes:
        return _bytes(self.arguments[index])

    def number(self, index: int) -> int:
        return int(self.arguments[index], 0)

    def descriptor(self, index: int = 0) -> int:
        return int(self.arguments[index].partition("<")[0])

    def folder(self, index: int = 0) -> str:
        """The path behind a descriptor."""
        return os.fsdecode(_unescaped(self.arguments[index].partition("<")[2].partition(">")[0]))


def record(command: Sequence[str], trace: Path, *, cwd: Path) -> list[Call]:
    """Run a command to its end. Fails unless it succeeds; without ``strace`` the test is skipped, under CI
    it fails."""
    strace = program("strace")
    options = [
        "-f",
        "-y",
        "-xx",
        "-s",
        "100000000",
        "--seccomp-bpf",
        "-e",
        f"trace={_CALLS}",
        "-o",
        str(trace),
    ]
    if subprocess.run([strace, "-o", os.devnull, "true"], check=False, capture_output=True).returncode:
        unavailable("wants strace, which may not look at processes here")
    done = subprocess.run([strace, *options, *command], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return list(_parsed(trace.read_text().splitlines()))


def _parsed(lines: Sequence[str]) -> Iterator[Call]:
    pending: dict[str, tuple[str, int]] = {}
    ended = 0
    for line in lines:
        match = _LINE.fullmatch(line)
        assert match, line[:200]
        thread, text = match.groups()
        started = ended
        if text.endswith(_UNFINISHED):
            start = text.removesuffix(_UNFINISHED)
            if start.startswith("close("):
                # Another thread may open a file under the same number before this call's end is printed.
                ended += 1
                yield Call("close", (start.removeprefix("close("),), 0, started)
            else:
                pending[thread] = start, ended
            continue
        if resumed := _RESUMED.fullmatch(text):
            if thread not in pending:
                continue  # the end of such a ``close``
            start, started = pending.pop(thread)
            text = start + resumed[1]
        whole = _WHOLE.fullmatch(text)
        if whole is None or int(whole[3]) < 0:
            continue  # a signal, an exit, or a call that failed
        ended += 1
        yield Call(whole[1], tuple(whole[2].split(", ")), int(whole[3]), started)


def _bytes(argument: str) -> bytes:
    assert argument[0] == argument[-1] == '"', argument[:100]
    return _unescaped(argument[1:-1])


def _unescaped(text: str) -> bytes:
    """``\\x2f\\x74`` → ``/t``."""
    return bytes.fromhex(text.replace("\\x", ""))
