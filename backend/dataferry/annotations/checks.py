"""Boxes and labels as people send them, brought to the form in which they are kept."""

import math
import unicodedata

from dataferry.annotations.views import MAX_LABEL, AnnotationKind, Box, ImagePlace
from dataferry.core.errors import InvalidInput

#: Boxes are kept to a hundredth of a pixel.
DIGITS = 2
#: By so many pixels a box may stand out of the image, and is cut: rounding, and mice.
_SLACK = 1.0
_LEAST_SIDE = 10**-DIGITS


def checked_box(box: Box | None, place: ImagePlace, kind: AnnotationKind) -> Box | None:
    """The box, cut to the image; None of a label. Errors: ``InvalidInput``."""
    if kind == "label":
        if box is not None:
            raise InvalidInput("A label is of the whole image.", next_step="Leave the box out.")
        return None
    if box is None:
        raise InvalidInput("A box needs its edges.", next_step="Give x, y, width and height in pixels.")
    if not all(map(math.isfinite, box)):
        raise InvalidInput("The edges of a box are finite numbers.")
    x, y, width, height = box
    left, right = _cut(x, x + width, place.width)
    top, bottom = _cut(y, y + height, place.height)
    kept = tuple(round(value, DIGITS) for value in (left, top, right - left, bottom - top))
    if min(kept[2:]) < _LEAST_SIDE:
        raise InvalidInput("The box has no area in the image.", next_step="Draw it larger.")
    return kept[0], kept[1], kept[2], kept[3]


def _cut(start: float, end: float, whole: int) -> tuple[float, float]:
    if start < -_SLACK or end > whole + _SLACK:
        raise InvalidInput(
            f"The box reaches from {start:g} to {end:g}, and the image from 0 to {whole}.",
            next_step="Count in pixels of the upright image, from its upper left corner.",
        )
    return max(0.0, start), min(float(whole), end)


def checked_label(label: str) -> str:
    """In one line and one way of writing its letters. Errors: ``InvalidInput``."""
    kept = " ".join(unicodedata.normalize("NFC", label).split())
    if not kept or len(kept) > MAX_LABEL:
        raise InvalidInput(f"A label has 1 to {MAX_LABEL} characters.")
    if any(unicodedata.category(letter) == "Cc" for letter in kept):
        raise InvalidInput("A label holds no control characters.")
    return kept
