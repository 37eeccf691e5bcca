"""What is made by a command is what the command makes now."""

import filecmp
import subprocess
import sys
import tempfile
from pathlib import Path

from dataferry.app import openapi_document
from dataferry.core.settings import env_example
from scripts.documents import settings_table

ROOT = Path(__file__).parents[1]


def stale() -> list[str]:
    """Each file that is out of date, with the command that makes it."""
    found = []
    if (ROOT / ".env.example").read_text() != "\n".join(env_example()) + "\n":
        found.append(".env.example: python -m dataferry.core.settings > .env.example")
    if settings_table() not in (ROOT / "docs" / "configuration.md").read_text():
        found.append("docs/configuration.md: python -m scripts.documents")
    if (ROOT / "frontend" / "openapi.json").read_text() != openapi_document():
        found.append("frontend/openapi.json: make types")
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "schema.d.ts"
        subprocess.run(
            ["npx", "--no-install", "openapi-typescript", "openapi.json", "-o", str(made)],
            cwd=ROOT / "frontend",
            check=True,
            capture_output=True,
        )
        if not filecmp.cmp(made, ROOT / "frontend" / "src" / "api" / "schema.d.ts", shallow=False):
            found.append("frontend/src/api/schema.d.ts: make types")
    lock = (ROOT / "requirements.lock").read_text()
    if "://" in lock.replace("https://github.com", ""):
        found.append("requirements.lock names a host: make lock")
    return found


if __name__ == "__main__":
    sys.exit("\n".join(stale()))
