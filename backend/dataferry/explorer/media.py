"""Pictures and sounds by their first bytes. Nothing that could run in a page is among them."""

from dataclasses import dataclass

UNKNOWN = "application/octet-stream"
_MAGIC = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF8", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (0, b"BM", "image/bmp"),
    (8, b"WAVE", "audio/wav"),
    (0, b"fLaC", "audio/flac"),
    (0, b"OggS", "audio/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (4, b"ftypM4A", "audio/mp4"),
)


@dataclass(frozen=True, slots=True)
class Media:
    """The bytes of a cell, and their type."""

    data: bytes
    type: str


def media_type(data: bytes) -> str:
    return next((kind for start, magic, kind in _MAGIC if data.startswith(magic, start)), UNKNOWN)
