"""The first rows of a Parquet file elsewhere as a small Parquet file, made of the bytes that these rows need.

A row group may be gigabytes long. Of each column only its dictionary and its first pages are fetched; what
they are is told by the file's footer and by the pages' own headers. The footer of the small file names these
pages alone, so that any reader takes it for a file of so many rows.
https://github.com/apache/parquet-format
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from dataferry.library.preview.table import MAX_COLUMNS, NotATable
from dataferry.library.preview.thrift import I64, LIST, STRUCT, EndOfBytes, Fields, ThriftReader, written

MAGIC = b"PAR1"
_ENCRYPTED = b"PARE"
#: The footer's length and the magic, with which a file ends.
TRAILER_BYTES = 8
#: Of a longer footer its beginning is read, which has the schema and the first row group.
MAX_FOOTER_BYTES = 1 << 20
#: A row group up to this size is fetched with one request.
_WHOLE_GROUP = 1 << 20
#: Columns whose pages are looked for one by one: each costs a request or two.
_MAX_PAGED = 64
_LEAST_PROBE, _LARGEST_PROBE = 4 << 10, 64 << 10
_USUAL_PAGE = 1 << 20
_MAX_ROUNDS = 5
#: A column with fewer of the wanted rows is left out if others have them.
_LEAST_ROWS = 10
#: Behind a column: no page begins with it, so that none is read that is another column's.
_GUARD = bytes(64)
#: Pages do not say how many rows their lists belong to; they are taken for longer than the average.
_LISTS = 0.5

Span = tuple[int, int]
"""The first byte, and the one behind the last."""
Fetch = Callable[[Sequence[Span]], list[bytes]]
"""Gives the bytes of several spans."""

_ROW_GROUPS, _SCHEMA, _ROWS = 4, 2, 3
_DATA_PAGE, _DICTIONARY_PAGE, _DATA_PAGE_V2 = 0, 2, 3
_REPEATED = 2


@dataclass(frozen=True, slots=True)
class CutParquet:
    """``data``: a Parquet file with the first ``rows`` rows of the columns ``kept``, which are numbered as in
    the whole file. ``schema``: a file without rows that has all columns. ``row_count``: of the whole file."""

    data: bytes
    schema: bytes
    rows: int
    row_count: int
    kept: tuple[int, ...]
    column_count: int


def footer_span(size: int, tail: bytes) -> Span:
    """Where the footer of a file of ``size`` bytes is, as far as it is read. ``tail``: the file's last bytes.

    Errors: ``NotATable`` for what is no Parquet file, or an encrypted one.
    """
    if tail.endswith(_ENCRYPTED):
        raise NotATable("It is encrypted.")
    if not tail.endswith(MAGIC) or len(tail) < TRAILER_BYTES:
        raise NotATable("It is no .parquet file, whatever its name says, or it is damaged.")
    length = int.from_bytes(tail[-TRAILER_BYTES:-4], "little")
    start = size - TRAILER_BYTES - length
    if start < len(MAGIC):
        raise NotATable("It is damaged: its description is said to be longer than the file.")
    return start, start + min(length, MAX_FOOTER_BYTES)


def cut_parquet(footer: bytes, fetch: Fetch, rows: int, budget: int) -> CutParquet:
    """The first ``rows`` rows at most, for which ``budget`` bytes may be fetched.

    Errors: ``NotATable`` for a damaged footer, and where no column's first row fits; those of ``fetch``.
    """
    file = _read_footer(footer)
    if file.group is None:
        return CutParquet(_assembled(file, [], 0), _assembled(file, [], 0), 0, 0, (), file.columns)
    leaves = _leaves(file)
    wanted = min(rows, file.group_rows)
    total = sum(leaf.total for leaf in leaves)
    if total <= min(budget, _WHOLE_GROUP) or (len(leaves) > _MAX_PAGED and total <= budget):
        _fetch_whole(leaves, fetch)
    else:
        del leaves[_MAX_PAGED:]
        _fetch_pages(leaves, fetch, wanted, file.group_rows, budget)
    for leaf in leaves:
        leaf.look(file.group_rows)
    kept, count = _chosen(leaves, file.columns, wanted)
    chosen = [leaf for leaf in leaves if leaf.column in kept]
    data = _assembled(file, chosen, count)
    return CutParquet(data, _assembled(file, [], 0), count, file.row_count, tuple(sorted(kept)), file.columns)


@dataclass(slots=True)
class _Footer:
    """``schema``: the elements, the root first; ``group``: the first row group that has rows."""

    version: tuple[int, Any]
    schema: list[Fields]
    row_count: int
    group: Fields | None

    @property
    def columns(self) -> int:
        return int(_number(self.schema[0], 5))

    @property
    def group_rows(self) -> int:
        return int(_number(self.group or {}, 3))


@dataclass(slots=True)
class _Leaf:
    """A column chunk. ``column``: of the table's columns the one it belongs to, ``repeated``: it is in a
    list. ``data``: its first bytes, of which the first ``end`` are whole pages of ``rows`` rows;
    ``following``: where the page after them ends, as far as that is known."""

    chunk: Fields
    meta: Fields
    column: int
    repeated: bool
    start: int
    total: int
    data: bytes = b""
    end: int = 0
    values: int = 0
    rows: int = 0
    following: int = 0

    @property
    def first_page(self) -> int:
        """Where its first page of values ends, as most writers make them: of 1 MiB before they are packed."""
        dictionary = max(0, _number(self.meta, 9) - self.start)
        ratio = min(1.0, self.total / max(1, _number(self.meta, 6)))
        return min(self.total, dictionary + int(_USUAL_PAGE * ratio) + _LEAST_PROBE)

    def look(self, group_rows: int) -> None:
        """Read the headers of the pages that have arrived."""
        self.values = self.end = known_rows = 0
        while self.end < self.total:
            reader = ThriftReader(self.data, self.end)
            try:
                header = reader.struct()
            except EndOfBytes:
                self.following = min(self.total, len(self.data) + _LEAST_PROBE)
                break
            size = _number(header, 3)
            self.following = reader.position + size
            if not {1, 2, 3} <= header.keys() or size < 0 or self.following > self.total:
                raise NotATable("It is damaged: its pages are not where its description says.")
            if self.following > len(self.data):
                break
            self.end = self.following
            count, rows = _counts(header)
            self.values += count
            known_rows += rows
        self.rows = min(group_rows, self._rows_of(known_rows, group_rows))

    def _rows_of(self, known_rows: int, group_rows: int) -> int:
        if self.end >= self.total:
            return group_rows
        if known_rows or not self.repeated:
            return known_rows or self.values
        average = _number(self.meta, 5) / max(1, group_rows)
        return int(self.values / max(1.0, average) * _LISTS)

    def next_end(self, wanted: int) -> int:
        """How much of it is to be there next, for ``wanted`` rows."""
        guess = int(1.1 * self.end / self.rows * (wanted - self.rows)) if self.rows else 0
        return min(self.total, max(self.following + _LEAST_PROBE, self.end + guess))


def _counts(header: Fields) -> tuple[int, int]:
    """The values of a page, and its rows where it tells them."""
    if header.get(8, (0, None))[0] == STRUCT:
        return _number(header[8][1], 1), _number(header[8][1], 3)
    if _number(header, 1) == _DATA_PAGE and header.get(5, (0, None))[0] == STRUCT:
        return _number(header[5][1], 1), 0
    return 0, 0


def _read_footer(footer: bytes) -> _Footer:
    """Its beginning, up to the first row group that has rows. Errors: ``NotATable``."""
    reader = ThriftReader(footer)
    found: Fields = {}
    group: Fields | None = None
    number = 0
    try:
        while (header := reader.field(number)) is not None:
            number, kind = header
            if number == _ROW_GROUPS and kind == LIST:
                group = _first_group(reader)
                break
            found[number] = (kind, reader.value(kind, 1))
    except EndOfBytes as error:
        raise NotATable("It has too many columns to be looked into before it is downloaded.") from error
    schema = found.get(_SCHEMA, (0, (0, [])))[1][1]
    if not schema or not all(isinstance(one, dict) for one in schema) or not _number(schema[0], 5):
        raise NotATable("It has no columns.")
    return _Footer(found.get(1, (5, 1)), schema, _number(found, _ROWS), group)


def _first_group(reader: ThriftReader) -> Fields | None:
    _, count = reader.list_header()
    for _ in range(count):
        group = reader.struct()
        if _number(group, 3) > 0:
            return group
    return None


def _leaves(file: _Footer) -> list[_Leaf]:
    """The chunks of the first row group, of the columns that can be shown. Errors: ``NotATable``."""
    chunks = (file.group or {}).get(1, (0, (0, [])))[1][1]
    places = _places(file.schema)
    if len(chunks) != len(places):
        raise NotATable("It is damaged: it describes other columns than it has.")
    leaves = []
    for chunk, (column, repeated) in zip(chunks, places, strict=True):
        if column >= MAX_COLUMNS:
            break
        if 8 in chunk or 3 not in chunk:
            raise NotATable("It is encrypted.")
        meta = chunk[3][1]
        offsets = [_number(meta, one) for one in (9, 11) if _number(meta, one) > 0]
        total = _number(meta, 7)
        if not offsets or total < 0 or chunk.get(1, (0, b""))[1]:
            raise NotATable("It is damaged: it does not say where its columns are.")
        leaves.append(_Leaf(chunk, meta, column, repeated, min(offsets), total))
    return leaves


def _places(schema: Sequence[Fields]) -> list[tuple[int, bool]]:
    """Of each leaf the column it belongs to, and whether it is in a list. Errors: ``NotATable``."""
    places: list[tuple[int, bool]] = []
    #: Of the groups that are open: how many children are still to come, and whether they are in a list.
    stack = [[_number(schema[0], 5), 0]]
    column = -1
    for element in schema[1:]:
        while stack and not stack[-1][0]:
            stack.pop()
        if not stack:
            raise NotATable("It is damaged: its description has too many columns.")
        column += len(stack) == 1
        stack[-1][0] -= 1
        repeated = bool(stack[-1][1]) or _number(element, 3) == _REPEATED
        children = _number(element, 5)
        if children > 0:
            stack.append([children, int(repeated)])
        else:
            places.append((column, repeated))
    return places


def _fetch_whole(leaves: Sequence[_Leaf], fetch: Fetch) -> None:
    found = fetch([(leaf.start, leaf.start + leaf.total) for leaf in leaves])
    for leaf, data in zip(leaves, found, strict=True):
        leaf.data = data


def _fetch_pages(leaves: Sequence[_Leaf], fetch: Fetch, wanted: int, group_rows: int, budget: int) -> None:
    """The first pages of each, the small ones first: one that is too long is left out, not the others."""
    growing = {id(leaf): leaf.first_page for leaf in leaves}
    if 2 * sum(growing.values()) > budget:
        probe = min(_LARGEST_PROBE, max(_LEAST_PROBE, budget // (4 * max(1, len(leaves)))))
        growing = {id(leaf): min(leaf.total, probe) for leaf in leaves}
    for _ in range(_MAX_ROUNDS):
        lacking = sorted(
            (leaf for leaf in leaves if id(leaf) in growing),
            key=lambda leaf: growing[id(leaf)] - len(leaf.data),
        )
        taken = []
        for leaf in lacking:
            end = growing[id(leaf)]
            if end - len(leaf.data) > budget:
                end = leaf.following
            if len(leaf.data) < end and end - len(leaf.data) <= budget:
                budget -= end - len(leaf.data)
                taken.append((leaf, end))
        if not taken:
            return
        found = fetch([(leaf.start + len(leaf.data), leaf.start + end) for leaf, end in taken])
        growing = {}
        for (leaf, _end), data in zip(taken, found, strict=True):
            leaf.data += data
            leaf.look(group_rows)
            if leaf.rows < wanted and leaf.end < leaf.total:
                growing[id(leaf)] = leaf.next_end(wanted)


def _chosen(leaves: Sequence[_Leaf], columns: int, wanted: int) -> tuple[set[int], int]:
    """The columns that are shown, and their rows. Errors: ``NotATable`` where none has a row."""
    rows: dict[int, int] = {}
    for leaf in leaves:
        rows[leaf.column] = min(rows.get(leaf.column, wanted), leaf.rows)
    most = max(rows.values(), default=0)
    if not most:
        raise NotATable("Its first row is too large to be looked at before the download.")
    least = min(most, _LEAST_ROWS)
    kept = {column for column, count in rows.items() if count >= least and column < columns}
    return kept, min(rows[column] for column in kept)


def _assembled(file: _Footer, leaves: Sequence[_Leaf], rows: int) -> bytes:
    """A Parquet file of these columns; of all columns and without rows, where there are none."""
    out = bytearray(MAGIC)
    chunks = []
    for leaf in leaves:
        start = len(out)
        out += leaf.data[: leaf.end] + _GUARD
        chunks.append(_moved(leaf, start, rows))
    kept = {leaf.column for leaf in leaves} if leaves else set(range(file.columns))
    schema = _pruned(file.schema, kept)
    group: Fields = {1: (LIST, (STRUCT, chunks)), 2: (I64, len(out)), 3: (I64, rows)}
    footer = written(
        {
            1: file.version,
            _SCHEMA: (LIST, (STRUCT, schema)),
            _ROWS: (I64, rows),
            _ROW_GROUPS: (LIST, (STRUCT, [group] if leaves else [])),
        }
    )
    return bytes(out + footer + len(footer).to_bytes(4, "little") + MAGIC)


def _moved(leaf: _Leaf, start: int, rows: int) -> Fields:
    """The chunk's description, its pages beginning at ``start``, without what points elsewhere."""
    moved = start - leaf.start
    told: Fields = {number: leaf.meta[number] for number in (1, 2, 3, 4, 6) if number in leaf.meta}
    told[5] = (I64, leaf.values if leaf.repeated else rows)
    told[7] = (I64, leaf.end)
    for number in (9, 11):
        if _number(leaf.meta, number) > 0:
            told[number] = (I64, _number(leaf.meta, number) + moved)
    return {2: (I64, start), 3: (STRUCT, told)}


def _pruned(schema: Sequence[Fields], kept: set[int]) -> list[Fields]:
    """The schema with these columns alone."""
    elements: list[Fields] = []
    column, open_children = -1, 0
    for element in schema[1:]:
        if not open_children:
            column += 1
            open_children = 1
        open_children += max(0, _number(element, 5)) - 1
        if column in kept:
            elements.append(element)
    root = dict(schema[0])
    root[5] = (root[5][0], len(kept))
    return [root, *elements]


def _number(fields: Fields, number: int) -> int:
    """A whole number among the fields; 0 where there is none."""
    value = fields.get(number, (0, 0))[1]
    return value if isinstance(value, int) else 0
