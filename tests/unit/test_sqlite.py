"""What the product needs of SQLite, beside any Python."""

import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from dataferry import interpreter
from dataferry.core.db import Database
from dataferry.core.errors import ConfigError
from dataferry.core.sqlite import check_version, define_missing_functions


def test_milliseconds_since_the_epoch_as_the_queue_asks_for_them() -> None:
    """In a statement, and in a column's default that another connection wrote."""
    with closing(sqlite3.connect(":memory:")) as connection:
        define_missing_functions(connection)
        connection.execute("CREATE TABLE t (at INTEGER NOT NULL DEFAULT (unixepoch('subsec') * 1000), n)")
        connection.execute("INSERT INTO t (n) VALUES (1)")
        [(default, now)] = connection.execute("SELECT at, unixepoch('subsec') FROM t").fetchall()
    assert abs(default / 1000 - time.time()) < 5
    assert abs(now - time.time()) < 5


def test_a_build_that_trusts_no_schema_takes_the_default_too() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("PRAGMA trusted_schema=OFF")
        define_missing_functions(connection)
        connection.execute("CREATE TABLE t (n, at INTEGER NOT NULL DEFAULT (unixepoch('subsec') * 1000))")
        connection.execute("INSERT INTO t (n) VALUES (1)")


def test_an_sqlite_that_cannot_do_is_told_with_the_next_act() -> None:
    check_version()
    check_version(interpreter.OLDEST_SQLITE)
    with pytest.raises(
        ConfigError, match=r"3\.35\.0 or newer, and this Python was built with 3\.34\.1"
    ) as told:
        check_version((3, 34, 1))
    assert "another Python" in str(told.value.next_step)


@pytest.mark.parametrize("command", [["-m", "dataferry", "serve"], [interpreter.__file__]])
def test_a_python_without_a_part_of_its_library_is_told_in_one_line(
    command: list[str], tmp_path: Path
) -> None:
    (tmp_path / "_sqlite3.py").write_text("raise ModuleNotFoundError('gone', name='_sqlite3')\n")
    run = subprocess.run(
        [sys.executable, *command],
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert run.stdout == ""
    [line] = run.stderr.splitlines()
    assert "built without sqlite3" in line
    assert "libsqlite3-dev" in line


def test_a_file_that_was_replaced_is_opened_anew(tmp_path: Path) -> None:
    """A connection that is kept open would read and write the one that was moved away, for ever (see
    "Unlinking or renaming a database file while in use" at https://www.sqlite.org/howtocorrupt.html)."""
    file = tmp_path / "a.sqlite"
    database = Database(f"sqlite:///{file}")
    with database.unit_of_work() as session:
        session.connection().execute(text("CREATE TABLE old (n)"))
    file.rename(tmp_path / "b.sqlite")
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE new (n)")
    with database.snapshot() as session:
        tables = session.connection().execute(text("SELECT name FROM sqlite_schema")).scalars().all()
    database.close()
    assert tables == ["new"]


def test_this_python_will_do() -> None:
    assert interpreter.complaint() == ""


def test_an_old_python_reads_the_file_that_tells_it() -> None:
    """No f-string, no walrus, no annotation of a variable."""
    import ast

    ast.parse(Path(interpreter.__file__).read_text(), feature_version=(3, 4))
