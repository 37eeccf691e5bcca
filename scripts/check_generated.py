"""What is made by a command is what the command makes now."""

import filecmp
import subprocess
import sys
import tempfile
from pathlib import Path

from dataferry.app import openapi_document
from dataferry.core.env_example import env_example
from scripts.documents import stale as stale_pages

ROOT = Path(__file__).parents[1]


def stale() -> list[str]:
    """Each file that is out of date, with the command that makes it."""
    found = []
    if (ROOT / ".env.example").read_text() != "\n".join(env_example()) + "\n":
        found.append(".env.example: python -m dataferry.core.env_example > .env.example")
    found += stale_pages()
    if (ROOT / "frontend" / "openapi.json").read_text() != openapi_document():
        found.append("frontend/openapi.json: make types")
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "schema.d.ts"
        subprocess.run(
            ["npm", "run", "--silent", "gen:to", "--", "-o", str(made)],
            cwd=ROOT / "frontend",
            check=True,
            capture_output=True,
        )
        if not filecmp.cmp(made, ROOT / "frontend" / "src" / "api" / "schema.d.ts", shallow=False):
            found.append("frontend/src/api/schema.d.ts: make types")
    return found


if __name__ == "__main__":
    sys.exit("\n".join(stale()) or None)
