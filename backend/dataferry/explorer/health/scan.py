"""What was measured of each image of a dataset: rows that are written as they come, so that a scan that is
killed goes on where it was."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from dataferry.explorer.sample_views import SampleBox

_FILE = "images.sqlite"
#: Another one once the meaning of a column changes: what was kept is then measured again.
_FORM = 1
_COLUMNS = """
    split TEXT, number INTEGER, name TEXT, label TEXT, size INTEGER, sha256 TEXT, width INTEGER,
    height INTEGER, format TEXT, mode TEXT, frames INTEGER, mean TEXT, deviation TEXT, spread INTEGER,
    hash BLOB, grey BLOB, problem TEXT, missing INTEGER
"""


@dataclass(slots=True)
class Measured:
    """One image. ``problem``: why it could not be read; ``missing``: its file is not there. ``hash``: 16
    bytes, ``grey``: 256, of ``imaging.measures``."""

    split: str
    number: int
    name: str
    label: str | None = None
    size: int = 0
    sha256: str | None = None
    width: int | None = None
    height: int | None = None
    format: str | None = None
    mode: str | None = None
    frames: int = 1
    mean: list[float] = field(default_factory=list)
    deviation: list[float] = field(default_factory=list)
    spread: int | None = None
    hash: bytes | None = None
    grey: bytes | None = None
    problem: str | None = None
    missing: int = 0


@dataclass(frozen=True, slots=True)
class MeasuredBox:
    """A box of an image, in its pixels; the image's size is None where it could not be read."""

    split: str
    number: int
    name: str
    category: str
    bbox: tuple[float, float, float, float]
    width: int | None
    height: int | None


_NAMES = tuple(one.name for one in fields(Measured))


class ImageScan:
    """The rows of one scan. One thread at a time. ``version``: of the bytes that it is of; rows of others are
    forgotten."""

    def __init__(self, folder: Path, version: str) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._connection = sqlite3.connect(folder / _FILE)
        self._connection.execute("PRAGMA journal_mode=WAL")
        if not kept_version(self._connection, version):
            with self._connection:
                for table in ("meta", "images", "boxes"):
                    self._connection.execute(f"DROP TABLE IF EXISTS {table}")
                self._connection.execute("CREATE TABLE meta (version TEXT)")
                self._connection.execute(f"CREATE TABLE images ({_COLUMNS}, PRIMARY KEY (split, number))")
                self._connection.execute(
                    "CREATE TABLE boxes"
                    " (split TEXT, number INTEGER, category TEXT, x REAL, y REAL, w REAL, h REAL)"
                )
                self._connection.execute("CREATE INDEX boxes_of ON boxes (split, number)")
                self._connection.execute("INSERT INTO meta VALUES (?)", (f"{_FORM} {version}",))

    def close(self) -> None:
        self._connection.close()

    def done(self, split: str) -> int:
        """How many images of a split are measured: those before this number."""
        row = self._connection.execute("SELECT max(number) FROM images WHERE split = ?", (split,)).fetchone()
        return 0 if row[0] is None else int(row[0]) + 1

    def add(self, found: Sequence[tuple[Measured, Sequence[SampleBox]]]) -> None:
        """Write rows down, with the boxes of each."""
        insert = f"INSERT OR REPLACE INTO images VALUES ({', '.join('?' * len(_NAMES))})"  # noqa: S608
        with self._connection:
            for one, boxes in found:
                values = asdict(one) | {"mean": json.dumps(one.mean), "deviation": json.dumps(one.deviation)}
                row = [values[name] for name in _NAMES]
                self._connection.execute(insert, row)
                self._connection.executemany(
                    "INSERT INTO boxes VALUES (?, ?, ?, ?, ?, ?, ?)",
                    [(one.split, one.number, box.category, *box.bbox) for box in boxes if not box.crowd],
                )

    def one(self, split: str, number: int) -> Measured:
        query = f"SELECT {', '.join(_NAMES)} FROM images WHERE split = ? AND number = ?"  # noqa: S608
        return _measured(self._connection.execute(query, (split, number)).fetchone())

    def query(self, sql: str, given: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, tuple(given)).fetchall()

    def boxes(self) -> Iterator[MeasuredBox]:
        """Every box that marks one object."""
        query = (
            "SELECT b.split, b.number, i.name, b.category, b.x, b.y, b.w, b.h, i.width, i.height"
            " FROM boxes b JOIN images i ON i.split = b.split AND i.number = b.number"
            " ORDER BY b.split, b.number, b.rowid"
        )
        for split, number, name, category, x, y, w, h, width, height in self._connection.execute(query):
            yield MeasuredBox(split, number, name, category, (x, y, w, h), width, height)


def kept_version(connection: sqlite3.Connection, version: str) -> bool:
    """Whether the rows of a scan are of that version of a dataset's bytes."""
    try:
        row = connection.execute("SELECT version FROM meta").fetchone()
    except sqlite3.Error:
        return False
    return row is not None and str(row[0]) == f"{_FORM} {version}"


def _measured(row: Sequence[Any]) -> Measured:
    values = dict(zip(_NAMES, row, strict=True))
    values["mean"], values["deviation"] = json.loads(values["mean"]), json.loads(values["deviation"])
    return Measured(**values)


@contextmanager
def opened_scan(folder: Path, version: str) -> Iterator[ImageScan]:
    scan = ImageScan(folder, version)
    try:
        yield scan
    finally:
        scan.close()
