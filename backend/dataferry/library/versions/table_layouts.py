"""The rows of tables in files, as classes of an index file."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dataferry.library.preview.locked_duckdb import locked_down
from dataferry.library.versions.layouts import FILES, KeptFile, Layout, Row, field_names
from dataferry.versioning.model.schema import Field, FieldKind
from dataferry.versioning.model.values import WrongValue, checked

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: Larger ones are kept as files alone.
_MOST_BYTES = 64 << 20
_MOST_ROWS = 1_000_000
_MOST_TABLES = 8
_MOST_COLUMNS = 1000
_READERS = {"csv": "read_csv", "tsv": "read_csv", "parquet": "read_parquet"}
_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
_KINDS: dict[str, FieldKind] = {
    "BOOLEAN": "bool",
    **dict.fromkeys(_INTEGERS, "int"),
    **dict.fromkeys(("FLOAT", "DOUBLE"), "float"),
    "DATE": "date",
    "VARCHAR": "str",
}
_BATCH = 10_000


def table_layouts(tree: Path, files: Sequence[KeptFile]) -> list[Layout]:
    """A class for each table; none where there are too many. A table that cannot be read, and one that is too
    large, has none. Blocks."""
    tables = [file for file in files if file.path.rpartition(".")[2].lower() in _READERS]
    if len(tables) > _MOST_TABLES:
        return []
    named = [table for table in tables if 0 < table.size <= _MOST_BYTES and table.path.isprintable()]
    found, taken = [], {FILES.lower(), "pictures", "pairs"}
    for table in named:
        name = _class_name(table.path, taken)
        layout = _layout(tree, table.path, name)
        if layout is not None:
            taken.add(name.lower())
            found.append(layout)
    return found


def _class_name(path: str, taken: set[str]) -> str:
    stem = path.rpartition("/")[2].rpartition(".")[0]
    words = re.findall(r"[A-Za-z0-9]+", stem)
    name = "".join(word[0].upper() + word[1:] for word in words) or "Table"
    name = name if name[0].isalpha() else f"Table{name}"
    number, unique = 1, name
    while unique.lower() in taken:
        number += 1
        unique = f"{name}{number}"
    return unique


def _layout(tree: Path, path: str, name: str) -> Layout | None:
    import duckdb  # 66 MB of library: only where there is a table

    reader = _READERS[path.rpartition(".")[2].lower()]
    place = [str(tree / path)]
    try:
        with locked_down(tree) as connection:
            described = connection.execute(f"DESCRIBE SELECT * FROM {reader}($1)", place).fetchall()  # noqa: S608
            columns = [(column, dtype) for column, dtype, *_ in described if "BLOB" not in dtype]
            names = field_names([column for column, _ in columns])
            fields = [
                Field(field, _kind(dtype), optional=True)
                for field, (_, dtype) in zip(names, columns, strict=True)
            ]
            if not 0 < len(fields) <= _MOST_COLUMNS:
                return None
            selected = ", ".join(_expression(*column) for column in columns)
            query = f"SELECT {selected} FROM {reader}($1)"  # noqa: S608 - names of columns, quoted
            rows = _checked(fields, connection.execute(query, place))
    except (duckdb.Error, WrongValue, ValueError, OverflowError, RuntimeError):
        return None
    if rows is None:
        return None
    body = (
        "found = duckdb.connect().execute(",
        f"    {query!r},",
        f"    [str(FOLDER / {path!r})],",
        ")",
        f"while some := found.fetchmany({_BATCH:_}):",
        "    yield from some",
    )
    return Layout(name, f"The rows of {path}.", tuple(fields), "rows", body, lambda: iter(rows))


def _kind(dtype: str) -> FieldKind:
    return _KINDS.get(dtype, "float" if _is_decimal(dtype) else "str")


def _checked(fields: Sequence[Field], found: "DuckDBPyConnection") -> list[Row] | None:
    """All rows as they are kept; None for too many."""
    rows: list[Row] = []
    while some := found.fetchmany(_BATCH):
        rows += [tuple(map(checked, fields, row)) for row in some]
        if len(rows) > _MOST_ROWS:
            return None
    return rows


def _expression(column: str, dtype: str) -> str:
    quoted = '"' + column.replace('"', '""') + '"'
    if dtype in _KINDS:
        return quoted
    return f"CAST({quoted} AS {'DOUBLE' if _is_decimal(dtype) else 'VARCHAR'})"


def _is_decimal(dtype: str) -> bool:
    return dtype.startswith("DECIMAL") and not dtype.endswith("]")
