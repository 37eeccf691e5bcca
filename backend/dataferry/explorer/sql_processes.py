"""A person's own SQL, each query in a process of its own, with limits of time, memory, disk and answer.

A query that takes too long, or that nobody waits for any more, is ended with its process: a query cannot
refuse that.
"""

import json
import re
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from dataferry.core.child_process import end_child, start_child
from dataferry.core.errors import Cancelled, InvalidInput, QueryTooLarge
from dataferry.explorer.sql_names import SqlTable, written
from dataferry.explorer.sql_views import QueryColumn, QueryRows, kind_of

_MODULE = "dataferry.explorer.sql_child"
_POLL_S = 0.05
_NARROW = "Ask for less of it: with WHERE, with GROUP BY, or with a LIMIT."
#: Columns of a table that an error names.
_MAX_NAMED = 30

ExportFormat = Literal["csv", "parquet"]


@dataclass(frozen=True, slots=True)
class SqlLimits:
    """Of one query. ``memory_bytes``: of its data; ``disk_bytes``: of what does not fit there, and of an
    export; ``chars``: of an answer, ``cell_chars`` of a cell in it."""

    seconds: float = 20.0
    export_seconds: float = 120.0
    memory_bytes: int = 1_000_000_000
    disk_bytes: int = 4_000_000_000
    export_bytes: int = 1_000_000_000
    chars: int = 4_000_000
    cell_chars: int = 2_000


class SqlProcesses:
    """Blocks: for worker threads. ``scratch``: gives a folder for what a query spills. ``count``: queries
    at once, of which one person has all but one."""

    def __init__(
        self, scratch: Callable[[], Path], limits: SqlLimits = SqlLimits(), *, count: int = 3
    ) -> None:
        self._scratch = scratch
        self.limits = limits
        self._count = count
        self._running: Counter[str] = Counter()
        self._ended = threading.Condition()

    def rows(
        self, person: str, sql: str, tables: Sequence[SqlTable], cancel: threading.Event, *, limit: int
    ) -> QueryRows:
        """The first ``limit`` rows of a query.

        Errors: ``InvalidInput`` for SQL that is none, is refused, or fails; ``QueryTooLarge``; ``Cancelled``.
        """
        begun = time.monotonic()
        with self._spill() as folder:
            answer = self._run(person, sql, tables, cancel, folder, {"rows": limit})
        columns = tuple(
            QueryColumn(name=one["name"], dtype=one["dtype"], kind=kind_of(one["dtype"]))
            for one in answer["columns"]
        )
        rows = tuple(tuple(row) for row in answer["rows"])
        return QueryRows(
            columns=columns, rows=rows, more=answer["more"], seconds=round(time.monotonic() - begun, 3)
        )

    @contextmanager
    def exported(
        self,
        person: str,
        sql: str,
        tables: Sequence[SqlTable],
        cancel: threading.Event,
        format: ExportFormat,
    ) -> Iterator[Path]:
        """All rows of a query in a file, which is gone at the end. Errors: those of ``rows``."""
        with self._spill() as folder:
            target = folder / f"answer.{format}"
            wanted = {"export": {"format": format, "path": str(target)}}
            self._run(person, sql, tables, cancel, folder, wanted)
            yield target

    @contextmanager
    def _spill(self) -> Iterator[Path]:
        # A child that is killed deletes nothing.
        with tempfile.TemporaryDirectory(prefix="query-", dir=self._scratch()) as folder:
            yield Path(folder).resolve()

    def _run(
        self,
        person: str,
        sql: str,
        tables: Sequence[SqlTable],
        cancel: threading.Event,
        folder: Path,
        wanted: dict[str, Any],
    ) -> dict[str, Any]:
        limits = self.limits
        export = "export" in wanted
        deadline = time.monotonic() + (limits.export_seconds if export else limits.seconds)
        request = {
            "sql": sql,
            "tables": [_told(table) for table in tables if _is_named(table, sql)],
            "spill": str(folder),
            "spill_size": f"{limits.disk_bytes}B",
            "memory": f"{limits.memory_bytes}B",
            # The library alone takes some; a long text is in no account of DuckDB's.
            "address_space": 2 * limits.memory_bytes + (4 << 30),
            "file_bytes": limits.export_bytes if export else limits.disk_bytes,
            "chars": limits.chars,
            "cell_chars": limits.cell_chars,
            "rows": 0,
            "export": None,
            **wanted,
        }
        with self._place(person, cancel, deadline):
            answer = _ask(json.dumps(request), cancel, deadline)
        if "error" in answer:
            raise _problem(answer, tables, sql)
        return answer

    @contextmanager
    def _place(self, person: str, cancel: threading.Event, deadline: float) -> Iterator[None]:
        with self._ended:
            while self._running.total() >= self._count or self._running[person] >= self._count - 1:
                self._ended.wait(_POLL_S)
                if cancel.is_set():
                    raise Cancelled
                if time.monotonic() > deadline:
                    raise QueryTooLarge(
                        "Other queries are at work, and take long.", next_step="Try it again."
                    )
            self._running[person] += 1
        try:
            yield
        finally:
            with self._ended:
                self._running[person] -= 1
                self._running += Counter()  # without those at zero
                self._ended.notify_all()


