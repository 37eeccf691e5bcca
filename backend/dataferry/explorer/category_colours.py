"""The colour of each category, the same as the page's: neighbouring numbers are far apart."""

import math

#: Degrees from one hue to the next, and what all of them have of lightness and colour (OKLCH).
_STEP, _LIGHTNESS, _CHROMA = 137.5, 0.8, 0.16


def colour_of(category: int) -> tuple[int, int, int]:
    """Red, green and blue, 0 to 255."""
    hue = math.radians(round(category * _STEP % 360))
    a, b = _CHROMA * math.cos(hue), _CHROMA * math.sin(hue)
    # OKLab to linear light, https://bottosson.github.io/posts/oklab
    long = (_LIGHTNESS + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (_LIGHTNESS - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (_LIGHTNESS - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        _shown(4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short),
        _shown(-1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short),
        _shown(-0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short),
    )


def _shown(light: float) -> int:
    light = min(1.0, max(0.0, light))
    return round(255 * (12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055))
