"""Pictures of what is not here, small, through the real clients from the fake hubs."""

import base64
import io
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from dataferry.core.errors import GatedDataset
from dataferry.library.preview_views import ImageSample, ImageSamples
from tests.contract.test_remote_previews import ADA, MIB, World, database_url, world

__all__ = ["database_url", "world"]
pytestmark = pytest.mark.anyio


def picture(width: int, height: int, form: str = "PNG", mode: str = "RGB", **how: Any) -> bytes:
    written = io.BytesIO()
    Image.new(mode, (width, height), 120).save(written, form, **how)
    return written.getvalue()


def written(values: "np.ndarray[Any, Any]", form: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(values).save(file, form)
    return file.getvalue()


def shown(sample: ImageSample) -> Image.Image:
    kind, _, data = sample.thumbnail.partition(",")
    assert kind == "data:image/webp;base64"
    return Image.open(io.BytesIO(base64.b64decode(data)))


async def samples(world: World, files: dict[str, Any], count: int = 12, **about: Any) -> ImageSamples:
    return await world.previews.images(ADA, world.hold(files, **about), count=count)


async def test_each_folder_has_its_picture_and_no_other_is_fetched(world: World) -> None:
    files = {f"train/{kind}/{n}.png": picture(300, 200) for kind in ("cat", "dog", "ox") for n in range(40)}
    found = await samples(world, files | {"train/._a.png": b"Mac", "labels.txt": b"cat"}, count=6)
    assert [one.path for one in found.images] == [
        f"train/{kind}/{n}.png" for n in (0, 1) for kind in ("cat", "dog", "ox")
    ]
    assert found.image_count == 120
    assert found.partial
    assert found.fetched_from == "HuggingFace"
    assert found.fetched_bytes == 6 * len(files["train/cat/0.png"]) == world.sent
    assert (found.images[0].width, found.images[0].height) == (300, 200)
    assert shown(found.images[0]).size == (192, 128)


async def test_kaggles_single_files_are_shown_too(world: World) -> None:
    found = await samples(world, {"images/a.jpg": picture(64, 64, "JPEG")}, hub="kaggle")
    assert [one.path for one in found.images] == ["images/a.jpg"]
    assert found.fetched_from == "Kaggle"


async def test_what_strangers_call_a_picture(world: World) -> None:
    sideways = Image.Exif()
    sideways[0x0112] = 6
    files = {
        "a/turned.jpg": picture(400, 100, "JPEG", exif=sideways),
        "b/cmyk.jpg": picture(30, 30, "JPEG", mode="CMYK"),
        "c/deep.png": picture(30, 30, mode="I;16"),
        "d/floats.tif": written(np.array([[np.nan, 1e3], [2e3, 3e3]], np.float32), "TIFF"),
        "d/mask.png": written(np.array([[0, 1], [2, 3]], np.uint8), "PNG"),
        "d/new.avif": picture(30, 30, "AVIF"),
        "e/page.png": b"<!doctype html><title>Sign in</title>",
        "f/cut.png": picture(200, 200)[:60],
        "g/bomb.png": picture(9000, 9000, mode="1"),
    }
    found = await samples(world, files)
    assert {one.path: (one.width, one.height) for one in found.images} == {
        "a/turned.jpg": (100, 400),
        "b/cmyk.jpg": (30, 30),
        "c/deep.png": (30, 30),
        "d/floats.tif": (2, 2),
        "d/mask.png": (2, 2),
        "d/new.avif": (30, 30),
    }
    shades = {one.path: shown(one).convert("L").getpixel((1, 1)) for one in found.images}
    assert min(shades["d/floats.tif"], shades["d/mask.png"]) > 200  # not all black
    page, pixels, damaged = sorted(found.notes)
    assert pixels == "One picture is not shown: It has 9,000 × 9,000 pixels, too many to show."
    assert damaged == "One picture is not shown: It is damaged, or cut off."
    assert "e/page.png" in page


async def test_pictures_in_a_table_come_with_its_first_rows(world: World) -> None:
    rows = [{"bytes": picture(40 + n, 30), "path": f"{n}.png"} for n in range(30)]
    written = io.BytesIO()
    pq.write_table(pa.table({"label": list(range(30)), "image": rows}), written)
    found = await samples(world, {"data/train-00000-of-00001.parquet": written.getvalue()}, count=4)
    assert [(one.width, one.height) for one in found.images] == [(40, 30), (41, 30), (42, 30), (43, 30)]
    assert found.image_count is None
    nothing = await samples(world, {"data.csv": b"a,b\n1,2\n", "words.txt": b"x"})
    assert nothing.images == ()
    assert nothing.notes == ()


async def test_too_large_ones_are_left_alone_and_a_closed_door_is_told(world: World) -> None:
    found = await samples(world, {"huge.tif": b"II*\0" + bytes(5 * MIB)})
    assert found.notes == ("Its pictures are larger than 4.2 MB, so none was fetched.",)
    assert world.sent == 0
    with pytest.raises(GatedDataset):
        await samples(world, {"a.png": picture(9, 9)}, gated=True)
