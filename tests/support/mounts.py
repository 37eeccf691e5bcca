"""A small disk of its own, to be filled to the last byte."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.programs import unavailable


class Disk:
    """A tmpfs. ``folder`` is where it is mounted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def remount(self, options: str) -> None:
        """``size=64m``, ``ro``, ``rw``."""
        _run("mount", "-o", f"remount,{options}", str(self.folder))


@contextmanager
def small_disk(folder: Path, size: str = "16m") -> Iterator[Disk]:
    """Mounted until the block is left. Where that is not allowed the test is skipped; under CI it fails."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        _run("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder))
    except (AssertionError, OSError) as error:
        unavailable(f"wants to mount a small disk, which only root may: {error}")
    try:
        yield Disk(folder)
    finally:
        # Lazily: a thread of a process that was killed may still be on its way out of it.
        _run("umount", "--lazy", str(folder))


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
