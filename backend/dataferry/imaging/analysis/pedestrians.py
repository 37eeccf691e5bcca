"""People who stand or walk, found without a trained network: histograms of oriented gradients (Dalal and
Triggs, 2005) with the weights that OpenCV brings."""

from typing import TYPE_CHECKING, Any

from dataferry.imaging.analysis.boxes import Box, without_overlaps

if TYPE_CHECKING:
    import numpy.typing as npt
    from PIL.Image import Image

#: The longer side of the picture that is looked at, in pixels.
_EDGE = 1280
#: The detector's window; in a smaller picture there is nothing to look for.
_WINDOW = (64, 128)
#: Distance from the plane between people and all else: less is too often a lamp post.
_LEAST_MARGIN = 0.5
#: A window is wider and higher than the person in it: at each side, above and below.
_SIDE, _ABOVE, _BELOW = 0.2, 0.12, 0.07
_MOST_OVERLAP = 0.45


def find_pedestrians(picture: "Image") -> dict[str, Any]:
    """``boxes``, of the most distinct person first, and OpenCV's ``version``."""
    import cv2
    import numpy as np

    cv2.setNumThreads(1)  # each thread takes of the sandbox's memory
    version = str(cv2.__version__)
    scale = min(1.0, _EDGE / max(picture.size))
    size = (round(picture.width * scale), round(picture.height * scale))
    if size[0] < _WINDOW[0] or size[1] < _WINDOW[1]:
        return {"boxes": [], "version": version}
    small = picture.convert("RGB").resize(size)
    detector = cv2.HOGDescriptor()
    weights: npt.NDArray[Any] = np.asarray(cv2.HOGDescriptor.getDefaultPeopleDetector())
    detector.setSVMDetector(weights)
    found, margins = detector.detectMultiScale(
        np.asarray(small)[..., ::-1], winStride=(8, 8), padding=(8, 8), scale=1.05
    )
    scored: list[tuple[Box, float]] = [
        (_without_rim(window, scale, picture.size), float(margin))
        for window, margin in zip(found, np.ravel(margins), strict=True)
        if margin >= _LEAST_MARGIN
    ]
    kept = without_overlaps(scored, _MOST_OVERLAP)
    return {"boxes": [[round(value, 1) for value in scored[place][0]] for place in kept], "version": version}


def _without_rim(window: Any, scale: float, size: tuple[int, int]) -> Box:
    """In pixels of the whole picture, and within it."""
    x, y, width, height = (float(value) / scale for value in window)
    left, top = max(0.0, x + _SIDE * width), max(0.0, y + _ABOVE * height)
    right = min(float(size[0]), x + (1 - _SIDE) * width)
    bottom = min(float(size[1]), y + (1 - _BELOW) * height)
    return left, top, max(0.0, right - left), max(0.0, bottom - top)
