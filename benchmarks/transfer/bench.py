"""What every workload works with: the folders, the files, the server and the peers."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from benchmarks.transfer.content import Archive, Large, Scale, make_archive, make_large, make_small
from benchmarks.transfer.measuring import Row, Run, Tool, Wanted, measure, run_tool
from benchmarks.transfer.peers import Peers
from benchmarks.transfer.server import Server, serving


@dataclass(frozen=True)
class Bench:
    """``root`` is an empty folder, which whoever made it removes."""

    root: Path
    scale: Scale
    peers: Peers
    warm_up: bool

    @property
    def folder(self) -> Path:
        """For a tool's run."""
        return self.root / "run"

    @cached_property
    def site(self) -> Path:
        site = self.root / "site"
        site.mkdir()
        return site

    # Each is made when the first workload needs it.

    @cached_property
    def large(self) -> Large:
        _say("making the large file")
        return make_large(self.site, self.scale.large)

    @cached_property
    def small(self) -> list[Wanted]:
        _say("making the small files")
        return make_small(self.site, self.scale.files)

    @cached_property
    def archive(self) -> Archive:
        _say("making the archive")
        return make_archive(self.site, self.scale.archive)

    @contextmanager
    def serving(self) -> Iterator[Server]:
        """nginx with the files that were made until now."""
        large = self.__dict__.get("large")
        run = self.root / f"nginx-{len(list(self.root.glob('nginx-*')))}"
        with serving(self.site, run, large) as server:
            yield server

    def measure(self, tools: Sequence[Tool], *, most: int = 0) -> dict[str, Row]:
        """``most`` runs, where so many are enough. Errors: ``Failed``."""
        runs = min(self.scale.runs, most or self.scale.runs)
        return measure(tools, self.folder, runs, warm_up=self.warm_up)

    def measure_once(self, tool: Tool) -> Run:
        """Errors: ``Failed``."""
        return run_tool(tool, self.folder, check_hashes=tool.hashed)


def _say(line: str) -> None:
    print(f"  {line} …", file=sys.stderr, flush=True)
