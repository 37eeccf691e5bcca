"""Processes that run functions: they end with the command, whatever they do, and a sandbox keeps them in."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dataferry.core.errors import ConfigError, DataferryError
from dataferry.versioning.execute.running import ChildEndedError, Children, Workplace
from dataferry.versioning.execute.wire import field_entry
from dataferry.versioning.model.cache import Cache
from dataferry.versioning.model.schema import Field
from tests.support.programs import program, unavailable
from tests.versioning.running import PNG, Workshop

HANGS = """
import os, subprocess, threading, time

def note():
    with open("processes", "a") as file: file.write(f"{os.getpid()}\\n")

@dataset
class Numbers:
    number: int
    @ingest
    def some():
        return list(range(20))
    def hangs(number) -> int:
        if number == 12 and os.path.exists("hang"):
            time.sleep(0.2)  # longer than finished rows wait before they are told
            note()
            sleeping = subprocess.Popen(["sleep", "600"])
            with open("processes", "a") as file: file.write(f"{sleeping.pid}\\n")
            threading.Thread(target=time.sleep, args=(600,)).start()
            time.sleep(600)
        with open(f"ran-{number}", "a") as file: file.write("x\\n")
        return number
"""


def until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def lives(process: int) -> bool:
    """Whether a process is there, and no zombie that waits for whoever takes over orphans."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, 0)
            return not Path("/proc/self/stat").exists()
        return False


@contextlib.contextmanager
def hanging(workshop: Workshop) -> Iterator["subprocess.Popen[str]"]:
    """The run of an index file that hangs, in a process of its own."""
    workshop.write({"index.py": HANGS, "hang": ""})
    with subprocess.Popen(
        [sys.executable, "-m", "tests.versioning.running", str(workshop.folder)],
        stderr=subprocess.PIPE,
        text=True,
    ) as command:
        try:
            until(lambda: len(workshop.lines("processes")) == 2, "the function did not begin")
            until(lambda: all(workshop.lines(f"ran-{number}") for number in range(12)), "rows are not made")
            yield command
        finally:
            command.kill()
            for process in map(int, workshop.lines("processes")):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)


def test_ctrl_c_ends_everything_and_keeps_what_is_finished(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path)
    with hanging(workshop) as command:
        command.send_signal(signal.SIGINT)
        _, shown = command.communicate(timeout=20)
        assert "KeyboardInterrupt" in shown
        until(lambda: not any(lives(int(each)) for each in workshop.lines("processes")), "a process is left")
    assert workshop.has_left_nothing()
    (tmp_path / "hang").unlink()
    assert workshop.run(HANGS)["hangs"] == list(range(20))
    assert [workshop.lines(f"ran-{number}") for number in range(12)] == [["x"]] * 12


def test_a_killed_command_takes_its_processes_along_and_the_next_one_tidies_up(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path)
    with hanging(workshop) as command:
        command.kill()
        command.wait()
        until(lambda: not any(lives(int(each)) for each in workshop.lines("processes")), "a process is left")
    assert not workshop.has_left_nothing()
    with workshop.cache.scratch() as used:
        workshop.cache.sweep()
        assert list((workshop.cache.folder / "tmp").iterdir()) == [used]
    assert workshop.has_left_nothing()


def test_what_functions_print_is_shown_and_disturbs_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = """
    import os, sys
    print("loaded")
    @dataset
    class Numbers:
        number: int
        @ingest
        def some():
            print('{"values": [[1]]}')
            os.write(1, b"by a library\\n")
            os.system("echo by a program")
            print("an error", file=sys.stderr)
            return [1, 2]
    """
    assert Workshop(tmp_path).run(text) == {"number": [1, 2]}
    shown = capfd.readouterr()
    assert shown.out == ""
    for words in ("loaded", '{"values": [[1]]}', "by a library", "by a program", "an error"):
        assert f"{words}\n" in shown.err


