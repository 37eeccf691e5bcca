"""Scans of a laser scanner: fewer points for a browser, and a picture from above."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dataferry.plugins.readers.base import damaged

Points = npt.NDArray[np.float32]
"""(n, 4): x, y and z in metres, and how much light came back, 0 to 1."""

#: A scan has some 120,000 points of 16 bytes.
_MAX_BYTES = 64 << 20
VOXEL_M = 0.2
#: ``packed`` counts in centimetres: 16 bits reach 327 m.
_UNIT_M = 0.01
_FARTHEST_M = 320.0
#: The picture from above: so many metres to each side, and of each pixel.
REACH_M = 40.0
_PIXEL_M = 0.1
_LOWEST_M, _HIGHEST_M = -2.5, 2.0


def read_points(path: Path) -> Points:
    """A scan's points; those that are no numbers are left out. Errors: ``DamagedFile``."""
    try:
        size = path.stat().st_size
        if size % 16 or size > _MAX_BYTES:
            raise damaged(path, f"its {size:,} bytes are no scan of four floats a point")
        points: Points = np.fromfile(path, "<f4").reshape(-1, 4)
    except OSError as error:
        raise damaged(path, "it is not there") from error
    finite: Points = points[np.isfinite(points).all(1)]
    return finite


def thinned(points: Points) -> Points:
    """One point of each cube of 0.2 m, the first that was scanned, in the order of the scan."""
    near = points[(np.abs(points[:, :3]) < _FARTHEST_M).all(1)]
    cells = np.floor(near[:, :3] / VOXEL_M).astype(np.int64)
    span = round(4 * _FARTHEST_M / VOXEL_M)
    names = (cells[:, 0] * span + cells[:, 1]) * span + cells[:, 2]
    _, first = np.unique(names, return_index=True)
    thinner: Points = near[np.sort(first)]
    return thinner


def packed(points: Points) -> bytes:
    """Four little-endian ``int16`` a point: x, y and z in centimetres, and the light as 0 to 255."""
    whole = np.empty((len(points), 4), "<i2")
    whole[:, :3] = np.rint(points[:, :3] / _UNIT_M)
    whole[:, 3] = np.rint(points[:, 3].clip(0, 1) * 255)
    return whole.tobytes()


def from_above(points: Points, boxes: Sequence[npt.NDArray[np.float64]]) -> bytes:
    """A PNG of 800 × 800 pixels, the way that the car drives upwards: points by their height, and the
    outlines of boxes (8, 3)."""
    from PIL import Image, ImageDraw

    side = round(2 * REACH_M / _PIXEL_M)
    places = _pixels(points[:, :2], side)
    inside = ((places >= 0) & (places < side)).all(1)
    heights = points[inside, 2].clip(_LOWEST_M, _HIGHEST_M)
    shades = (64 + 190 * (heights - _LOWEST_M) / (_HIGHEST_M - _LOWEST_M)).astype(np.uint8)
    seen = np.zeros((side, side), np.uint8)
    order = np.argsort(shades, kind="stable")  # what is higher hides what is below it
    rows, columns = places[inside][order, 1], places[inside][order, 0]
    seen[rows, columns] = shades[order]
    picture = Image.fromarray(seen, "L").convert("P")
    picture.putpalette(_palette())
    draw = ImageDraw.Draw(picture)
    for box in boxes:
        # ``corners``: bit 2 is along, bit 1 across; an outline goes round.
        outline = _pixels(box[[0, 2, 6, 4], :2], side)
        draw.polygon([(int(x), int(y)) for x, y in outline], outline=255)
    written = BytesIO()
    picture.save(written, "PNG", compress_level=3)
    return written.getvalue()


def _pixels(places: npt.NDArray[np.floating], side: int) -> npt.NDArray[np.int64]:
    """(n, 2) columns and rows of x and y in metres: ahead is up, to the left is left."""
    ahead_first = np.stack([-places[:, 1], -places[:, 0]], 1)
    found: npt.NDArray[np.int64] = np.floor(ahead_first / _PIXEL_M).astype(np.int64) + side // 2
    return found


def _palette() -> list[int]:
    """Black, then from blue over green to yellow, and white for outlines."""
    ramp = np.linspace(0, 1, 254)
    stops = np.array([(60, 60, 160), (40, 130, 150), (80, 190, 110), (230, 225, 80)])
    colours = np.stack([np.interp(ramp, np.linspace(0, 1, 4), stops[:, one]) for one in range(3)], 1)
    whole = np.vstack([(12, 14, 20), colours, (255, 120, 90)])
    return [int(value) for value in whole.ravel()]
