"""The migrations make the schema that the models describe, on both databases."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect
from sqlmodel import SQLModel

import dataferry.app  # noqa: F401 - brings every model in
from dataferry.core.db import Database
from dataferry.core.migrate import upgrade


def test_the_migrations_make_what_the_models_say(database: Database) -> None:
    SQLModel.metadata.drop_all(database.engine)
    upgrade(database)
    upgrade(database)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
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
