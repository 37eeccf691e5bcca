"""Everything that a server keeps anywhere, as bytes to look through: its files, also what is packed in them,
its database and its Redis."""

import sqlite3
import zlib
from collections.abc import Collection, Iterator
from contextlib import closing, suppress
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import duckdb
import psycopg
from redis import Redis


def places_with(
    words: Collection[str], folder: Path, database: str | None = None, redis: str | None = None
) -> dict[str, set[str]]:
    """Word → where it is, in any case. ``database`` and ``redis``: the URLs of a Postgres and a Redis."""
    found: dict[str, set[str]] = {}
    wanted = {word: word.lower().encode() for word in words}
    for place, content in everything(folder, database, redis):
        small = content.lower()
        for word, pattern in wanted.items():
            if pattern in small:
                found.setdefault(word, set()).add(place)
    return found


def everything(folder: Path, database: str | None, redis: str | None) -> Iterator[tuple[str, bytes]]:
    """Names of places, and what is there."""
    for path in sorted(folder.rglob("*")):
        yield f"name of {path.relative_to(folder)}", path.name.encode()
        if path.is_file():
            with suppress(FileNotFoundError):  # a job has just ended
                yield from _unpacked(str(path.relative_to(folder)), path.read_bytes())
    if database is not None:
        yield from _tables(database)
    if redis is not None:
        with Redis.from_url(redis) as client:
            for key in client.scan_iter():
                yield f"Redis {key!r}", key + (client.dump(key) or b"")


def _unpacked(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    yield name, content
    with suppress(zlib.error):  # an object of git
        yield f"{name} inflated", zlib.decompress(content)
    if content[:4] == b"PAR1":
        yield f"{name} as rows", repr(duckdb.read_parquet(BytesIO(content)).fetchall()).encode()
    with suppress(BadZipFile), ZipFile(BytesIO(content)) as archive:
        for member in archive.namelist():
            yield f"{name}/{member}", member.encode() + archive.read(member)


def _tables(url: str) -> Iterator[tuple[str, bytes]]:
    """Every table of a Postgres database, as ``pg_dump`` would copy it."""
    with psycopg.connect(url) as connection:
        query = (
            "SELECT table_schema, table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE'"
            " AND table_schema NOT IN ('pg_catalog', 'information_schema')"
        )
        for schema, table in connection.execute(query).fetchall():
            with connection.cursor().copy(f'COPY "{schema}"."{table}" TO STDOUT') as copied:
                yield f"Postgres {schema}.{table}", b"".join(bytes(piece) for piece in copied)


def counted(folder: Path, database: str | None, table: str) -> int:
    """The rows of one of the product's tables."""
    query = f"SELECT count(*) FROM {table}"
    if database is not None:
        with psycopg.connect(database) as connection:
            row = connection.execute(query).fetchone()  # type: ignore[call-overload]
            assert row is not None
            return int(row[0])
    with closing(sqlite3.connect(folder / "dataferry.sqlite")) as opened:
        return int(opened.execute(query).fetchone()[0])
