"""Masks of objects as one transparent picture, to be laid over theirs. Called in the sandbox."""

import json
from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO

from dataferry.core.errors import BadImage
from dataferry.imaging.pixels import FORMATS, MAX_PIXELS
from dataferry.imaging.run_lengths import lengths_of
from dataferry.imaging.sandbox import Answer

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

#: How much of a picture a mask covers, of 255.
_COVER = 140
#: Of VOC's masks: the edge of objects, which belongs to none.
_VOID, _VOID_COLOUR = 255, (224, 224, 192)


def drawn_objects(file: BinaryIO, *, edge: int) -> Answer:
    """A PNG of the masks of a picture's objects, ``edge`` pixels on its longer side at most.

    ``file``: JSON, a list of ``size`` and ``counts``, as ``run_lengths`` reads them, and a ``colour``: red,
    green and blue. Errors: ``BadImage``.
    """
    from PIL import Image

    drawn: Image.Image | None = None
    for number, one in enumerate(json.load(file), start=1):
        mask = _mask(number, one["size"], one["counts"])
        if drawn is None:
            drawn = Image.new("RGBA", mask.size)
        if mask.size != drawn.size:
            raise BadImage("The masks of its objects are of several sizes.")
        drawn.paste((*one["colour"], _COVER), mask=mask)
    if drawn is None:
        raise BadImage("None of its objects has a mask.")
    return _png(drawn, edge)


def _mask(number: int, size: Sequence[int], counts: Any) -> "Image":
    import numpy as np
    from PIL import Image

    try:
        lengths = lengths_of(size, counts)
    except (ValueError, TypeError) as error:
        raise BadImage(f"The mask of object {number} cannot be read: {error}.") from error
    values = np.repeat(np.arange(len(lengths)) % 2 == 1, lengths)
    return Image.fromarray(values.reshape(tuple(size), order="F").astype(np.uint8) * 255)


def drawn_classes(file: BinaryIO, *, edge: int) -> Answer:
    """A PNG of a picture whose pixels are classes: a palette's and plain colours as they are, other numbers
    in the colours of Pascal VOC; nothing where it is 0 or black. Errors: ``BadImage``."""
    from PIL import Image, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = None  # judged below
    try:
        with Image.open(file, formats=FORMATS) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise BadImage(f"It has {picture.width:,} × {picture.height:,} pixels, too many to show.")
            picture.load()
            return _png(Image.fromarray(_coloured(picture), "RGBA"), edge)
    except UnidentifiedImageError as error:
        raise BadImage("Its mask is no picture, whatever its name says.") from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise BadImage("Its mask is damaged, or cut off.") from error


def _coloured(picture: "Image") -> "np.ndarray[Any, np.dtype[np.uint8]]":
    """Height × width × 4."""
    import numpy as np

    if picture.mode in ("RGB", "RGBA", "CMYK", "LA"):
        colours = np.asarray(picture.convert("RGB"))
        covered = colours.any(axis=2)
    else:
        numbers = np.asarray(picture).astype(np.int64)
        covered = numbers != 0
        if picture.mode == "P" and not _is_grey(picture):
            palette = np.zeros((256, 3), np.uint8)
            known = np.asarray(picture.getpalette("RGB"), np.uint8).reshape(-1, 3)
            palette[: len(known)] = known
            colours = palette[numbers]
        else:
            binary = set(np.unique(numbers[covered]).tolist()) == {_VOID}
            colours = _voc_colours()[1 if binary else numbers % 256]
            colours = np.broadcast_to(colours, (*numbers.shape, 3))
    return np.dstack([colours, np.where(covered, _COVER, 0).astype(np.uint8)])


def _is_grey(picture: "Image") -> bool:
    """Its palette is a ramp of greys, in which neighbouring classes look the same."""
    palette = picture.getpalette("RGB") or []
    return palette[::3] == palette[1::3] == palette[2::3]


def _voc_colours() -> "np.ndarray[Any, np.dtype[np.uint8]]":
    """The colours of VOC's development kit: the bits of a number, spread over red, green and blue."""
    import numpy as np

    numbers = np.arange(256)
    colours = np.zeros((256, 3), np.uint8)
    for place in range(8):
        for channel in range(3):
            colours[:, channel] |= ((numbers >> (3 * place + channel) & 1) << (7 - place)).astype(np.uint8)
    colours[_VOID] = _VOID_COLOUR
    return colours


def _png(picture: "Image", edge: int) -> Answer:
    from PIL.Image import Resampling

    width, height = picture.size
    # A colour between two may be that of a third class.
    picture.thumbnail((edge, edge), Resampling.NEAREST)
    written = BytesIO()
    picture.save(written, "PNG", compress_level=3)
    return Answer({"width": width, "height": height, "form": "png"}, written.getvalue())
