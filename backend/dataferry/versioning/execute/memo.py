"""What transforms have made of which inputs, so that each runs once for an input, in ``memo.sqlite``.

It only saves work: it may be deleted at any time, and is made anew if it is damaged.
"""

import contextlib
import json
import sqlite3
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

from dataferry.versioning.execute.wire import decoded, encoded
from dataferry.versioning.model.cache import Cache
from dataferry.versioning.model.columns import StoredFile, Value

_SCHEMA = """
CREATE TABLE IF NOT EXISTS made (key BLOB PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS functions (key BLOB PRIMARY KEY) WITHOUT ROWID;
"""
_KEY_BYTES = 16
_WAIT_S = 60.0
#: A killed command loses as much work; keys lie all over the file, so that each commit writes most of it.
_COMMIT_S = 3.0
_CACHE_KIB = 1 << 16
#: Keys that are asked for at once.
_ASKED = 500


class Memo:
    """Of one function at a time: see ``of``."""

    def __init__(self, database: sqlite3.Connection, cache: Cache, function: bytes) -> None:
        self._database, self._cache, self._function = database, cache, function
        asked = database.execute("SELECT 1 FROM functions WHERE key = ?", (function,)).fetchone()
        self._is_known = asked is not None
        self._committed = time.monotonic()

    def key(self, inputs: Sequence[Value]) -> bytes:
        """Of a row with these inputs."""
        content = json.dumps([_named(value) for value in inputs])
        return blake2b(content.encode(), digest_size=_KEY_BYTES, key=self._function).digest()

    def get(self, keys: Iterable[bytes]) -> dict[bytes, Value]:
        """What was made for these, as far as it was and its files are still in the cache."""
        if not self._is_known:
            return {}
        wanted = list(dict.fromkeys(keys))
        found: dict[bytes, Value] = {}
        for first in range(0, len(wanted), _ASKED):
            some = wanted[first : first + _ASKED]
            places = ", ".join("?" * len(some))
            rows = self._database.execute(f"SELECT key, value FROM made WHERE key IN ({places})", some)  # noqa: S608
            for key, text in rows:
                value = decoded(json.loads(text))
                if not isinstance(value, StoredFile) or self._cache.has("objects", value.sha256):
                    found[key] = value  # type: ignore[assignment]
        return found

    def put(self, made: Mapping[bytes, Value]) -> None:
        if not made:
            return
        if not self._is_known:
            self._database.execute("INSERT OR IGNORE INTO functions VALUES (?)", (self._function,))
            self._is_known = True
        self._database.executemany(
            "INSERT OR REPLACE INTO made VALUES (?, ?)",
            [(key, json.dumps(encoded(value))) for key, value in made.items()],
        )
        if time.monotonic() - self._committed >= _COMMIT_S:
            self.commit()

    def commit(self) -> None:
        self._database.commit()
        self._committed = time.monotonic()


class Memos:
    """The database, open."""

    def __init__(self, database: sqlite3.Connection, cache: Cache) -> None:
        self._database, self._cache = database, cache

    def of(self, fingerprint: str) -> Memo:
        """Of the function of this fingerprint, under this version of Python."""
        version = f"{sys.implementation.name} {sys.version_info.major}.{sys.version_info.minor}"
        function = blake2b(f"{fingerprint} {version}".encode(), digest_size=_KEY_BYTES).digest()
        return Memo(self._database, self._cache, function)


@contextmanager
def open_memos(cache: Cache) -> Iterator[Memos]:
    """The memo of a cache. What was put in is kept however this ends."""
    cache.folder.mkdir(parents=True, exist_ok=True)
    path = cache.folder / "memo.sqlite"
    database = _opened(path)
    try:
        yield Memos(database, cache)
    finally:
        with contextlib.suppress(sqlite3.Error):
            database.commit()
        database.close()


def _opened(path: Path) -> sqlite3.Connection:
    try:
        return _connected(path)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:  # it is no database, or a damaged one
        for each in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
            each.unlink(missing_ok=True)
        return _connected(path)


def _connected(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=_WAIT_S)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = OFF")
        database.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        database.executescript(_SCHEMA)
    except BaseException:
        database.close()
        raise
    return database


def _named(value: Value) -> object:
    """A file by its content and the name that its function sees."""
    return [value.sha256, value.extension] if isinstance(value, StoredFile) else value
