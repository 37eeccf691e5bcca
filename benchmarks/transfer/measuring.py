"""Whole processes, measured in turn."""

import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

LAUNCH = Path(__file__).with_name("launch.py")
#: A tool that needs longer for one run has failed.
LONGEST_S = 1800
MB = 10**6


class Failed(Exception):
    """A tool ended with an error, or did not bring the right bytes."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One file that a tool should bring."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Tool:
    """One program. ``command`` is given an empty folder of its own, and brings the files to its ``out``."""

    name: str
    command: Callable[[Path], Sequence[str]]
    wanted: Sequence[Wanted]
    #: Bytes over the line.
    size: int
    environment: Mapping[str, str] = field(default_factory=dict)
    #: Whether the hashes of what it brought are looked at, in its first run.
    hashed: bool = False
    #: A slow one has a single run, which is counted.
    once: bool = False
    #: Without it the workload says nothing; any other that fails is left out.
    required: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """One process. Times in seconds, ``peak`` in bytes; ``printed`` is what ours printed."""

    wall: float
    cpu: float
    peak: int
    printed: dict[str, float]


@dataclass(frozen=True, slots=True)
class Row:
    """A tool's medians. Times in seconds, rates in MB/s, memory in MB (10^6 bytes)."""

    tool: str
    wall_s: float
    rate: float
    cpu_s_per_gb: float
    peak_mb: float
    #: Time for each byte, over the reference's.
    ratio: float | None
    runs: list[float]
    #: Seconds inside our process, without the interpreter's start and the imports.
    inner_s: float | None = None
    note: str = ""


def measure(tools: Sequence[Tool], folder: Path, runs: int, *, warm_up: bool = True) -> dict[str, Row]:
    """Every tool ``runs`` times, in turn; the first tool is the reference.

    One that fails is left out, and said. Errors: ``Failed`` where it is a required one.
    """
    left = {tool.name: tool for tool in tools}
    kept: dict[str, list[Run]] = {tool.name: [] for tool in tools}
    for turn in range(runs + warm_up):
        first = turn == 0
        for tool in list(left.values()):
            if tool.once and not first:
                continue
            try:
                run = run_tool(tool, folder, check_hashes=first and tool.hashed)
            except Failed as error:
                if tool.required:
                    raise
                del left[tool.name]
                print(f"  Left out: {error}", flush=True)
                continue
            counted = tool.once or not (first and warm_up)
            if counted:
                kept[tool.name].append(run)
            _say(f"{tool.name}: {run.wall:.2f} s{'' if counted else ' (warm-up)'}")
    rows: dict[str, Row] = {}
    for name, tool in left.items():
        rows[name] = _row(tool, kept[name], rows.get(tools[0].name))
    return rows


def run_tool(tool: Tool, folder: Path, *, check_hashes: bool = False) -> Run:
    """One run, in a fresh folder that is removed. Errors: ``Failed``."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        run = run_command(tool.command(folder), folder, tool.environment)
        check(tool.wanted, folder / "out", hashes=check_hashes)
    except Failed as error:
        raise Failed(f"{tool.name}: {error}") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return run


def run_command(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Run:
    """Errors: ``Failed`` with the last of what the program said."""
    output, errors = folder / "stdout", folder / "stderr"
    launched = subprocess.run(
        [sys.executable, "-I", "-S", str(LAUNCH), str(output), str(errors), *command],
        env={**os.environ, "LC_ALL": "C.UTF-8", **environment},
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
        timeout=LONGEST_S,
    )
    numbers = launched.stdout.split()
    if launched.returncode != 0 or numbers[0] != "0":
        raise Failed(f"it ended with {numbers[:1]}: {errors.read_text(errors='replace')[-600:]}")
    wall, user, system, peak = map(float, numbers[1:])
    return Run(wall, user + system, int(peak), _printed_by(output))


def _printed_by(output: Path) -> dict[str, float]:
    """The last line that is a JSON object."""
    with output.open("rb") as lines:
        for line in reversed(lines.read()[-4000:].splitlines()):
            if line.startswith(b"{"):
                printed: dict[str, float] = json.loads(line)
                return printed
    return {}


def check(wanted: Sequence[Wanted], root: Path, *, hashes: bool) -> None:
    """Errors: ``Failed`` for a file that is missing, or not of the right bytes."""
    for file in wanted:
        path = root / file.path
        size = path.stat().st_size if path.is_file() else None
        if size != file.size:
            raise Failed(f"{file.path} has {size} bytes, not {file.size}.")
        if hashes:
            with path.open("rb") as opened:
                if hashlib.file_digest(opened, "sha256").hexdigest() != file.sha256:
                    raise Failed(f"{file.path} has other bytes.")


def sha256_s_per_gb() -> float:
    """CPU seconds that hashlib needs for 10^9 bytes, the least of five tries."""
    chunk, count = bytes(2**20), 256
    tries = []
    for _ in range(5):
        began, digest = time.process_time(), hashlib.sha256()
        for _ in range(count):
            digest.update(chunk)
        tries.append(time.process_time() - began)
    return min(tries) / (len(chunk) * count / 10**9)


def _row(tool: Tool, runs: list[Run], reference: Row | None) -> Row:
    wall = statistics.median(run.wall for run in runs)
    rate = tool.size / MB / wall
    inner = [run.printed["inner_s"] for run in runs if "inner_s" in run.printed]
    return Row(
        tool.name,
        wall,
        rate,
        cpu_s_per_gb=statistics.median(run.cpu for run in runs) / (tool.size / 10**9) if tool.size else 0.0,
        peak_mb=statistics.median(run.peak for run in runs) / MB,
        ratio=reference.rate / rate if reference and reference.rate and rate else None,
        runs=[round(run.wall, 3) for run in runs],
        inner_s=statistics.median(inner) if inner else None,
        note=tool.note,
    )


def _say(line: str) -> None:
    """How far it is, beside the table."""
    print(f"  {time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)
