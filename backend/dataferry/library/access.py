"""Who may see a restricted dataset: those whose own access its source confirms, checked once a day."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from sqlmodel import Session

from dataferry.accounts.credentials import CredentialResolver
from dataferry.core.db import Database
from dataferry.core.errors import (
    CredentialRejected,
    DatabaseAway,
    DataferryError,
    Forbidden,
    NotFound,
    SourceNotConfigured,
)
from dataferry.core.types import DatasetRef, Viewer
from dataferry.library import rights, rows, share_rows
from dataferry.library.models import Dataset
from dataferry.sources.catalog import Catalog

log = logging.getLogger(__name__)

T = TypeVar("T")

#: Granted access stays valid this long where its source cannot be reached, or has not answered yet.
_VALID_WHILE_UNREACHABLE = timedelta(hours=1)
#: How long a request waits for the sources' answers.
PATIENCE_S = 1.0


class Access:
    """Checks viewers' access to restricted datasets with their sources. Use it from one event loop."""

    def __init__(
        self,
        database: Database,
        catalog: Catalog,
        credentials: CredentialResolver,
        *,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._database = database
        self._catalog = catalog
        self._credentials = credentials
        self._patience_s = patience_s
        self._checks: dict[tuple[str, str], _Check] = {}

    async def renew(self, viewer: Viewer) -> None:
        """Ask the sources about every restricted dataset for which this person's last check is too old.

        It returns within ``patience_s``. What a source has not said by then counts when it comes: until
        then its former answer does, as it does for an hour where the source cannot be reached at all.
        """
        if viewer.admin:
            return
        await self._renew(viewer, await self._database.run_read(rows.stale_access, viewer))

    async def renewed(self, viewer: Viewer, read: Callable[[Session], T]) -> T:
        """What ``read`` finds in the database once that is done: mostly with one look at it."""

        def look(session: Session) -> tuple[list[Dataset], list[T]]:
            stale = [] if viewer.admin else rows.stale_access(session, viewer)
            return stale, [] if stale else [read(session)]

        stale, found = await self._database.run_read(look)
        if not stale:
            return found[0]
        await self._renew(viewer, stale)
        return await self._database.run_read(read)

    async def _renew(self, viewer: Viewer, stale: Sequence[Dataset]) -> None:
        await asyncio.gather(*(self._begun_check(viewer, row).answered.wait() for row in stale))

    async def confirm(self, viewer: Viewer, ref: DatasetRef, revision: str | None) -> None:
        """Have the source say that this person may have the files.

        Errors: those of ``Catalog.check_access``.
        """
        credential = await self._credentials.find(ref.source, viewer.user_id)
        await self._catalog.check_access(ref, revision, credential)

    def _begun_check(self, viewer: Viewer, row: Dataset) -> "_Check":
        """The check of one person's access, which all of their requests share while it goes on."""
        key = (viewer.user_id, row.id)
        if key not in self._checks:
            answered = asyncio.Event()
            task = asyncio.create_task(self._check(viewer, row, answered))
            self._checks[key] = _Check(task, answered)
            task.add_done_callback(lambda _task: self._checks.pop(key, None))
        return self._checks[key]

    async def _check(self, viewer: Viewer, row: Dataset, answered: asyncio.Event) -> None:
        asked = asyncio.create_task(self._ask(viewer, row))
        try:
            done, _ = await asyncio.wait({asked}, timeout=self._patience_s)
            if not done:
                await self._record(viewer, row, _VALID_WHILE_UNREACHABLE)
                answered.set()
            await self._record(viewer, row, await asked)
        except Exception:  # the database is away: what was recorded before still counts
            log.warning("the access to %s cannot be recorded", row.source_id, exc_info=True)
        finally:
            asked.cancel()
            answered.set()

    async def _ask(self, viewer: Viewer, row: Dataset) -> timedelta:
        """How long the person may see the dataset from now on, by what its source says."""
        try:
            await self.confirm(viewer, rows.ref_of(row), row.revision or None)
        except (Forbidden, NotFound, SourceNotConfigured, CredentialRejected):
            return timedelta(0)
        except DatabaseAway:
            raise
        except DataferryError:
            return _VALID_WHILE_UNREACHABLE
        return rights.ACCESS_VALID

    async def _record(self, viewer: Viewer, row: Dataset, valid: timedelta) -> None:
        def record(session: Session) -> None:
            rights.record_access(session, row.id, viewer.user_id, valid)
            if not valid:  # who may have it no longer may not let others have it either
                share_rows.drop_by(session, row.id, [viewer.user_id])

        await self._database.run(record)


@dataclass(frozen=True, slots=True)
class _Check:
    """``answered``: the source has said something, or is not waited for any longer."""

    task: asyncio.Task[None]
    answered: asyncio.Event
