"""The beginning of a file at its source, as far as its first rows need it, and the table that is in it."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from dataferry.core.errors import Unreadable
from dataferry.core.sizes import readable_bytes
from dataferry.core.types import Bytes
from dataferry.library.preview import (
    CutCell,
    LeftOut,
    NotATable,
    Table,
    Thumbnail,
    make_thumbnails,
    read_table,
    thumbnails_in_table,
)
from dataferry.library.preview.parquet_head import TRAILER_BYTES, CutParquet, cut_parquet, footer_span
from dataferry.transfer.partial_file import PartialFile

#: A file up to this size is fetched whole.
WHOLE_BYTES = 4 << 20
#: Of a longer text; that of a packed one unpacks to more.
HEAD_BYTES = 512 << 10
#: Of a Parquet file in all, its description included.
PARQUET_BYTES = 8 << 20
_TAIL_BYTES = 64 << 10
#: Rows that are fetched of a Parquet file, whether so many are asked for or not: they are remembered.
_ROWS = 100
#: Their parts are found from their end, or from all over them.
_ONLY_WHOLE = (".xlsx", ".xls", ".feather", ".arrow", ".arrows")
_PACKED = (b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd")
_MAX_NAMED = 5


@dataclass(frozen=True, slots=True)
class RemoteHead:
    """``data``: the file, or its beginning where it is ``cut``, or a small Parquet file made of its parts,
    which ``parquet`` tells of. ``size``: of the whole file, None where it is not known; ``fetched``: bytes
    that were, from ``host``."""

    path: str
    data: bytes
    cut: bool
    size: int | None
    fetched: int
    host: str
    parquet: CutParquet | None = None


def local_head(path: str, origin: Bytes) -> RemoteHead:
    """Of a file that is on this machine, though not in the library. Blocks."""
    with origin.open() as stream:
        data = stream.read(WHOLE_BYTES + 1)
    whole = len(data) <= WHOLE_BYTES
    return RemoteHead(path, data[:WHOLE_BYTES], not whole, len(data) if whole else None, 0, "")


def fetch_head(file: PartialFile, path: str, listed_size: int | None) -> RemoteHead:
    """What the first rows of ``path`` need. Blocks. ``listed_size``: what its source says of its size.

    Errors: those of ``PartialFile``; ``Unreadable`` for a file that cannot be looked into, with the reason.
    """
    suffix = PurePosixPath(path).suffix.lower()
    small = listed_size is None or listed_size <= WHOLE_BYTES
    if suffix in _ONLY_WHOLE and not small:
        raise _unreadable(path, _why_only_whole(suffix, listed_size))
    if suffix == ".parquet":
        return _parquet_head(file, path, small=small)
    data, whole = file.head(WHOLE_BYTES if suffix in _ONLY_WHOLE or small else HEAD_BYTES)
    if suffix in _ONLY_WHOLE and not whole:
        raise _unreadable(path, _why_only_whole(suffix, file.size))
    return RemoteHead(path, data, not whole, file.size or listed_size, file.fetched, file.host)


def _parquet_head(file: PartialFile, path: str, *, small: bool) -> RemoteHead:
    if small:
        data, whole = file.head(WHOLE_BYTES)
        if whole:
            return RemoteHead(path, data, False, len(data), file.fetched, file.host)
    tail = file.tail(_TAIL_BYTES)
    size = file.size or 0
    try:
        start, end = footer_span(size, tail)
        first = size - len(tail)
        footer = tail[start - first : -TRAILER_BYTES] if start >= first else file.spans([(start, end)])[0]
        cut = cut_parquet(footer, file.spans, _ROWS, PARQUET_BYTES - file.fetched)
    except NotATable as error:
        raise _unreadable(path, str(error)) from error
    return RemoteHead(path, cut.data, True, size, file.fetched, file.host, cut)


def read_head(head: RemoteHead, rows: int, cell_chars: int) -> Table:
    """The table in it, read as one of a downloaded file is. Blocks. Errors: ``Unreadable``."""
    try:
        if head.parquet is not None:
            return _read_parquet(head.parquet, head.path, rows, cell_chars)
        return _read(head.data, head.path, rows, cell_chars, cut=head.cut)
    except NotATable as error:
        raise _unreadable(head.path, str(error)) from error


def read_pictures(heads: Sequence[RemoteHead]) -> list[Thumbnail | NotATable]:
    """The thumbnail of each picture, or why there is none. Blocks."""
    with tempfile.TemporaryDirectory(prefix="dataferry-look-") as folder:
        files = [Path(folder) / str(number) for number in range(len(heads))]
        for file, head in zip(files, heads, strict=True):
            file.write_bytes(head.data)
        return make_thumbnails(files)


def read_pictures_in(head: RemoteHead, count: int) -> list[Thumbnail | NotATable]:
    """The same of the first pictures in a table, as far as they were fetched. Blocks.

    Errors: ``NotATable`` where it cannot be read.
    """
    if head.cut and head.parquet is None:
        return []
    with tempfile.TemporaryDirectory(prefix="dataferry-look-") as folder:
        file = Path(folder) / "table.parquet"
        file.write_bytes(head.data)
        return thumbnails_in_table(file, count)


def about_row_count(head: RemoteHead, table: Table) -> int | None:
    """How many rows the file may have, by the length of those that were fetched; None where nothing tells."""
    least = table.least_row_count or 0
    plain = not head.data.startswith(_PACKED)
    if not head.cut or head.parquet or table.row_count is not None or not plain or least < 1:
        return None
    guess = int(least * (head.size or 0) / len(head.data))
    digits = max(0, len(str(guess)) - 2)
    return round(guess, -digits) or None


def _read(data: bytes, path: str, rows: int, cell_chars: int, *, cut: bool) -> Table:
    # Not where an operator looks for files, and gone at once.
    with tempfile.TemporaryDirectory(prefix="dataferry-look-") as folder:
        file = Path(folder) / "file"
        file.write_bytes(data)
        return read_table(file, path, rows, cell_chars=cell_chars, cut=cut)


def _read_parquet(parquet: CutParquet, path: str, rows: int, cell_chars: int) -> Table:
    """As the whole file would be shown, where some columns were left out too."""
    if len(parquet.kept) in (0, parquet.column_count):
        table = _read(parquet.data, path, rows, cell_chars, cut=False)
        return replace(table, row_count=parquet.row_count)
    every = _read(parquet.schema, path, 1, cell_chars, cut=False)
    some = _read(parquet.data, path, rows, cell_chars, cut=False)
    places = [place for place in parquet.kept if place < len(every.columns)]
    missing = [column.name for place, column in enumerate(every.columns) if place not in set(places)]
    return replace(
        every,
        columns=every.columns,
        rows=tuple(_widened(row, places, len(every.columns)) for row in some.rows),
        row_count=parquet.row_count,
        notes=(*every.notes, *some.notes, _about_missing(missing)),
        cut=tuple(CutCell(one.row, places[one.column], one.chars) for one in some.cut),
        left_out=LeftOut(
            columns=every.left_out.columns,
            rows=some.left_out.rows,
            names=every.left_out.names,
            cells=some.left_out.cells,
        ),
    )


def _widened(row: Sequence[str | None], places: Sequence[int], columns: int) -> tuple[str | None, ...]:
    cells: list[str | None] = [None] * columns
    for place, cell in zip(places, row, strict=False):
        cells[place] = cell
    return tuple(cells)


def _about_missing(names: Sequence[str]) -> str:
    named = ", ".join(names[:_MAX_NAMED]) + (", …" if len(names) > _MAX_NAMED else "")
    if len(names) == 1:
        return f"The values of the column {named} are too large to be fetched before a download."
    return f"The values of {len(names):,} columns are too large to be fetched before a download: {named}."


def _why_only_whole(suffix: str, size: int | None) -> str:
    large = f" and this one has {readable_bytes(size)}" if size else ""
    return (
        f"Of a {suffix} file nothing can be shown before all of it is here, which is done up to"
        f" {readable_bytes(WHOLE_BYTES)}{large}."
    )


def _unreadable(path: str, reason: str) -> Unreadable:
    return Unreadable(
        f"{path} cannot be shown before it is downloaded. {reason}",
        next_step="Choose another file, or download it.",
    )
