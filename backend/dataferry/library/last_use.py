"""When somebody last read a dataset's files: written down while they read, at most once a minute."""

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import or_
from sqlmodel import Session, col, update

from dataferry.core.db import Database
from dataferry.library.models import Dataset
from dataferry.library.rows import now_ms

log = logging.getLogger(__name__)

#: Between two notes of a dataset's use. Who reads for longer notes it again and again.
NOTED_EVERY_S = 60
#: Datasets whose last note is remembered; beyond that those that are due again are forgotten.
_REMEMBERED = 10_000


class LastUse:
    """Notes the use of datasets. From any thread; nobody who reads waits for the database's lock."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._noted: dict[str, float] = {}
        self._lock = threading.Lock()
        self._writer: ThreadPoolExecutor | None = None

    def touch(self, dataset_id: str) -> None:
        """Somebody reads the dataset's files now. Returns at once."""
        at = time.monotonic()
        with self._lock:
            if at - self._noted.get(dataset_id, -NOTED_EVERY_S) < NOTED_EVERY_S:
                return
            if len(self._noted) >= _REMEMBERED:
                self._noted = {one: then for one, then in self._noted.items() if at - then < NOTED_EVERY_S}
            self._noted[dataset_id] = at
            if self._writer is None:
                self._writer = ThreadPoolExecutor(1, thread_name_prefix="last-use")
            self._writer.submit(self._write, dataset_id)

    def close(self) -> None:
        """Write down what is still to be written."""
        with self._lock:
            writer, self._writer = self._writer, None
        if writer is not None:
            writer.shutdown(wait=True)

    def _write(self, dataset_id: str) -> None:
        try:
            self._database.call(_note, dataset_id)
        except Exception as fault:  # the files can be read: they are sent all the same
            log.warning("the use of %s was not written down: %r", dataset_id, fault)
            with self._lock:
                self._noted.pop(dataset_id, None)


def _note(session: Session, dataset_id: str) -> None:
    """Another process may have noted it meanwhile; by a clock that was set back it did so in the future."""
    at, noted = now_ms(), col(Dataset.last_used_ms)
    due = or_(noted.is_(None), noted <= at - 1000 * NOTED_EVERY_S, noted > at)
    session.exec(update(Dataset).where(col(Dataset.id) == dataset_id, due).values(last_used_ms=at))
