"""What a picture is by its pixels, measured in the sandbox: size, brightness, and a fingerprint by which
pictures that look alike are found. All of it is of the upright picture; of an animation it is the first
frame."""

from typing import TYPE_CHECKING, Any, BinaryIO

from dataferry.core.errors import BadImage
from dataferry.imaging.pixels import upright
from dataferry.imaging.sandbox import Answer

if TYPE_CHECKING:
    from PIL.Image import Image

_FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM")
#: Of one picture.
_MAX_PIXELS = 100_000_000
#: Pixels that brightness is measured of: every so many in each direction.
_MEASURED_PIXELS = 1 << 16
#: The side of the small grey picture that two are compared by.
GREY_SIDE = 16


def measured(file: BinaryIO) -> Answer:
    """``value``: format, mode, size, number of frames, mean and deviation of each channel (0 to 255), the
    spread between its darkest and its lightest, and ``hash``, 128 bits in hexadecimal: whether each of 8 × 8
    fields is lighter than that to its right, and than that below. ``blob``: 16 × 16 greys.

    Errors: ``BadImage``.
    """
    import numpy as np
    from PIL import Image, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = None  # the size is ours to judge, before anything is decoded
    try:
        opened = Image.open(file, formats=_FORMATS)
    except UnidentifiedImageError as error:
        raise BadImage("It is no picture, whatever its name says.") from error
    with opened as picture:
        if picture.width * picture.height > _MAX_PIXELS:
            raise BadImage(f"It has {picture.width:,} × {picture.height:,} pixels, which are not decoded.")
        frames = int(getattr(picture, "n_frames", 1))
        mode, form = picture.mode, picture.format
        picture.load()
        shown = _eight_bits(upright(picture))
    pixels = np.asarray(shown, np.float32).reshape(shown.height, shown.width, -1)
    step = max(1, round((shown.width * shown.height / _MEASURED_PIXELS) ** 0.5))
    some = pixels[::step, ::step]
    grey = shown.convert("L")
    levels = np.asarray(grey)
    fingerprint, small = fingerprint_of(grey)
    value: dict[str, Any] = {
        "format": form,
        "mode": mode,
        "width": shown.width,
        "height": shown.height,
        "frames": frames,
        "mean": [round(float(one), 3) for one in some.mean((0, 1))],
        "deviation": [round(float(one), 3) for one in some.std((0, 1))],
        "spread": int(levels.max()) - int(levels.min()),
        "hash": fingerprint,
    }
    return Answer(value, small)


def fingerprint_of(grey: "Image") -> tuple[str, bytes]:
    """128 bits in hexadecimal, and 16 × 16 greys, of an upright picture of mode ``L``: see ``measured``."""
    import numpy as np
    from PIL import Image

    small = np.asarray(grey.resize((GREY_SIDE, GREY_SIDE), Image.Resampling.BOX), np.uint8)
    nine = np.asarray(grey.resize((9, 9), Image.Resampling.BOX), np.int16)
    across = nine[:8, :8] > nine[:8, 1:]
    down = nine[:8, :8] > nine[1:, :8]
    return np.packbits(np.stack([across, down]).ravel()).tobytes().hex(), small.tobytes()


def _eight_bits(picture: "Image") -> "Image":
    """In greys or colours of 8 bits. Grey of 16 bits by its high byte: Pillow would cut all above 255."""
    import numpy as np
    from PIL import Image

    if picture.mode.startswith(("I", "F")):
        values = np.nan_to_num(np.asarray(picture, np.float64))
        most = float(np.max(values, initial=0))
        scale = 257.0 if most > 255 and most <= 65_535 else max(1.0, most / 255)
        return Image.fromarray((values / scale).clip(0, 255).astype(np.uint8))
    if picture.mode in ("1", "L", "LA", "La"):
        return picture.convert("L")
    return picture.convert("RGB")
