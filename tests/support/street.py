"""Pictures of streets with people, drawn: what a detector by outlines finds as well as a photograph's."""

import io
from collections.abc import Sequence
from typing import Any

from PIL import Image, ImageDraw, ImageFilter


def street(
    people: Sequence[tuple[int, int, int]], size: tuple[int, int] = (640, 480), **options: Any
) -> bytes:
    """A JPEG. ``people``: the middle and the top of each, and their height, in pixels."""
    picture = Image.new("L", size, 190)
    draw = ImageDraw.Draw(picture)
    for x, y, height in people:
        _draw(draw, x, y, height / 8)
    written = io.BytesIO()
    picture.filter(ImageFilter.GaussianBlur(1)).convert("RGB").save(written, "JPEG", quality=92, **options)
    return written.getvalue()


def _draw(draw: ImageDraw.ImageDraw, x: float, y: float, unit: float) -> None:
    """Head, trunk and two legs; ``unit``: an eighth of the height."""
    draw.ellipse((x - unit * 0.5, y, x + unit * 0.5, y + unit * 1.1), fill=40)
    trunk = (x - unit * 0.95, y + unit * 1.25, x + unit * 0.95, y + unit * 4.2)
    draw.rounded_rectangle(trunk, radius=unit * 0.5, fill=40)
    for side in (-1, 1):
        hip = [(x + side * unit * 0.8, y + unit * 4), (x + side * unit * 0.05, y + unit * 4)]
        foot = [(x + side * unit * 0.25, y + unit * 8), (x + side * unit * 0.85, y + unit * 8)]
        draw.polygon(hip + foot, fill=40)
