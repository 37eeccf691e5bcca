"""Tables from one library's form to another's, without loss of what a column holds."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from dataferry.library.preview.parquet import quoted

if TYPE_CHECKING:
    import torch
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

#: DuckDB's whole numbers of more than 64 bits, for which Arrow has no type.
_HUGE = ("HUGEINT", "UHUGEINT", "BIGNUM")
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
#: Beyond these a floating number is no longer exactly a whole number, or a decimal one.
_EXACT_WHOLE, _EXACT_DIGITS = 2**53, 15


def relation_of(connection: "DuckDBPyConnection", frame: Any) -> "DuckDBPyRelation":
    """A pandas DataFrame as a relation. The type of a column of objects is found from all of them, and a mix
    of kinds is text: a sample would fail at the first that differs."""
    connection.execute(f"SET pandas_analyze_sample = {max(1, len(frame))}")
    relation = connection.from_df(frame)
    if not any(str(one) in _HUGE for one in relation.types):
        return relation
    columns = [
        f"{name}::VARCHAR AS {name}" if str(one) in _HUGE else name
        for name, one in zip(map(quoted, relation.columns), relation.types, strict=True)
    ]
    return relation.project(", ".join(columns))


def arrow_of(relation: "DuckDBPyRelation", names: Sequence[str]) -> Any:
    """All of a relation as arro3's table, its columns named ``names``: DuckDB renames what differs in case
    alone."""
    import arro3.core

    return arro3.core.Table.from_arrow(relation).rename_columns(list(names))


def frame_of(relation: "DuckDBPyRelation", names: Sequence[str]) -> Any:
    """All of a relation as a pandas DataFrame. Whole numbers beside missing values, and decimals, are
    floating numbers as in pandas itself, but where those could not hold them: then they are ``Int64``, and
    ``decimal.Decimal``."""
    frame = relation.df()
    for number, (column, kind) in enumerate(zip(relation.columns, map(str, relation.types), strict=True)):
        exact = _exact(relation, column, kind, frame.iloc[:, number])
        if exact is not None:
            frame.isetitem(number, exact)
    frame.columns = list(names)
    return frame


def _exact(relation: "DuckDBPyRelation", column: str, kind: str, made: Any) -> Any:
    """What a column is in place of floating numbers that may have lost something; None where they have
    not."""
    import pandas as pd

    if kind.startswith("DECIMAL") and int(kind[8:].partition(",")[0]) > _EXACT_DIGITS:
        values = relation.project(quoted(column)).fetchall()
        return pd.Series([value for (value,) in values], dtype=object, index=made.index)
    if kind in _WHOLE and made.dtype.kind == "f" and made.abs().max() >= _EXACT_WHOLE:
        values = relation.project(quoted(column)).fetchall()
        wide = "UInt64" if kind == "UBIGINT" else "Int64"
        return pd.Series(pd.array([value for (value,) in values], dtype=wide), index=made.index)
    return None


def rows_of(
    connection: "DuckDBPyConnection", relation: "DuckDBPyRelation", names: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Each row of a relation of the connection as Python values by column."""
    relation.create_view("rows_of_a_table")
    found = connection.execute("FROM rows_of_a_table")
    while rows := found.fetchmany(1_000):
        for row in rows:
            yield dict(zip(names, row, strict=True))


def torch_columns(frame: Any, torch: Any) -> "dict[str, torch.Tensor | list[Any]]":
    """A DataFrame's columns: numbers and booleans as tensors, everything else as lists."""
    import numpy as np

    columns: dict[str, Any] = {}
    for name in frame.columns:
        column = frame[name]
        # ``Int64`` with a missing value is no array of numbers.
        if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iufb":
            columns[name] = torch.from_numpy(column.to_numpy().copy())
        else:
            columns[name] = column.astype(object).where(column.notna(), None).tolist()
    return columns
