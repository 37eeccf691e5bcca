"""Making a field: its transform runs for the rows that it has not run for, in several processes."""

import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field

from dataferry.core.errors import InvalidInput
from dataferry.versioning.execute.faults import Place, failed
from dataferry.versioning.execute.pool import InOrder
from dataferry.versioning.execute.run import Run
from dataferry.versioning.execute.running import ChildEndedError, ChildProcess
from dataferry.versioning.execute.wire import Failure, Message, PendingFile, decoded, encoded, field_entry
from dataferry.versioning.model.columns import ColumnWriter, StoredFile, Value, read_column
from dataferry.versioning.model.lock_file import Column, column_key
from dataferry.versioning.model.schema import DatasetClass, Field, Transform
from dataferry.versioning.model.values import WrongValue, retyped

#: How long a process works on what it is given at once.
_CHUNK_S = 0.25
_FIRST_ROWS = 4
_MOST_ROWS, _MOST_CHARACTERS = 2000, 4 << 20
#: Rows that the memo is asked for at once.
_BLOCK = 500


@dataclass
class _Row:
    number: int
    inputs: tuple[Value, ...]
    key: bytes


@dataclass
class _Chunk:
    """Some rows that follow each other. ``known``: what the memo has; ``todo``: those that have to be made,
    one for each key."""

    rows: list[_Row] = field(default_factory=list)
    known: dict[bytes, Value] = field(default_factory=dict)
    todo: list[_Row] = field(default_factory=list)
    characters: int = 0

    def add(self, row: _Row) -> None:
        self.rows.append(row)
        self.characters += sum(len(value) for value in row.inputs if isinstance(value, str))


@dataclass
class _Outcome:
    """What was made of a chunk's ``todo``, as far as it was; what went wrong then, in which row."""

    chunk: _Chunk
    values: list[Value] = field(default_factory=list)
    failure: Failure | None = None
    row: _Row | None = None


class _Stopped(Exception):
    """A row failed."""

    def __init__(self, failure: Failure, row: _Row | None) -> None:
        super().__init__(failure.text)
        self.failure, self.row = failure, row


