"""A process that runs the functions of an index file, and takes the files of their rows into the cache.

``python -m dataferry.versioning.execute.child READ WRITE LIFE``: the numbers of its pipes (``wire``). What
functions print goes where the command's errors go. It ends when the command does, and so does whatever it
started.
"""

import contextlib
import errno
import linecache
import mmap
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from dataferry.versioning.execute.child_files import GivenFiles, RowFiles
from dataferry.versioning.execute.intake import Intake
from dataferry.versioning.execute.result_rows import WrongResult, rows_of
from dataferry.versioning.execute.wire import (
    KEPT,
    NOTHING_YET,
    ROW,
    Failure,
    Message,
    PendingFile,
    encoded,
    messages,
    read_field,
    send,
)
from dataferry.versioning.model.cache import Cache
from dataferry.versioning.model.columns import Value
from dataferry.versioning.model.schema import Field
from dataferry.versioning.model.values import WrongValue, checked

#: Seconds after which finished rows are told, so that few are lost with the process.
_TELL_S = 0.05
_MOST_ROWS, _MOST_CHARACTERS = 500, 1 << 20
#: Characters of an exception's text.
_MOST_TEXT = 1000


class Child:
    """``setup``: the first message, see ``running``."""

    def __init__(self, setup: Message, reply: Callable[[Message], None]) -> None:
        self._reply = reply
        self._text, self._path = setup["text"], setup["path"]
        self._folder = setup["folder"]
        own = Path(setup["own"])
        kept = own / KEPT
        kept.mkdir()
        cache = Path(setup["cache"])
        intake = Intake(Cache(cache), kept, movable=Path(setup["scratch"]), place=setup["place"])
        self._files = RowFiles(intake, own / "moved")
        self._given = GivenFiles(cache, own / "inputs")
        self._module: ModuleType | None = None
        self._told = _Told(reply)
        threading.Thread(target=self._told.keep_telling, name="tell", daemon=True).start()
        with (own / "row").open("r+b") as file:
            self._row = mmap.mmap(file.fileno(), ROW.size)

    def do(self, task: Message) -> None:
        """Do a task and answer."""
        self._at(NOTHING_YET)
        try:
            {"ingest": self._ingest, "store": self._store, "transform": self._transform}[task["do"]](task)
        except _Failed as failed:
            self._told.tell()
            self._reply({"failed": _entry(failed.failure)})
        else:
            self._told.tell()
            self._reply({"end": True})
        finally:
            self._given.clear()

    def _at(self, row: int) -> None:
        """Note which row is worked on, for whoever finds this process dead."""
        ROW.pack_into(self._row, 0, row)

    def _ingest(self, task: Message) -> None:
        fields = [read_field(entry) for entry in task["fields"]]
        result = self._call(self._function(task), None)
        try:
            rows, total = rows_of(result, fields)
            self._reply({"total": total})
            for number, row in enumerate(self._iterated(rows)):
                values = zip(fields, row, strict=True)
                self._told.add([encoded(self._taken(field, value, number)) for field, value in values])
        except WrongResult as error:
            raise _Failed(Failure("value", str(error), row=error.row)) from error

    def _iterated(self, rows: Iterator[Sequence[object]]) -> Iterator[Sequence[object]]:
        """Rows that code of the index file makes as they are asked for."""
        number = 0
        while True:
            self._at(number)
            try:
                row = next(rows, None)
            except WrongResult:
                raise
            except BaseException as error:
                raise _Failed(self._raised(error, number)) from error
            if row is None:
                return
            yield row
            number += 1

    def _taken(self, field: Field, value: object, row: int) -> Any:
        """A value of an ingest; a file may still have to be taken into the cache."""
        with self._of(field, row):
            if field.kind == "file" and value is not None:
                return self._files.pending(value, field)
            return checked(field, value)

    def _store(self, task: Message) -> None:
        fields = [read_field(entry) for entry in task["fields"]]
        for number, (position, entry) in enumerate(task["files"]):
            with self._of(fields[position], number):
                self._told.add(encoded(self._files.stored(PendingFile(**entry), fields[position])))

    def _transform(self, task: Message) -> None:
        function = self._function(task)
        field = read_field(task["field"])
        inputs = [read_field(entry) for entry in task["inputs"]]
        batch: int | None = task["batch"]
        rows: list[tuple[int, list[Any]]] = task["rows"]
        for first in range(0, len(rows), batch or 1):
            self._at(first)
            taken = rows[first : first + (batch or 1)]
            columns = [
                [self._given.value(each, values[position]) for _, values in taken]
                for position, each in enumerate(inputs)
            ]
            arguments = columns if batch else [column[0] for column in columns]
            result = self._call(_bound(function, inputs, arguments), first)
            results = self._batch_of(result, len(taken), first) if batch else [result]
            for number, value in enumerate(results, first):
                with self._of(None, number):
                    self._told.add(encoded(self._kept(field, value)))

    def _kept(self, field: Field, value: object) -> Value:
        return self._files.kept(value, field) if field.kind == "file" else checked(field, value)

    def _batch_of(self, result: object, rows: int, first: int) -> list[object]:
        if not isinstance(result, Iterable) or isinstance(result, str | bytes | dict):
            kind = "nothing" if result is None else f"something of the type {type(result).__name__}"
            raise _Failed(Failure("value", f"returned {kind} for a batch, and not a list", row=first))
        values: list[object] = []
        self._call(lambda: values.extend(result), first)
        if len(values) != rows:
            raise _Failed(Failure("value", f"returned {len(values)} values for {rows} rows", row=first))
        return values

    def _function(self, task: Message) -> Callable[..., object]:
        if self._module is None:
            self._module = self._run()
        owner = getattr(self._module, task["dataset"], None)
        function = getattr(owner, task["function"], None)
        if not callable(function):
            raise _Failed(Failure("value", "is gone once the file has run"))
        found: Callable[..., object] = function
        return found

    def _run(self) -> ModuleType:
        """Run the index file. Where it imports nothing, it finds what it is written with all the same."""
        module = ModuleType(Path(self._path).stem)
        module.__file__ = self._path
        vars(module).update(_known_names())
        linecache.cache[self._path] = (len(self._text), None, self._text.splitlines(True), self._path)
        sys.path.insert(0, self._folder)
        sys.modules.setdefault(module.__name__, module)
        self._call(lambda: exec(_compiled(self._text, self._path), vars(module)), None)  # noqa: S102 - what it is for
        return module

    def _call(self, function: Callable[[], object], row: int | None) -> object:
        """Errors: ``_Failed`` with what it raised, ``SystemExit`` and the like too."""
        try:
            return function()
        except BaseException as error:
            raise _Failed(self._raised(error, row)) from error

    def _raised(self, error: BaseException, row: int | None) -> Failure:
        frames = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
        lines = [line for name, line in frames if name == self._path]
        text = _described(error)
        if isinstance(error, SystemExit):
            text = f"ended the program ({text})"
        elif isinstance(error, MemoryError):
            text = f"needs more memory than there is ({text})"
        else:
            text = f"raised {text}"
        if frames and frames[-1][0] != self._path and frames[-1][0] != __file__:
            text += f" ({Path(frames[-1][0]).name}, line {frames[-1][1]})"
        kind = "raised"
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            kind = "full"
        elif isinstance(error, ModuleNotFoundError):
            kind = "module"
        return Failure(kind, text, lines[-1] if lines else None, row)

    @contextlib.contextmanager
    def _of(self, field: Field | None, row: int) -> Iterator[None]:
        """What is wrong with a value is told with its row."""
        try:
            yield
        except WrongValue as error:
            name = field.name if field else None
            raise _Failed(Failure("value", str(error), row=row, field=name)) from error
        except OSError as error:
            raise _Failed(self._raised(error, row)) from error


