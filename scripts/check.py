"""``make check``: every check that CI runs, in one go; each failure is shown, none hides another."""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
BIN = ROOT / ".venv" / "bin"
NPM = ["npm", "run", "--silent"]
#: Tests of files rather than of code: quick, and wanted before a commit that touches only documents.
DOCUMENT_TESTS = ["compose", "documents", "import_law", "lock", "packaging", "repository", "requirements"]

CHECKS: list[tuple[str, Path, list[str]]] = [
    ("ruff", ROOT, ["ruff", "check", "."]),
    ("format", ROOT, ["ruff", "format", "--check", "--quiet", "."]),
    ("mypy", ROOT, ["mypy"]),
    ("import law", ROOT, ["lint-imports", "--no-cache"]),
    ("installed packages", ROOT, ["python", "-m", "pip", "check"]),
    ("Biome", ROOT / "frontend", [*NPM, "lint"]),
    ("tsc", ROOT / "frontend", [*NPM, "typecheck"]),
    ("page's lock file", ROOT / "frontend", [*NPM, "check:lock"]),
    ("page's size", ROOT / "frontend", [*NPM, "check:size"]),
    ("API's description", ROOT / "frontend", [*NPM, "lint:api"]),
    ("API as documented", ROOT, ["python", "-m", "scripts.check_api"]),
    ("generated clients", ROOT, ["python", "-m", "scripts.check_clients"]),
    ("generated files", ROOT, ["python", "-m", "scripts.check_generated"]),
    (
        "documents, image, locks",
        ROOT,
        ["pytest", "-q", *(f"tests/unit/test_{name}.py" for name in DOCUMENT_TESTS)],
    ),
]


def main() -> int:
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    failed = []
    for name, folder, command in CHECKS:
        began = time.monotonic()
        run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        print(f"{'ok' if run.returncode == 0 else 'FAILED':7} {name} ({time.monotonic() - began:.1f} s)")
        if run.returncode != 0:
            failed.append(name)
            print(run.stdout + run.stderr)
    if failed:
        print(f"Failed: {', '.join(failed)}")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
