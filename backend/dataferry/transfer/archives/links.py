"""Where the links of an archive lead."""

from collections.abc import Iterable
from posixpath import dirname

#: The longest chain of links that is followed; Linux follows as many.
_MAX_LINK_HOPS = 40


class LeadsOutside(Exception):
    """A link leads out of the dataset's folder."""


class ArchiveLinks:
    """The links of one archive: their paths, and where they lead, relative to the dataset's folder."""

    def __init__(self) -> None:
        self._targets: dict[str, str] = {}

    def __contains__(self, path: str) -> bool:
        return path in self._targets

    def __len__(self) -> int:
        return len(self._targets)

    def add(self, path: str, folder: str, leads_to: str) -> None:
        """``leads_to`` is relative to ``folder``. Errors: ``LeadsOutside``."""
        depth = len(folder.split("/")) if folder else 0
        for part in leads_to.split("/"):
            depth += {"..": -1, ".": 0, "": 0}.get(part, 1)
            if depth < 0:
                raise LeadsOutside
        self._targets[path] = f"{folder}/{leads_to}" if folder else leads_to

    def discard(self, path: str) -> None:
        self._targets.pop(path, None)

    def paths(self) -> list[str]:
        return list(self._targets)

    def destination(self, path: str) -> str | None:
        """The path that a link leads to in the end, through all others; empty for the dataset's folder, None
        for nowhere. Errors: ``LeadsOutside``."""
        waiting = self._targets[path].split("/")[::-1]
        reached: list[str] = []
        hops = 1
        while waiting:
            part = waiting.pop()
            if part == "..":
                if not reached:
                    raise LeadsOutside
                reached.pop()
            elif part not in ("", "."):
                reached.append(part)
                if (target := self._targets.get("/".join(reached))) is not None:
                    hops += 1
                    if hops > _MAX_LINK_HOPS:
                        return None
                    # Targets begin at the dataset's folder.
                    reached.clear()
                    waiting += target.split("/")[::-1]
        return "/".join(reached)


class FolderIndex:
    """Paths by the folders that they lie in."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._files: dict[str, list[str]] = {}
        self._folders: dict[str, list[str]] = {}
        self._known: set[str] = set()
        for path in paths:
            self.add(path)

    def add(self, path: str) -> None:
        folder = dirname(path)
        self._files.setdefault(folder, []).append(path)
        while folder and folder not in self._known:
            self._known.add(folder)
            self._folders.setdefault(dirname(folder), []).append(folder)
            folder = dirname(folder)

    def below(self, folder: str) -> list[str]:
        """The paths in a folder and in those in it."""
        found, waiting = [], [folder]
        while waiting:
            current = waiting.pop()
            found += self._files.get(current, [])
            waiting += self._folders.get(current, [])
        return found
