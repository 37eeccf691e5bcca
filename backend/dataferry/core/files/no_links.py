"""Symbolic links are not followed below a folder of ours: whoever could plant one there would have another
place read, served, written or emptied."""

import os
import stat
from pathlib import Path

from dataferry.core.errors import Conflict


class NoLinks:
    """Looks for symbolic links on the way from ``root`` to what is below it. The root itself may be behind
    one. Folders that were looked at are not looked at again: make a new one for each use."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: set[Path] = {root, root.resolve()}

    def first_link(self, path: Path) -> Path | None:
        """The topmost symbolic link on the way to ``path``, itself included; None where there is none, as far
        as there is anything. What is not below the root counts as one."""
        if path in self._known:
            return None
        if path == path.parent or ".." in path.parts:
            return path
        above = self.first_link(path.parent)
        if above is not None:
            return above
        if os.path.islink(path):  # no error for a name that none can have
            return path
        self._known.add(path)
        return None

    def check(self, path: Path) -> None:
        """Errors: ``Conflict`` naming the link."""
        link = self.first_link(path)
        if link is not None:
            raise Conflict(
                f"{link} is a symbolic link, and links in the downloads folder are not followed.",
                next_step="Ask an admin to put the folder itself in its place.",
            )

    def is_file(self, path: Path) -> bool:
        """A regular file, reached by folders only."""
        return self.first_link(path.parent) is None and is_regular(path)


def is_regular(path: Path) -> bool:
    """A file and no link to one."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False
