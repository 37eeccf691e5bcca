"""Rows of a file of JSON lines, plain or packed with gzip."""

import gzip
import json
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from dataferry.plugins.readers.base import damaged
from dataferry.plugins.samples import position

_GZIP = b"\x1f\x8b"


class JsonRows:
    """One ``dict`` a line; empty lines do not count. Benchmarks are small: all is read when the first row is
    asked for, and read anew by whoever the rows are sent to.

    Errors: ``DamagedFile`` naming the file, and the line that is no JSON object.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read: list[dict[str, Any]] | None = None

    @property
    def _rows(self) -> list[dict[str, Any]]:
        if self._read is None:
            self._read = list(self._lines())
        return self._read

    def _lines(self) -> Iterator[dict[str, Any]]:
        for number, line in enumerate(BytesIO(self._bytes()), 1):
            if line.strip():
                yield self._row(number, line)

    def _bytes(self) -> bytes:
        """The bytes tell whether they are packed: browsers and proxies unpack without renaming."""
        try:
            content = self.path.read_bytes()
            content = gzip.decompress(content) if content.startswith(_GZIP) else content
        except (OSError, EOFError, zlib.error) as error:
            raise damaged(self.path, str(error)) from error
        return content.removeprefix(b"\xef\xbb\xbf")

    def _row(self, number: int, line: bytes) -> dict[str, Any]:
        try:
            row = json.loads(line)
        except ValueError as error:
            raise damaged(self.path, f"line {number}: {error}") from error
        if not isinstance(row, dict):
            raise damaged(self.path, f"line {number} is no JSON object")
        return row

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return self._rows[position(index, len(self))]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._rows)

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path, "_read": None}
