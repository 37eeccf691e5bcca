"""What a check of a dataset's files finds."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pydantic import computed_field

from dataferry.core.types import View
from dataferry.core.vocabulary import AboutDataset

#: ``missing``: there is nothing; ``changed``: other bytes, or something that is no file; ``unreadable``: the
#: disk or its rights keep it from being read; ``touched``: written to since it was verified, and not compared
#: yet; ``foreign``: no file of the dataset; ``source_differs``: as it came, and its source publishes another
#: checksum now.
FaultKind = Literal["missing", "changed", "unreadable", "touched", "foreign", "source_differs"]
Condition = Literal["whole", "damaged", "unsure"]
#: Files that a report lists. All are counted.
MAX_FAULTS = 1000

_WORDS: dict[FaultKind, tuple[str, str]] = {
    "missing": ("is missing", "are missing"),
    "changed": ("is changed", "are changed"),
    "unreadable": ("cannot be read", "cannot be read"),
    "touched": ("was written to since it was verified", "were written to since they were verified"),
    "foreign": ("is not the dataset's", "are not the dataset's"),
    "source_differs": ("has another checksum at its source now", "have other checksums at their source now"),
}
_DAMAGE: tuple[FaultKind, ...] = ("missing", "changed", "unreadable")


class FileFault(View):
    """A file that is not as it was verified, or is none of the dataset's."""

    path: str
    fault: FaultKind


class FaultCounts(View):
    """How many files of a dataset have each fault."""

    missing: int = 0
    changed: int = 0
    unreadable: int = 0
    touched: int = 0
    foreign: int = 0
    source_differs: int = 0

    @property
    def condition(self) -> Condition:
        """What they come to: what is foreign harms nothing."""
        if any(getattr(self, fault) for fault in _DAMAGE):
            return "damaged"
        return "unsure" if self.touched else "whole"

    @property
    def line(self) -> str:
        """``2 files are missing, 1 is changed``; empty where there is none."""
        told: list[str] = []
        for fault, (one, many) in _WORDS.items():
            count: int = getattr(self, fault)
            if count:
                noun = "" if told else (" file" if count == 1 else " files")
                told.append(f"{count:,}{noun} {one if count == 1 else many}")
        return ", ".join(told)


@dataclass(slots=True)
class Tally:
    """Faults as they are found: all are counted, the first are kept."""

    faults: list[FileFault] = field(default_factory=list)
    numbers: Counter[FaultKind] = field(default_factory=Counter)

    def add(self, path: str, fault: FaultKind) -> None:
        self.numbers[fault] += 1
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(FileFault(path=path, fault=fault))

    @property
    def counts(self) -> FaultCounts:
        return FaultCounts.model_validate(dict(self.numbers))

    @property
    def whole_less(self) -> int:
        """Files of the dataset that are not known to be whole."""
        return sum(self.numbers[fault] for fault in (*_DAMAGE, "touched"))


class CheckReport(AboutDataset):
    """What was found of a dataset's files.

    ``depth``: ``download`` where nothing was found since they were verified as they came; ``look``: sizes,
    times and inodes were compared with what was recorded; ``full``: every byte was hashed. ``source``: what
    it publishes now ``agrees``, ``differs``, or was ``not_asked``, and ``source_note`` says why.
    """

    dataset_id: str
    revision: str | None
    depth: Literal["download", "look", "full"]
    condition: Condition
    checked_at: datetime
    file_count: int
    whole_count: int
    counts: FaultCounts
    source: Literal["agrees", "differs", "not_asked"] = "not_asked"
    source_note: str | None = None
    #: The first of them by kind and path.
    faults: tuple[FileFault, ...] = ()
    #: There are more than are listed.
    more_faults: bool = False

    @computed_field  # type: ignore[prop-decorator]
    @property
    def line(self) -> str:
        """All of it in one line."""
        if self.condition == "whole":
            checked = "is whole" if self.depth == "full" else "is as it was verified"
            faults = f"; {self.counts.line}" if self.counts.line else ""
            return f"It {checked}: {self.file_count:,} file{'s' if self.file_count != 1 else ''}{faults}."
        return f"{self.counts.line}, of {self.file_count:,}."

    @computed_field  # type: ignore[prop-decorator]
    @property
    def next_step(self) -> str | None:
        """What mends it; None where nothing need be done."""
        if self.condition == "damaged":
            return "Repair it: only what is missing or changed is downloaded again."
        return "Verify it: its bytes are then compared." if self.condition == "unsure" else None
