"""What all readers have in common: samples by number, and errors that name the file."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

from dataferry.core.errors import DamagedFile
from dataferry.plugins.samples import Description

Sample = TypeVar("Sample")
Labelled = tuple[Any, int]
"""A PIL image and the position of its class."""

#: The label of a sample that its publisher gives no label, as losses can be told to ignore it.
NO_LABEL = -1


class Reader(Generic[Sample]):
    """Samples by number: ``len(reader)``, ``reader[i]``, ``for sample in reader``."""

    @abstractmethod
    def __len__(self) -> int:
        """How many samples there are, labelled or not."""

    @property
    def labeled(self) -> int:
        """How many samples the publisher labels."""
        return len(self)

    @abstractmethod
    def _sample(self, number: int) -> Sample:
        """The sample of a number within ``range(len(self))``."""

    def __getitem__(self, number: int) -> Sample:
        """Negative numbers count from the end. Errors: ``IndexError``; ``DamagedFile`` naming the file."""
        return self._sample(range(len(self))[number])

    def __iter__(self) -> Iterator[Sample]:
        return (self._sample(number) for number in range(len(self)))


class LabelledReader(Reader[Labelled]):
    """Images with one label each, which are told before an image is decoded."""

    @abstractmethod
    def _labels(self) -> Sequence[int]:
        """The label of each sample."""

    @abstractmethod
    def _size(self, number: int) -> tuple[int, int]:
        """Width and height in pixels of the sample of a number within ``range(len(self))``."""

    def described(self, number: int) -> Description:
        """The size and label of a sample. Errors: as ``[]``."""
        number = range(len(self))[number]
        return Description(self._size(number), int(self._labels()[number]))

    def target(self, number: int) -> int:
        """The label of a sample, also of one whose image cannot be read."""
        return int(self._labels()[range(len(self))[number]])

    def numbers_of(self, label: int) -> list[int]:
        """The samples with a label, in their order."""
        return [number for number, one in enumerate(self._labels()) if one == label]

    def counts(self) -> Mapping[int, int]:
        """How many samples have each label."""
        return Counter(map(int, self._labels()))


def damaged(path: object, reason: str) -> DamagedFile:
    """The error for a file that is not what its format says."""
    return DamagedFile(
        f"{path} cannot be read: {reason}.",
        next_step="Verify the dataset; if the file differs from the published one, download it again.",
    )
