"""What a colleague would say of a picture's quality, from what was measured of it."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from dataferry.analysis.views import QualityMeasure
from dataferry.uploads.views import UploadCategory


class _Verdict(NamedTuple):
    verdict: Literal["good", "doubtful", "poor"]
    says: str


#: Shares of the way from black to white.
_DARK, _BRIGHT = 0.15, 0.85
#: Of pixels without any drawing in them. Around an X-ray there is black.
_BLOWN_OUT, _LOST_IN_BLACK = 0.15, 0.35
_FLAT, _LOW = 0.2, 0.35
_SOFT, _BLURRED = 0.55, 0.7
#: Pixels of the shorter side below which little can be made out, and below which less than one would like.
_LEAST: dict[UploadCategory, tuple[int, int]] = {
    "xray": (224, 512),
    "medical": (64, 256),
    "traffic": (240, 480),
}


def quality_words(category: UploadCategory, measures: Mapping[str, float]) -> tuple[QualityMeasure, ...]:
    """``measures``: as ``imaging.analysis.quality`` has them."""
    return (
        QualityMeasure(name="exposure", **_exposure(category, measures)._asdict()),
        QualityMeasure(name="contrast", **_contrast(measures["contrast"])._asdict()),
        QualityMeasure(name="sharpness", **_sharpness(measures["blur"], measures["contrast"])._asdict()),
        QualityMeasure(name="size", **_size(category, measures)._asdict()),
    )


def _exposure(category: UploadCategory, measures: Mapping[str, float]) -> _Verdict:
    brightness, white, black = measures["brightness"], measures["white"], measures["black"]
    told = f"its mean brightness is {_percent(brightness)}"
    if white > _BLOWN_OUT:
        return _Verdict("poor", f"Overexposed: {_percent(white)} of it is plain white.")
    if category == "traffic" and black > _LOST_IN_BLACK:
        return _Verdict("poor", f"Underexposed: {_percent(black)} of it is plain black.")
    if brightness < _DARK:
        return _Verdict("doubtful", f"Dark: {told}.")
    if brightness > _BRIGHT:
        return _Verdict("doubtful", f"Very bright: {told}.")
    return _Verdict("good", f"Well exposed: {told}.")


def _contrast(spread: float) -> _Verdict:
    told = f"its greys span {_percent(spread)} of the way from black to white"
    if spread < _FLAT:
        return _Verdict("poor", f"Flat: {told}.")
    if spread < _LOW:
        return _Verdict("doubtful", f"Low in contrast: {told}.")
    return _Verdict("good", f"Good contrast: {told}.")


def _sharpness(blur: float, spread: float) -> _Verdict:
    if spread == 0:
        return _Verdict("poor", "There is nothing in it that could be sharp.")
    if blur > _BLURRED:
        return _Verdict("poor", "Blurred: there are no sharp edges in it.")
    if blur > _SOFT:
        return _Verdict("doubtful", "A little soft: its edges are not quite sharp.")
    return _Verdict("good", "Sharp.")


def _size(category: UploadCategory, measures: Mapping[str, float]) -> _Verdict:
    width, height = int(measures["width"]), int(measures["height"])
    least, wanted = _LEAST[category]
    told = f"{width} × {height} pixels"
    if min(width, height) < least:
        return _Verdict("poor", f"Too small to make out much: {told}.")
    if min(width, height) < wanted:
        return _Verdict("doubtful", f"Small: {told}.")
    return _Verdict("good", f"Large enough: {told}.")


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
