"""Prompts: every word that a model is told is a file, to be read and changed without code.

They lie in ``prompts/`` of the checkout, or inside the package once it is installed. They are read
when they are used, so an edit counts from the next answer on.
"""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from string import Template

_PACKAGE = Path(__file__).resolve().parents[1]
_ARGUMENT = re.compile(r"^- `(\w+)`: (.+?)(?=^- `|\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class ToolPrompt:
    """The descriptions of a tool and of each of its arguments."""

    description: str
    arguments: dict[str, str]


class Prompts:
    """``text("results/search", count=3)`` is ``results/search.md`` with ``$count`` filled in.

    ``variant``: a folder within, whose files stand in place of those of the same name.
    """

    def __init__(self, folder: Path | None = None, variant: str | None = None) -> None:
        installed = _PACKAGE / "_prompts"
        self.folder = folder or (installed if installed.is_dir() else _PACKAGE.parents[1] / "prompts")
        self._variant = self.folder / variant if variant is not None else None
        self._cache: dict[Path, tuple[tuple[int, int], str]] = {}

    def text(self, name: str, /, **values: object) -> str:
        """A prompt on its own lines. A placeholder without a value stays as it is written."""
        return Template(self._read(self._path(f"{name}.md"))).safe_substitute(values).strip()

    def table(self, name: str) -> dict[str, str]:
        """``<name>.toml``: texts by their names."""
        return tomllib.loads(self._read(self.folder / f"{name}.toml"))

    def tool(self, name: str) -> ToolPrompt:
        """``tools/<name>.md``: the description, then ``## Arguments`` with a line for each. A variant's file
        has only those lines that differ."""
        file = f"tools/{name}.md"
        own = self._path(file)
        words = _tool_prompt(self._read(own))
        if own == self.folder / file or not (self.folder / file).is_file():
            return words
        common = _tool_prompt(self._read(self.folder / file))
        return ToolPrompt(words.description, common.arguments | words.arguments)

    def _path(self, file: str) -> Path:
        if self._variant is not None and (self._variant / file).is_file():
            return self._variant / file
        return self.folder / file

    def _read(self, path: Path) -> str:
        status = path.stat()
        version = (status.st_mtime_ns, status.st_size)
        known = self._cache.get(path)
        if known is None or known[0] != version:
            known = (version, path.read_text(encoding="utf-8"))
            self._cache[path] = known
        return known[1]


def _tool_prompt(text: str) -> ToolPrompt:
    description, _, arguments = text.partition("## Arguments")
    described = {found[1]: " ".join(found[2].split()) for found in _ARGUMENT.finditer(arguments)}
    return ToolPrompt(description.strip(), described)
