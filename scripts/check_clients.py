"""``python -m scripts.check_clients``: clients that others' generators make of the OpenAPI document work.

A Python client (openapi-python-client) and a TypeScript client (openapi-typescript with openapi-fetch) are
made, type-checked, and do what ``scripts/clients/story.*`` does against the running program with made-up
hubs: register, make a token, search, download, follow, look into the library. The Python generator wants
other versions of packages than the program: it is installed below ``.setup`` on the first use.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scripts.check_api import server
from tests.support.hubs import make_hubs

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
STORIES = ROOT / "scripts" / "clients"
LOCK = ROOT / "scripts" / "clients.lock"
DOCUMENT = ROOT / "frontend" / "openapi.json"
TOOLS = ROOT / "frontend" / "node_modules"
ENVIRONMENT = ROOT / ".setup" / "clients"
PACKAGE = "dataferry_client"


def main() -> int:
    install()
    hubs = make_hubs()
    with (
        hubs.kaggle,
        hubs.hub,
        server(hubs) as served,
        tempfile.TemporaryDirectory() as folder,
        ThreadPoolExecutor() as threads,
    ):
        # The first account is an admin's, which neither client is.
        served.client()
        checks: list[Callable[[Path, str], None]] = [check_python, check_typescript]
        runs = [threads.submit(check, Path(folder) / check.__name__, served.address) for check in checks]
        failures = [error for run in runs if (error := run.exception()) is not None]
    for failure in failures:
        print(getattr(failure, "stdout", None) or failure)
    return len(failures)


def install() -> None:
    """The generator of the Python client, with what its clients need."""
    done = ENVIRONMENT / "installed"
    if done.is_file() and done.read_bytes() == LOCK.read_bytes():
        return
    python = ENVIRONMENT / "bin" / "python"
    run([BIN / "uv", "venv", "--quiet", "--clear", "--python", sys.executable, ENVIRONMENT], ROOT)
    run([BIN / "uv", "pip", "install", "--quiet", "--python", python, "--require-hashes", "-r", LOCK], ROOT)
    shutil.copy(LOCK, done)


def check_python(folder: Path, address: str) -> None:
    folder.mkdir()
    python = ENVIRONMENT / "bin" / "python"
    generate = [python, "-m", "openapi_python_client", "generate", "--path", DOCUMENT, "--meta", "none"]
    config = ["--config", STORIES / "openapi-python-client.yaml"]
    run([*generate, *config, "--output-path", folder / PACKAGE, "--fail-on-warning"], folder)
    shutil.copy(STORIES / "story.py", folder)
    run([BIN / "mypy", "--strict", "--python-executable", python, "story.py"], folder)
    run([python, "story.py", address], folder)


def check_typescript(folder: Path, address: str) -> None:
    folder.mkdir()
    (folder / "node_modules").symlink_to(TOOLS)
    (folder / "package.json").write_text('{"type": "module"}')
    shutil.copy(STORIES / "story.ts", folder)
    options = ["--default-non-nullable", "false"]  # what has a default need not be sent
    run([TOOLS / ".bin" / "openapi-typescript", DOCUMENT, *options, "-o", folder / "schema.d.ts"], folder)
    strict = [
        "--strict",
        "--exactOptionalPropertyTypes",
        "--allowImportingTsExtensions",
        "--skipLibCheck",
        "--noEmit",
    ]
    modern = ["--target", "es2024", "--module", "nodenext", "--lib", "es2024,dom"]
    run([TOOLS / ".bin" / "tsc", *strict, *modern, "story.ts"], folder)
    run(["node", "story.ts", address], folder)


def run(command: Sequence[str | Path], folder: Path) -> None:
    """Errors: ``CalledProcessError``, whose ``stdout`` is what the command said."""
    environment = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(folder)}
    subprocess.run(
        command,
        cwd=folder,
        env=environment,
        check=True,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=120,
    )


if __name__ == "__main__":
    sys.exit(main())
