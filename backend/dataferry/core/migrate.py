"""The schema, made and upgraded by migrations."""

import logging
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from dataferry.core.db import Database, told_errors

#: Any number, the same in every process: one of several starting at a time migrates.
_POSTGRES_LOCK = 7_233_410


def migrations_folder() -> Path:
    """The migrations of a checkout, or those that the wheel carries."""
    package = Path(__file__).parents[1]
    checkout = package.parent / "migrations"
    return checkout if (checkout / "env.py").exists() else package / "_migrations"


def upgrade(database: Database) -> None:
    """Bring the schema to the newest version; quick when it is there already. Errors: ``DatabaseAway``."""
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    logging.getLogger("alembic.runtime.plugins").setLevel(logging.WARNING)
    with told_errors(), database.engine.connect() as connection:
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
