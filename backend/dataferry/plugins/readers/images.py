"""Images as training wants them: upright, RGB or grey, and whole."""

from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from dataferry.plugins.readers.base import damaged

Mode = Literal["RGB", "L"]

SUFFIXES = frozenset(
    (".bmp", ".gif", ".jfif", ".jpe", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
)
_UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError)
_ORIENTATION = 0x0112
#: What makes an image upright, by its orientation.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
#: Orientations that swap the sides.
_QUARTERS = frozenset((5, 6, 7, 8))


def is_image(name: str) -> bool:
    """Whether a file of this name is taken for an image. macOS's ``._`` companions of a file are none."""
    return not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES


def open_image(path: Path, mode: Mode = "RGB", size: tuple[int, int] | None = None) -> Image.Image:
    """The decoded image, upright.

    ``size``: the (width, height) in pixels that its annotations are given in, where known. An image whose
    pixels have that size as they are stored is not turned, whatever its EXIF says: its boxes would no
    longer fit.

    Errors: ``DamagedFile`` naming the file.
    """
    try:
        with Image.open(path) as image:
            turn = _TURNS.get(_orientation(image))
            turned = image.transpose(turn) if turn is not None and image.size != size else image
            turned.load()
            return _converted(turned, mode)
    except _UNREADABLE as error:
        raise damaged(path, _reason(error)) from error


def image_size(path: Path) -> tuple[int, int]:
    """Width and height in pixels of the upright image, from its header. Errors: ``DamagedFile``."""
    try:
        with Image.open(path) as image:
            width, height = image.size
            # Pillow would decode a PNG to look for EXIF behind its pixels.
            has_head = image.format != "PNG" or "exif" in image.info
            return (height, width) if has_head and _orientation(image) in _QUARTERS else (width, height)
    except _UNREADABLE as error:
        raise damaged(path, _reason(error)) from error


def _orientation(image: Image.Image) -> int:
    """By its EXIF; 1 is upright, as is what has none, or a broken one: that says nothing of the pixels."""
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # Pillow's parser raises whatever it meets
        return 1


def _converted(image: Image.Image, mode: Mode) -> Image.Image:
    """Transparency is dropped: the colours below it stay."""
    if image.mode == mode:
        return image
    if image.mode.startswith("I") or image.mode == "F":
        image = _to_eight_bits(image)
    if image.mode == "P" and "transparency" in image.info:
        image = image.convert("RGBA")
    return image.convert(mode)


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """Grey of 16 bits by its high byte: Pillow would cut all above 255 to white."""
    values = np.asarray(image)
    if values.max(initial=0) > 255:
        values = values / 257.0
    return Image.fromarray(values.clip(0, 255).astype(np.uint8))


def _reason(error: BaseException) -> str:
    if isinstance(error, FileNotFoundError):
        return "it is not there"
    return str(error).split(" '/")[0].split(" <")[0].rstrip(".") or type(error).__name__
