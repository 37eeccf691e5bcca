"""The size of a picture by its first bytes, without decoding it."""

from io import BytesIO

from dataferry.imaging.pixels import FORMATS, SIDEWAYS, turn_of


def size_of(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels, upright; None where these bytes do not tell."""
    from PIL import Image

    try:
        with Image.open(BytesIO(data), formats=FORMATS) as picture:
            width, height = picture.size
            # Pillow would decode a PNG to look for EXIF behind its pixels.
            has_head = picture.format != "PNG" or "exif" in picture.info
            turned = has_head and turn_of(picture) in SIDEWAYS
    except Exception:  # a stranger's header raises what it likes
        return None
    return (height, width) if turned else (width, height)
