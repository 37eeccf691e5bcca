"""The process that ``SqlProcesses`` starts: one person's query on its input, the answer on its output.

DuckDB sees the files of the tables that the query names and a folder to spill to, changes no setting and
loads no extension. The process may be killed at any line.
"""

import json
import resource
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from dataferry.core.child_process import end_with_parent
from dataferry.explorer.sql_check import Refused, check
from dataferry.explorer.text_columns import literal, quoted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_FETCHED_ROWS = 256
_NESTED = ("STRUCT", "MAP", "UNION", "JSON", "VARIANT")
_THREADS = 2
_ANSWER = "dataferry_answer"


def main() -> None:
    request = json.loads(sys.stdin.readline())
    threading.Thread(target=end_with_parent, daemon=True).start()
    for what, limit in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, request["address_space"]),
        (resource.RLIMIT_FSIZE, request["file_bytes"]),
    ):
        with suppress(ValueError, OSError):  # macOS takes no limit of address space
            resource.setrlimit(what, (limit, limit))
    text = json.dumps(_answer(request), ensure_ascii=False)
    sys.stdout.write(text.encode("utf-8", "replace").decode("utf-8") + "\n")
    sys.stdout.flush()


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    import duckdb

    try:
        connection = sandbox(request)
        if request["export"] is not None:
            return _export(connection, request["export"])
        return _rows(connection, request)
    except Refused as refused:
        return {"error": "refused", "reason": str(refused)}
    except (MemoryError, duckdb.OutOfMemoryException):
        return {"error": "memory"}
    except (duckdb.BinderException, duckdb.CatalogException) as error:
        return {"error": "names", "reason": str(error)}
    except duckdb.IOException as error:
        return {"error": "io", "reason": str(error)}
    except duckdb.Error as error:
        return {"error": "sql", "reason": str(error)}


def sandbox(request: dict[str, Any]) -> "DuckDBPyConnection":
    """A connection that has the tables which the query names and the query as a view, and can open nothing
    else. Errors: ``Refused``; those of DuckDB."""
    connection = _connection(request)
    tables = {name.lower(): (name, table) for table in request["tables"] for name in table["names"]}
    parse = "SELECT json_serialize_sql($1::VARCHAR, skip_null := true, skip_empty := true)"
    ((parsed,),) = connection.execute(parse, [request["sql"]]).fetchall()
    used = [tables[name] for name in check(json.loads(parsed), tables)]
    files = ", ".join(dict.fromkeys(literal(path) for _, table in used for path in table["files"]))
    connection.execute(f"SET allowed_paths = [{files}]")
    for name, table in used:
        connection.execute(f"CREATE VIEW {quoted(name)} AS {table['query']}")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    # Columns of one name get names of their own so; a comment at its end does no harm.
    connection.execute(f"CREATE TEMP VIEW {_ANSWER} AS\n{request['sql']}")
    return connection


def _connection(request: dict[str, Any]) -> "DuckDBPyConnection":
    import duckdb

    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": request["memory"],
        "threads": _THREADS,
        "temp_directory": request["spill"],
        "max_temp_directory_size": request["spill_size"],
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        # Else a table could be a variable of this program.
        "python_enable_replacements": False,
    }
    connection = duckdb.connect(":memory:", config=config)
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def _rows(connection: "DuckDBPyConnection", request: dict[str, Any]) -> dict[str, Any]:
    """Rows up to a number, and up to so many characters. Cells are text, as a JSON number would not hold a
    large one, and one is cut after so many characters."""
    described = connection.execute(f"DESCRIBE FROM {_ANSWER}").fetchall()
    columns = [{"name": str(name), "dtype": str(dtype)} for name, dtype, *_ in described]
    cells = ", ".join(_cell(quoted(one["name"]), one["dtype"], request["cell_chars"]) for one in columns)
    connection.execute(f"SELECT {cells} FROM {_ANSWER}")  # noqa: S608
    rows: list[Sequence[str | None]] = []
    chars, more = 0, False
    while not more and (some := connection.fetchmany(_FETCHED_ROWS)):
        for row in some:
            if len(rows) == request["rows"] or chars > request["chars"]:
                more = True
                break
            shown = [_cut(cell, request["cell_chars"]) for cell in row]
            rows.append(shown)
            chars += sum(len(cell or "") for cell in shown) + len(shown)
    return {"columns": columns, "rows": rows, "more": more}


def _export(connection: "DuckDBPyConnection", wanted: dict[str, str]) -> dict[str, Any]:
    options = "FORMAT csv, HEADER" if wanted["format"] == "csv" else "FORMAT parquet, COMPRESSION zstd"
    target = literal(wanted["path"])
    found = connection.execute(f"COPY (FROM {_ANSWER}) TO {target} ({options})").fetchone()
    return {"rows": int(found[0]) if found else 0}


def _cell(column: str, kind: str, chars: int) -> str:
    """A value as text, in SQL, of which no more is read than is shown."""
    if kind == "BLOB":
        return f"octet_length({column}) || ' bytes'"
    if "BLOB" in kind:
        if kind.startswith("STRUCT(") and not kind.endswith("]") and "bytes BLOB" in kind.replace('"', ""):
            size = f"octet_length({column}.bytes) || ' bytes'"
            return f"coalesce({column}.path, {size})" if "path VARCHAR" in kind.replace('"', "") else size
        return f"CASE WHEN {column} IS NOT NULL THEN '(bytes)' END"
    if kind.endswith("]") or kind.startswith(_NESTED):
        return f"left(CAST(to_json({column}) AS VARCHAR), {chars + 1})"
    return f"left(CAST({column} AS VARCHAR), {chars + 1})"


def _cut(cell: str | None, chars: int) -> str | None:
    return f"{cell[:chars]}…" if cell is not None and len(cell) > chars else cell


if __name__ == "__main__":
    main()
