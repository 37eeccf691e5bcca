"""What all readers have in common: samples by number, and errors that name the file."""

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

from dataferry.core.errors import DamagedFile

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


def damaged(path: object, reason: str) -> DamagedFile:
    """The error for a file that is not what its format says."""
    return DamagedFile(
        f"{path} cannot be read: {reason}.",
        next_step="Verify the dataset; if the file differs from the published one, download it again.",
    )
