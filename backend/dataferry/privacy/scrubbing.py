"""Places that hold what is deleted, until they are cleaned: files of databases and logs of our own."""

import logging
import re
import time
from collections.abc import Collection
from pathlib import Path

from dataferry.core.db import Database
from dataferry.core.errors import DatabaseAway
from dataferry.jobs.service import Jobs

log = logging.getLogger(__name__)

#: How long a database's log is tried to be emptied: readers end within moments.
_LOG_S = 20.0


def scrub_databases(database: Database, jobs: Jobs) -> None:
    """Write the databases' files anew and empty their logs. Blocks. Errors: ``DatabaseAway``."""
    database.rewrite()
    jobs.rewrite_queue()
    deadline = time.monotonic() + _LOG_S
    while not (database.empty_log() and jobs.empty_queue_log()):
        if time.monotonic() > deadline:
            raise DatabaseAway(
                "The database's log cannot be emptied: somebody reads it without an end.",
                next_step="It is tried again; end programs that have the database open.",
            )
        time.sleep(0.05)


def scrub_logs(folder: Path, words: Collection[str]) -> None:
    """Paint over words in the logs that the program writes into its data folder, in any case. Their length
    stays, so that whoever writes to one goes on at the right place. Blocks. Errors: ``OSError``."""
    pattern = re.compile(b"|".join(re.escape(word.encode()) for word in words), re.IGNORECASE)
    for path in sorted(folder.glob("*.log")):
        if path.is_symlink() or not path.is_file():
            continue
        with path.open("r+b") as file:
            for found in pattern.finditer(file.read()):
                file.seek(found.start())
                file.write(b"*" * len(found[0]))
