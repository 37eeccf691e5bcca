"""What an Arrow file says of its first rows, read before its reader trusts it.

A message is the mark FF FF FF FF, the length of its metadata (int32), the metadata (a flatbuffer), and a body
(https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc). Packed
buffers begin with their length when unpacked (int64), and a reader allocates what they claim.
"""

import struct
from typing import IO

from dataferry.library.preview.table import NotATable

_MAGIC = b"ARROW1\0\0"
_MARK = b"\xff\xff\xff\xff"
#: What the messages up to the first rows may take.
_MAX_BYTES = 256 << 20
_RECORD_BATCH, _DICTIONARY_BATCH = 3, 2


def check(file: IO[bytes]) -> bool:
    """Whether it is a file, and not a stream.

    Errors: ``NotATable`` where the first rows would take more memory than is given, or are torn.
    """
    is_file = file.read(8) == _MAGIC
    if not is_file:
        file.seek(0)
    taken = 0
    try:
        while (prefix := file.read(8))[:4] == _MARK:
            (length,) = struct.unpack_from("<i", prefix, 4)
            if length == 0:
                break
            if not 0 < length <= _MAX_BYTES:
                raise NotATable("It is damaged.")
            message = _Flat(file.read(length))
            body = file.tell()
            kind, body_bytes = message.number(1, "<B"), message.number(3, "<q")
            taken += length + body_bytes
            if kind in (_RECORD_BATCH, _DICTIONARY_BATCH):
                batch = message.table(2)
                taken += _claimed(file, body, batch.table(1) if kind == _DICTIONARY_BATCH else batch)
            if taken > _MAX_BYTES or body_bytes < 0:
                raise NotATable(f"Its first rows take more than {_MAX_BYTES >> 20} MiB.")
            if kind == _RECORD_BATCH:
                break
            file.seek(body + body_bytes)
    except (struct.error, IndexError) as error:
        raise NotATable("It is damaged.") from error
    file.seek(0)
    return is_file


def _claimed(file: IO[bytes], body: int, batch: "_Flat") -> int:
    """Bytes of the batch's buffers when unpacked; 0 where they are not packed."""
    if not batch.has(3):
        return 0
    claimed = 0
    for offset, length in batch.structs(2, "<qq"):
        if length >= 8:
            file.seek(body + offset)
            claimed += max(0, struct.unpack("<q", file.read(8))[0])
    return claimed


class _Flat:
    """A table of a flatbuffer (https://flatbuffers.dev/internals), of which a few fields are read."""

    def __init__(self, data: bytes, position: int | None = None) -> None:
        self._data = data
        self._at = struct.unpack_from("<I", data)[0] if position is None else position
        self._fields = self._at - struct.unpack_from("<i", data, self._at)[0]
        if self._fields < 0:
            raise IndexError

    def has(self, field: int) -> bool:
        return self._offset(field) != 0

    def number(self, field: int, form: str) -> int:
        offset = self._offset(field)
        return int(struct.unpack_from(form, self._data, self._at + offset)[0]) if offset else 0

    def table(self, field: int) -> "_Flat":
        return _Flat(self._data, self._target(field))

    def structs(self, field: int, form: str) -> list[tuple[int, ...]]:
        if not self.has(field):
            return []
        start = self._target(field)
        (count,) = struct.unpack_from("<I", self._data, start)
        size = struct.calcsize(form)
        if count * size > len(self._data):
            raise IndexError
        return [struct.unpack_from(form, self._data, start + 4 + number * size) for number in range(count)]

    def _target(self, field: int) -> int:
        at = self._at + self._offset(field)
        return at + int(struct.unpack_from("<I", self._data, at)[0])

    def _offset(self, field: int) -> int:
        entry = 4 + 2 * field
        if entry >= struct.unpack_from("<H", self._data, self._fields)[0]:
            return 0
        return int(struct.unpack_from("<H", self._data, self._fields + entry)[0])
