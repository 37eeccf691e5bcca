"""CIFAR's batches: pickles of Python 2 with an array of pixels and a list of labels.

::

    cifar-10-batches-py/
      data_batch_1 … 5, test_batch   {b"data": uint8 (N, 3072), b"labels": [int], b"filenames": [bytes]}
      batches.meta                   {b"label_names": [bytes]}

Each row of ``data`` is 1024 red, 1024 green and 1024 blue values, row by row.
https://www.cs.toronto.edu/~kriz/cifar.html
"""

import codecs
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy._core.multiarray import _reconstruct as _reconstruct_array
from PIL import Image

from dataferry.plugins.readers.base import Labelled, LabelledReader, damaged
from dataferry.plugins.readers.kept import kept

_SIDE = 32


class CifarImages(LabelledReader):
    """RGB images of 32 × 32 and their labels: ``(image, label)``.

    ``batches`` are the pickles, in their order. Their pixels are kept below ``keep`` as one array that is
    mapped into memory, so that workers share it.
    """

    def __init__(self, batches: Sequence[Path], *, keep: Path) -> None:
        self._batches, self._keep = tuple(batches), keep
        self._arrays: tuple[Any, Any] | None = None

    def __len__(self) -> int:
        return len(self._open()[1])

    def _sample(self, number: int) -> Labelled:
        images, labels = self._open()
        return Image.fromarray(np.array(images[number])), int(labels[number])

    def _labels(self) -> Any:
        return self._open()[1]

    def _size(self, number: int) -> tuple[int, int]:
        return _SIDE, _SIDE

    def _open(self) -> tuple[Any, Any]:
        if self._arrays is None:
            folder = kept(self._keep, self._batches, "cifar 1", self._build)
            self._arrays = (
                np.load(folder / "images.npy", mmap_mode="r"),
                np.load(folder / "labels.npy", mmap_mode="r"),
            )
        return self._arrays

    def _build(self, folder: Path) -> None:
        read = [read_batch(path) for path in self._batches]
        pixels = np.concatenate([data for data, _ in read])
        images = pixels.reshape(-1, 3, _SIDE, _SIDE).transpose(0, 2, 3, 1)
        np.save(folder / "images.npy", np.ascontiguousarray(images))
        np.save(folder / "labels.npy", np.array([label for _, labels in read for label in labels], np.int64))

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_arrays": None}


def read_batch(path: Path) -> tuple[np.ndarray[Any, np.dtype[np.uint8]], list[int]]:
    """The pixels, uint8 (N, 3072), and labels of a batch. Errors: ``DamagedFile``."""
    batch = load_pickle(path)
    data, labels = batch.get(b"data"), batch.get(b"labels")
    if not isinstance(data, np.ndarray) or data.dtype != np.uint8 or data.shape[1:] != (3 * _SIDE * _SIDE,):
        raise damaged(path, "it holds no pixels of CIFAR's form")
    if not isinstance(labels, list) or len(labels) != len(data) or set(map(type, labels)) - {int}:
        raise damaged(path, f"it does not have a label for each of its {len(data)} images")
    return data, labels


def load_pickle(path: Path) -> dict[Any, Any]:
    """A pickle of plain values and arrays of numbers. Nothing in it can be run.

    Errors: ``DamagedFile``, also for a pickle that asks for anything else.
    """
    try:
        with path.open("rb") as stream:
            value = _PlainUnpickler(stream, encoding="bytes").load()
    except FileNotFoundError as error:
        raise damaged(path, "it is not there") from error
    except Exception as error:  # a pickle of somebody else may raise anything
        raise damaged(path, str(error) or type(error).__name__) from error
    if not isinstance(value, dict):
        raise damaged(path, "it holds no dictionary")
    return value


class _PlainUnpickler(pickle.Unpickler):
    """Gives a pickle the four names that an array of numbers needs, each as narrow as it can be."""

    def find_class(self, module: str, name: str) -> Any:
        allowed = {
            ("numpy.core.multiarray", "_reconstruct"): _empty_array,
            ("numpy._core.multiarray", "_reconstruct"): _empty_array,
            ("numpy", "ndarray"): np.ndarray,
            ("numpy", "dtype"): _number_type,
            ("_codecs", "encode"): _latin1,  # how Python 3 writes bytes for Python 2
        }
        try:
            return allowed[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is refused") from None


def _empty_array(kind: type, shape: tuple[int, ...], code: bytes) -> Any:
    if kind is not np.ndarray or shape != (0,):
        raise pickle.UnpicklingError("an array of an unusual form")
    return _reconstruct_array(np.ndarray, (0,), b"b")


def _number_type(code: Any, align: Any = False, copy: Any = False) -> Any:
    dtype = np.dtype(code.decode("ascii") if isinstance(code, bytes) else code)
    if dtype.kind not in "biuf":
        raise pickle.UnpicklingError(f"an array of {dtype}")
    return np.dtype(dtype, copy=True)


def _latin1(text: str, encoding: str) -> bytes:
    if codecs.lookup(encoding).name != "iso8859-1":
        raise pickle.UnpicklingError(f"bytes in {encoding}")
    return text.encode("latin-1")
