"""Who may see a dataset, as time passes."""

import sqlite3
from contextlib import closing

from tests.support.server import Server


def age_access(server: Server) -> None:
    """More than a day passes: what sources said of everybody's access is too old."""
    with closing(sqlite3.connect(server.data_dir / "dataferry.sqlite")) as database, database:
        database.execute("UPDATE dataset_access SET checked_at = datetime(checked_at, '-25 hours')")
