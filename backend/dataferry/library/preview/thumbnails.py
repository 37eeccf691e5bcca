"""Thumbnails of strangers' pictures: files of their own, or values of a column of a Parquet file.

What is called here decodes in this process; ``process`` has the calls that other code makes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, cast

from dataferry.library.preview.table import NotATable

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from PIL.Image import Image

#: The longer side of a thumbnail, in pixels.
EDGE = 192
#: Names of files that are shown.
SUFFIXES = (
    *(".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".ppm", ".pgm"),
    *(".avif", ".jp2", ".j2k"),
)
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF", "JPEG2000")
#: EXIF's tag of how a picture is to be turned, and by its value the number of ``PIL.Image.Transpose``.
_ORIENTATION = 0x0112
_TURNS = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}
#: Those that make a width of a height.
_SIDEWAYS = (2, 4, 5, 6)
_MAX_PIXELS = 50_000_000
_QUALITY = 80
#: A grey picture with nothing brighter is a mask, whose classes would all be black.
_DARK = 31
#: Pictures with more than eight bits for a pixel, or with fractions.
_DEEP_MODES = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")
#: A longer file, or value of a column, is not decoded.
MAX_PICTURE_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """``webp``: the small picture; ``width`` and ``height``: of the whole one, in pixels, upright."""

    webp: bytes
    width: int
    height: int


def thumbnail_here(data: bytes) -> Thumbnail:
    """The thumbnail of a picture. Errors: ``NotATable`` with the reason."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(BytesIO(data), formats=_FORMATS) as picture:
            if picture.width * picture.height > _MAX_PIXELS:
                raise NotATable(f"It has {picture.width:,} × {picture.height:,} pixels, too many to show.")
            turn = _TURNS.get(picture.getexif().get(_ORIENTATION, 1))
            width, height = picture.size[::-1] if turn in _SIDEWAYS else picture.size
            picture.draft("RGB", (2 * EDGE, 2 * EDGE))  # a JPEG is decoded at a part of its size
            small = _shown(picture)
            small.thumbnail((EDGE, EDGE))
            small = small if turn is None else small.transpose(Image.Transpose(turn))
    except UnidentifiedImageError as error:
        raise NotATable("It is no picture, whatever its name says.") from error
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise NotATable("It is damaged, or cut off.") from error
    return Thumbnail(_webp(small), width, height)


def thumbnail_of(picture: "Image") -> Thumbnail:
    """The thumbnail of a picture that is decoded, as it stands."""
    small = _shown(picture)
    small.thumbnail((EDGE, EDGE))
    return Thumbnail(_webp(small), *picture.size)


def _webp(picture: "Image") -> bytes:
    written = BytesIO()
    picture.save(written, "WEBP", quality=_QUALITY)
    return written.getvalue()


def _shown(picture: "Image") -> "Image":
    """With eight bits for a pixel, in colours that a screen has; its first frame."""
    picture.load()
    if picture.mode in _DEEP_MODES or (picture.mode == "L" and _brightest(picture) <= _DARK):
        return _stretched(picture)
    transparent = picture.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in picture.info
    return picture.convert("RGBA" if transparent else "RGB")


def _brightest(picture: "Image") -> float:
    return cast(tuple[float, float], picture.getextrema())[1]


def _stretched(picture: "Image") -> "Image":
    """From black to white what it has from its least to its greatest value; black where it has none."""
    import numpy as np
    from PIL import Image

    values = np.asarray(picture, np.float32)
    known = np.isfinite(values)
    low, high = (float(np.min(values[known])), float(np.max(values[known]))) if known.any() else (0.0, 0.0)
    factor = 255 / (high - low) if high > low else 1.0
    grey = np.where(known, values - low, 0) * factor
    return Image.fromarray(grey.clip(0, 255).astype(np.uint8))


def pictures_in_table(path: Path, count: int) -> list[bytes]:
    """The first pictures of a Parquet file, from its first column that has some; none where no column has.

    Blocks. Errors: ``NotATable`` for a file that is no sound Parquet.
    """
    import duckdb

    from dataferry.library.preview.locked_duckdb import locked_down

    try:
        with locked_down(path.parent) as connection:
            return next(_columns_of_pictures(connection, str(path), count), [])
    except duckdb.Error as error:
        raise NotATable("Its pictures cannot be read.") from error


def _columns_of_pictures(connection: "DuckDBPyConnection", path: str, count: int) -> Iterator[list[bytes]]:
    source = "read_parquet($1, hive_partitioning = false)"
    described = connection.execute(f"DESCRIBE SELECT * FROM {source}", [path]).fetchall()  # noqa: S608
    for name, dtype, *_ in described:
        value = _value_of_picture(str(name), str(dtype))
        if value is None:
            continue
        query = f"SELECT {value} FROM {source} WHERE octet_length({value}) < $2 LIMIT $3"  # noqa: S608
        rows = connection.execute(query, [path, MAX_PICTURE_BYTES, count]).fetchall()
        found = [bytes(data) for (data,) in rows]
        if found and any(_is_picture(data) for data in found):
            yield found


def _value_of_picture(name: str, dtype: str) -> str | None:
    """The expression for the bytes of a column that may hold pictures, as ``datasets`` writes them too."""
    quoted = '"' + name.replace('"', '""') + '"'
    if dtype == "BLOB":
        return quoted
    if dtype.startswith("STRUCT(") and not dtype.endswith("]"):
        for field in ("bytes", '"bytes"'):
            if f"{field} BLOB" in dtype:
                return f"{quoted}.bytes"
    return None


def _is_picture(data: bytes) -> bool:
    starts = (b"\xff\xd8\xff", b"\x89PNG", b"RIFF", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"P5", b"P6")
    return data.startswith(starts)
