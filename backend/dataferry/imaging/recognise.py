"""What a file is, by its first bytes and never by its name."""

from typing import Literal

ImageFormat = Literal["dicom", "jpeg", "png", "tiff"]

#: As many bytes from a file's beginning tell what it is.
HEAD_BYTES = 132
MEDIA_TYPES: dict[ImageFormat, str] = {
    "dicom": "application/dicom",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "tiff": "image/tiff",
}
_DICOM_MARK = slice(128, 132)
_STARTS: dict[bytes, ImageFormat] = {
    b"\xff\xd8\xff": "jpeg",
    b"\x89PNG\r\n\x1a\n": "png",
    b"II*\0": "tiff",
    b"MM\0*": "tiff",
    b"II+\0": "tiff",
    b"MM\0+": "tiff",
}


def format_of(head: bytes) -> ImageFormat | None:
    """The format of a file that begins with ``head``; None for what is none of the four.

    DICOM comes first: the 128 bytes before its mark are free, and may hold a TIFF's or a script's beginning.
    """
    if head[_DICOM_MARK] == b"DICM":
        return "dicom"
    return next((format for start, format in _STARTS.items() if head.startswith(start)), None)
