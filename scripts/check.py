"""``make check``: every check that CI runs, in one go, as many at a time as there are cores; each failure is
shown, none hides another."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
BIN = ROOT / ".venv" / "bin"
NPM = ["npm", "run", "--silent"]
#: Tests of files rather than of code: quick, and wanted before a commit that touches only documents.
DOCUMENT_TESTS = ["compose", "documents", "import_law", "lock", "packaging", "repository", "requirements"]

CHECKS: list[tuple[str, Path, list[str]]] = [
    # These two take half a minute and more: none is left alone at the end.
    ("API as documented", ROOT, ["python", "-m", "scripts.check_api"]),
    ("mypy", ROOT, ["mypy"]),
    ("ruff", ROOT, ["ruff", "check", "."]),
    ("format", ROOT, ["ruff", "format", "--check", "--quiet", "."]),
    ("import law", ROOT, ["lint-imports", "--no-cache"]),
    ("installed packages", ROOT, ["python", "-m", "pip", "check"]),
    ("Biome", ROOT / "frontend", [*NPM, "lint"]),
    ("tsc", ROOT / "frontend", [*NPM, "typecheck"]),
    ("page's lock file", ROOT / "frontend", [*NPM, "check:lock"]),
    ("page's size", ROOT / "frontend", [*NPM, "check:size"]),
    ("API's description", ROOT / "frontend", [*NPM, "lint:api"]),
    ("generated clients", ROOT, ["python", "-m", "scripts.check_clients"]),
    ("generated files", ROOT, ["python", "-m", "scripts.check_generated"]),
    (
        "documents, image, locks",
        ROOT,
        ["pytest", "-q", *(f"tests/unit/test_{name}.py" for name in DOCUMENT_TESTS)],
    ),
]


def main() -> int:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = [(name, pool.submit(run, folder, command)) for name, folder, command in CHECKS]
        failed = [name for name, ended in runs if not passed(name, *ended.result())]
    if failed:
        print(f"Failed: {', '.join(failed)}")
    return len(failed)


def run(folder: Path, command: list[str]) -> tuple[subprocess.CompletedProcess[str], float]:
    """What it printed and its exit code, and how many seconds it took."""
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    began = time.monotonic()
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return ended, time.monotonic() - began


def passed(name: str, ended: subprocess.CompletedProcess[str], took_s: float) -> bool:
    print(f"{'ok' if ended.returncode == 0 else 'FAILED':7} {name} ({took_s:.1f} s)", flush=True)
    if ended.returncode != 0:
        print(ended.stdout + ended.stderr)
    return ended.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
