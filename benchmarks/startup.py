"""``make bench``: what an idle server costs, as a user would start it, and how soon a command answers.

Prints the seconds from the command to ready, the CPU share of a core while idle, and the resident memory,
medians of 5 starts; and the seconds of ``dataferry --version`` and of ``dataferry jobs`` beside a running
server, also as a multiple of ``python -c pass``, medians of 9 runs.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.support.server import Server

RUNS = 5
COMMAND_RUNS = 9
IDLE_S = 10.0


def main() -> None:
    ready, cpu, memory = [], [], []
    for _ in range(RUNS):
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            with Server(Path(folder) / "data", DATAFERRY_POLL_S="0.25", DATAFERRY_RECONCILE_S="10") as server:
                ready.append(time.perf_counter() - began)
                before = cpu_seconds(server.pid)
                time.sleep(IDLE_S)
                cpu.append((cpu_seconds(server.pid) - before) / IDLE_S)
                memory.append(resident_bytes(server.pid) / 2**20)
    nothing, version, jobs = command_seconds()
    print(f"serve to ready    {statistics.median(ready):6.2f} s    goal ≤ 2")
    print(f"idle CPU          {statistics.median(cpu):6.1%} of a core    goal ≤ 4 %")
    print(f"idle memory       {statistics.median(memory):6.0f} MiB    goal ≤ 150")
    print(f"python -c pass    {nothing:6.2f} s")
    print(f"--version         {version:6.2f} s    {version / nothing:4.1f} ×    goal ≤ 0.3 s")
    print(f"jobs              {jobs:6.2f} s    {jobs / nothing:4.1f} ×    goal ≤ 0.3 s")


def command_seconds() -> tuple[float, float, float]:
    """Of Python alone, ``dataferry --version`` and ``dataferry jobs``, in turns beside one server."""
    commands = (["-c", "pass"], ["-m", "dataferry", "--version"], ["-m", "dataferry", "jobs"])
    seconds: list[list[float]] = [[], [], []]
    with tempfile.TemporaryDirectory() as folder, Server(Path(folder) / "data") as server:
        for run in range(COMMAND_RUNS + 1):
            for command, taken in zip(commands, seconds, strict=True):
                began = time.perf_counter()
                subprocess.run(
                    [sys.executable, *command], env=server.environment, capture_output=True, check=True
                )
                if run:  # the first one finds files that are not in memory yet, and makes a token
                    taken.append(time.perf_counter() - began)
    nothing, version, jobs = map(statistics.median, seconds)
    return nothing, version, jobs


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, from /proc."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
