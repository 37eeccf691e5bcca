"""How good a picture is to work with: plain measures of its greys. What they mean is said elsewhere."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy.typing as npt
    from PIL.Image import Image

#: Sharpness is measured of a picture that is at most so large: else it would depend on its size.
_EDGE = 1024
#: Pixels over which a picture is blurred to see how much that changes it.
_BLUR = 11
#: Greys of 255 that count as black and as white.
_BLACK, _WHITE = 2, 253


def quality_of(grey: "Image") -> dict[str, float]:
    """Of an upright picture of mode ``L``. ``brightness``: the mean; ``contrast``: from the 5th to the 95th
    percentile; ``black`` and ``white``: shares of pixels; ``blur``: 0 where each edge is sharp, 1 where
    blurring changes nothing. All are from 0 to 1. ``width`` and ``height`` in pixels."""
    import numpy as np

    small = grey.copy()
    small.thumbnail((_EDGE, _EDGE))
    greys = np.asarray(small, np.float64)
    low, high = np.percentile(greys, (5, 95))
    found: dict[str, float] = {
        "brightness": float(greys.mean()) / 255,
        "contrast": float(high - low) / 255,
        "black": float((greys <= _BLACK).mean()),
        "white": float((greys >= _WHITE).mean()),
        "blur": max(_blur(greys), _blur(greys.T)),
    }
    return {name: round(value, 4) for name, value in found.items()} | {
        "width": grey.width,
        "height": grey.height,
    }


def _blur(greys: "npt.NDArray[Any]") -> float:
    """Along the columns, after Crété-Roffet and others, "The blur effect" (2007): how much of the steps
    between neighbours is left after a blur. Of one that has no steps at all 1."""
    import numpy as np

    if greys.shape[0] <= _BLUR:
        return 0.0
    kernel_sums = np.cumsum(np.pad(greys, ((_BLUR // 2 + 1, _BLUR // 2), (0, 0)), "edge"), axis=0)
    blurred = (kernel_sums[_BLUR:] - kernel_sums[:-_BLUR]) / _BLUR
    steps = np.abs(np.diff(greys, axis=0))
    left = np.abs(np.diff(blurred, axis=0))
    total = float(steps.sum())
    if total == 0:
        return 1.0
    return 1 - float(np.maximum(0, steps - left).sum()) / total
