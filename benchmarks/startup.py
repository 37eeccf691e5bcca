"""``make bench``: what an idle server costs, as a user would start it.

Prints the seconds from the command to ready, the CPU share of a core while idle, and the resident
memory, medians of 5 starts.
"""

import os
import statistics
import tempfile
import time
from pathlib import Path

from tests.support.server import Server

RUNS = 5
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
    print(f"serve to ready    {statistics.median(ready):6.2f} s    goal ≤ 2")
    print(f"idle CPU          {statistics.median(cpu):6.1%} of a core    goal ≤ 4 %")
    print(f"idle memory       {statistics.median(memory):6.0f} MiB    goal ≤ 150")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, from /proc."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
