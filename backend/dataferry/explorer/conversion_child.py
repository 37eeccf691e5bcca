"""The process that ``convert_in_process`` starts: a request on its input, lines of JSON on its output."""

import errno
import json
import resource
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dataferry.core.child_process import end_with_parent, yield_to_others
from dataferry.explorer.conversion import convert
from dataferry.explorer.folders import statistics_path
from dataferry.explorer.sources import TableSource
from dataferry.explorer.statistics import all_statistics
from dataferry.explorer.statistics_views import StoredStatistics
from dataferry.explorer.stored import StoredColumn
from dataferry.explorer.text_columns import quoted
from dataferry.library.preview.process import TOO_MUCH_MEMORY

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_MEMORY = "1GB"
#: Of address space: a reader of Arrow takes whatever a damaged file asks for.
_ADDRESS_SPACE = 8 << 30
#: A file of more columns takes long to open: some of them at a time are taken out of it.
_WIDE_COLUMNS = 100
_MAX_STAGED_ROWS = 2_000_000
_REPORT_ROWS = 50_000


def main() -> None:
    request = json.loads(sys.stdin.readline())
    threading.Thread(target=end_with_parent, daemon=True).start()
    yield_to_others()
    for what, limit in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_AS, _ADDRESS_SPACE)):
        with suppress(ValueError, OSError):  # macOS takes no limit of address space
            resource.setrlimit(what, (limit, limit))
    folder = Path(request["folder"])
    folder.mkdir(parents=True, exist_ok=True)
    tempfile.tempdir = request["spill"]
    connection = _connection(request["spill"])
    try:
        if request["act"] == "convert":
            _convert(connection, request, folder)
        else:
            _count(connection, request, folder)
    except MemoryError:
        _tell({"problem": TOO_MUCH_MEMORY})
    except OSError as error:
        _tell({"failure": str(error), "errno": error.errno})
    except _database_errors() as error:
        _tell_of(error)


def _connection(spill: str) -> "DuckDBPyConnection":
    import duckdb

    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": _MEMORY,
        "temp_directory": spill,
        "preserve_insertion_order": True,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    return duckdb.connect(":memory:", config=config)


def _convert(connection: "DuckDBPyConnection", request: dict[str, Any], folder: Path) -> None:
    told = 0

    def report(rows: int, bytes_read: int) -> None:
        nonlocal told
        if rows - told >= _REPORT_ROWS or rows < told:
            told = rows
            _tell({"rows": rows, "bytes": bytes_read})

    convert(connection, Path(request["path"]), request["name"], request["sha256"], folder, report)
    _tell({"done": True})


def _count(connection: "DuckDBPyConnection", request: dict[str, Any], folder: Path) -> None:
    """The statistics of a table, whose first file is that of ``folder``."""
    source = TableSource.model_validate(request["source"])

    def run(sql: str, given: Sequence[Any]) -> list[tuple[Any, ...]]:
        return connection.execute(sql, list(given)).fetchall()

    def source_of(columns: Sequence[StoredColumn]) -> str:
        if len(source.columns) <= _WIDE_COLUMNS or source.rows > _MAX_STAGED_ROWS:
            return source.sql()
        cells = ", ".join({quoted(column.value) for column in columns})
        connection.execute(f"CREATE OR REPLACE TABLE staged AS SELECT {cells} FROM {source.sql()}")  # noqa: S608
        return "staged"

    columns = all_statistics(run, source_of, source.columns)
    files = tuple(request["files"])
    stored = StoredStatistics(made_at=datetime.now(UTC), files=files, columns=tuple(columns))
    target = statistics_path(folder, files, request["table"])
    partial = target.with_suffix(".new")
    partial.write_text(stored.model_dump_json(), encoding="utf-8")
    partial.rename(target)
    _tell({"done": True})


def _database_errors() -> type[Exception]:
    import duckdb

    return duckdb.Error


def _tell_of(error: Exception) -> None:
    """A full disk is no fault of the file; whatever else DuckDB stumbles over is."""
    reason = str(error).partition("\n")[0]
    if "No space left" in str(error):
        _tell({"failure": reason, "errno": errno.ENOSPC})
    else:
        _tell({"problem": f"It cannot be read: {reason}"})


def _tell(said: dict[str, Any]) -> None:
    print(json.dumps(said), flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
