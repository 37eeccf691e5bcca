"""``make migration m="…"``: a migration for what changed in the models since the newest one."""

import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config

import dataferry.app  # noqa: F401 - brings every model in
from dataferry.core.db import Database
from dataferry.core.migrate import migrations_folder, upgrade


def main(message: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'now.sqlite'}")
        upgrade(database)
        config = Config()
        config.set_main_option("script_location", str(migrations_folder()))
        count = len(list((migrations_folder() / "versions").glob("*.py")))
        with database.engine.connect() as connection:
            config.attributes["connection"] = connection
            command.revision(config, message=message, autogenerate=True, rev_id=f"{count + 1:04}")
        database.close()


if __name__ == "__main__":
    main(sys.argv[1] or "schema")
