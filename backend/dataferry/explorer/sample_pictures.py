"""Pictures of samples for a browser: small for a gallery, or whole."""

from dataclasses import dataclass
from io import BytesIO
from typing import Any

from dataferry.library.preview.thumbnails import thumbnail_of

#: A longer side is not sent.
_MAX_EDGE = 4096
#: Up to this side a picture is sent without loss: each of its pixels is seen.
_SMALL_EDGE = 256
_QUALITY = 92


@dataclass(frozen=True, slots=True)
class Picture:
    """The bytes of a picture, and their media type."""

    data: bytes
    type: str


def small_picture(image: Any) -> Picture:
    """Of a PIL image."""
    return Picture(thumbnail_of(image).webp, "image/webp")


def whole_picture(image: Any) -> Picture:
    """Of a PIL image, as it was decoded; one of more than 4,096 pixels a side is made smaller."""
    shown = image if image.mode in ("L", "RGB") else image.convert("RGB")
    if max(shown.size) > _MAX_EDGE:
        shown = shown.copy()
        shown.thumbnail((_MAX_EDGE, _MAX_EDGE))
    written = BytesIO()
    if max(shown.size) <= _SMALL_EDGE:
        shown.save(written, "PNG")
        return Picture(written.getvalue(), "image/png")
    shown.save(written, "JPEG", quality=_QUALITY, subsampling=0)
    return Picture(written.getvalue(), "image/jpeg")
