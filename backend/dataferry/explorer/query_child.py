"""The process that ``QueryProcesses`` starts: a query a line on its input, an answer a line on its output.

DuckDB sees the store and nothing else, changes no setting and loads no extension. A line ``{"cancel": n}``
ends the query of that number, if it is the one that is running.
"""

import json
import os
import queue
import resource
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def main() -> None:
    setup = json.loads(sys.stdin.readline())
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    connection = _connection(setup)
    queries = _Queries(connection)
    threading.Thread(target=queries.listen, daemon=True).start()
    while True:
        request = queries.next()
        answer = {"number": request["number"], **_answer(connection, request)}
        queries.done()
        text = json.dumps(answer, ensure_ascii=False, default=str)
        sys.stdout.write(text.encode("utf-8", "replace").decode("utf-8") + "\n")
        sys.stdout.flush()


class _Queries:
    """What was asked and is not answered yet."""

    def __init__(self, connection: "DuckDBPyConnection") -> None:
        self._connection = connection
        self._waiting: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._running: int | None = None
        self._lock = threading.Lock()

    def listen(self) -> None:
        for line in sys.stdin:
            said = json.loads(line)
            if "cancel" not in said:
                self._waiting.put(said)
                continue
            with self._lock:
                if self._running == said["cancel"]:
                    self._connection.interrupt()
        os._exit(0)  # nobody waits any more

    def next(self) -> dict[str, Any]:
        request = self._waiting.get()
        with self._lock:
            self._running = request["number"]
        return request

    def done(self) -> None:
        with self._lock:
            self._running = None


def _connection(setup: dict[str, Any]) -> "DuckDBPyConnection":
    import duckdb

    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": setup["memory"],
        "temp_directory": "",
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    connection = duckdb.connect(":memory:", config=config)
    # Footers of the same files are read again and again; a page that is sorted is one of a few hundred rows.
    connection.execute("SET parquet_metadata_cache = true")
    connection.execute("SET late_materialization_max_rows = 1000")
    connection.execute("SET allowed_directories = [$1]", [setup["folder"]])
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def _answer(connection: "DuckDBPyConnection", request: dict[str, Any]) -> dict[str, Any]:
    import duckdb

    try:
        return {"rows": connection.execute(request["sql"], request["given"]).fetchall()}
    except duckdb.InterruptException:
        return {"error": "interrupted"}
    except duckdb.OutOfMemoryException:
        return {"error": "memory"}
    except duckdb.ConversionException as error:
        return {"error": "conversion", "reason": str(error).partition("\n")[0]}
    except duckdb.Error as error:
        return {"error": "other", "reason": str(error).partition("\n")[0]}


if __name__ == "__main__":
    main()
