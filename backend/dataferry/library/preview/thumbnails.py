"""Thumbnails of strangers' pictures: files of their own, or values of a column of a Parquet file.

What is called here decodes in this process; ``process`` has the calls that other code makes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from dataferry.core.errors import BadImage
from dataferry.imaging.pictures import THUMBNAIL_EDGE, drawn
from dataferry.library.preview.table import NotATable

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: Names of files that are shown.
SUFFIXES = (
    *(".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".ppm", ".pgm"),
    *(".avif", ".jp2", ".j2k"),
)
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
    try:
        answer = drawn(BytesIO(data), edge=THUMBNAIL_EDGE, form="webp")
    except BadImage as error:
        raise NotATable(error.detail) from error
    return Thumbnail(answer.blob, answer.value["width"], answer.value["height"])


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
