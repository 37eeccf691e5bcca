"""The files of a multipart body, as a stream: no file is ever whole in memory, or unencrypted on the disk."""

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from dataferry.core.errors import BadUpload

_FIELD = "files"
#: Of the headers of one part.
_MOST_HEADER_BYTES = 8192
_LONGEST_NAME = 255


@dataclass(frozen=True, slots=True)
class PartEvent:
    """``begin`` of a file with its ``name``, some of its ``data``, or its ``end``."""

    kind: Literal["begin", "data", "end"]
    name: str = ""
    data: bytes = b""


async def file_events(content_type: str, body: AsyncIterator[bytes]) -> AsyncIterator[PartEvent]:
    """The files of the field ``files``, in their order.

    Errors: ``BadUpload`` for a body that is none, has another field, or ends too early.
    """
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise BadUpload(
            "The request is no multipart/form-data.", next_step="Send the files in the field files."
        )
    reader = _PartReader(boundary)
    try:
        async for chunk in body:
            for event in reader.read(chunk):
                yield event
    except FormParserError as error:
        raise BadUpload("The multipart body cannot be read.") from error
    if not reader.ended:
        raise BadUpload("The upload was cut off before its end: none of its files is kept.")


class _PartReader:
    def __init__(self, boundary: bytes) -> None:
        self._events: deque[PartEvent] = deque()
        self._field, self._value = b"", b""
        self._headers: dict[bytes, bytes] = {}
        self._header_bytes = 0
        self._held = bytearray()
        self.ended = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._on_field,
                "on_header_value": self._on_value,
                "on_header_end": self._on_header,
                "on_headers_finished": self._on_headers,
                "on_part_data": self._data,
                "on_part_end": self._end,
                "on_end": self._finish,
            },
        )

    def read(self, chunk: bytes) -> "deque[PartEvent]":
        self._events = deque()
        self._parser.write(chunk)
        self._put_held()
        return self._events

    def _begin(self) -> None:
        self._headers, self._header_bytes = {}, 0

    def _on_field(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self._field += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self._value += data[start:end]

    def _count(self, size: int) -> None:
        self._header_bytes += size
        if self._header_bytes > _MOST_HEADER_BYTES:
            raise BadUpload("The headers of a part are too long.")

    def _on_header(self) -> None:
        self._headers[self._field.lower()] = self._value
        self._field, self._value = b"", b""

    def _on_headers(self) -> None:
        disposition, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        name = options.get(b"filename")
        if disposition != b"form-data" or options.get(b"name") != _FIELD.encode() or name is None:
            raise BadUpload(
                "A part of the request is no file of the field files.",
                next_step="Send each file in a field with the name files.",
            )
        self._events.append(PartEvent("begin", name=readable_name(name.decode("utf-8", "replace"))))

    def _data(self, data: bytes, start: int, end: int) -> None:
        self._held += data[start:end]

    def _put_held(self) -> None:
        if self._held:
            self._events.append(PartEvent("data", data=bytes(self._held)))
            self._held.clear()

    def _end(self) -> None:
        self._put_held()
        self._events.append(PartEvent("end"))

    def _finish(self) -> None:
        self.ended = True


def readable_name(name: str) -> str:
    """The last part of a path, without what does not print; never empty."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(filter(str.isprintable, last))[:_LONGEST_NAME].strip() or "file"
