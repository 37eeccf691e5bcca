"""Rows of a file of JSON lines, plain or gzipped."""

import gzip
import json
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from dataferry.plugins.samples import position


class JsonRows:
    """One ``dict`` a line; empty lines do not count. Benchmarks are small: all is read when the first row is
    asked for.

    Errors: ``ValueError`` naming the file and the line that is no JSON object.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def _rows(self) -> list[dict[str, Any]]:
        reader = gzip.open if self.path.suffix == ".gz" else open
        with reader(self.path, "rt", encoding="utf-8") as lines:
            return [self._row(number, line) for number, line in enumerate(lines, 1) if line.strip()]

    def _row(self, number: int, line: str) -> dict[str, Any]:
        try:
            row = json.loads(line)
        except ValueError as error:
            raise ValueError(f"{self.path.name}, line {number}: {error}") from error
        if not isinstance(row, dict):
            raise ValueError(f"{self.path.name}, line {number}: is no JSON object")
        return row

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return self._rows[position(index, len(self))]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._rows)