def _told(table: SqlTable) -> dict[str, Any]:
    return {
        "names": table.names,
        "query": table.query(),
        "files": [str(Path(part.path).absolute()) for part in table.source.parts],
    }


def _ask(request: str, cancel: threading.Event, deadline: float) -> dict[str, Any]:
    """What a process answers, which does not outlive the question."""
    process = start_child(_MODULE)
    answers: list[str] = []

    def listen() -> None:
        assert process.stdout is not None
        answers.extend(process.stdout.readline() for _ in range(1))

    listener = threading.Thread(target=listen, name="query-answer", daemon=True)
    try:
        assert process.stdin is not None
        listener.start()
        try:
            process.stdin.write(f"{request}\n")
            process.stdin.flush()
        except BrokenPipeError:
            return {"error": "memory"}
        while listener.is_alive():
            listener.join(_POLL_S)
            if cancel.is_set():
                raise Cancelled
            if listener.is_alive() and time.monotonic() > deadline:
                return {"error": "time"}
        line = answers[0] if answers else ""
        answer: dict[str, Any] = json.loads(line) if line.endswith("\n") else {"error": "memory"}
        return answer
    finally:
        process.kill()
        listener.join()
        end_child(process)


def _problem(answer: dict[str, Any], tables: Sequence[SqlTable], sql: str) -> InvalidInput | QueryTooLarge:
    """DuckDB's own words, readable, and what to do."""
    reason = _readable(str(answer.get("reason", "")))
    match answer["error"]:
        case "time":
            return QueryTooLarge("The query takes too long, and was ended.", next_step=_NARROW)
        case "memory":
            return QueryTooLarge("The query takes too much memory.", next_step=_NARROW)
        case "refused":
            return InvalidInput(reason, next_step=_what_there_is(tables, sql))
        case "names":
            return InvalidInput(reason, next_step=_what_there_is(tables, sql))
        case "io":
            if "max_temp_directory_size" in reason or "space" in reason:
                return QueryTooLarge("The query takes more room on the disk than it may.", next_step=_NARROW)
            if "File too large" in reason:
                return QueryTooLarge("The answer is too large for one file.", next_step=_NARROW)
            return InvalidInput(
                "A file of the table cannot be read.", next_step="Verify the dataset, then try again."
            )
    return InvalidInput(reason, next_step="Change the SQL and run it again.")


def _is_named(table: SqlTable, sql: str) -> bool:
    """Whether a query may mean it: a dataset can have a thousand tables."""
    lower = sql.lower()
    return any(name.lower().replace('"', '""') in lower for name in table.names)


def _what_there_is(tables: Sequence[SqlTable], sql: str) -> str:
    """The tables, or where one of them is named, its columns."""
    named = [table for table in tables if _is_named(table, sql)]
    if len(named) == 1 or len(tables) == 1:
        table = (named or list(tables))[0]
        columns = ", ".join(written(one.name) for one in table.columns[:_MAX_NAMED])
        more = ", …" if len(table.columns) > _MAX_NAMED else ""
        return f"The table is {written(table.name)}, with the columns {columns}{more}."
    names = ", ".join(written(table.name) for table in tables[:_MAX_NAMED])
    return f"The tables are {names}{', …' if len(tables) > _MAX_NAMED else ''}."


_KIND = re.compile(r"^(?:Invalid Input|[A-Z][\w-]+(?: [A-Z]\w+)*) (?:Error|Exception): ")
#: A path of this machine; a division in a query has no such one.
_PATH = re.compile(r"['\"]?/(?:[^\s'\"/]+/)+[^\s'\",;)]*['\"]?")


def _readable(reason: str) -> str:
    """Without the kind of the error, the lines of the query, and any path."""
    told = re.split(r"\n\s*(?:LINE \d+|Candidate functions):", reason)[0]
    told = _PATH.sub("the table's file", _KIND.sub("", told.strip()))
    sentence = " ".join(told.split())
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."
