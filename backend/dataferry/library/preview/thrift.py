"""Thrift's compact protocol, as far as Parquet's footers and page headers use it.

https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

import struct
from typing import Any

from dataferry.library.preview.table import NotATable

TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)
_STOP = 0
#: Parquet's deepest is seven.
_MAX_DEPTH = 24

Fields = dict[int, tuple[int, Any]]
"""The fields of a struct: by number their type and value. A list is the type of its elements and these."""


class EndOfBytes(Exception):
    """What is read goes on behind the bytes that are there."""


class ThriftReader:
    """Reads values from ``data``, beginning at ``position``.

    Errors of all: ``EndOfBytes``; ``NotATable`` for what is no Thrift.
    """

    def __init__(self, data: bytes, position: int = 0) -> None:
        self._data = data
        self.position = position

    def struct(self, depth: int = 0) -> Fields:
        fields: Fields = {}
        number = 0
        while (header := self.field(number)) is not None:
            number, kind = header
            fields[number] = (kind, self.value(kind, depth + 1))
        return fields

    def field(self, before: int) -> tuple[int, int] | None:
        """Number and type of the struct's next field, ``before`` being that of the last; None at its end."""
        byte = self._byte()
        if byte == _STOP:
            return None
        kind, delta = byte & 0x0F, byte >> 4
        if kind > STRUCT or kind == _STOP:
            raise _damaged()
        return (before + delta if delta else self._zigzag()), kind

    def list_header(self) -> tuple[int, int]:
        """The type of a list's elements, and how many there are."""
        byte = self._byte()
        kind, count = byte & 0x0F, byte >> 4
        if count == 15:
            count = self._varint()
        if count > len(self._data) - self.position:  # each takes a byte at least
            raise EndOfBytes
        return kind, count

    def value(self, kind: int, depth: int) -> Any:
        if depth > _MAX_DEPTH:
            raise _damaged()
        match kind:
            case 1 | 2:
                return kind == TRUE
            case 3:
                return self._byte()
            case 4 | 5 | 6:
                return self._zigzag()
            case 7:
                return struct.unpack("<d", self._take(8))[0]
            case 8:
                return self._take(self._varint())
            case 9 | 10:
                element, count = self.list_header()
                return element, [self._element(element, depth) for _ in range(count)]
            case 12:
                return self.struct(depth)
        raise _damaged()  # Parquet has no maps

    def _element(self, kind: int, depth: int) -> Any:
        return self._byte() == TRUE if kind in (TRUE, FALSE) else self.value(kind, depth + 1)

    def _byte(self) -> int:
        return self._take(1)[0]

    def _take(self, count: int) -> bytes:
        end = self.position + count
        if end > len(self._data):
            raise EndOfBytes
        taken = self._data[self.position : end]
        self.position = end
        return taken

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
            if shift > 63:
                raise _damaged()

    def _zigzag(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)


def written(fields: Fields) -> bytes:
    """A struct as bytes."""
    out = bytearray()
    _write_struct(out, fields)
    return bytes(out)


def _write_struct(out: bytearray, fields: Fields) -> None:
    before = 0
    for number in sorted(fields):
        kind, value = fields[number]
        if kind in (TRUE, FALSE):
            kind = TRUE if value else FALSE
        delta = number - before
        if 0 < delta < 16:
            out.append(delta << 4 | kind)
        else:
            out.append(kind)
            _write_zigzag(out, number)
        before = number
        if kind not in (TRUE, FALSE):
            _write_value(out, kind, value)
    out.append(_STOP)


def _write_value(out: bytearray, kind: int, value: Any) -> None:
    match kind:
        case 3:
            out.append(value)
        case 4 | 5 | 6:
            _write_zigzag(out, value)
        case 7:
            out += struct.pack("<d", value)
        case 8:
            _write_varint(out, len(value))
            out += value
        case 9 | 10:
            _write_list(out, *value)
        case 12:
            _write_struct(out, value)


def _write_list(out: bytearray, element: int, values: list[Any]) -> None:
    if len(values) < 15:
        out.append(len(values) << 4 | element)
    else:
        out.append(0xF0 | element)
        _write_varint(out, len(values))
    for value in values:
        if element in (TRUE, FALSE):
            out.append(TRUE if value else FALSE)
        else:
            _write_value(out, element, value)


def _write_zigzag(out: bytearray, value: int) -> None:
    _write_varint(out, (value << 1) ^ (value >> 63))


def _write_varint(out: bytearray, value: int) -> None:
    value &= (1 << 64) - 1
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)


def _damaged() -> NotATable:
    return NotATable("It is damaged: its description cannot be read.")
