"""The splits that people browse, opened once for many pages of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Any

from dataferry.core.errors import Cancelled, QueryTooLarge
from dataferry.explorer.recent import Recent
from dataferry.plugins import DatasetPlugin, Samples
from dataferry.plugins.contract import SplitName
from dataferry.plugins.samples import Described, Description, image_size

_KEPT_SPLITS = 12
#: Of a split that tells labels only with images, so many are read for those of a class.
MAX_READ = 20_000


@dataclass
class OpenSplit:
    """The samples of one split, None where the dataset has no such split."""

    samples: Samples | None
    #: What was read of samples that tell labels only with images.
    _read: list[Any] = field(default_factory=list)
    _counted: Mapping[int, int] | None = None
    _lock: Lock = field(default_factory=Lock)

    @property
    def total(self) -> int:
        return 0 if self.samples is None else len(self.samples)

    @property
    def labeled(self) -> int:
        return int(getattr(self.samples, "labeled", self.total))

    @property
    def _telling(self) -> Described | None:
        """The samples, where they tell labels before an image is decoded."""
        samples: object = self.samples
        return samples if isinstance(samples, Described) else None

    def described(self, number: int) -> Description:
        """Errors: what the plugin raises."""
        if self._telling is not None:
            return self._telling.described(number)
        assert self.samples is not None
        image, target = self.samples[number]
        return Description(image_size(image), target)

    def counts(self) -> Mapping[int, int] | None:
        """How many samples have each label or category; None where each would be read for it."""
        if self._counted is None:
            if self._telling is not None:
                self._counted = self._telling.counts()
            elif self._is_read:
                self._counted = Counter(label for target in self._read for label in labels_in(target))
        return self._counted

    @property
    def _is_read(self) -> bool:
        return len(self._read) == self.total

    def numbers_of(self, label: int, cancel: Event) -> Sequence[int]:
        """The samples with a label or category.

        Errors: what the plugin raises; ``QueryTooLarge``; ``Cancelled``.
        """
        if self._telling is not None:
            return self._telling.numbers_of(label)
        with self._lock:
            self._read_all(cancel)
        return [number for number, target in enumerate(self._read) if label in labels_in(target)]

    def _read_all(self, cancel: Event) -> None:
        if self.total > MAX_READ:
            raise QueryTooLarge(
                f"Its plugin tells a label only with the image, and {self.total:,} are too many to read.",
                next_step="Browse them without a class; docs/plugins.md says what a reader of its own tells.",
            )
        while self.samples is not None and not self._is_read:
            if cancel.is_set():
                raise Cancelled
            self._read.append(self.samples[len(self._read)][1])


def labels_in(target: Any) -> set[int]:
    """The label of a sample, or the categories of its objects."""
    if isinstance(target, Sequence):
        return {int(one["category_id"]) for one in target}
    return {int(target)}


class OpenSplits:
    """Splits of plugins by their copy on this machine. Nothing here keeps a dataset from being deleted: its
    samples then say that they are gone."""

    def __init__(self) -> None:
        self._opened: Recent[tuple[str, str, SplitName], OpenSplit] = Recent(_KEPT_SPLITS)

    def get(self, plugin: DatasetPlugin, copy: str, split: SplitName) -> OpenSplit:
        """``copy``: what tells this copy of the files from an earlier one. Blocks. Errors: what the plugin
        raises."""

        def open_it() -> OpenSplit:
            try:
                return OpenSplit(plugin.loaded_samples(split))
            finally:
                plugin.forget()

        return self._opened.get((plugin.name, copy, split), open_it)
