"""Databases with the tables of all parts, made once for a process: a copy is there many times as fast."""

import shutil
from importlib import import_module
from pathlib import Path

from sqlalchemy import inspect
from sqlmodel import SQLModel

import dataferry
from dataferry.core.db import Database
from tests.support.postgres import Postgres


def make_tables(database: Database) -> None:
    """The tables of all parts, unless the database is a copy that has them."""
    if inspect(database.engine).get_table_names():
        return
    for part in Path(dataferry.__file__).parent.glob("*/models.py"):
        import_module(f"dataferry.{part.parent.name}.models")
    SQLModel.metadata.create_all(database.engine)


class PreparedDatabases:
    """Copies of a database whose tables have been made."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._templates: set[str] = set()

    def copy_to(self, file: Path) -> None:
        """A database in a file."""
        prepared = self._folder / "tables.sqlite"
        if not prepared.exists():
            _make(f"sqlite:///{prepared}")
        shutil.copy(prepared, file)

    def template(self, postgres: Postgres, base: str = "template1") -> str:
        """The name of a Postgres database to copy: ``base`` with the tables."""
        name = f"{base}_tables"
        if name not in self._templates:
            postgres.execute(f"CREATE DATABASE {name} TEMPLATE {base}")
            _make(postgres.url(name).replace("postgresql://", "postgresql+psycopg://"))
            self._templates.add(name)
        return name


def _make(url: str) -> None:
    database = Database(url)
    make_tables(database)
    database.close()
