"""The size of a picture by its first bytes, without decoding it."""

from io import BytesIO

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF", "JPEG2000")
_ORIENTATION = 0x0112
#: EXIF's words for a picture that lies on its side.
_SIDEWAYS = (5, 6, 7, 8)


def size_of(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels, upright; None where these bytes do not tell."""
    from PIL import Image

    try:
        with Image.open(BytesIO(data), formats=FORMATS) as picture:
            width, height = picture.size
            # Pillow would decode a PNG to look for EXIF behind its pixels.
            has_head = picture.format != "PNG" or "exif" in picture.info
            turned = has_head and picture.getexif().get(_ORIENTATION, 1) in _SIDEWAYS
    except Exception:  # a stranger's header raises what it likes
        return None
    return (height, width) if turned else (width, height)
