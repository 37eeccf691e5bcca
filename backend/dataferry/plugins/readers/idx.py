"""IDX, the format of MNIST and its kin.

::

    0x00 0x00 <type> <dimensions>     four bytes; type 8 is uint8
    <length> …                        for each dimension, 32 bits, big-endian
    <values> …                        big-endian, the last dimension fastest

http://yann.lecun.com/exdb/mnist/ (the description is at the end of the page)
"""

import struct
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from dataferry.plugins.readers.base import Labelled, LabelledReader, damaged
from dataferry.plugins.readers.plain import first_of, plain_file

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def read_idx(path: Path, keep: Path) -> np.ndarray[Any, np.dtype[Any]]:
    """The array, mapped into memory and read-only; the file may be compressed with gzip.

    Errors: ``DamagedFile`` for another format, and for more or fewer values than its header says.
    """
    plain = plain_file(path, keep)
    size = plain.stat().st_size
    with plain.open("rb") as stream:
        head = stream.read(4)
        if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in _TYPES or head[3] == 0:
            raise damaged(path, "it does not begin as an IDX file does")
        lengths = stream.read(4 * head[3])
    dtype = np.dtype(_TYPES[head[2]])
    offset = 4 + 4 * head[3]
    if len(lengths) < 4 * head[3]:
        raise damaged(path, "it ends within its header")
    shape = struct.unpack(f">{head[3]}I", lengths)
    if size - offset != prod(shape) * dtype.itemsize:
        raise damaged(path, f"its header says {shape}, and {size - offset} bytes of values follow")
    if prod(shape) == 0:
        return np.zeros(shape, dtype)
    return np.memmap(plain, dtype, "r", offset, shape)


class IdxImages(LabelledReader):
    """Grey images of uint8 (rows, columns) and their labels: ``(image, label)``.

    ``images`` and ``labels`` are file names in ``root``, with or without ``.gz``. Plain copies are kept
    below ``keep``.
    """

    def __init__(self, root: Path, images: str, labels: str, *, keep: Path) -> None:
        self._root, self._names, self._keep = root, (images, labels), keep
        self._arrays: tuple[Any, Any] | None = None

    def __len__(self) -> int:
        return len(self._open()[1])

    def _sample(self, number: int) -> Labelled:
        images, labels = self._open()
        return Image.fromarray(np.array(images[number])), int(labels[number])

    def _labels(self) -> Any:
        return self._open()[1]

    def _size(self, number: int) -> tuple[int, int]:
        _, height, width = self._open()[0].shape
        return width, height

    def _open(self) -> tuple[Any, Any]:
        if self._arrays is None:
            paths = [first_of(self._root, *_spellings(name)) for name in self._names]
            images, labels = (read_idx(path, self._keep) for path in paths)
            if images.ndim != 3 or images.dtype != np.uint8:
                raise damaged(paths[0], f"it holds {images.dtype} {images.shape}, not grey images")
            if labels.shape != images.shape[:1]:
                raise damaged(paths[1], f"it has {labels.shape} labels for {len(images)} images")
            self._arrays = images, labels
        return self._arrays

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_arrays": None}


def _spellings(name: str) -> tuple[str, ...]:
    """Copies of MNIST have ``train-images-idx3-ubyte`` or ``train-images.idx3-ubyte``, packed or not."""
    plain = name.removesuffix(".gz")
    return name, plain, f"{plain}.gz", plain.replace("-idx", ".idx"), f"{plain.replace('-idx', '.idx')}.gz"
