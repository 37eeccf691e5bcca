"""The catalog: searches every source at once; each has its own threads and its own deadline."""

import asyncio
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol, runtime_checkable

from dataferry.core import source_packages
from dataferry.core.errors import InvalidInput, SourceError, SourceRateLimited, SourceTimeout
from dataferry.core.settings import Settings
from dataferry.core.specs import OWN_SOURCES, SOURCE_NAMES, SOURCES
from dataferry.core.threads import in_thread
from dataferry.core.types import (
    SOURCE_LABELS,
    Credential,
    DatasetRef,
    DatasetSummary,
    Manifest,
    SourceName,
)
from dataferry.plugins.discovery import installed_plugins
from dataferry.sources.base import (
    Contents,
    ListedFile,
    Source,
    SourceStatus,
    source_of,
)
from dataferry.sources.builtin import BuiltinSource
from dataferry.sources.cache import TtlCache
from dataferry.sources.declared_tables import DeclaredTables
from dataferry.sources.dispatcher import Dispatcher, translate_errors
from dataferry.sources.http_errors import no_files
from dataferry.sources.huggingface import HuggingFaceSource
from dataferry.sources.index.handle import IndexHandle
from dataferry.sources.kaggle import PAGES as KAGGLE_PAGES
from dataferry.sources.kaggle import KaggleSource
from dataferry.sources.model_searches import ModelSearches
from dataferry.sources.open_files import FileLooks
from dataferry.sources.searches import PAGING_TTL_FACTOR, Searches
from dataferry.sources.shared_calls import SharedCalls
from dataferry.sources.single_files import single_files
from dataferry.sources.url import UrlSource


@runtime_checkable
class _Probing(Protocol):
    """A source that can tell whose a credential is."""

    def probe(self, credential: Credential) -> str | None: ...


@runtime_checkable
class _CheckingAccess(Protocol):
    """A source that can tell who may have a dataset's files without listing them."""

    def check_access(self, ref: DatasetRef, revision: str | None, credential: Credential) -> None: ...


@runtime_checkable
class _Subsetting(Protocol):
    """A source that knows which files configs and splits have."""

    def subset(
        self,
        ref: DatasetRef,
        revision: str | None,
        credential: Credential,
        config: str | None,
        split: str | None,
    ) -> tuple[str, ...]: ...


@runtime_checkable
class _Listing(Protocol):
    """A source whose manifest is one archive, but which tells what is in it."""

    def listing(
        self, ref: DatasetRef, revision: str | None, credential: Credential
    ) -> tuple[list[ListedFile], bool]: ...


def build_sources(settings: Settings) -> dict[SourceName, Source]:
    """Every source there is, by its name. Errors: ``ConfigError`` for a broken one of another package."""
    sources: tuple[Source, ...] = (
        KaggleSource(settings),
        HuggingFaceSource(settings),
        BuiltinSource(installed_plugins(settings)),
        UrlSource(settings),
        *(source_packages.load(name)(settings) for name in SOURCE_NAMES if name not in OWN_SOURCES),
    )
    return {source.name: source for source in sources}


def find_index(settings: Settings) -> IndexHandle:
    """The index of the hubs' catalogues, whether there is one or not: it is opened when it is first asked."""
    pages: dict[SourceName, str] = {
        "kaggle": KAGGLE_PAGES,
        "huggingface": f"{settings.hf_endpoint.rstrip('/')}/datasets/",
    }
    return IndexHandle(settings.index_folder, pages)


