"""The pixels of a decoded picture as a screen shows them: upright, with eight bits for a value."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

#: Formats of pictures that datasets have.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF", "JPEG2000")
#: The most pixels of a picture that is decoded to be shown.
MAX_PIXELS = 50_000_000
#: EXIF's tag of how a picture is to be turned, and by its value the number of ``PIL.Image.Transpose``.
ORIENTATION = 0x0112
TURNS = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}
#: Turns that make a width of a height.
SIDEWAYS = (2, 4, 5, 6)
#: Pictures with more than eight bits for a value, or with fractions.
DEEP_MODES = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")


def turn_of(picture: "Image") -> int | None:
    """How EXIF says that it is to be turned, as the number of ``PIL.Image.Transpose``; None where it stands
    upright, and where EXIF makes no sense."""
    try:
        return TURNS.get(int(picture.getexif().get(ORIENTATION, 1)))
    except Exception:  # damaged EXIF raises what it likes, and says nothing of the pixels
        return None


def upright(picture: "Image") -> "Image":
    """As EXIF says that it is to be turned; nothing else is known of where its top is."""
    from PIL.Image import Transpose

    turn = turn_of(picture)
    return picture if turn is None else picture.transpose(Transpose(turn))


def in_eight_bits(picture: "Image") -> "Image":
    """In greys or colours that a screen has, its first frame; deep greys are stretched."""
    picture.load()
    if picture.mode in DEEP_MODES:
        return stretched(picture)
    if picture.mode in ("L", "RGB", "RGBA"):
        return picture
    if picture.mode == "1":
        return picture.convert("L")
    transparent = picture.mode in ("LA", "PA", "La", "RGBa") or "transparency" in picture.info
    return picture.convert("RGBA" if transparent else "RGB")


def stretched(picture: "Image") -> "Image":
    """From black to white what it has from its least to its greatest value; black where it has none."""
    import numpy as np
    from PIL import Image

    values = np.asarray(picture, np.float32)
    known = values[np.isfinite(values)]
    low, high = (float(np.min(known)), float(np.max(known))) if known.size else (0.0, 0.0)
    grey = (np.nan_to_num(values, nan=low, posinf=high, neginf=low) - low) * (255 / max(high - low, 1e-9))
    return Image.fromarray(grey.clip(0, 255).astype(np.uint8))
