"""Who may see a restricted dataset: those whose own access its source confirms, checked once a day."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, TypeVar

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
from dataferry.library import rights, rows
from dataferry.library.models import Dataset
from dataferry.sources.catalog import Catalog

log = logging.getLogger(__name__)

T = TypeVar("T")
_Answer = Literal["granted", "refused", "unreachable"]

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
        """Ask the sources about every restricted dataset for which this person's last check is too old, or
        that of one who shares it with them.

        It returns within ``patience_s``. What a source has not said by then counts when it comes: until
        then its former answer does, as it does for an hour where the source cannot be reached at all.
        """
        if viewer.admin:
            return
        await self._renew(await self._database.run_read(rows.stale_access, viewer))

    async def renewed(self, viewer: Viewer, read: Callable[[Session], T]) -> T:
        """What ``read`` finds in the database once that is done: mostly with one look at it."""

        def look(session: Session) -> tuple[list[tuple[Dataset, str]], list[T]]:
            stale = [] if viewer.admin else rows.stale_access(session, viewer)
            return stale, [] if stale else [read(session)]

        stale, found = await self._database.run_read(look)
        if not stale:
            return found[0]
        await self._renew(stale)
        return await self._database.run_read(read)

    async def _renew(self, stale: Sequence[tuple[Dataset, str]]) -> None:
        await asyncio.gather(*(self._begun_check(row, user_id).answered.wait() for row, user_id in stale))

    async def confirm(self, viewer: Viewer, ref: DatasetRef, revision: str | None) -> None:
        """Have the source say that this person may have the files.

        Errors: those of ``Catalog.check_access``.
        """
        await self._confirm(viewer.user_id, ref, revision)

    async def _confirm(self, user_id: str, ref: DatasetRef, revision: str | None) -> None:
        credential = await self._credentials.find(ref.source, user_id)
        await self._catalog.check_access(ref, revision, credential)

    def _begun_check(self, row: Dataset, user_id: str) -> "_Check":
        """The check of one person's access, which all requests that need it share while it goes on."""
        key = (user_id, row.id)
        if key not in self._checks:
            answered = asyncio.Event()
            task = asyncio.create_task(self._check(row, user_id, answered))
            self._checks[key] = _Check(task, answered)
            task.add_done_callback(lambda _task: self._checks.pop(key, None))
        return self._checks[key]

    async def _check(self, row: Dataset, user_id: str, answered: asyncio.Event) -> None:
        asked = asyncio.create_task(self._ask(row, user_id))
        try:
            done, _ = await asyncio.wait({asked}, timeout=self._patience_s)
            if not done:
                await self._record(row, user_id, "unreachable")
                answered.set()
            await self._record(row, user_id, await asked)
        except Exception:  # the database is away: what was recorded before still counts
            log.warning("the access to %s cannot be recorded", row.source_id, exc_info=True)
        finally:
            asked.cancel()
            answered.set()

    async def _ask(self, row: Dataset, user_id: str) -> _Answer:
        try:
            await self._confirm(user_id, rows.ref_of(row), row.revision or None)
        except (Forbidden, NotFound, SourceNotConfigured, CredentialRejected):
            return "refused"
        except DatabaseAway:
            raise
        except DataferryError:
            return "unreachable"
        return "granted"

    async def _record(self, row: Dataset, user_id: str, answer: _Answer) -> None:
        match answer:
            case "granted":
                await self._database.run(rights.record_access, row.id, user_id)
            case "refused":
                await self._database.run(rights.refuse_access, row.id, user_id)
            case "unreachable":
                valid = _VALID_WHILE_UNREACHABLE
                await self._database.run(rights.prolong_access, row.id, user_id, valid)


@dataclass(frozen=True, slots=True)
class _Check:
    """``answered``: the source has said something, or is not waited for any longer."""

    task: asyncio.Task[None]
    answered: asyncio.Event
