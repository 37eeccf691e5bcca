"""Bytes in the true formats of published datasets, the same whenever they are made."""

import gzip
import io
import json
import struct
import tarfile
from collections.abc import Mapping, Sequence
from typing import Any
from zipfile import ZipFile, ZipInfo

import numpy as np
from PIL import Image

_MADE = (2017, 1, 1, 0, 0, 0)


def picture(width: int, height: int, seed: int = 0, mode: str = "RGB") -> Image.Image:
    """Large coloured squares, which JPEG keeps, in a size that the seed may change nothing of."""
    chance = np.random.default_rng(seed)
    squares = chance.integers(0, 256, (-(-height // 8), -(-width // 8), 3), np.uint8)
    pixels = np.kron(squares, np.ones((8, 8, 1), np.uint8))[:height, :width]
    return Image.fromarray(pixels).convert(mode)


def encoded(image: Image.Image, form: str = "JPEG", **how: Any) -> bytes:
    """The image as a file."""
    out = io.BytesIO()
    image.save(out, form, **how)
    return out.getvalue()


def idx(values: "np.ndarray[Any, np.dtype[np.uint8]]") -> bytes:
    """An IDX file of uint8."""
    return bytes((0, 0, 8, values.ndim)) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()


def idx_pair(count: int, seed: int) -> tuple[bytes, bytes]:
    """Images of 28 × 28 and labels 0 to 9, each compressed with gzip."""
    images = np.random.default_rng(seed).integers(0, 256, (count, 28, 28), np.uint8)
    return gzip.compress(idx(images), mtime=0), gzip.compress(
        idx(np.arange(count, dtype=np.uint8) % 10), mtime=0
    )


def cifar_batch(count: int, seed: int) -> bytes:
    """A batch as Python 2 and NumPy 1 wrote it."""
    data = np.random.default_rng(seed).integers(0, 256, (count, 3072), np.uint8)
    return old_pickle(
        {
            b"batch_label": b"training batch",
            b"labels": [number % 10 for number in range(count)],
            b"data": data,
            b"filenames": [b"picture_s_%06d.png" % number for number in range(count)],
        }
    )


def old_pickle(value: Any) -> bytes:
    """A pickle with the opcodes of Python 2 for bytes, numbers, lists, dictionaries and arrays of uint8,
    and with the numbers in place of booleans that NumPy 1 gave its types."""
    return b"\x80\x02" + _old_opcodes(value) + b"."


def _old_opcodes(value: Any) -> bytes:
    if isinstance(value, bytes):
        short = len(value) < 256
        return (b"U" + bytes([len(value)]) if short else b"T" + struct.pack("<i", len(value))) + value
    if isinstance(value, int):
        return b"J" + struct.pack("<i", value)
    if isinstance(value, list):
        return b"](" + b"".join(map(_old_opcodes, value)) + b"e"
    if isinstance(value, dict):
        return b"}(" + b"".join(_old_opcodes(part) for pair in value.items() for part in pair) + b"u"
    shape = b"(" + b"".join(map(_old_opcodes, value.shape)) + b"t"
    kind = b"cnumpy\ndtype\n(U\x02u1K\x00K\x01tR(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    empty = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tU\x01btR"
    return empty + b"(K\x01" + shape + kind + b"\x89" + _old_opcodes(value.tobytes()) + b"tb"


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip of files by their paths."""
    out = io.BytesIO()
    with ZipFile(out, "w") as archive:
        for path, content in files.items():
            archive.writestr(ZipInfo(path, _MADE), content)
    return out.getvalue()


def tar_gz(files: Mapping[str, bytes]) -> bytes:
    """A tar.gz of files by their paths."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for path, content in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return gzip.compress(out.getvalue(), mtime=0)


def json_lines(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """A record a line."""
    return "".join(json.dumps(row) + "\n" for row in rows).encode()
