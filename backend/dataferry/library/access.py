"""Who may see a restricted dataset: those whose own access its source confirms, checked once a day."""

import asyncio
from datetime import timedelta

from dataferry.accounts.credentials import CredentialResolver
from dataferry.core.db import Database
from dataferry.core.errors import (
    CredentialRejected,
    DataferryError,
    Forbidden,
    NotFound,
    SourceNotConfigured,
    SourceTimeout,
)
from dataferry.core.settings import Settings
from dataferry.core.types import DatasetRef, Viewer
from dataferry.library import rows
from dataferry.library.models import Dataset
from dataferry.sources.catalog import Catalog

#: Granted access stays valid this long where its source cannot be reached.
_VALID_WHILE_UNREACHABLE = timedelta(hours=1)


class Access:
    """Checks viewers' access to restricted datasets with their sources."""

    def __init__(
        self, database: Database, catalog: Catalog, credentials: CredentialResolver, settings: Settings
    ) -> None:
        self._database = database
        self._catalog = catalog
        self._credentials = credentials
        self._timeout_s = settings.describe_timeout_s

    async def renew(self, viewer: Viewer) -> None:
        """Ask the sources about every restricted dataset for which this person's last check is too old."""
        if viewer.admin:
            return
        stale = await self._database.run_read(rows.stale_access, viewer)
        await asyncio.gather(*(self._check(viewer, row) for row in stale))

    async def confirm(self, viewer: Viewer, ref: DatasetRef, revision: str | None) -> None:
        """Have the source say that this person may have the files.

        Errors: those of ``Source.manifest``; ``SourceTimeout``.
        """
        credential = await self._credentials.find(ref.source, viewer.user_id)
        # A hub refuses the file list only; it shows the description of a gated dataset to all.
        listing = asyncio.to_thread(self._catalog.manifest, ref, revision, credential)
        try:
            await asyncio.wait_for(listing, self._timeout_s)
        except TimeoutError:
            raise SourceTimeout(
                f"{ref.label} took too long to say who may have {ref.id}.", next_step="Try again."
            ) from None

    async def _check(self, viewer: Viewer, row: Dataset) -> None:
        valid = rows.ACCESS_VALID
        try:
            await self.confirm(viewer, rows.ref_of(row), row.revision or None)
        except (Forbidden, NotFound, SourceNotConfigured, CredentialRejected):
            return
        except DataferryError:
            valid = _VALID_WHILE_UNREACHABLE
        await self._database.run(rows.record_access, row.id, viewer.user_id, valid)
