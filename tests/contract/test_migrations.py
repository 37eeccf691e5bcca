"""The migrations make the schema that the models describe, on both databases."""

import json
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import event, inspect, text
from sqlmodel import Session, SQLModel, select

import dataferry.app  # noqa: F401 - brings every model in
from dataferry.core.db import Database
from dataferry.core.errors import ConfigError
from dataferry.core.migrate import check_version, migrations_folder, upgrade
from dataferry.core.types import Viewer
from dataferry.library import file_rows, listing
from dataferry.library.listing import LibraryQuery, SortWord
from dataferry.library.models import DatasetFile

#: Alembic cannot compare these, so no model has them.
EXPRESSION_INDEXES = {"idx_datasets_by_name", "idx_datasets_by_size"}
pytestmark = pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")


def test_the_migrations_make_what_the_models_say(database: Database) -> None:
    SQLModel.metadata.drop_all(database.engine)
    upgrade(database)
    upgrade(database)
    with database.engine.connect() as connection:
        options = {
            "compare_type": True,
            "include_name": lambda name, kind, parents: name not in EXPRESSION_INDEXES,
        }
        context = MigrationContext.configure(connection, opts=options)
        difference = compare_metadata(context, SQLModel.metadata)
    # DBOS keeps tables of its own in the same Postgres database, in a schema of its own.
    assert [change for change in difference if "dbos" not in repr(change)] == []


def test_datasets_have_the_registrys_thirteen_columns_and_two_indexes(database: Database) -> None:
    columns = {column["name"] for column in inspect(database.engine).get_columns("datasets")}
    assert columns >= {
        *("name", "description", "original_url", "local_path", "updated_at_ms", "downloaded_at_ms", "size"),
        *("checksum", "status", "error", "download_progress", "downloaded", "download_job_id"),
    }
    indexes = {index["name"] for index in inspect(database.engine).get_indexes("datasets")}
    assert indexes >= {"idx_datasets_updated_at_ms", "idx_datasets_downloaded_at_ms"}


@pytest.mark.parametrize(
    ("sort", "index"), [("title", "by_name"), ("-size_bytes", "by_size"), ("changed", "updated")]
)
def test_a_page_of_many_datasets_is_found_in_an_index(tmp_path: Path, sort: SortWord, index: str) -> None:
    """The order has to be the index's word for word, else the whole library is sorted for each page."""
    database = Database(f"sqlite:///{tmp_path / 'lists.sqlite'}")
    upgrade(database)
    asked: list[tuple[str, Any]] = []
    event.listen(
        database.engine, "after_cursor_execute", lambda _, __, sql, values, *rest: asked.append((sql, values))
    )
    database.read(listing.page, Viewer(user_id="user_1"), LibraryQuery(sort=sort))
    sql, values = next(pair for pair in asked if "ORDER BY" in pair[0])
    with database.engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()
    database.close()
    assert f"SCAN datasets USING INDEX idx_datasets_{index}" in "\n".join(row[3] for row in plan)


def test_files_in_code_point_order_are_found_in_an_index(database: Database) -> None:
    """Half a million files are sorted for no page of the mirror's."""
    SQLModel.metadata.drop_all(database.engine)
    upgrade(database)

    def plan(session: Session) -> str:
        path = file_rows.in_code_point_order(session)
        query = select(DatasetFile).where(
            DatasetFile.dataset_id == "ds_1", DatasetFile.generation == 0, path > "a"
        )
        sql = (
            query.order_by(path).limit(9).compile(session.get_bind(), compile_kwargs={"literal_binds": True})
        )
        postgres = session.get_bind().dialect.name == "postgresql"
        for planner in ("seqscan", "bitmapscan") if postgres else ():  # an empty table is read faster so
            session.connection().exec_driver_sql(f"SET LOCAL enable_{planner} = off")
        explain = "EXPLAIN" if postgres else "EXPLAIN QUERY PLAN"
        return str(session.connection().exec_driver_sql(f"{explain} {sql}").fetchall())

    found = database.read(plan)
    assert "Index" in found or "INDEX" in found
    assert "Sort" not in found
    assert "TEMP B-TREE" not in found


def test_what_was_stored_under_an_older_name_is_kept(database: Database) -> None:
    SQLModel.metadata.drop_all(database.engine)
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        connection.execute(
            text(
                "INSERT INTO datasets (id, source, source_id, revision, selection, visibility, title, views,"
                " name, description, original_url, updated_at_ms, status, download_progress, downloaded,"
                " link)"
                " VALUES ('ds_1', 'url', 'a', '', '', 'restricted', '', '[]', 'a', '', '', 0, 'absent', 0,"
                " false, 'sealed')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO dataset_files (dataset_id, path, size, sha256, grade, published)"
                " VALUES ('ds_1', 'a.csv', 1, 'ab', 'publisher', 'md5:cd')"
            )
        )
        connection.execute(text("INSERT INTO job_speeds (job_id, bytes_per_s) VALUES ('job_1', 5)"))
        link = "get https://host.example.org/a.csv?sig=secret"
        times = {"now": "2026-01-01 00:00:00", "link": link, "parts": json.dumps([{"text": link}])}
        connection.execute(
            text(
                "INSERT INTO chats (id, user_id, title, created_at, updated_at)"
                " VALUES ('chat_1', 'ada', :link, :now, :now)"
            ),
            times,
        )
        connection.execute(
            text(
                "INSERT INTO messages"
                " (chat_id, seq, id, role, status, parts, content, created_at, updated_at)"
                " VALUES ('chat_1', 1, 'm', 'user', 'complete', :parts, :link, :now, :now)"
            ),
            times,
        )
        connection.commit()
    upgrade(database)
    with database.engine.connect() as connection:
        assert connection.execute(text("SELECT encrypted_url FROM datasets")).scalar_one() == "sealed"
        found = connection.execute(text("SELECT generation, path, published_hash FROM dataset_files")).one()
        assert tuple(found) == (0, "a.csv", "md5:cd")
        found = connection.execute(text("SELECT generation, newest_generation FROM datasets")).one()
        assert tuple(found) == (0, 0)
        assert connection.execute(text("SELECT bytes_per_s FROM job_speed_limits")).scalar_one() == 5
        columns = ("title FROM chats", "content FROM messages", "parts FROM messages")
        stored = [str(connection.execute(text(f"SELECT {column}")).scalar_one()) for column in columns]
        assert all("https://host.example.org/a.csv#" in each and "secret" not in each for each in stored)


def test_a_database_of_a_newer_version_is_told_with_what_to_do(database: Database) -> None:
    SQLModel.metadata.drop_all(database.engine)
    upgrade(database)
    database.read(check_version)
    with database.unit_of_work() as session:
        session.connection().execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigError) as newer:
        database.read(check_version)
    assert newer.value.detail == "The database was made by a newer version of Dataferry (its schema is 9999)."
    assert "restore the backup" in newer.value.next_step
