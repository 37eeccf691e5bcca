"""Masks of objects and of classes, as the tools write them that people use."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from dataferry.core.errors import BadImage
from dataferry.imaging.masks import drawn_classes, drawn_objects
from dataferry.imaging.run_lengths import box_of, lengths_of

#: What pycocotools 2.0 writes of this mask and of a ring, with what it says of their boxes and areas.
MASK = np.array([[0, 1, 1, 0, 0], [0, 1, 1, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 1, 0]])
RING = (
    "Pb09]28J4L4L4M2N2N2N2N2N2O0OZOeN0Z1MlN0S1OQO0n0OTO0k00WO0h0OZO0f00ZO0f0O\\O0c01]O0b00^O0b0O@0`00@0`00@0`00"
    "@0`00@0`01^O0b00^O0c0O]O0d01ZO0f00ZO0f01XO0i00UO0l01RO0o01mN0T13fN0[1f0101N2N2N2N2N2N3L4L4L6HVY1"
)
PLAIN = [4, 2, 2, 2, 5, 1, 4]


def covered(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))[..., 3] > 0


def objects(*some: object) -> io.BytesIO:
    return io.BytesIO(json.dumps([{"colour": [255, 0, 0], **one} for one in some]).encode())  # type: ignore[dict-item]


@pytest.mark.parametrize("counts", [PLAIN, "42203OO"], ids=["plain", "packed"])
def test_run_lengths_go_down_the_columns(counts: str | list[int]) -> None:
    assert lengths_of([4, 5], counts) == PLAIN
    assert box_of([4, 5], counts) == (1, 0, 3, 4)
    drawn = drawn_objects(objects({"size": [4, 5], "counts": counts}), edge=4096)
    assert (covered(drawn.blob) == MASK).all()


def test_a_mask_with_a_hole_is_drawn_as_pycocotools_does() -> None:
    rows, columns = np.mgrid[:90, :70]
    distance = (rows - 40) ** 2 + (columns - 30) ** 2
    drawn = drawn_objects(objects({"size": [90, 70], "counts": RING}), edge=4096)
    assert (covered(drawn.blob) == ((distance < 600) & (distance >= 150))).all()
    assert box_of([90, 70], RING) == (6, 16, 49, 49)


@pytest.mark.parametrize(
    ("size", "counts"),
    [
        ([4, 5], [4, 2]),
        ([4, 5], [30, -10]),
        ([4, 5], "42203O\x7f"),
        ([4, 5], "42203Oo"),
        ([4, 5], ["a"]),
        ([4, 5], {"a": 1}),
        ([0, 5], []),
        (["a", None], ""),
        ([100_000, 100_000], "0"),
        ([4, 5], "o" * 100_000),
    ],
)
def test_run_lengths_that_are_none_are_an_error_of_their_picture(size: object, counts: object) -> None:
    with pytest.raises(BadImage, match="mask of object 1"):
        drawn_objects(objects({"size": size, "counts": counts}), edge=4096)


def test_classes_have_the_colours_that_people_know() -> None:
    """wkentaro/labelme#132, JIA-Lab-research/PFENet#12: masks that look black, and palettes that are lost."""
    numbers = np.array([[0, 1, 255], [15, 256, 2]], np.uint16)
    small = numbers.astype(np.uint8)
    palette = Image.fromarray(np.where(small > 2, 0, small), "P")
    palette.putpalette([0, 0, 0, 9, 8, 7, 1, 2, 3])
    voc = [(128, 0, 0), (192, 128, 128)]  # aeroplane, person
    expected = {
        "palette": (palette, [(9, 8, 7), None]),
        "grey numbers": (Image.fromarray(small), voc),
        "deep numbers": (Image.fromarray(numbers), voc),
        "colours": (Image.fromarray(np.dstack([small, small // 2, small * 0])), [(1, 0, 0), (15, 7, 0)]),
        "black and white": (Image.fromarray(np.where(small > 9, 255, 0).astype(np.uint8)), [None, voc[0]]),
        "bits": (Image.fromarray(small > 9), [None, voc[0]]),
    }
    for name, (picture, colours) in expected.items():
        written = io.BytesIO()
        picture.save(written, "PNG")
        drawn = np.asarray(Image.open(io.BytesIO(drawn_classes(written, edge=4096).blob)))
        shown = [tuple(map(int, drawn[place][:3])) if drawn[place][3] else None for place in ((0, 1), (1, 0))]
        assert (name, shown) == (name, colours)
        assert drawn[0, 0, 3] == 0
    with pytest.raises(BadImage, match="no picture"):
        drawn_classes(io.BytesIO(b"<svg/>"), edge=192)