class _Told:
    """Values on their way to the command: they are told when there are many, and every moment, so that few
    are lost with this process."""

    def __init__(self, reply: Callable[[Message], None]) -> None:
        self._reply = reply
        self._lock = threading.Lock()
        self._values: list[Any] = []
        self._characters = 0

    def add(self, value: Any) -> None:
        with self._lock:
            self._values.append(value)
            for each in value if isinstance(value, list) else (value,):
                self._characters += len(each) if isinstance(each, str) else 0
            if len(self._values) >= _MOST_ROWS or self._characters >= _MOST_CHARACTERS:
                self._tell()

    def tell(self) -> None:
        with self._lock:
            self._tell()

    def keep_telling(self) -> None:
        """For a thread."""
        while True:
            time.sleep(_TELL_S)
            self.tell()

    def _tell(self) -> None:
        if self._values:
            self._reply({"values": self._values})
        self._values, self._characters = [], 0


class _Failed(Exception):
    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.text)
        self.failure = failure


def _described(error: BaseException) -> str:
    """Its type and text, in one line."""
    if isinstance(error, SyntaxError):
        where = f" ({Path(error.filename).name}, line {error.lineno})" if error.filename else ""
        return f"SyntaxError: {error.msg}{where}"
    text = " ".join("".join(traceback.format_exception_only(error)).split())
    return text if len(text) <= _MOST_TEXT else f"{text[:_MOST_TEXT]}…"


def _entry(failure: Failure) -> Message:
    return {name: getattr(failure, name) for name in Failure.__slots__}


def _bound(
    function: Callable[..., object], inputs: Sequence[Field], arguments: Sequence[object]
) -> Callable[[], object]:
    """The call with its inputs: by name, but where only a position will do."""
    code = getattr(function, "__code__", None)
    leading = code.co_posonlyargcount if code is not None else 0
    named = {field.name: value for field, value in list(zip(inputs, arguments, strict=True))[leading:]}
    return lambda: function(*arguments[:leading], **named)


def _compiled(text: str, path: str) -> Any:
    """Annotations are left as text: they were read, and ``File[png | zip]`` is no expression of Python where
    ``zip`` is its own."""
    import __future__

    flags = __future__.annotations.compiler_flag
    return compile(text.removeprefix("\ufeff"), path, "exec", flags, dont_inherit=True)


def _known_names() -> dict[str, object]:
    from datetime import date

    import dataferry.versioning as package

    names = [name for name in package.public_names() if name not in package.BUILTIN_NAMES]
    return {name: getattr(package, name) for name in names} | {"date": date, "Path": Path}


def main() -> None:
    reading, writing, life = (int(number) for number in sys.argv[1:])
    for handle in (reading, writing, life):
        os.set_inheritable(handle, False)
    threading.Thread(target=_end_with, args=(life,), name="life", daemon=True).start()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    received = messages(reading, lambda: False)
    child = Child(next(received), lambda message: send(writing, message))
    for task in received:
        child.do(task)
    _end_all()


def _end_with(life: int) -> None:
    try:
        while os.read(life, 1):
            pass
    except OSError:  # a function has closed it: the command finds its pipes closed
        return
    _end_all()


def _end_all() -> None:
    """This process and those that it has started: it leads their group."""
    with contextlib.suppress(Exception):  # functions may have closed or replaced it
        sys.stdout.flush()
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
