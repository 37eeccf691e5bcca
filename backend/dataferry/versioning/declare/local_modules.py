"""Modules that lie beside an index file and that it imports: they are part of what it does."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

from dataferry.versioning.declare.source_text import parse_quietly

_BEYOND = 1000
Read = Callable[[Path], bytes | None]
"""The content of a file; None where there is none."""


def read_here(path: Path) -> bytes | None:
    """As it lies on the disk."""
    try:
        return path.read_bytes() if path.is_file() else None
    except OSError:
        return None


class LocalModules:
    """Those below ``folder``, read and never run. ``read``: where from, by default from the disk."""

    def __init__(self, folder: Path, read: Read = read_here) -> None:
        self.folder = folder
        self._read = read
        self._parsed: dict[Path, ast.Module | None] = {}

    def imported(self, node: ast.AST) -> dict[Path, ast.Module]:
        """The modules that a piece of code imports, and those that they import in turn. One with a mistake in
        it is left out: it is told when it is run."""
        found: dict[Path, ast.Module] = {}
        todo = [*self._paths(node, self.folder)]
        while todo and len(found) < _BEYOND:
            path = todo.pop()
            if path not in found and (module := self._parse(path)) is not None:
                found[path] = module
                todo += self._paths(module, path.parent)
        return found

    def texts(self, text: str) -> dict[str, str]:
        """The text of every module that an index file of this text can import, by its path in the folder.

        Errors: ``SyntaxError``, of the index file."""
        modules = self.imported(parse_quietly(text.removeprefix("\ufeff")))
        return {
            path.relative_to(self.folder).as_posix(): (self._read(path) or b"").decode(errors="replace")
            for path in sorted(modules)
        }

    def _paths(self, node: ast.AST, beside: Path) -> Iterator[Path]:
        for each in ast.walk(node):
            if isinstance(each, ast.Import):
                for alias in each.names:
                    yield from self._found(self.folder, alias.name.split("."))
            elif isinstance(each, ast.ImportFrom):
                start = self.folder if each.level == 0 else _up(beside, each.level - 1)
                parts = each.module.split(".") if each.module else []
                yield from self._found(start, parts)
                for alias in each.names:
                    yield from self._found(start, [*parts, alias.name])

    def _found(self, start: Path, parts: list[str]) -> Iterator[Path]:
        """The files of a dotted name: the packages on the way to it, and itself."""
        folder = start
        if not folder.is_relative_to(self.folder):
            return
        for part in parts:
            for path in (folder / part / "__init__.py", folder / f"{part}.py"):
                if self._read(path) is not None:
                    yield path
                    break
            folder /= part

    def _parse(self, path: Path) -> ast.Module | None:
        if path not in self._parsed:
            try:
                self._parsed[path] = parse_quietly(self._read(path) or b"")
            except (OSError, SyntaxError, ValueError, RecursionError):
                self._parsed[path] = None
        return self._parsed[path]


def _up(folder: Path, levels: int) -> Path:
    for _ in range(levels):
        folder = folder.parent
    return folder
