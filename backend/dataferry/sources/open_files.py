"""Files at their source that are looked into before a download: which there are, and where each is."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

from dataferry.core.errors import SourceTimeout
from dataferry.core.threads import in_thread
from dataferry.core.types import Bytes, Credential, DatasetRef, Http, SourceName
from dataferry.sources.base import ListedFile, OpenFiles, Source, source_of
from dataferry.sources.cache import TtlCache
from dataferry.sources.dispatcher import Dispatcher, translate_errors
from dataferry.sources.shared_calls import SharedCalls

#: As long as a person looks from file to file.
_TTL_S = 300.0
_KEPT = 64


@runtime_checkable
class _Opening(Protocol):
    """A source that gives single files, and lists them sooner than a manifest does."""

    def open_files(self, ref: DatasetRef, revision: str | None, credential: Credential) -> OpenFiles: ...

    def open_file(self, ref: DatasetRef, revision: str, path: str, credential: Credential) -> Http: ...


class FileLooks:
    """Lists a revision's files, and says where one of them is, for a person who waits.

    Answers are remembered under the fingerprint of the credential: nobody is shown another one's.
    """

    def __init__(
        self,
        sources: Mapping[SourceName, Source],
        dispatcher: Dispatcher,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sources = sources
        self._dispatcher = dispatcher
        self._known = TtlCache[tuple[OpenFiles, dict[str, Http | Bytes]]](_TTL_S, _KEPT, clock)
        self._listings = SharedCalls[tuple[OpenFiles, dict[str, Http | Bytes]]]()

    async def files(
        self, ref: DatasetRef, revision: str | None, credential: Credential, *, deadline_s: float
    ) -> OpenFiles:
        """The files of a revision. Errors: those of ``Source``; ``SourceTimeout``."""
        return (await self._listing(ref, revision, credential, deadline_s))[0]

    async def locate(
        self, files: OpenFiles, path: str, credential: Credential, *, asked: DatasetRef, deadline_s: float
    ) -> Http | Bytes:
        """Where the file ``path`` is, one of ``files``. ``asked``: the ref that these were asked for by.
        Errors: as ``files``."""
        source = self._source(asked)
        if isinstance(source, _Opening):
            locate = source.open_file
            return await self._dispatcher.call(
                asked.source, credential, deadline_s, locate, files.ref, files.revision, path
            )
        _, origins = await self._listing(asked, files.revision, credential, deadline_s)
        return origins[path]

    async def _listing(
        self, ref: DatasetRef, revision: str | None, credential: Credential, deadline_s: float
    ) -> tuple[OpenFiles, dict[str, Http | Bytes]]:
        key = (str(ref), ref.url, revision, credential.fingerprint)
        known = self._known.get(key)
        if known is None:
            known = await self._listings.share(key, lambda: self._list(ref, revision, credential, deadline_s))
            self._known.put(key, known)
            self._known.put((str(ref), ref.url, known[0].revision, credential.fingerprint), known)
        return known

    async def _list(
        self, ref: DatasetRef, revision: str | None, credential: Credential, deadline_s: float
    ) -> tuple[OpenFiles, dict[str, Http | Bytes]]:
        source = self._source(ref)
        if isinstance(source, _Opening):
            listing = source.open_files
            found = await self._dispatcher.call(ref.source, credential, deadline_s, listing, ref, revision)
            return found, {}
        ask = in_thread("listing", translate_errors, ref.source, source.manifest, ref, revision, credential)
        try:
            manifest = await asyncio.wait_for(ask, deadline_s)
        except TimeoutError:
            raise SourceTimeout(
                f"{ref.label} has not listed the files of {ref.id} yet.", next_step="Ask again in a minute."
            ) from None
        files = tuple(ListedFile(one.path, one.size, "recorded") for one in manifest.files)
        origins = {one.path: one.origin for one in manifest.files}
        return OpenFiles(manifest.ref, manifest.revision, files), origins

    def _source(self, ref: DatasetRef) -> Source:
        return source_of(self._sources, ref)
