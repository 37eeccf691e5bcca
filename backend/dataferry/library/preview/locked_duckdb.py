"""DuckDB over a stranger's file: it sees one folder, changes no setting, loads no extension, spills nothing
to the disk, and takes bounded memory and time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_MEMORY = "256MB"
_SECONDS = 10.0
#: A column of these types is right-aligned.
NUMERIC = (
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
    "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL",
)  # fmt: skip


@contextmanager
def locked_down(folder: Path | None) -> Iterator["DuckDBPyConnection"]:
    """A connection that may read ``folder`` and nothing else; with None, no file at all.

    What runs longer than ``_SECONDS`` ends with ``duckdb.InterruptException``.
    """
    import duckdb  # 66 MB of library: only where a typed file is shown

    config: dict[str, str | bool | int | float | list[str]] = {
        "threads": 1,
        "memory_limit": _MEMORY,
        "temp_directory": "",
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    connection = duckdb.connect(":memory:", config=config)
    timer = Timer(_SECONDS, connection.interrupt)
    timer.daemon = True
    try:
        if folder is not None:
            connection.execute("SET allowed_directories = [$1]", [str(folder)])
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        timer.start()
        yield connection
    finally:
        timer.cancel()
        connection.close()


def is_numeric(dtype: str) -> bool:
    return dtype.startswith(NUMERIC) and not dtype.endswith("]")
