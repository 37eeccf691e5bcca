"""The schema, made and upgraded by migrations."""

import logging
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlmodel import Session

from dataferry.core.db import Database
from dataferry.core.errors import ConfigError

#: Any number, the same in every process: one of several starting at a time migrates.
_POSTGRES_LOCK = 7_233_410


def migrations_folder() -> Path:
    """The migrations of a checkout, or those that the wheel carries."""
    package = Path(__file__).parents[1]
    checkout = package.parent / "migrations"
    return checkout if (checkout / "env.py").exists() else package / "_migrations"


def newest_version() -> str:
    """The schema's version of this program."""
    return max(path.name for path in (migrations_folder() / "versions").glob("[0-9]*_*.py")).partition("_")[0]


def check_version(session: Session) -> None:
    """Errors: ``ConfigError`` where a newer version of Dataferry has migrated the database."""
    if not inspect(session.connection()).has_table("alembic_version"):
        return
    for (found,) in session.connection().execute(text("SELECT version_num FROM alembic_version")):
        if not any((migrations_folder() / "versions").glob(f"{found}_*.py")):
            raise ConfigError(
                f"The database was made by a newer version of Dataferry (its schema is {found}).",
                next_step="Install that version, or restore the backup from before the upgrade.",
            )


def upgrade(database: Database) -> None:
    """Bring the schema to the newest version; quick when it is there already. Errors: ``DatabaseAway``,
    ``ConfigError`` as ``check_version``."""
    database.read(check_version)
    with database.unlimited() as connection:
        if _version(connection) == _newest_version():
            return
        from alembic import command  # a tenth of the start, where there is nothing to upgrade
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(migrations_folder()))
        logging.getLogger("alembic.runtime.plugins").setLevel(logging.WARNING)
        if not database.sqlite:
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _POSTGRES_LOCK})
            connection.commit()
        try:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
        finally:
            if not database.sqlite:
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _POSTGRES_LOCK})
                connection.commit()


def _version(connection: Connection) -> str | None:
    """The newest migration that the database has; None for a new one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def _newest_version() -> str:
    """Migrations are numbered, and each follows the one before it."""
    return max(path.name.partition("_")[0] for path in (migrations_folder() / "versions").glob("[0-9]*_*.py"))
