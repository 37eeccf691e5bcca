"""What transforms have made of which inputs, so that each runs once for an input, in ``memo.sqlite``.

It only saves work: it may be deleted at any time, and is made anew if it is damaged. Of each result it has
the day on which it was last used, by which ``evict`` keeps it small.
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
from typing import NamedTuple

from dataferry.versioning.execute.wire import decoded, encoded
from dataferry.versioning.model.cache import Cache
from dataferry.versioning.model.columns import StoredFile, Value

_SCHEMA = """
CREATE TABLE IF NOT EXISTS made (key BLOB PRIMARY KEY, value TEXT NOT NULL, used INTEGER NOT NULL)
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS functions (key BLOB PRIMARY KEY) WITHOUT ROWID;
"""
_KEY_BYTES = 16
_WAIT_S = 60.0
#: A killed command loses as much work; keys lie all over the file, so that each commit writes most of it.
_COMMIT_S = 3.0
_CACHE_KIB = 1 << 16
#: Keys that are asked for at once.
_ASKED = 500
_DAY_S = 86_400
_MOST_TOUCHED = 10_000


class Evicted(NamedTuple):
    """``old``: results that nobody has used for long; ``over``: those, least recently used, that were too
    much; ``left`` results take ``bytes``."""

    old: int
    over: int
    left: int
    bytes: int


class Memo:
    """Of one function at a time: see ``of``."""

    def __init__(self, database: sqlite3.Connection, cache: Cache, function: bytes) -> None:
        self._database, self._cache, self._function = database, cache, function
        asked = database.execute("SELECT 1 FROM functions WHERE key = ?", (function,)).fetchone()
        self._is_known = asked is not None
        self._committed = time.monotonic()
        self._today = _today()
        #: Noted with the next commit: a database that is written to is closed to other commands.
        self._touched: list[tuple[int, bytes]] = []

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
            asked = f"SELECT key, value, used FROM made WHERE key IN ({places})"  # noqa: S608
            for key, text, used in self._database.execute(asked, some):
                value = decoded(json.loads(text))
                if not isinstance(value, StoredFile) or self._cache.has("objects", value.sha256):
                    found[key] = value  # type: ignore[assignment]
                    self._touched += [(self._today, key)] if used < self._today else []
        if len(self._touched) >= _MOST_TOUCHED:
            self.commit()
        return found

    def put(self, made: Mapping[bytes, Value]) -> None:
        if not made:
            return
        if not self._is_known:
            self._database.execute("INSERT OR IGNORE INTO functions VALUES (?)", (self._function,))
            self._is_known = True
        self._database.executemany(
            "INSERT OR REPLACE INTO made VALUES (?, ?, ?)",
            [(key, json.dumps(encoded(value)), self._today) for key, value in made.items()],
        )
        if time.monotonic() - self._committed >= _COMMIT_S:
            self.commit()

    def commit(self) -> None:
        self._database.executemany("UPDATE made SET used = ? WHERE key = ?", self._touched)
        self._touched.clear()
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


def evict(cache: Cache, *, unused_days: float, limit_bytes: int, dry_run: bool = False) -> Evicted:
    """Forget results that were not used for so many days, then the least recently used until the rest takes
    no more than ``limit_bytes``. Errors: ``sqlite3.Error``."""
    path = cache.folder / "memo.sqlite"
    if not path.exists():
        return Evicted(0, 0, 0, 0)
    with contextlib.closing(_opened(path)) as database:
        size = _one(database, "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
        rows = _one(database, "SELECT count(*) FROM made")
        before = _today() - unused_days
        old = _one(database, "SELECT count(*) FROM made WHERE used < ?", before)
        each = size / max(rows, 1)
        fitting = rows if size <= limit_bytes else int(limit_bytes / each)
        over = max(0, rows - old - fitting)
        left = rows - old - over
        if (old or over) and not dry_run:
            oldest = "SELECT key FROM made ORDER BY used LIMIT ?"
            database.execute(f"DELETE FROM made WHERE key IN ({oldest})", (old + over,))  # noqa: S608
            database.commit()
            database.execute("VACUUM")
        return Evicted(old, over, left, int(each * left))


def _one(database: sqlite3.Connection, question: str, *values: float) -> int:
    found: int = database.execute(question, values).fetchone()[0]
    return found


def _today() -> int:
    """Days since 1970."""
    return int(time.time() // _DAY_S)


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
        if "used" not in {row[1] for row in database.execute("PRAGMA table_info(made)")}:
            # Of a version before: what it has counts as used today.
            database.execute(f"ALTER TABLE made ADD COLUMN used INTEGER NOT NULL DEFAULT {_today()}")
    except BaseException:
        database.close()
        raise
    return database


def _named(value: Value) -> object:
    """A file by its content and the name that its function sees."""
    return [value.sha256, value.extension] if isinstance(value, StoredFile) else value
