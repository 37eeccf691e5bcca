"""What an index file is written with: the decorators, and ``File``.

They say nothing by themselves: an index file is read without being run (``index_file``), and they only have
to stand where it is run after all, and to be understood by type checkers and editors.
"""

import os
import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Generic, ParamSpec, TypeVar, cast, overload

from dataferry.versioning.declare.formats import Format

FormatT = TypeVar("FormatT", bound=Format, covariant=True)
ClassT = TypeVar("ClassT", bound=type)
Result = TypeVar("Result")
Inputs = ParamSpec("Inputs")


class File(Generic[FormatT]):
    """A file of a dataset: ``File[png | jpg]`` is one of either format.

    What a transform is given is read with ``read()``, or opened by anything that takes a path:
    ``Image.open(image)``, ``numpy.load(array)``, ``open(image, "rb")``. What it returns is a file on disk,
    ``File(path)``, or bytes, ``File(data=…)``.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None, *, data: bytes | None = None) -> None:
        """Errors: ``TypeError`` unless there is either a path or data."""
        if (path is None) == (data is None):
            raise TypeError("A File has either a path or data: File(path) or File(data=…).")
        if data is not None and not isinstance(data, bytes | bytearray | memoryview):
            raise TypeError(f"data= takes bytes, and this is of the type {type(data).__name__}.")
        self._path = None if path is None else Path(path)
        self._data = None if data is None else bytes(data)

    @property
    def path(self) -> Path:
        """Where it is. Its name ends with the format, and only reading is allowed. Bytes are put into a
        temporary file first."""
        if self._path is None:
            handle, name = tempfile.mkstemp()
            with os.fdopen(handle, "wb") as file:
                file.write(cast(bytes, self._data))
            self._path = Path(name)
        return self._path

    def __fspath__(self) -> str:
        return str(self.path)

    def read(self) -> bytes:
        """All of its bytes."""
        return self._data if self._data is not None else self.path.read_bytes()

    def read_text(self, encoding: str = "utf-8") -> str:
        return self.read().decode(encoding)

    def open(self) -> BinaryIO:
        """It as a stream of bytes, to be closed."""
        return BytesIO(self._data) if self._data is not None else self.path.open("rb")

    @property
    def size(self) -> int:
        """In bytes."""
        return len(self._data) if self._data is not None else self.path.stat().st_size

    def __repr__(self) -> str:
        return f"File(data=<{self.size} bytes>)" if self._path is None else f"File({str(self._path)!r})"


@overload
def dataset(decorated: ClassT, /) -> ClassT: ...
@overload
def dataset(*, remote: str | None = None) -> Callable[[ClassT], ClassT]: ...
def dataset(
    decorated: ClassT | None = None, /, *, remote: str | None = None
) -> ClassT | Callable[[ClassT], ClassT]:
    """Make a class a dataset: its annotations are the fields. ``remote`` names the place where ``git push``
    sends its data; ``git config datasets.remote.NAME.url`` says where that is."""

    def decorate(each: ClassT) -> ClassT:
        return each

    return decorate if decorated is None else decorated


@overload
def ingest(function: "Callable[[], Result]", /) -> "staticmethod[[], Result]": ...
@overload
def ingest(
    *, replace: bool = False, version: int | str | None = None
) -> "Callable[[Callable[[], Result]], staticmethod[[], Result]]": ...
def ingest(
    function: "Callable[[], Result] | None" = None,
    /,
    *,
    replace: bool = False,
    version: int | str | None = None,
) -> "staticmethod[[], Result] | Callable[[Callable[[], Result]], staticmethod[[], Result]]":
    """Let a function bring rows: it returns one list for each field, in their order, or yields rows.

    It runs once, and again when it changes or ``version`` does; its rows then take the place of those that it
    brought before. With ``replace`` they take the place of all rows.
    """
    return staticmethod if function is None else staticmethod(function)


@overload
def transform(function: Callable[Inputs, Result], /) -> Callable[Inputs, Result]: ...
@overload
def transform(
    *, batch: int | None = None, version: int | str | None = None
) -> Callable[[Callable[Inputs, Result]], Callable[Inputs, Result]]: ...
def transform(
    function: Callable[Inputs, Result] | None = None,
    /,
    *,
    batch: int | None = None,
    version: int | str | None = None,
) -> Callable[Inputs, Result] | Callable[[Callable[Inputs, Result]], Callable[Inputs, Result]]:
    """Say more of a function that makes a field, below its ``@staticmethod``.

    With ``batch`` it takes lists of at most so many rows and returns a list. A change of ``version`` makes
    every row anew: for what the function uses beyond its file.
    """

    def decorate(each: Callable[Inputs, Result]) -> Callable[Inputs, Result]:
        return each

    return decorate if function is None else function
