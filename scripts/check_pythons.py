"""The main job on every Python of this machine that is new enough: ``python -m scripts.check_pythons``.

For each: a fresh clone of this checkout's last commit, ``make setup`` with that Python, a server, and a
person who registers, asks, downloads and compares the files, against made-up hubs. ``--newest`` only
prints the newest of them, which is the one to run the whole suite on; ``--oldest`` takes the oldest alone.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
OLDEST = (3, 11)
#: From a fresh clone to compared files.
TIME_LIMIT_S = 180
VERSIONS_COMMAND = "import sqlite3, sys; print(*sys.version_info[:3], sqlite3.sqlite_version)"


def find_pythons() -> dict[tuple[int, ...], tuple[str, str]]:
    """Version → its program and its SQLite; one for each minor version and SQLite."""
    programs = {}
    for path in candidates():
        run = subprocess.run([path, "-c", VERSIONS_COMMAND], capture_output=True, text=True, check=False)
        words = run.stdout.split()
        if run.returncode or len(words) != 4:
            continue
        version = tuple(map(int, words[:3]))
        if version >= OLDEST:
            programs.setdefault((version[:2], words[3]), (version, path, words[3]))
    return {version: (path, sqlite) for version, path, sqlite in sorted(programs.values())}


def candidates() -> Iterator[str]:
    """Every ``python3.N`` of the PATH and of pyenv, the newest first."""
    names = [f"python3.{minor}" for minor in range(30, OLDEST[1] - 1, -1)]
    for root in (Path.home() / ".pyenv" / "versions", Path("/opt/python")):
        for folder in sorted(root.glob("*"), reverse=True):
            yield from (str(folder / "bin" / name) for name in names if (folder / "bin" / name).exists())
    yield from filter(None, map(shutil.which, [*names, "python3"]))


def main() -> int:
    pythons = find_pythons()
    if not pythons:
        print("No Python here is new enough.", file=sys.stderr)
        return 1
    if "--newest" in sys.argv:
        print(pythons[max(pythons)][0])
        return 0
    if "--oldest" in sys.argv:
        pythons = {min(pythons): pythons[min(pythons)]}
    failed = []
    for version, (path, sqlite) in pythons.items():
        name = f"Python {'.'.join(map(str, version))} beside SQLite {sqlite}"
        began = time.monotonic()
        try:
            run_main_job(path)
        except subprocess.CalledProcessError as error:
            print(f"FAILED  {name}\n{error.stdout}")
            failed.append(name)
            continue
        took = time.monotonic() - began
        print(f"{'ok' if took <= TIME_LIMIT_S else 'SLOW':7} {name} ({took:.0f} s)", flush=True)
        if took > TIME_LIMIT_S:
            failed.append(name)
    return len(failed)


def run_main_job(python: str) -> None:
    """Errors: ``CalledProcessError`` with what the step printed."""
    with tempfile.TemporaryDirectory() as name:
        # As people name their folders.
        clone = Path(name) / "Müllers clone (1)"
        run("git", "clone", "--quiet", "--depth", "1", ROOT.resolve().as_uri(), str(clone))
        run("make", f"PYTHON={python}", "setup", folder=clone)
        run(".venv/bin/python", "-m", "scripts.main_job", folder=clone)


def run(*command: str, folder: Path = ROOT) -> None:
    subprocess.run(
        command, cwd=folder, check=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


if __name__ == "__main__":
    sys.exit(main())