class TransformRun:
    """``columns``: those of the group's fields that it is made from; ``first``: the number of the group's
    first row; ``rows``: how many it has."""

    def __init__(
        self,
        run: Run,
        declared: DatasetClass,
        transform: Transform,
        columns: Mapping[str, Column],
        *,
        first: int,
        rows: int,
    ) -> None:
        fields = {each.name: each for each in declared.columns}
        self._run, self._transform, self._columns = run, transform, columns
        self._inputs = [fields[name] for name in transform.inputs]
        self._dataset = declared.name
        self._place = Place(run.name, transform.field.name, transform.line)
        self._first, self._count = first, rows
        self._memo = run.memos.of(transform.fingerprint)
        self._at_once = transform.batch or _FIRST_ROWS
        self._under_way: set[bytes] = set()
        self._made = 0

    def column(self) -> Column:
        """Run it where it has not run; the column. What was made is in the memo, however this ends.

        Errors: ``DataferryError``, ``OSError``."""
        name = self._transform.field.name
        outcomes = InOrder(self._run.pool, self._work, self._chunks())
        try:
            with closing(ColumnWriter(self._run.cache, self._run.scratch)) as writer:
                for outcome in outcomes:
                    made = self._keep(outcome)
                    if outcome.failure is not None:
                        raise _Stopped(outcome.failure, outcome.row)
                    self._write(writer, outcome.chunk, made)
                    self._run.report(f"{self._dataset}.{name}", writer.rows, self._count)
                return Column(writer.keep(), writer.bytes, column_key(self._transform, self._columns))
        except BaseException as error:
            for outcome in outcomes.abandon():
                self._keep(outcome)
            if isinstance(error, _Stopped):
                row = self._called(error.row) if error.row else ""
                raise failed(self._place, error.failure, row, kept=self._made) from None
            raise
        finally:
            self._memo.commit()

    def _keep(self, outcome: _Outcome) -> dict[bytes, Value]:
        made = {row.key: value for row, value in zip(outcome.chunk.todo, outcome.values, strict=False)}
        self._memo.put(made)
        self._made += len(made)
        self._under_way.difference_update(row.key for row in outcome.chunk.todo)
        return made

    def _write(self, writer: ColumnWriter, chunk: _Chunk, made: Mapping[bytes, Value]) -> None:
        here = {**chunk.known, **made}
        # The same input in a chunk before this one: it was not made twice.
        elsewhere = self._memo.get(row.key for row in chunk.rows if row.key not in here)
        for row in chunk.rows:
            value = here[row.key] if row.key in here else elsewhere[row.key]
            writer.add(value)

    def _chunks(self) -> Iterator[_Chunk]:
        chunk = _Chunk()
        for block in self._blocks():
            known = self._memo.get(row.key for row in block)
            for row in block:
                chunk.add(row)
                if row.key in known:
                    chunk.known[row.key] = self._of_type(known[row.key], row)
                elif row.key not in self._under_way:
                    self._check_here(row)
                    self._under_way.add(row.key)
                    chunk.todo.append(row)
                if (
                    len(chunk.todo) >= self._at_once
                    or len(chunk.rows) >= _MOST_ROWS
                    or chunk.characters >= _MOST_CHARACTERS
                ):
                    yield chunk
                    chunk = _Chunk()
        if chunk.rows:
            yield chunk

    def _check_here(self, row: _Row) -> None:
        """Of a clone that has fetched a part, some files are not in the cache. Errors: ``InvalidInput``."""
        for each, value in zip(self._inputs, row.inputs, strict=True):
            if isinstance(value, StoredFile) and not self._run.cache.has("objects", value.sha256):
                name = self._place.function
                raise InvalidInput(
                    f"{name} is made from {each.name}, whose file in row {row.number} is not here.",
                    next_step="git datasets fetch, then commit again.",
                )

    def _blocks(self) -> Iterator[list[_Row]]:
        columns = [
            read_column(self._run.cache, self._columns[each.name].sha256, each.kind) for each in self._inputs
        ]
        block: list[_Row] = []
        characters = 0
        for number, inputs in enumerate(zip(*columns, strict=True), self._first):
            block.append(_Row(number, inputs, self._memo.key(inputs)))
            characters += sum(len(value) for value in inputs if isinstance(value, str))
            if len(block) >= _BLOCK or characters >= _MOST_CHARACTERS:
                yield block
                block, characters = [], 0
        yield block

    def _of_type(self, value: Value, row: _Row) -> Value:
        """What was made before, when the field's type may have been another."""
        made = self._transform.field
        try:
            return retyped(made, made, value)
        except WrongValue as error:
            failure = Failure("value", f"{error}, and not {made}")
            raise failed(self._place, failure, self._called(row)) from error

    def _work(self, child: ChildProcess, chunk: _Chunk) -> _Outcome:
        """In a thread of the pool."""
        outcome = _Outcome(chunk)
        if not chunk.todo:
            return outcome
        began = time.monotonic()
        try:
            for message in child.ask(self._task(chunk)):
                for entry in message.get("values", ()):
                    outcome.values.append(self._received(child, entry))
                if "failed" in message:
                    outcome.failure = Failure(**message["failed"])
        except ChildEndedError as error:
            outcome.failure = Failure("raised", str(error), row=error.row)
        if outcome.failure is not None and outcome.failure.row is not None:
            outcome.row = chunk.todo[outcome.failure.row]
        self._pace(len(chunk.todo), time.monotonic() - began)
        return outcome

    def _received(self, child: ChildProcess, entry: object) -> Value:
        value = decoded(entry)
        assert not isinstance(value, PendingFile)
        if isinstance(value, StoredFile):
            self._run.receive(value, child)
        return value

    def _task(self, chunk: _Chunk) -> Message:
        return {
            "do": "transform",
            "dataset": self._dataset,
            "function": self._transform.field.name,
            "field": field_entry(self._transform.field),
            "inputs": [field_entry(each) for each in self._inputs],
            "batch": self._transform.batch,
            "rows": [[row.number, [encoded(value) for value in row.inputs]] for row in chunk.todo],
        }

    def _pace(self, rows: int, seconds: float) -> None:
        """Have as many rows in the next chunks as take a moment, in whole batches."""
        batch = self._transform.batch or 1
        fitting = int(rows * _CHUNK_S / max(seconds, 1e-6))
        self._at_once = max(batch, min(fitting, _MOST_ROWS) // batch * batch)

    def _called(self, row: _Row) -> str:
        """A row, as its files are named."""
        for each, value in zip(self._inputs, row.inputs, strict=True):
            if isinstance(value, StoredFile):
                return f"row {row.number} ({each.name}/{row.number:07d}.{value.extension})"
        return f"row {row.number}"


def convert(run: Run, was: Field, field_now: Field, column: Column, *, first: int, place: Place) -> Column:
    """The column of a field whose type has changed: its values are checked, and become numbers with a point
    where that is the change. Errors: ``InvalidInput``, which names the row."""
    with closing(ColumnWriter(run.cache, run.scratch)) as writer:
        for number, value in enumerate(read_column(run.cache, column.sha256, was.kind), first):
            try:
                writer.add(retyped(was, field_now, value))
            except WrongValue as error:
                raise InvalidInput(
                    f"{place.name}:{place.line}: {field_now.name} cannot become {field_now}: row {number} "
                    f"{error}.",
                    next_step=f"Leave it {was}, change its ingest, or make a new field of it by a transform.",
                ) from error
        return Column(writer.keep(), writer.bytes, column.made_from)
