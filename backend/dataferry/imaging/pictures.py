"""Pictures for a browser: of any format that datasets have, in one that it reads, as large as it shows them.

``drawn`` decodes, and is called in the sandbox.
"""

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO, Literal

from dataferry.core.errors import BadImage
from dataferry.imaging.headers import FORMATS
from dataferry.imaging.sandbox import Answer

if TYPE_CHECKING:
    from PIL.Image import Image

Format = Literal["avif", "webp", "jpeg", "png"]

MEDIA_TYPES: dict[Format, str] = {
    "avif": "image/avif",
    "webp": "image/webp",
    "jpeg": "image/jpeg",
    "png": "image/png",
}
#: The longer side of a thumbnail, and of a picture that is shown whole, in pixels.
THUMBNAIL_EDGE = 192
WHOLE_EDGE = 4096
MAX_PIXELS = 50_000_000
#: Up to this side a whole picture is sent without loss: each of its pixels is seen.
_SMALL_EDGE = 256
_ORIENTATION = 0x0112
#: ``PIL.Image.Transpose`` by what EXIF says of how a picture is to be turned.
_TURNS = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}
#: A grey picture with nothing brighter is a mask, whose classes would all be black.
_DARK = 31
_DEEP_MODES = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")


def wanted_format(accept: str) -> Format:
    """The best that the header ``Accept`` of a request takes by name: AVIF, WebP, else JPEG, which all
    read."""
    taken = {
        kind.strip().lower()
        for kind, _, rest in (part.partition(";") for part in accept.split(","))
        if rest.replace(" ", "") not in ("q=0", "q=0.0")
    }
    return next((form for form in ("avif", "webp") if f"image/{form}" in taken), "jpeg")


def drawn(file: BinaryIO, *, edge: int, form: Format, size: Sequence[int] | None = None) -> Answer:
    """The picture upright, in eight bits and colours of a screen, ``edge`` pixels on its longer side at most.
    ``value``: ``width`` and ``height`` of the whole one, and the ``form`` that was chosen. What its file says
    beside the pixels is left out.

    ``size``: the width and height that its boxes are meant for. One whose pixels have it as they are stored
    is not turned, whatever its EXIF says: its boxes would no longer fit.

    Errors: ``BadImage`` with the reason.
    """
    from PIL import Image, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = None  # judged below
    try:
        with Image.open(file, formats=FORMATS) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise BadImage(f"It has {picture.width:,} × {picture.height:,} pixels, too many to show.")
            meant = size is not None and tuple(size) == picture.size
            turn = None if meant else _TURNS.get(_orientation(picture))
            width, height = picture.size[::-1] if turn in (2, 4, 5, 6) else picture.size
            picture.draft("RGB", (2 * edge, 2 * edge))  # a JPEG is decoded at a part of its size
            small = _shown(picture)
            small.thumbnail((edge, edge), reducing_gap=2.0)
            small = small if turn is None else small.transpose(Image.Transpose(turn))
    except UnidentifiedImageError as error:
        raise BadImage("It is no picture, whatever its name says.") from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise BadImage("It is damaged, or cut off.") from error
    exact = edge > _SMALL_EDGE >= max(small.size)
    chosen: Format = "png" if exact else form
    return Answer({"width": width, "height": height, "form": chosen}, _encoded(small, chosen))


def _orientation(picture: "Image") -> int:
    try:
        return int(picture.getexif().get(_ORIENTATION, 1))
    except Exception:  # damaged EXIF raises what it likes, and says nothing of the pixels
        return 1


def _encoded(picture: "Image", form: Format) -> bytes:
    picture.info.clear()
    written = BytesIO()
    large = max(picture.size) > _SMALL_EDGE
    match form:
        case "avif":
            picture.save(written, "AVIF", quality=75 if large else 60, speed=9)
        case "webp":
            picture.save(written, "WEBP", quality=88 if large else 80, method=2)
        case "png":
            picture.save(written, "PNG", compress_level=3)
        case "jpeg":
            plain = picture if picture.mode in ("L", "RGB") else picture.convert("RGB")
            plain.save(written, "JPEG", quality=90 if large else 82)
    return written.getvalue()


def _shown(picture: "Image") -> "Image":
    """With eight bits for a value, in greys or colours that a screen has; its first frame."""
    picture.load()
    if picture.mode in _DEEP_MODES or (picture.mode == "L" and _brightest(picture) <= _DARK):
        return _stretched(picture)
    if picture.mode in ("L", "RGB", "RGBA"):
        return picture.copy()
    transparent = picture.mode in ("LA", "PA", "La", "RGBa") or "transparency" in picture.info
    return picture.convert("RGBA" if transparent else "L" if picture.mode == "1" else "RGB")


def _brightest(picture: "Image") -> float:
    extrema = picture.getextrema()
    return float(extrema[1])  # type: ignore[arg-type]


def _stretched(picture: "Image") -> "Image":
    """From black to white what it has from its least to its greatest value; black where it has none."""
    import numpy as np
    from PIL import Image

    values = np.asarray(picture, np.float32)
    known = values[np.isfinite(values)]
    low, high = (float(np.min(known)), float(np.max(known))) if known.size else (0.0, 0.0)
    grey = (np.nan_to_num(values, nan=low, posinf=high, neginf=low) - low) * (255 / max(high - low, 1e-9))
    return Image.fromarray(grey.clip(0, 255).astype(np.uint8))
