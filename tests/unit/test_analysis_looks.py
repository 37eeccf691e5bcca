"""What is said of a picture without a model: how good it is, and the people in it."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFilter

from dataferry.imaging.analysis import looks
from tests.support.street import street


def textured(scale: float = 1.0, shift: float = 0.0) -> Image.Image:
    noise = np.random.default_rng(7).integers(0, 256, (60, 80), np.uint8)
    greys = np.asarray(Image.fromarray(noise).resize((800, 600), Image.Resampling.NEAREST), np.float32)
    return Image.fromarray((greys * scale + shift).clip(0, 255).astype(np.uint8))


def quality(picture: Image.Image) -> dict[str, float]:
    written = io.BytesIO()
    picture.save(written, "PNG")
    value: dict[str, Any] = looks.look(io.BytesIO(written.getvalue())).value
    return dict(value["quality"])


def test_exposure_contrast_and_blur_follow_what_was_done_to_a_picture() -> None:
    good = quality(textured())
    assert (good["width"], good["height"]) == (800, 600)
    assert good["brightness"] == pytest.approx(0.5, abs=0.05)
    assert quality(textured(0.2))["brightness"] < 0.15
    assert quality(textured(1.0, 200))["white"] > 0.5
    assert quality(textured(0.1, 100))["contrast"] < 0.12
    blurs = [quality(textured().filter(ImageFilter.GaussianBlur(radius)))["blur"] for radius in (0.1, 2, 8)]
    assert blurs == sorted(blurs)
    assert blurs[0] < 0.3 < 0.6 < blurs[2]
    assert quality(Image.new("L", (300, 300)))["contrast"] == 0  # one colour all over


def test_people_are_found_where_they_are_in_the_upright_picture() -> None:
    found = looks.pedestrians(io.BytesIO(street([(200, 100, 200), (450, 140, 220)]))).value
    assert found["version"]
    boxes = sorted(found["boxes"])
    assert len(boxes) == 2
    for (x, y, width, height), (middle, top, tall) in zip(
        boxes, [(200, 100, 200), (450, 140, 220)], strict=True
    ):
        assert x < middle < x + width
        assert y == pytest.approx(top, abs=25)
        assert height == pytest.approx(tall, abs=30)
    sideways = Image.open(io.BytesIO(street([(200, 100, 200)]))).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    written = io.BytesIO()
    sideways.save(written, "JPEG", exif=exif, quality=92)
    [box] = looks.pedestrians(io.BytesIO(written.getvalue())).value["boxes"]
    assert box == pytest.approx(boxes[0], abs=8)
    assert looks.pedestrians(io.BytesIO(street([]))).value["boxes"] == []
    assert looks.pedestrians(io.BytesIO(street([], size=(40, 40)))).value["boxes"] == []
