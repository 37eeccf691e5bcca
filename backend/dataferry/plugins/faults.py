"""What is wrong with a plugin, and where: one plugin's fault is told, and harms nothing else."""

import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

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
    detail = f"{type(error).__name__}: {error}".rstrip(": ").replace("\n", " ")[:500]
    return PluginFault(
        "import",
        where,
        f"It cannot be imported: {detail}.".replace("..", "."),
        "Mend that line, then start again.",
        line=line_of(error, file),
    )


def line_of(error: BaseException, file: Path | None) -> int | None:
    """The innermost line of ``file`` that led to an error; None where none did."""
    if isinstance(error, SyntaxError) and error.filename == str(file):
        return error.lineno
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)
    ]
    return lines[-1] if lines else None
