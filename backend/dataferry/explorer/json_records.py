"""JSON of any length as records: a list, or a document after the other, is read entry by entry."""

import json
import re
import sys
from collections.abc import Iterator
from itertools import chain, islice
from typing import IO, Any

from dataferry.library.preview.json_text import DECODER, table_in
from dataferry.library.preview.table import NotATable
from dataferry.library.preview.values import text_of

#: Between documents and entries.
_BETWEEN = re.compile(r"[\s\x1e\ufeff,]*")
_READ_CHARS = 1 << 20
#: An object that is a table can only be read whole.
_MAX_DOCUMENT_CHARS = 256 << 20


def json_table(file: IO[str], columns: list[str], nested: set[int]) -> Iterator[list[str | None]]:
    """The records of a JSON text; ``columns`` and ``nested`` are filled meanwhile. Errors: ``NotATable``."""
    entries = _entries(file)
    try:
        first = list(islice(entries, 2))
        if not first:
            raise NotATable("It is empty.")
        whole = first[0]
        if len(first) == 1 and isinstance(whole, _Alone) and isinstance(whole.value, dict):
            yield from _of_object(whole.value, columns, nested)
            return
        yield from _of_entries(chain(first, entries), columns, nested)
    except RecursionError as error:
        raise NotATable("It is nested too deeply.") from error


class _Alone:
    """A document of its own, not an entry of a list."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _of_object(document: dict[str, Any], columns: list[str], nested: set[int]) -> Iterator[list[str | None]]:
    found = table_in(document, sys.maxsize)
    columns.extend(found.names)
    for row in found.rows:
        yield _cells(row, nested)


def _of_entries(entries: Iterator[Any], columns: list[str], nested: set[int]) -> Iterator[list[str | None]]:
    places: dict[str, int] = {}
    for entry in entries:
        value = entry.value if isinstance(entry, _Alone) else entry
        if isinstance(value, dict):
            for key in value:
                if key not in places:
                    places[key] = len(columns)
                    columns.append(key)
            row: list[Any] = [None] * len(columns)
            for key, cell in value.items():
                row[places[key]] = cell
        else:
            row = value if isinstance(value, list) else [value]
            columns.extend(str(number) for number in range(len(columns), len(row)))
        yield _cells(row, nested)


def _cells(row: list[Any], nested: set[int]) -> list[str | None]:
    nested.update(place for place, cell in enumerate(row) if isinstance(cell, dict | list))
    return [text_of(cell) for cell in row]


def _entries(file: IO[str]) -> Iterator[Any]:
    """The entries of the list that the file is, or its documents. Errors: ``NotATable``."""
    text = _Window(file)
    text.skip()
    in_list = text.take("[") and not text.is_line_of_lists()
    while text.skip():
        if in_list and text.take("]"):
            in_list = False
            continue
        value = text.value()
        yield value if in_list else _Alone(value)


class _Window:
    """The part of a text that is being read."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._text = ""
        self._position = 0
        self._line_of_lists = False

    def _more(self) -> bool:
        piece = self._file.read(max(_READ_CHARS, len(self._text) - self._position))
        self._text = self._text[self._position :] + piece
        self._position = 0
        if len(self._text) > 2 * _MAX_DOCUMENT_CHARS:
            raise NotATable("One of its values is too large to be read.")
        return bool(piece)

    def skip(self) -> bool:
        """Go on to the next value; False at the end."""
        while True:
            found = _BETWEEN.match(self._text, self._position)
            self._position = found.end() if found else self._position
            if self._position < len(self._text):
                return True
            if not self._more():
                return False

    def take(self, mark: str) -> bool:
        if not self._text.startswith(mark, self._position):
            return False
        self._position += 1
        return True

    def is_line_of_lists(self) -> bool:
        """Whether the list whose bracket was taken is the first of several, one a line: then it is put
        back."""
        try:
            _, end = DECODER.raw_decode(self._text, self._position - 1)
        except json.JSONDecodeError:
            return False
        rest = self._text[end : end + 100].strip()
        if rest.startswith("["):
            self._position -= 1
            return True
        return False

    def value(self) -> Any:
        while True:
            try:
                value, end = DECODER.raw_decode(self._text, self._position)
            except json.JSONDecodeError as error:
                if not self._more():
                    raise NotATable(f"It is no JSON: {error.msg}.") from error
                continue
            # A number at the end of what was read may go on.
            if end < len(self._text) or not self._more():
                self._position = end
                return value
