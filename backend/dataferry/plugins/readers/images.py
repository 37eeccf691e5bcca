"""Images as training wants them: upright, RGB or grey, and whole."""

import warnings
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, ImageOps

from dataferry.plugins.readers.base import damaged

Mode = Literal["RGB", "L"]

SUFFIXES = frozenset(
    (".bmp", ".gif", ".jfif", ".jpe", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
)
#: More pixels than any camera's photo: decoding them would take gigabytes.
_MOST_PIXELS = 200_000_000
_ORIENTATION = 0x0112


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
        with warnings.catch_warnings(), Image.open(path) as opened:
            warnings.simplefilter("ignore")  # of metadata that does not matter to the pixels
            if opened.width * opened.height > _MOST_PIXELS:
                raise damaged(path, f"it has {opened.width} × {opened.height} pixels")
            turned = _is_turned(opened) and opened.size != size
            image = ImageOps.exif_transpose(opened) if turned else opened
            image.load()
            return _converted(image, mode)
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        raise damaged(path, _reason(error)) from error


def image_size(path: Path) -> tuple[int, int]:
    """Width and height in pixels of the upright image, from its header. Errors: ``DamagedFile``."""
    try:
        with warnings.catch_warnings(), Image.open(path) as image:
            warnings.simplefilter("ignore")
            width, height = image.size
            return (height, width) if _is_turned(image, quarter=True) else (width, height)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise damaged(path, _reason(error)) from error


def _is_turned(image: Image.Image, *, quarter: bool = False) -> bool:
    """By its EXIF: in any way, or by a quarter, which swaps its sides."""
    orientation = image.getexif().get(_ORIENTATION, 1)
    return orientation in ((5, 6, 7, 8) if quarter else (2, 3, 4, 5, 6, 7, 8))


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
