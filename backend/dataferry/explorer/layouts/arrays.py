"""Pictures as arrays of numbers: MNIST's IDX and CIFAR's batches."""

import re
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from dataferry.core.errors import DamagedFile
from dataferry.explorer.layouts.contract import FileSet, FoundImage, Layout, Place
from dataferry.explorer.layouts.names import split_of
from dataferry.explorer.recent import Recent

_IDX_IMAGES = re.compile(r"images[.-]?idx3[.-]ubyte(\.gz)?$", re.IGNORECASE)
_CIFAR = re.compile(r"(?:^|/)(data_batch_\d+|test_batch|train|test)$")
_TEN = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def idx(files: FileSet) -> Layout | None:
    """``train-images-idx3-ubyte`` with ``train-labels-idx1-ubyte``, packed or not; ``t10k`` is the test
    split."""
    found = [path for path in files.paths if _IDX_IMAGES.search(path)]
    if not found or files.local(found[0]) is None:
        return None
    damaged: list[str] = []

    def images() -> Iterator[FoundImage]:
        for path in found:
            name = path.rsplit("/", 1)[-1].lower()
            split = "test" if name.startswith("t10k") else split_of(name)
            try:
                labels = _idx_labels(files, path)
                total = len(_idx_array(_here(files, path)))
            except DamagedFile as error:
                damaged.append(str(error))
                continue
            for row in range(total):
                label = str(int(labels[row])) if labels is not None and row < len(labels) else None
                yield FoundImage(split, f"{path}#{row}", Place("array", path, row), label)

    return Layout("IDX", False, images(), notes=lambda: damaged)


def cifar(files: FileSet) -> Layout | None:
    """The pickles of CIFAR-10 and CIFAR-100, from which nothing can be run."""
    found = [path for path in files.paths if _CIFAR.search(path)]
    meta = [path for path in files.paths if path.rsplit("/", 1)[-1] in ("batches.meta", "meta")]
    if not found or not meta or files.local(found[0]) is None:
        return None
    damaged: list[str] = []

    def images() -> Iterator[FoundImage]:
        names = _cifar_names(_here(files, meta[0]))
        for path in found:
            split = "test" if "test" in path.rsplit("/", 1)[-1] else "train"
            try:
                batch = _loaded(_here(files, path))
                labels = batch.get(b"fine_labels") or batch.get(b"labels") or []
                total = len(batch[b"data"])
            except (DamagedFile, KeyError, TypeError) as error:
                damaged.append(f"{path} cannot be read: {error}")
                continue
            for row in range(total):
                number = labels[row] if row < len(labels) else -1
                label = names[number] if 0 <= number < len(names) else None
                yield FoundImage(split, f"{path}#{row}", Place("array", path, row), label)

    return Layout("CIFAR", False, images(), notes=lambda: damaged)


def array_picture(file: Path, path: str, row: int) -> bytes:
    """A PNG of one image. Errors: ``DamagedFile``."""
    from PIL import Image

    if _IDX_IMAGES.search(path):
        pixels = _idx_array(file)[row]
    else:
        pixels = _loaded(file)[b"data"][row].reshape(3, 32, 32).transpose(1, 2, 0)
    written = BytesIO()
    Image.fromarray(pixels).save(written, "PNG", compress_level=1)
    return written.getvalue()


def _here(files: FileSet, path: str) -> Path:
    file = files.local(path)
    if file is None:
        raise DamagedFile(f"{path} is not there.", next_step="Verify the dataset.")
    return file


def _idx_labels(files: FileSet, images: str) -> Any | None:
    for name in (images, images.removesuffix(".gz"), f"{images}.gz"):
        path = name.replace("images", "labels").replace("idx3", "idx1")
        if path in files.paths:
            return _remembered(_read_idx, _here(files, path))
    return None


def _idx_array(file: Path) -> Any:
    array = _remembered(_read_idx, file)
    if array.ndim != 3 or array.dtype.name != "uint8":
        raise DamagedFile(f"{file.name} holds no grey images.", next_step="Verify the dataset.")
    return array


def _read_idx(file: Path) -> Any:
    """Errors: ``DamagedFile``."""
    import gzip
    import struct

    import numpy as np

    try:
        raw = file.read_bytes()
        data = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
        dimensions = data[3]
        shape = struct.unpack_from(f">{dimensions}I", data, 4)
        if data[:3] != b"\0\0\x08":
            raise ValueError("another format")
        return np.frombuffer(data, np.uint8, offset=4 + 4 * dimensions).reshape(shape)
    except (OSError, EOFError, ValueError, IndexError, struct.error) as error:
        raise DamagedFile(f"{file.name} is no IDX file.", next_step="Verify the dataset.") from error


def _loaded(file: Path) -> Any:
    from dataferry.plugins.readers.cifar import load_pickle

    return _remembered(load_pickle, file)


def _cifar_names(file: Path) -> Sequence[str]:
    meta = _loaded(file)
    names = meta.get(b"fine_label_names") or meta.get(b"label_names") or _TEN
    return [name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name) for name in names]


#: The arrays that were read last: their images are asked for one after the other.
_LAST: Recent[tuple[str, int, int], Any] = Recent(4)


def _remembered(read: Callable[[Path], Any], file: Path) -> Any:
    status = file.stat()
    return _LAST.get((str(file), status.st_size, status.st_mtime_ns), lambda: read(file))
