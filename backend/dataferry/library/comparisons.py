"""Compares datasets: asks their sources of each, and looks at the first rows of those that can be read."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from dataferry.accounts.credentials import CredentialResolver
from dataferry.core.errors import DataferryError, InvalidInput, SourceTimeout
from dataferry.core.hub_addresses import read_address
from dataferry.core.problems import ProblemView, words_of
from dataferry.core.types import DatasetRef, Viewer
from dataferry.library.card_views import DatasetCard
from dataferry.library.comparison_facts import Findings, comparison
from dataferry.library.comparison_views import Comparison
from dataferry.library.preview_views import Preview
from dataferry.library.search import DatasetSearch
from dataferry.sources.catalog import Catalog

LEAST, MOST = 2, 6
#: Rows of a table that are read to count empty cells.
ROWS_READ = 200
#: For all that is asked of one dataset, in seconds.
DEADLINE_S = 12.0


class Previews(Protocol):
    """Whatever reads the first rows of a dataset."""

    async def preview(
        self, viewer: Viewer, key_or_alias: str, revision: str | None = None, *, row_count: int = 20
    ) -> Preview: ...


class Comparisons:
    """Asks with the viewer's own credentials. What cannot be told of one dataset is told in its place."""

    def __init__(
        self, search: DatasetSearch, catalog: Catalog, credentials: CredentialResolver, previews: Previews
    ) -> None:
        self._search = search
        self._catalog = catalog
        self._credentials = credentials
        self._previews = previews

    async def compare(self, viewer: Viewer, refs: Sequence[str]) -> Comparison:
        """``refs``: refs, or addresses of datasets' pages, each counted once.

        Errors: ``InvalidInput`` for fewer than two, or more than six.
        """
        named = {_name(text): text for text in refs}
        if not LEAST <= len(named) <= MOST:
            raise InvalidInput(
                f"A comparison takes {LEAST} to {MOST} different datasets, and these are {len(named)}.",
                next_step="Name each as source:owner/name.",
            )
        found = await asyncio.gather(*(self._find(viewer, name, text) for name, text in named.items()))
        return comparison(found)

    async def _find(self, viewer: Viewer, name: str, text: str) -> Findings:
        found = Findings(name)
        try:
            async with asyncio.timeout(DEADLINE_S):
                await self._describe(viewer, read_address(text).ref, found)
                await asyncio.gather(self._look(viewer, found), self._ask_for_tables(viewer, found))
        except DataferryError as error:
            found.problem = ProblemView(**words_of(error), status=error.status)
        except TimeoutError:
            if found.card is None:
                late = SourceTimeout(f"{name} was not told of in time.", next_step="Try again in a minute.")
                found.problem = ProblemView(**words_of(late), status=late.status)
        return found

    async def _describe(self, viewer: Viewer, ref: DatasetRef, found: Findings) -> None:
        """What is here can be told of without its source."""
        card: DatasetCard | None
        try:
            card = await self._search.describe(viewer, ref)
        except DataferryError:
            card = await self._search.local_card(viewer, ref)
            if card is None:
                raise
        found.card, found.ref = card, card.ref

    async def _ask_for_tables(self, viewer: Viewer, found: Findings) -> None:
        ref = DatasetRef.parse(found.ref)
        try:
            credential = await self._credentials.find(ref.source, viewer.user_id)
            found.declared = await self._catalog.tables.find(ref, None, credential)
        except DataferryError:
            return  # The card alone answers most questions.

    async def _look(self, viewer: Viewer, found: Findings) -> None:
        key = DatasetRef.parse(found.ref).key
        try:
            found.preview = await self._previews.preview(viewer, key, row_count=ROWS_READ)
        except DataferryError as error:
            found.unread = error.detail


def _name(text: str) -> str:
    """A dataset's ref where ``text`` names one, else the text."""
    try:
        return str(read_address(text).ref)
    except InvalidInput:
        return text.strip()