SANDBOXED = """
import os, socket, tempfile
@dataset
class Photos:
    image: File[png]
    @ingest
    def some():
        made = Path(tempfile.mkdtemp()) / "a.png"
        made.write_bytes(PNG)
        return ["raw.png", made, made, PNG + b"2"]
    def looked(image) -> str:
        found = ["GIT_DIR" in os.environ, "SECRET" in os.environ]
        found.append(os.path.exists(os.environ["HOME"] + "/secret"))
        try:
            socket.create_connection(("127.0.0.1", PORT), 1).close()
            found.append(True)
        except OSError:
            found.append(False)
        try:
            Path("written").write_text("x")
            found.append(True)
        except OSError:
            found.append(False)
        return str(found)
    def small(image) -> File[png]:
        return File(data=image.read()[:9])
"""


def test_a_sandbox_shows_no_home_no_network_and_nothing_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _check_sandbox()
    home = tmp_path / "home"
    workshop = Workshop(home / "repository")
    workshop.write({"raw.png": PNG + b"raw", "../secret": "x"})
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("SECRET", "x")
    text = SANDBOXED.replace("PNG", repr(PNG))
    with socket.create_server(("127.0.0.1", 0)) as server:
        text = text.replace("PORT", str(server.getsockname()[1]))
        free = workshop.run(text)
        assert free["looked"] == [str([False, True, True, True, True])] * 4
        workshop.lock = None
        # Nothing is there yet: each file has to come out of the sandbox.
        sandboxed = Workshop(home / "other")
        sandboxed.write({"raw.png": PNG + b"raw"})
        found = sandboxed.run(text, sandbox=True)
    assert found["looked"] == [str([False] * 5)] * 4
    assert [sandboxed.bytes_of(value) for value in found["image"]] == [PNG + b"raw", PNG, PNG, PNG + b"2"]
    assert found["small"] == free["small"]
    assert sandboxed.has_left_nothing()


def _check_sandbox() -> None:
    """A container, and some systems' rules, let nobody make namespaces."""
    command = [
        program("bwrap", package="bubblewrap"),
        "--ro-bind",
        "/",
        "/",
        "--unshare-pid",
        "--unshare-net",
    ]
    tried = subprocess.run([*command, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        unavailable(f"wants namespaces for bwrap: {tried.stderr.strip()}")


def test_a_sandbox_that_cannot_be_had_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="there is no bwrap here") as caught:
        Workshop(tmp_path).run(textwrap.dedent(SANDBOXED).replace("PNG", "b''"), sandbox=True)
    assert "git config datasets.sandbox false" in caught.value.next_step


def test_a_full_disk_is_told_and_leaves_what_was(tmp_path: Path) -> None:
    text = """
    import errno
    @dataset
    class Numbers:
        number: int
        @ingest
        def some():
            raise OSError(errno.ENOSPC, "No space left on device")
    """
    with pytest.raises(DataferryError) as caught:
        Workshop(tmp_path).run(text)
    assert caught.value.code == "disk_full"
    assert "Free some space where the repository is" in caught.value.next_step


def test_scratch_folders_in_use_are_not_swept(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    with cache.scratch() as folder:
        (folder / "a").write_text("x")
        cache.sweep()
        assert (folder / "a").exists()
    assert not folder.exists()


def test_a_process_that_is_killed_before_it_begins_a_task_is_at_no_row_of_it(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    text = "@dataset\nclass A:\n    n: int\n    def same(n) -> int: return n\n"
    number = field_entry(Field("n", "int"))
    task = {"do": "transform", "dataset": "A", "function": "same", "inputs": [number], "field": number}
    with cache.scratch() as scratch:
        children = Children(Workplace(text, "index.py", tmp_path, cache.folder, scratch, sandbox=False))
        try:
            child = children.start()
            *_, last = child.ask({**task, "batch": None, "rows": [[n, [n]] for n in range(3)]})
            assert last == {"end": True}
            child.kill()
            with pytest.raises(ChildEndedError, match="memory") as caught:
                list(child.ask({**task, "batch": None, "rows": [[3, [3]]]}))
            assert caught.value.row is None
        finally:
            children.close()
