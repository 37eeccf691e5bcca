"""DICOM files with bytes that were changed at random, and cut: the same ones for the same seed."""

import random
from collections.abc import Iterator

from tests.support.uploaded import DICOM_FILES

#: One of each transfer syntax and kind of pixels, and two with deep sequences.
MUTATED = (
    *("CT_small.dcm", "MR_small_RLE.dcm", "JPEG2000.dcm", "examples_palette.dcm", "SC_rgb_jpeg_dcmtk.dcm"),
    *("MR_small_jpeg_ls_lossless.dcm", "UN_sequence.dcm", "nested_priv_SQ.dcm"),
)
#: The preamble and the mark ``DICM`` stay: without them nothing is read at all.
_HEAD = 132


def mutations(name: str, count: int, seed: str = "") -> Iterator[bytes]:
    """``count`` mutations of one of pydicom's files, half of them cut as well."""
    whole = (DICOM_FILES / name).read_bytes()
    chance = random.Random(f"{name}{seed}")
    for _ in range(count):
        content = bytearray(whole)
        for _ in range(chance.randint(1, 12)):
            content[chance.randrange(_HEAD, len(content))] = chance.randrange(256)
        yield bytes(content[: chance.choice((None, chance.randrange(200, len(content))))])
