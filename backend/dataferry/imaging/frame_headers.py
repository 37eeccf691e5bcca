"""What the header of a compressed frame says of its size, read before a decoder believes it.

A stream of a few kilobytes that says 65,535 × 65,535 keeps a decoder at work until its time is over
(CVE-2026-5441 and its kind).
"""

import struct
from typing import TYPE_CHECKING

from dataferry.core.errors import BadImage

if TYPE_CHECKING:
    from pydicom import Dataset

#: JPEG's frame headers but those that are tables (DHT, JPG, DAC), and JPEG-LS's.
_FRAMES = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
_START_OF_SCAN = 0xDA
_JPEG_2000 = b"\xff\x4f\xff\x51"
#: Of a header that is read, in bytes.
_LONGEST = 1 << 20


def check_frame(dataset: "Dataset", index: int) -> None:
    """Errors: ``BadImage`` where a compressed frame says another size than its file does; whatever pydicom
    raises for a frame that is not there."""
    from pydicom.encaps import get_frame

    syntax = dataset.file_meta.TransferSyntaxUID
    if not syntax.is_encapsulated or "PixelData" not in dataset:
        return
    frames = max(1, int(dataset.get("NumberOfFrames") or 1))
    size = frame_size(get_frame(dataset.PixelData, index, number_of_frames=frames)[:_LONGEST])
    if size is not None and size != (int(dataset.Columns), int(dataset.Rows)):
        raise BadImage(
            f"Frame {index + 1} says {size[0]:,} × {size[1]:,} pixels, and its file"
            f" {int(dataset.Columns):,} × {int(dataset.Rows):,}."
        )


def frame_size(stream: bytes) -> tuple[int, int] | None:
    """Width and height in the header of a JPEG, JPEG-LS or JPEG 2000 stream; None for what is none, and where
    it leaves the height open."""
    if stream.startswith(_JPEG_2000):
        right, bottom, left, top = struct.unpack_from(">IIII", stream.ljust(24, b"\0"), 8)
        return right - left, bottom - top
    place = 2 if stream.startswith(b"\xff\xd8") else len(stream)
    while place + 9 <= len(stream) and stream[place] == 0xFF:
        marker, length = stream[place + 1], int.from_bytes(stream[place + 2 : place + 4], "big")
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", stream, place + 5)
            return (width, height) if width and height else None
        if marker == _START_OF_SCAN:
            return None
        place += 2 + length
    return None
