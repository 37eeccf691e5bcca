"""A zip of what a person takes with them, made while it is sent: no copy of it is left on the disk."""

import json
from collections.abc import Iterable, Iterator
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from dataferry.core.personal_data import Exported, JsonRows
from dataferry.library.archive_stream import Sink

_EPOCH = (1980, 1, 1, 0, 0, 0)
#: Bytes that are in memory before they are handed on.
_PIECE = 1 << 18


def zip_of(files: Iterable[Exported]) -> Iterator[bytes]:
    """The zip in pieces. JSON is compressed, files are stored as they are; each may be larger than 4 GiB.
    Blocks. Errors: what the contents raise while they are read."""
    sink = Sink()
    with ZipFile(sink, "w", ZIP_STORED) as archive:
        for file in files:
            yield from _written(archive, sink, file)
    yield sink.take()


def _written(archive: ZipFile, sink: Sink, file: Exported) -> Iterator[bytes]:
    entry = ZipInfo(file.path, _EPOCH)
    is_json = isinstance(file.content, JsonRows | dict | list | tuple)
    entry.compress_type = ZIP_DEFLATED if is_json else ZIP_STORED
    waiting = 0
    with archive.open(entry, "w", force_zip64=True) as written:
        for piece in _pieces(file):
            written.write(piece)
            waiting += len(piece)
            if waiting >= _PIECE:
                waiting = 0
                yield sink.take()
    yield sink.take()


def _pieces(file: Exported) -> Iterator[bytes]:
    if isinstance(file.content, JsonRows):
        between = "[\n"
        for row in file.content.rows:
            yield f"{between}{_json(row)}".encode()
            between = ",\n"
        yield b"[]\n" if between == "[\n" else b"\n]\n"
    elif isinstance(file.content, Iterator):
        yield from file.content
    else:
        yield f"{_json(file.content)}\n".encode()


def _json(content: object) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False, default=str)
