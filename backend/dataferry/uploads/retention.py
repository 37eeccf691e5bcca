"""Uploads that are past their time go by themselves, and this can be seen."""

import logging
from datetime import timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select

from dataferry.core.db import Database, now
from dataferry.core.periodic import Periodic
from dataferry.core.settings import Settings
from dataferry.core.types import Viewer
from dataferry.uploads import rows
from dataferry.uploads.models import UploadEvent
from dataferry.uploads.storage import UploadStorage
from dataferry.uploads.views import RetentionView

log = logging.getLogger(__name__)

#: How long a file may be on its way.
_PENDING = timedelta(hours=24)


class UploadRetention:
    """Sweeps at start and then every ``DATAFERRY_CLEANUP_EVERY_S``."""

    def __init__(self, database: Database, settings: Settings, storage: UploadStorage) -> None:
        self._database = database
        self._days = settings.upload_retention_days
        self._storage = storage
        self._runs = Periodic("upload-retention", settings.cleanup_every_s, self._run)
        self._last_run_at = None if self._days is None else now()

    def start(self) -> None:
        """Blocks until the first sweep is done."""
        self._storage.prepare()
        self._run()
        self._runs.start()

    def stop(self) -> None:
        self._runs.stop()

    def _run(self) -> None:
        try:
            self.sweep()
        except Exception:  # the database is away, or a file cannot be removed: the next sweep is soon
            log.warning("uploads that are past their time cannot be removed now", exc_info=True)

    def sweep(self) -> int:
        """Remove what is past its time, what never arrived whole, and files that no row knows; how many rows.
        Blocks."""
        at = now()

        def forget(session: Session) -> list[str]:
            ids = rows.expired(session, at, at - _PENDING)
            rows.remove(session, ids, "expired", "")
            return ids

        ids = self._database.call(forget)
        for upload_id in ids:
            self._storage.remove(upload_id)
        self._storage.sweep(lambda found: self._database.read(rows.known, found))
        self._last_run_at = at
        if ids:
            log.info("%d uploads were past their time, and are removed", len(ids))
        return len(ids)

    async def view(self, viewer: Viewer) -> RetentionView:
        """The setting, and what of the viewer's went by itself."""

        def read(session: Session) -> tuple[int, int]:
            query = select(func.count(), func.coalesce(func.sum(UploadEvent.size), 0)).where(
                UploadEvent.user_id == viewer.user_id, col(UploadEvent.action) == "expired"
            )
            count, size = session.exec(query).one()
            return int(count), int(size)

        removed, size = await self._database.run_read(read)
        return RetentionView(
            days=self._days, last_run_at=self._last_run_at, removed=removed, removed_bytes=size
        )
