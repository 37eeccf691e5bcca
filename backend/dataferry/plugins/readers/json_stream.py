"""A json file of any size, one element at a time: what COCO's annotations need, whose file has 450 MB."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from pydantic_core import from_json

from dataferry.plugins.readers.base import damaged

#: No single element of an array may be longer, in characters: it would have to be held in memory.
_LONGEST = 64 << 20
#: What is behind a value must be here, as its parser takes ``-2.`` for ``-2`` and leaves the point.
_NUMBER_CHARS = 32
_STRING = r'"(?:[^"\\]++|\\.)*+"'
#: An object in which others lie one level deep at most, as COCO's, and a comma.
_OBJECT_AND_COMMA = re.compile(
    rf'\s*+(\{{(?:[^{{}}"]++|{_STRING}|\{{(?:[^{{}}"]++|{_STRING})*+\}})*+\}})\s*+,', re.DOTALL
)
_BLANKS = re.compile(r"[ \t\n\r]*")


def members(path: Path, *, chunk: int = 1 << 20) -> Iterator[tuple[str, Any]]:
    """The members of the object in a file: ``(key, element)`` for each element where the value is an array,
    else ``(key, value)``.

    It is read in pieces of ``chunk`` characters; memory is that of one element. Errors: ``DamagedFile``
    with the place, in characters from the beginning.
    """
    try:
        with path.open(encoding="utf-8-sig") as stream:
            yield from _Parser(path, stream, chunk).members()
    except FileNotFoundError as error:
        raise damaged(path, "it is not there") from error
    except UnicodeDecodeError as error:
        raise damaged(path, "it is not UTF-8") from error


class _Parser:
    """Holds the part of the text that is parsed next; each value is parsed by ``json`` itself."""

    def __init__(self, path: Path, stream: TextIO, chunk: int) -> None:
        self._path, self._stream, self._chunk = path, stream, chunk
        self._text, self._at = "", 0
        self._before = 0
        self._ended = False
        self._parse = json.JSONDecoder().raw_decode

    def members(self) -> Iterator[tuple[str, Any]]:
        self._expect("{")
        if self._next() == "}":
            return
        while True:
            key = self._value()
            if not isinstance(key, str):
                raise self._fault("a name is expected")
            self._expect(":")
            if self._next() == "[":
                for element in self._elements():
                    yield key, element
            else:
                yield key, self._value()
            if self._comma_or("}"):
                return

    def _elements(self) -> Iterator[Any]:
        self._expect("[")
        if self._next() == "]":
            self._at += 1
            return
        while True:
            yield from self._whole_objects()
            yield self._value()
            if self._comma_or("]"):
                return

    def _whole_objects(self) -> Iterator[Any]:
        """The objects that are here whole, each with the comma behind it: three times as fast as the rest."""
        while match := _OBJECT_AND_COMMA.match(self._text, self._at):
            try:
                value = from_json(match[1])
            except ValueError:  # the slower parser tells what is wrong, or takes it
                return
            self._at = match.end()
            yield value

    def _value(self) -> Any:
        """The value that comes next, with as much more of the file as it takes."""
        self._next()
        while True:
            try:
                value, end = self._parse(self._text, self._at)
            except json.JSONDecodeError as error:
                if self._ended or len(self._text) - self._at > _LONGEST:
                    raise self._fault("it ends too early" if self._ended else "its json is broken") from error
                self._read()
                continue
            if len(self._text) - end < _NUMBER_CHARS and not self._ended:  # a number may go on
                self._read()
                continue
            self._at = end
            return value

    def _next(self) -> str:
        """The next character that is no blank, which stays."""
        while True:
            self._at = _BLANKS.match(self._text, self._at).end()  # type: ignore[union-attr]  # it matches nothing too
            if self._at < len(self._text):
                return self._text[self._at]
            if self._ended:
                raise self._fault("it ends too early")
            self._read()

    def _expect(self, char: str) -> None:
        if self._next() != char:
            raise self._fault(f"{char!r} is expected")
        self._at += 1

    def _comma_or(self, end: str) -> bool:
        """Whether the object or array ends here."""
        char = self._next()
        if char not in (",", end):
            raise self._fault(f"',' or {end!r} is expected")
        self._at += 1
        return char == end

    def _read(self) -> None:
        """More text: as much as is waiting already, so that a long element is not parsed over and over."""
        rest = self._text[self._at :]
        more = self._stream.read(max(self._chunk, len(rest)))
        self._before += self._at
        self._text, self._at = rest + more, 0
        self._ended = not more

    def _fault(self, what: str) -> Exception:
        return damaged(self._path, f"{what}, at character {self._before + self._at:,}")
