"""Pictures for a browser: of any format that datasets have, in one that it reads, as large as it shows them.

``drawn`` decodes, and is called in the sandbox.
"""

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO, Literal, cast

from dataferry.core.errors import BadImage
from dataferry.imaging.pixels import FORMATS, MAX_PIXELS, SIDEWAYS, in_eight_bits, stretched, turn_of
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
#: The longer side of thumbnails, for screens of one, two and four pixels a point, and of a picture that is
#: shown whole, in pixels.
THUMBNAIL_EDGES = (192, 384, 768)
THUMBNAIL_EDGE = THUMBNAIL_EDGES[0]
WHOLE_EDGE = 4096
#: Up to this side a whole picture is sent without loss: each of its pixels is seen.
_SMALL_EDGE = 256
#: A grey picture with nothing brighter is a mask, whose classes would all be black.
_DARK = 31


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
            turn = None if meant else turn_of(picture)
            width, height = picture.size[::-1] if turn in SIDEWAYS else picture.size
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
    """A copy in eight bits, in which also the classes of a dark mask are told apart."""
    picture.load()
    if picture.mode == "L" and cast(tuple[float, float], picture.getextrema())[1] <= _DARK:
        return stretched(picture)
    return in_eight_bits(picture).copy()
