"""What is wrong with a plugin, and where: one plugin's fault is told, and harms nothing else."""

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dataferry.core.errors import Cancelled, DataferryError, PluginFailed
from dataferry.plugins.base import AnyPlugin, DatasetPlugin

FaultKind = Literal["import", "not_registered", "name_taken", "contract", "manifest"]


@dataclass(frozen=True, slots=True)
class PluginFault:
    """Why something that looks like a plugin is none.

    ``where``: its file, or the entry point that names it. ``line``: in that file, where one is to blame.
    ``name``: the dataset's, as far as it is known.
    """

    kind: FaultKind
    where: str
    detail: str
    next_step: str
    line: int | None = None
    name: str | None = None

    def __str__(self) -> str:
        place = self.where if self.line is None else f"{self.where}:{self.line}"
        return f"{place}: {self.detail} {self.next_step}"


def fault_of(error: BaseException, where: str, file: Path | None) -> PluginFault:
    """What a plugin's own code raised while it was imported, with the line of ``file`` that did."""
    return PluginFault(
        "import",
        where,
        f"It cannot be imported: {_said(error)}.",
        "Mend that line, then start again.",
        line=line_of(error, file),
    )


def _said(error: BaseException) -> str:
    """One line without a full stop."""
    return f"{type(error).__name__}: {error}".rstrip(": .").replace("\n", " ")[:500]


def plugin_failed(plugin: AnyPlugin, doing: str, error: BaseException) -> PluginFailed:
    """What a plugin's own code raised while it was ``doing`` something, for people."""
    file = file_of(plugin)
    line = line_of(error, file)
    place = f" ({file.name}, line {line})" if file is not None and line is not None else ""
    return PluginFailed(
        f"The plugin {plugin.name} failed while {doing}: {_said(error)}{place}.",
        next_step=f"Mend it; dataferry validate {plugin.name} checks all that it does.",
    )


@contextmanager
def told(plugin: AnyPlugin, doing: str) -> Iterator[None]:
    """Errors of a plugin's own code inside the block become ``PluginFailed``; what people are told anyway
    passes."""
    try:
        yield
    except (DataferryError, Cancelled):
        raise
    except (Exception, SystemExit) as error:  # another's code may raise anything
        raise plugin_failed(plugin, doing, error) from error


def file_of(plugin: AnyPlugin) -> Path | None:
    """The file that a plugin's class is written in; None where there is none."""
    if isinstance(plugin, DatasetPlugin) and plugin._file is not None:
        return plugin._file
    module = sys.modules.get(type(plugin).__module__)
    found = getattr(module, "__file__", None)
    return Path(found) if found else None


def line_of(error: BaseException, file: Path | None) -> int | None:
    """The innermost line of ``file`` that led to an error; None where none did."""
    if isinstance(error, SyntaxError) and error.filename == str(file):
        return error.lineno
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)
    ]
    return lines[-1] if lines else None
