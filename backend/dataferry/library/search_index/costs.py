"""What the index would cost: asked of the hubs, and remembered for an hour."""

import asyncio
from collections.abc import Mapping

from dataferry.core.errors import DataferryError, SourceTimeout
from dataferry.core.problems import ProblemWords, words_of
from dataferry.core.threads import in_thread
from dataferry.core.types import Credential, SourceName
from dataferry.library.search_index.snapshot_files import build_bytes, resolve
from dataferry.library.search_index.views import IndexCost
from dataferry.sources.cache import TtlCache
from dataferry.sources.catalog import Catalog
from dataferry.sources.index.snapshots import SNAPSHOTS, Snapshot

REMEMBERED_S = 3600.0
#: Kaggle is asked for each of six tables: so many deadlines of one question.
_DEADLINES = 3
#: A hub that does not tell is asked again sooner.
_FAILURE_REMEMBERED_S = 30.0


class Costs:
    """Sizes and licences of the hubs' snapshots."""

    def __init__(self, catalog: Catalog, describe_timeout_s: float) -> None:
        self._catalog = catalog
        self._timeout_s = _DEADLINES * describe_timeout_s
        self._told = TtlCache[IndexCost](REMEMBERED_S, 64)
        self._failed = TtlCache[IndexCost](_FAILURE_REMEMBERED_S, 64)

    async def ask(self, credentials: Mapping[SourceName, Credential]) -> tuple[IndexCost, ...]:
        """One for each hub, side by side, each within its deadline; a failure is a ``problem``."""
        asked = (self._cost(one, credentials[one.source]) for one in SNAPSHOTS.values())
        return tuple(await asyncio.gather(*asked))

    async def _cost(self, snapshot: Snapshot, credential: Credential) -> IndexCost:
        key = (snapshot.source, credential.fingerprint)
        known = self._told.get(key) or self._failed.get(key)
        if known is not None:
            return known
        try:
            async with asyncio.timeout(self._timeout_s):
                cost = await self._ask(snapshot, credential)
        except (DataferryError, TimeoutError) as error:
            cost = IndexCost(source=snapshot.source, problem=_problem(snapshot, error))
            self._failed.put(key, cost)
            return cost
        self._told.put(key, cost)
        return cost

    async def _ask(self, snapshot: Snapshot, credential: Credential) -> IndexCost:
        manifest, described = await asyncio.gather(
            in_thread("listing", resolve, self._catalog, snapshot, credential),
            self._catalog.describe(snapshot.ref, None, credential),
        )
        size = manifest.total_bytes
        return IndexCost(
            source=snapshot.source,
            download_bytes=size,
            peak_bytes=None if size is None else size + build_bytes(manifest),
            license=described.license,
        )


def _problem(snapshot: Snapshot, error: DataferryError | TimeoutError) -> ProblemWords:
    if isinstance(error, DataferryError):
        return ProblemWords(**words_of(error))
    late = SourceTimeout(
        f"{snapshot.ref.label} has not told the size of its catalogue yet.",
        next_step="Ask again in a minute.",
    )
    return ProblemWords(**words_of(late))
