"""Pictures of every kind that datasets have, as a browser is given them; and what was drawn, kept on disk."""

import io
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dataferry.core.errors import BadImage
from dataferry.imaging.cache import DiskCache, Kept
from dataferry.imaging.pictures import drawn, wanted_format


def encoded(image: Image.Image, form: str, **how: object) -> io.BytesIO:
    written = io.BytesIO()
    image.save(written, form, **how)
    written.seek(0)
    return written


def turned(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


def test_the_format_is_the_best_that_is_asked_for_by_name() -> None:
    assert wanted_format("image/avif,image/webp,*/*;q=0.8") == "avif"
    assert wanted_format("image/avif;q=0, image/WebP") == "webp"
    assert wanted_format("*/*") == wanted_format("") == "jpeg"


def test_a_photo_that_lies_on_its_side_is_turned_unless_its_boxes_are_meant_for_it_as_it_is() -> None:
    photo = Image.new("RGB", (400, 300), "red")
    for size, expected in ((None, (96, 128)), ((400, 300), (128, 96))):
        answer = drawn(encoded(photo, "JPEG", exif=turned(6)), edge=128, form="webp", size=size)
        picture = Image.open(io.BytesIO(answer.blob))
        assert (picture.format, picture.size) == ("WEBP", expected)
        assert not picture.getexif()


@pytest.mark.parametrize("form", ["avif", "webp", "jpeg"])
def test_every_kind_of_pixel_becomes_a_picture(form: str) -> None:
    deep = Image.fromarray(np.linspace(0, 40_000, 64 * 64).reshape(64, 64).astype(np.uint16))
    mask = Image.new("P", (64, 64), 1)
    mask.putpalette([0, 0, 0, 200, 100, 0])
    kinds = {
        "deep": encoded(deep, "PNG"),
        "floats": encoded(Image.fromarray(np.eye(64, dtype=np.float32) / 9), "TIFF"),
        "print": encoded(Image.new("CMYK", (64, 64), (0, 255, 255, 0)), "JPEG"),
        "palette": encoded(mask, "PNG"),
        "dark mask": encoded(Image.fromarray(np.arange(64 * 64, dtype=np.uint8).reshape(64, 64) % 3), "PNG"),
        "bits": encoded(Image.new("1", (64, 64), 1), "TIFF"),
        "transparent": encoded(Image.new("RGBA", (64, 64), (255, 0, 0, 10)), "PNG"),
        "film": encoded(Image.new("P", (64, 64)), "GIF", save_all=True, append_images=[mask]),
    }
    found = {
        name: Image.open(io.BytesIO(drawn(file, edge=192, form=form).blob))  # type: ignore[arg-type]
        for name, file in kinds.items()
    }
    assert {picture.size for picture in found.values()} == {(64, 64)}
    assert found["deep"].convert("L").getextrema() == pytest.approx((0, 255), abs=12)
    assert found["dark mask"].convert("L").getextrema()[1] > 200
    red, green, _ = found["print"].convert("RGB").getpixel((9, 9))  # type: ignore[misc]
    assert red > green + 100


def test_what_is_no_picture_or_a_bomb_is_refused() -> None:
    with pytest.raises(BadImage, match="no picture"):
        drawn(io.BytesIO(b"<svg onload=alert(1)>"), edge=9, form="jpeg")
    with pytest.raises(BadImage, match="damaged"):
        drawn(io.BytesIO(encoded(Image.effect_noise((64, 64), 9), "PNG").read()[:900]), edge=9, form="jpeg")
    with pytest.raises(BadImage, match="too many"):
        drawn(encoded(Image.new("1", (10_000, 10_000)), "PNG"), edge=9, form="jpeg")


def test_small_ones_are_sent_whole_without_loss() -> None:
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (32, 32, 3), np.uint8))
    answer = drawn(encoded(noise, "PNG"), edge=4096, form="avif")
    assert answer.value == {"width": 32, "height": 32, "form": "png"}
    assert Image.open(io.BytesIO(answer.blob)).tobytes() == noise.tobytes()


def test_what_was_drawn_is_kept_up_to_a_limit(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path, 10_000)
    for number in range(20):
        cache.get(f"{number:02}", lambda: Kept({"form": "webp"}, bytes(1_000)))
        cache.peek("00")  # in use all the time
    size = sum(file.stat().st_size for file in tmp_path.rglob("*.bin"))
    assert size <= 10_000
    assert cache.peek("19") == Kept({"form": "webp"}, bytes(1_000))
    assert cache.peek("00") is not None
    (tmp_path / "19" / "19.bin").write_bytes(b'{"form": "webp", "bytes": 9}\nshort')
    assert cache.peek("19") is None


def test_who_asks_at_one_time_waits_for_one_that_draws(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path, 10_000)
    asked = threading.Barrier(4)
    made = []

    def make() -> Kept:
        made.append(1)
        return Kept({}, b"x")

    def ask() -> None:
        asked.wait()
        cache.get("key", make)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [1]

    def fail() -> Kept:
        raise BadImage("It is damaged.")

    with pytest.raises(BadImage):
        cache.get("bad", fail)
    assert cache.get("bad", make).data == b"x"
