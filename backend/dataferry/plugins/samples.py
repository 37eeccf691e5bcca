"""What the splits of a plugin give: samples by number, read when they are asked for.

Nothing here imports NumPy, Pillow or torch before a sample needs it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

Transform = Callable[[Any], Any]


@runtime_checkable
class Samples(Protocol):
    """One split. Any thread may read any sample at any time.

    A sample is, by the plugin's ``task_type``: ``(PIL image, class index)``; ``(PIL image in RGB, [{"bbox":
    [x_min, y_min, width, height] in pixels, "category_id": id}, …])``; or one row of text, a ``dict``. It may
    say ``labeled``, how many of its samples have a label, where not all do.
    """

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Any: ...


@dataclass(frozen=True, slots=True)
class Description:
    """What is known of a sample before its image is decoded. ``size``: width and height in pixels.
    ``target``: its label or annotations, as the sample has them."""

    size: tuple[int, int] | None
    target: Any


@runtime_checkable
class Described(Protocol):
    """Samples that tell their labels before an image is decoded, as all of ``readers`` do. Others can be
    browsed too, but each image is read for it."""

    def described(self, index: int, /) -> Description: ...

    def numbers_of(self, label: int, /) -> Sequence[int]:
        """The samples with a label, or with an object of a category."""
        ...

    def counts(self) -> Mapping[int, int]:
        """How many samples have each label, or an object of each category."""
        ...


class TransformedSamples:
    """Samples with ``transform`` applied to the image of each; rows of text are given to it whole."""

    def __init__(self, samples: Samples, transform: Transform | None) -> None:
        self.samples = samples
        self.transform = transform

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> Any:
        sample = self.samples[position(index, len(self))]
        if self.transform is None:
            return sample
        if isinstance(sample, tuple):
            return (self.transform(sample[0]), *sample[1:])
        return self.transform(sample)

    def __iter__(self) -> Iterator[Any]:
        return (self[index] for index in range(len(self)))


class TrainingBoxes:
    """Detection samples as training wants them: ``(image, {"boxes": float32 (N, 4), "labels": int64 (N,)})``.

    Boxes are ``[cx, cy, w, h]`` as parts of the image's size, 0 to 1, cut at its edges; labels are positions
    in the plugin's ``class_names``. Both are NumPy arrays, of shapes (0, 4) and (0,) without annotation.
    Left out are annotations of a category that is no class, crowds (``iscrowd``), and boxes that the image
    has nothing of: a loss of theirs would be infinite.
    The size is read from a PIL image or an array or tensor of shape (C, H, W), before a transform of
    ``TransformedSamples``. What a transform does to the place of an object is not followed: one that resizes
    keeps the boxes true, one that crops or flips does not.
    """

    def __init__(self, samples: Samples, positions: Mapping[int, int]) -> None:
        self.samples = samples
        self._positions = positions

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> tuple[Any, dict[str, Any]]:
        import numpy as np

        index = position(index, len(self))
        inner = self.samples
        transform = inner.transform if isinstance(inner, TransformedSamples) else None
        image, annotations = inner.samples[index] if isinstance(inner, TransformedSamples) else inner[index]
        width, height = image_size(image)
        known = [
            found
            for found in annotations
            if found["category_id"] in self._positions and not found.get("iscrowd")
        ]
        boxes = np.array([found["bbox"] for found in known], np.float32).reshape(-1, 4)
        corners = np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], 1)
        corners = np.clip(corners / np.array([width, height] * 2, np.float32), 0, 1)
        low, high = corners[:, :2], corners[:, 2:]
        labels = np.array([self._positions[found["category_id"]] for found in known], np.int64)
        seen = (high > low).all(1)
        boxes = np.concatenate([(low + high) / 2, high - low], 1)[seen]
        image = image if transform is None else transform(image)
        return image, {"boxes": boxes, "labels": labels[seen]}

    def __iter__(self) -> Iterator[tuple[Any, dict[str, Any]]]:
        return (self[index] for index in range(len(self)))


def image_size(image: Any) -> tuple[int, int]:
    """Width and height in pixels, of a PIL image or an array or tensor of shape (C, H, W)."""
    shape = getattr(image, "shape", None)
    if shape is not None:
        return int(shape[-1]), int(shape[-2])
    width, height = image.size
    return width, height


def position(index: int, length: int) -> int:
    """``index`` counted from the beginning. Errors: ``IndexError``, where iteration ends."""
    if not -length <= index < length:
        raise IndexError(f"there are {length} samples, and none has the number {index}")
    return index + length if index < 0 else index
