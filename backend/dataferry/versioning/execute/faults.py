"""What went wrong with a function of an index file, as its user is told: file, line and row."""

import errno
import sys
from dataclasses import dataclass

from dataferry.core.errors import DataferryError, DiskFull, InvalidInput
from dataferry.versioning.execute.running import ChildEndedError
from dataferry.versioning.execute.wire import Failure

_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something went wrong: the index file's ``name``, the ``function`` and its ``line``."""

    name: str
    function: str
    line: int


def failed(place: Place, failure: Failure, row: str, *, kept: int = 0) -> DataferryError:
    """``row``: how the row is called, empty if it is none's; ``kept``: rows that will not be made again."""
    subject = place.function
    if failure.field is not None:
        subject = f"{place.function}: {failure.field} of {row}"
    elif row and failure.kind == "value":
        subject = f"{place.function} of {row}"
    sentence = f"{place.name}:{failure.line or place.line}: {subject} {failure.text}"
    if row and row not in subject:
        sentence += f", in {row}"
    if failure.kind == "full":
        return disk_full(sentence)
    return InvalidInput(_ended(sentence), next_step=_next_step(failure, kept))


def ended(place: Place, error: ChildEndedError, row: str, *, kept: int = 0) -> DataferryError:
    """Of a process that ended in the midst of a function."""
    return failed(place, Failure("raised", str(error)), row, kept=kept)


def disk_full(sentence: str = "") -> DiskFull:
    return DiskFull(
        _ended(sentence or "There is no room on the disk"),
        next_step="Free some space where the repository is, then commit again. Nothing has changed.",
    )


def is_full(error: OSError) -> bool:
    """Whether the disk is, or what one may have of it."""
    return error.errno in _FULL


def _next_step(failure: Failure, kept: int) -> str:
    finished = f" {kept:,} finished rows are kept for the next time." if kept else ""
    if failure.kind == "module":
        return f"Install it for {sys.executable}, then commit again."
    return f"Nothing has changed.{finished} Correct it, then commit again."


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."