class Catalog:
    """Search, describe and resolve datasets at all sources.

    Answers are remembered for ``search_cache_s`` under the question and the fingerprint of each
    credential, so that nobody is shown what another one's token found. ``index`` is asked before the hubs
    that it holds (``find_index``).
    """

    def __init__(
        self,
        sources: Mapping[SourceName, Source],
        settings: Settings,
        *,
        clock: Callable[[], float] = time.monotonic,
        index: IndexHandle | None = None,
    ) -> None:
        self._sources = dict(sources)
        self._settings = settings
        self._clock = clock
        self._dispatcher = Dispatcher(self._sources, settings, clock)
        asked = (self._sources, self._dispatcher, settings)
        self._searches = Searches(*asked, self._cache_complete, clock, index)
        #: One page of what the sources have.
        self.search = self._searches.search
        self.models = ModelSearches(*asked, clock)
        self.tables = DeclaredTables(*asked, clock)
        #: Looks into single files before a download.
        self.looks = FileLooks(self._sources, self._dispatcher, clock)
        self._questions = SharedCalls[Any]()
        self._described = TtlCache[DatasetSummary](settings.search_cache_s, 4096, clock)
        self._accounts = TtlCache[str](settings.search_cache_s, 1024, clock)
        self._contents = TtlCache[Contents](settings.search_cache_s * PAGING_TTL_FACTOR, 16, clock)
        self._listing_tasks: dict[Hashable, asyncio.Task[Contents]] = {}
        self._readmes = TtlCache[str](settings.search_cache_s, 64, clock)

    # -- one dataset --------------------------------------------------------------------------

    async def describe(
        self,
        ref: DatasetRef,
        revision: str | None,
        credential: Credential,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 -- the pool keeps it, and trips its breaker by it
        fresh: bool = False,
    ) -> DatasetSummary:
        """One dataset as its source tells it, within ``timeout`` seconds (``describe_timeout_s``).

        A hit of a search that has revision and size suffices, unless ``fresh`` asks for what
        the source says now. Errors: those of ``Source``.
        """
        key = _key(ref, revision, credential)
        known = None if fresh else self._described.get(key)
        if known is None:
            deadline_s = self._settings.describe_timeout_s if timeout is None else timeout
            describe = self._source(ref).describe
            ask = partial(self._dispatcher.call, ref.source, credential, deadline_s, describe, ref, revision)
            # Each keeps its own deadline, so that only those with the same one share.
            question = ("describe", key, deadline_s)
            known = await (ask() if fresh else self._questions.share(question, ask))
            self._described.put(key, known)
        return known

    def _cache_complete(self, hits: Sequence[DatasetSummary], credential: Credential) -> None:
        """Spare ``describe`` a request. Not for restricted datasets: access must be checked anew."""
        for hit in hits:
            complete = hit.revision is not None and hit.size_bytes is not None
            if complete and not hit.gated and not hit.private:
                self._described.put((hit.ref, None, None, credential.fingerprint), hit)

    def manifest(self, ref: DatasetRef, revision: str | None, credential: Credential) -> Manifest:
        """The files of a revision, at least one where they are ``listed``. Errors: those of ``Source``.

        Blocks, for as long as the source's own timeouts let it: for a job, which has a thread of its own. It
        takes none of the source's, since a long list would keep searches from them, and heeds no breaker,
        since a hub that is too slow for people may do for a job.
        """
        manifest = translate_errors(ref.source, self._source(ref).manifest, ref, revision, credential)
        if manifest.listed and not manifest.files:
            raise no_files(ref)
        return manifest

    def file_manifest(
        self, ref: DatasetRef, revision: str | None, credential: Credential, paths: Sequence[str]
    ) -> Manifest:
        """Some files of a revision, and nothing else; a source may hand out each as ``<path>.zip``.

        Blocks, like ``manifest``. Errors: those of ``manifest``; ``NotFound`` naming a file that is missing.
        """
        return translate_errors(ref.source, single_files, self._source(ref), ref, revision, credential, paths)

    async def contents(
        self,
        ref: DatasetRef,
        revision: str | None,
        credential: Credential,
        *,
        timeout: float,  # noqa: ASYNC109 -- the sources have timeouts of their own, for each request
    ) -> Contents:
        """The files of a revision for a person who looks at them, within ``timeout`` seconds.

        What comes later is there for who asks again. Errors: those of ``manifest``; ``SourceTimeout``.
        """
        key = _key(ref, revision, credential)
        known = self._contents.get(key)
        if known is not None:
            return known

        async def ask() -> Contents:
            found = await in_thread("listing", self._list_contents, ref, revision, credential)
            self._contents.put(key, found)
            return found

        if key not in self._listing_tasks:
            task = self._listing_tasks[key] = asyncio.create_task(ask())
            task.add_done_callback(lambda _: self._listing_tasks.pop(key, None))
        try:
            return await asyncio.wait_for(asyncio.shield(self._listing_tasks[key]), timeout)
        except TimeoutError:
            raise SourceTimeout(
                f"{ref.label} has not listed the files of {ref.id} yet.", next_step="Ask again in a minute."
            ) from None

    def _list_contents(self, ref: DatasetRef, revision: str | None, credential: Credential) -> Contents:
        manifest = self.manifest(ref, revision, credential)
        source, more = self._source(ref), not manifest.listed
        if isinstance(source, _Listing) and any(entry.unpack for entry in manifest.files):
            listing = source.listing
            files, more = translate_errors(ref.source, listing, manifest.ref, manifest.revision, credential)
        else:
            files = [
                ListedFile(
                    entry.path,
                    entry.size,
                    entry.checksum.grade if entry.checksum else "recorded",
                    entry.checksum,
                )
                for entry in manifest.files
            ]
        return Contents(manifest, tuple(sorted(files, key=lambda file: file.path)), more)

    async def list_files(
        self,
        ref: DatasetRef,
        revision: str | None,
        credential: Credential,
        *,
        timeout: float,  # noqa: ASYNC109 -- the pool keeps it, and trips its breaker by it
    ) -> Manifest:
        """The same for a request that waits for it, within ``timeout`` seconds."""
        manifest = self._source(ref).manifest
        return await self._dispatcher.call(ref.source, credential, timeout, manifest, ref, revision)

    async def check_access(self, ref: DatasetRef, revision: str | None, credential: Credential) -> None:
        """Have the source say that the credential may have the files, within ``describe_timeout_s``.

        Errors: those of ``Source.manifest``.
        """
        source, timeout = self._source(ref), self._settings.describe_timeout_s
        if isinstance(source, _CheckingAccess):
            check = source.check_access
            await self._dispatcher.call(ref.source, credential, timeout, check, ref, revision)
        else:
            # A hub refuses the file list only; it shows the description of a gated dataset to all.
            await self.list_files(ref, revision, credential, timeout=timeout)

    def check_subsets(self, ref: DatasetRef) -> None:
        """Errors: ``InvalidInput`` where the source knows no configs and splits."""
        if not isinstance(self._source(ref), _Subsetting):
            raise InvalidInput(
                f"{ref.label} tells nothing of configs and splits.",
                next_step="Choose files by name or pattern, for example train*.csv.",
            )

    def subset(
        self,
        ref: DatasetRef,
        revision: str | None,
        credential: Credential,
        *,
        config: str | None,
        split: str | None,
    ) -> tuple[str, ...]:
        """Patterns of the files of a config, or of a split of it; see ``library.selection``. Blocks: for
        worker threads. Errors: those of ``Source``; ``NotFound`` naming what exists."""
        self.check_subsets(ref)
        source = self._source(ref)
        assert isinstance(source, _Subsetting)
        return translate_errors(ref.source, source.subset, ref, revision, credential, config, split)

    async def readme(self, ref: DatasetRef, revision: str | None, credential: Credential) -> str:
        """The dataset's own text, untrusted; empty where there is none. Errors: those of ``Source``."""
        key = _key(ref, revision, credential)
        known = self._readmes.get(key)
        if known is None:
            deadline_s = self._settings.describe_timeout_s
            readme = self._source(ref).readme
            ask = partial(self._dispatcher.call, ref.source, credential, deadline_s, readme, ref, revision)
            known = await self._questions.share(("readme", key), ask)
            self._readmes.put(key, known)
        return known

    def _source(self, ref: DatasetRef) -> Source:
        return source_of(self._sources, ref)

    # -- the sources themselves ---------------------------------------------------------------

    async def status(self, credentials: Mapping[SourceName, Credential]) -> list[SourceStatus]:
        """What is connected, and what to do where it is not. Credentials are shown to their hubs."""
        names = list(self._sources)
        used = [credentials.get(name) or Credential(name) for name in names]
        return await asyncio.gather(*map(self._status, names, used))

    async def verify(self, credential: Credential) -> str | None:
        """Show a credential to its source. Returns whose it is, as far as the source tells.

        Errors: ``CredentialRejected``, and the rest of the ``SourceError`` family.
        """
        return await self._account(credential.source, credential)

    async def _status(self, name: SourceName, credential: Credential) -> SourceStatus:
        source = self._sources[name]
        if source.endpoint is None:
            return SourceStatus(name=name, label=SOURCE_LABELS[name], state="ready", configured=True)
        configured = credential.secret is not None
        account = credential.username
        try:
            await self._dispatcher.check_reachable(name)
            account = await self._account(name, credential) or account
            failure = self._dispatcher.failure(name, credential)
        except SourceError as error:
            failure = error
        status = SourceStatus(
            name=name,
            label=SOURCE_LABELS[name],
            state="connected" if configured else "anonymous",
            configured=configured,
            account=account,
            own=credential.origin == "user",
            last_used_at=credential.last_used_at,
            next_step=None if configured else source.how_to_connect,
            setting=None if configured else SOURCES[name].key_setting,
        )
        if failure is None:
            return status
        update: dict[str, object] = {"problem": failure.detail}
        if failure.next_step:
            update["next_step"] = failure.next_step
            update["setting"] = failure.setting
        if failure.transient and not isinstance(failure, SourceRateLimited):
            update["state"] = "unreachable"
        return status.model_copy(update=update)

    async def _account(self, name: SourceName, credential: Credential) -> str | None:
        """Whose the credential is, as far as the hub tells. Errors: the ``SourceError`` family."""
        source = self._sources[name]
        if credential.secret is None or not isinstance(source, _Probing):
            return None
        key = (name, credential.fingerprint)
        known = self._accounts.get(key)
        if known is None:
            deadline_s = self._settings.describe_timeout_s
            ask = partial(self._dispatcher.call, name, credential, deadline_s, source.probe)
            known = await self._questions.share(("account", key), ask) or ""
            self._accounts.put(key, known)
        return known or None

    def close(self) -> None:
        """Ask nothing more. Calls under way are left to their socket timeouts."""
        self._dispatcher.close()


def _key(ref: DatasetRef, revision: str | None, credential: Credential) -> tuple[str | None, ...]:
    return str(ref), ref.url, revision, credential.fingerprint
