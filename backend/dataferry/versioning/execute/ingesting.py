"""Running an ingest: its rows come as a stream, their files are taken in by several processes."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass

from dataferry.versioning.execute.faults import Place, ended, failed
from dataferry.versioning.execute.pool import InOrder
from dataferry.versioning.execute.run import Run
from dataferry.versioning.execute.running import ChildEndedError, ChildProcess
from dataferry.versioning.execute.wire import Failure, Message, PendingFile, decoded, field_entry
from dataferry.versioning.model.columns import ColumnWriter, StoredFile, Value
from dataferry.versioning.model.lock_file import Column, RowGroup
from dataferry.versioning.model.schema import DatasetClass, Ingest

_Row = list[Value | PendingFile]


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Some rows. ``first``: the number of the first, among those of the ingest."""

    first: int
    rows: list[_Row]


class IngestRun:
    def __init__(self, run: Run, declared: DatasetClass, ingest: Ingest) -> None:
        self._run, self._fields, self._ingest = run, declared.fields, ingest
        self._dataset = declared.name
        self._place = Place(run.name, ingest.name, ingest.line)
        self._total = 0

    def rows(self) -> RowGroup:
        """Run it; its rows, with the declared fields alone. Errors: ``DataferryError``, ``OSError``."""
        with ExitStack() as stack:
            writers = [
                stack.enter_context(closing(ColumnWriter(self._run.cache, self._run.scratch)))
                for _ in self._fields
            ]
            child = self._run.children.start(network=True)
            stack.callback(child.close)
            done = 0
            for rows in InOrder(self._run.pool, self._taken, self._chunks(child)):
                for row in rows:
                    for writer, value in zip(writers, row, strict=True):
                        writer.add(value)
                done += len(rows)
                self._run.report(self._ingest.name, done, self._total)
            columns = {
                field.name: Column(writer.keep(), writer.bytes)
                for field, writer in zip(self._fields, writers, strict=True)
            }
            return RowGroup(self._ingest.name, self._ingest.fingerprint, done, columns)

    def _chunks(self, child: ChildProcess) -> Iterator[_Chunk]:
        task = {
            "do": "ingest",
            "dataset": self._dataset,
            "function": self._ingest.name,
            "fields": [field_entry(field) for field in self._fields],
        }
        first = 0
        try:
            for message in child.ask(task):
                self._total = message.get("total", self._total)
                if "failed" in message:
                    raise self._failed(Failure(**message["failed"]))
                if values := message.get("values"):
                    rows = [[self._received(child, value) for value in row] for row in values]
                    yield _Chunk(first, rows)
                    first += len(rows)
        except ChildEndedError as error:
            raise ended(self._place, error, _row(error.row)) from error

    def _received(self, child: ChildProcess, entry: object) -> Value | PendingFile:
        value = decoded(entry)
        if isinstance(value, StoredFile):
            self._run.receive(value, child)
        return value

    def _taken(self, child: ChildProcess, chunk: _Chunk) -> list[list[Value]]:
        """The rows with their files in the cache."""
        pending = [
            (number, position, value)
            for number, row in enumerate(chunk.rows)
            for position, value in enumerate(row)
            if isinstance(value, PendingFile)
        ]
        stored = iter(self._stored(child, chunk, pending) if pending else ())
        return [
            [next(stored) if isinstance(value, PendingFile) else value for value in row] for row in chunk.rows
        ]

    def _stored(
        self, child: ChildProcess, chunk: _Chunk, pending: Sequence[tuple[int, int, PendingFile]]
    ) -> list[Value]:
        task: Message = {
            "do": "store",
            "fields": [field_entry(field) for field in self._fields],
            "files": [[position, file.entry()] for _, position, file in pending],
        }
        values: list[Value] = []
        try:
            for message in child.ask(task):
                for value in message.get("values", ()):
                    file = self._received(child, value)
                    assert isinstance(file, StoredFile)
                    values.append(file)
                if "failed" in message:
                    failure = Failure(**message["failed"])
                    row = pending[failure.row or 0][0]
                    raise self._failed(failure, chunk.first + row)
        except ChildEndedError as error:
            raise ended(self._place, error, _row(chunk.first + pending[0][0])) from error
        return values

    def _failed(self, failure: Failure, row: int | None = None) -> Exception:
        return failed(self._place, failure, _row(failure.row if row is None else row))


def _row(number: int | None) -> str:
    return "" if number is None else f"row {number}"
