"""The command. ``--help`` tells its options."""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.transfer import report
from benchmarks.transfer.bench import Bench
from benchmarks.transfer.content import FULL, QUICK, Scale
from benchmarks.transfer.measuring import Failed
from benchmarks.transfer.outcome import Outcome
from benchmarks.transfer.peers import Peers, describe_machine
from benchmarks.transfer.workloads import DELAYED, SERVERLESS, WORKLOADS

_MEMORY = Path("/dev/shm")


def main() -> int:
    asked = _options()
    scale = QUICK if asked.quick else FULL
    scale = replace(scale, runs=asked.runs or scale.runs)
    peers = Peers(install=not asked.no_install)
    parent = asked.folder or _parent(scale)
    facts = {**describe_machine(), "files": "in memory" if parent == _MEMORY else "on disk", **peers.versions}
    for name, value in facts.items():
        print(f"{name}: {value}")
    for why in peers.missing.values():
        print(f"Left out: {why}.")
    outcomes: dict[str, Outcome] = {}
    failed = False
    with tempfile.TemporaryDirectory(prefix="dataferry-bench-", dir=parent) as folder:
        bench = Bench(Path(folder), scale, peers, warm_up=not asked.quick)
        for name in _can(asked.only, peers):
            failed |= not _perform(name, bench, outcomes)
    print("\nGoals")
    print(report.goals_text([goal for outcome in outcomes.values() for goal in outcome.goals]))
    if asked.json:
        report.write_json(asked.json, outcomes, facts)
    if asked.markdown:
        asked.markdown.write_text(report.markdown(outcomes, facts))
    return 1 if failed else 0


def _perform(name: str, bench: Bench, outcomes: dict[str, Outcome]) -> bool:
    """Whether one workload could be measured."""
    workload, began = WORKLOADS[name], time.monotonic()
    print(f"\n{name}: {(workload.__doc__ or '').rstrip('.')}", flush=True)
    try:
        outcome = workload(bench)
    except Failed as error:
        print(f"  failed: {error}")
        return False
    outcomes[name] = outcome
    print(report.text(outcome))
    print(f"  ({time.monotonic() - began:.0f} s)", flush=True)
    return True


def _can(wanted: Sequence[str], peers: Peers) -> list[str]:
    """The workloads that this machine has the programs for; of the others it says so."""
    possible = []
    for name in wanted:
        if not peers.has("nginx") and name not in SERVERLESS:
            print(f"Not measured: {name}, for want of nginx.")
        elif not peers.delays and name in DELAYED:
            print(f"Not measured: {name}, for want of nginx's pauses.")
        else:
            possible.append(name)
    return possible


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.transfer")
    parser.add_argument("--quick", action="store_true", help="small, once: to see that it works")
    parser.add_argument("--only", type=_names, default=list(WORKLOADS), metavar="WORKLOAD,…")
    parser.add_argument("--runs", type=int, help="counted runs of each tool, 5 by default")
    parser.add_argument(
        "--folder", type=Path, help="where the files lie: in memory by default, if it has room"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers there")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables there")
    parser.add_argument("--no-install", action="store_true", help="leave out the tools that are missing")
    return parser.parse_args()


def _names(argument: str) -> list[str]:
    names = argument.split(",")
    unknown = [name for name in names if name not in WORKLOADS]
    if unknown:
        raise argparse.ArgumentTypeError(f"no {', '.join(unknown)} among {', '.join(WORKLOADS)}")
    return names


def _parent(scale: Scale) -> Path:
    """A folder in memory if there is room, as a disk's own noise hides what tools differ in."""
    needed = 3 * (scale.large + scale.archive)
    if os.access(_MEMORY, os.W_OK) and min(shutil.disk_usage(_MEMORY).free, _free_memory()) > needed:
        return _MEMORY
    return Path(tempfile.gettempdir())


def _free_memory() -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0


if __name__ == "__main__":
    sys.exit(main())
