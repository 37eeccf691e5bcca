"""``python -m benchmarks.git_datasets``: git datasets beside DVC, git-lfs and git-annex, if installed.

Each number of ``--files`` (3 kB each, in two fields) is materialised and committed, a field is dropped and
brought back, everything is pushed to a folder, cloned and restored: all tools in turn, in one run. Then small
objects are pushed to a store with 4 ms an answer, in packs and one a request; then ``--rows`` are committed,
and the most memory of a process is told. DVC is looked for in .setup/peers too.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.git_datasets.packs import packs_and_requests
from benchmarks.git_datasets.tools import FIELDS, TOOLS, Failed, GitDatasets, Tool

ROOT = Path(__file__).parent.parent.parent
PEERS = ROOT / ".setup" / "peers" / "bin"
STEPS = ("materialise", "drop", "restore", "push", "clone_and_restore")
#: The most that a step may take, as a part of DVC's time.
GOALS = {"materialise": 0.5, "clone_and_restore": 0.5}
RESTORE_GOAL_S, PACKS_GOAL, MEMORY_GOAL_MIB = 0.3, 5.0, 2048
LATENCY_S = 0.004
_GIT = '[user]\nname = Bench\nemail = bench@example.org\n[gc]\nauto = 0\n[protocol "file"]\nallow = always\n'
ROWS = """\
from pathlib import Path

from dataferry.versioning import File, dataset, ingest, png


@dataset
class Rows:
    image: File[png]
    number: int
    name: str

    @ingest
    def made():
        files = sorted(Path({source!r}).iterdir())
        for number in range({rows}):
            yield files[number % len(files)], number, f"row {{number}}"
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.git_datasets", description=__doc__)
    parser.add_argument("--files", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--tools", nargs="*", default=[tool.name for tool in TOOLS])
    parser.add_argument("--folder", type=Path, help="where to work: a disk with room for all copies")
    options = parser.parse_args()
    work = Path(tempfile.mkdtemp(dir=options.folder))
    try:
        return 0 if all(_measured(options, work)) else 1
    finally:
        # git-annex protects its files; and nobody waits for it all to be gone.
        command = ["sh", "-c", 'chmod -R u+w "$0" && rm -rf "$0"', work]
        subprocess.Popen(command, start_new_session=True)


def _measured(options: argparse.Namespace, work: Path) -> list[bool]:
    """Whether each goal is met."""
    met = [_beside(files, options.tools, work / str(files)) for files in options.files]
    met += [_packs(min(options.files, default=10_000), options.folder)]
    if options.rows:
        met.append(_memory(options.rows, options.folder))
    return met


def _beside(files: int, names: Sequence[str], folder: Path) -> bool:
    taken: dict[str, dict[str, float]] = {}
    print(f"{files:,} files", flush=True)
    folder.mkdir()
    (folder / "gitconfig").write_text(_GIT)
    source = _source(folder / "source", files)
    for tool in TOOLS:
        if tool.name not in names:
            continue
        if (missing := tool.missing(PEERS)) is not None:
            print(f"  {tool.name} is not installed: {missing}", flush=True)
            continue
        try:
            taken[tool.name] = _steps(tool(folder / tool.name.replace(" ", "-"), source, PEERS))
        except Failed as error:
            print(f"  {tool.name} failed: {error}", flush=True)
            if tool is GitDatasets:
                return False
    return _table(files, taken)


def _source(folder: Path, files: int) -> Path:
    content = (ROOT / "docs" / "images").glob("*.png")
    head = next(content).read_bytes()[:64]
    for name in FIELDS:
        (folder / name).mkdir(parents=True)
        for number in range(files // 2):
            data = head + f"{name} {number:07}".encode() * 150
            (folder / name / f"{number:07}.png").write_bytes(data)
    return folder


def _steps(tool: Tool) -> dict[str, float]:
    tool.prepare()
    taken = {}
    for step in STEPS:
        os.sync()  # what was written before is no step's work
        began = time.perf_counter()
        getattr(tool, step)()
        taken[step] = time.perf_counter() - began
        print(f"  {tool.name}: {step.replace('_', ' ')} {taken[step]:.2f} s", flush=True)
    tool.check()
    return taken


def _table(files: int, taken: Mapping[str, Mapping[str, float]]) -> bool:
    """Seconds, and how many times those of git datasets."""
    ours = taken.get(GitDatasets.name)
    print(f"  {'':14}" + "".join(f"{step.replace('_', ' '):>20}" for step in STEPS))
    for name, steps in taken.items():
        cells = [
            f"{steps[step]:.2f} s"
            + (f" ({steps[step] / ours[step]:.1f} ×)" if ours and steps is not ours else "")
            for step in STEPS
        ]
        print(f"  {name:14}" + "".join(f"{cell:>20}" for cell in cells), flush=True)
    if ours is None:
        return True
    met = ours["restore"] <= RESTORE_GOAL_S
    print(f"  restored by git reset --hard in {ours['restore']:.2f} s (goal ≤ {RESTORE_GOAL_S})")
    for step, goal in GOALS.items():
        if "DVC" in taken:
            ratio = ours[step] / taken["DVC"][step]
            met = met and ratio <= goal
            print(f"  {step.replace('_', ' ')}: {ratio:.2f} × DVC's time (goal ≤ {goal})")
    return met


def _packs(files: int, parent: Path | None) -> bool:
    with tempfile.TemporaryDirectory(dir=parent) as name:
        taken = packs_and_requests(Path(name), files, LATENCY_S)
    print(f"{files:,} objects of 3 kB, {LATENCY_S * 1000:.0f} ms an answer")
    for what, (single, packed) in taken.items():
        print(f"  {what:6} one a request {single:.2f} s, in packs {packed:.2f} s: {single / packed:.1f} ×")
    single, packed = taken["push"]
    return single / packed >= PACKS_GOAL


def _memory(rows: int, parent: Path | None) -> bool:
    """The commit runs in a process that measures its children."""
    with tempfile.TemporaryDirectory(dir=parent) as name:
        command = [sys.executable, "-m", "benchmarks.git_datasets", "_commit", str(rows), name]
        done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    seconds, peak = json.loads(done.stdout)
    print(f"{rows:,} rows committed in {seconds:.1f} s")
    print(f"  the largest process has {peak:.0f} MiB (goal ≤ {MEMORY_GOAL_MIB})")
    return peak <= MEMORY_GOAL_MIB


def _commit(rows: int, folder: Path) -> None:
    (folder / "gitconfig").write_text(_GIT)
    source = _source(folder / "source", 2000)
    tool = GitDatasets(folder / "rows", source, PEERS)
    tool.prepare()
    (tool.work / "index.py").write_text(ROWS.format(source=str(source / "image"), rows=rows))
    tool.run("git", "datasets", "track", "index.py")
    began = time.perf_counter()
    tool.run("git", "commit", "-q", "-m", "Rows", "index.py")
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / (1 if sys.platform == "linux" else 1024)
    print(json.dumps([seconds, peak / 1024]))


if __name__ == "__main__":
    if sys.argv[1:2] == ["_commit"]:
        _commit(int(sys.argv[2]), Path(sys.argv[3]))
    else:
        sys.exit(main())
