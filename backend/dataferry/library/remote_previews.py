"""The first rows of a dataset that is not on this machine, fetched from its source for a person who looks."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from dataferry.accounts.credentials import CredentialResolver
from dataferry.accounts.limits import Limit, Subject, TryLimits
from dataferry.core.db import Database
from dataferry.core.errors import (
    CredentialRejected,
    DataferryError,
    Forbidden,
    NetworkFault,
    NotFound,
    SourceRateLimited,
    SourceTimeout,
    TransferError,
)
from dataferry.core.specs import SOURCES
from dataferry.core.threads import in_thread
from dataferry.core.types import Bytes, Credential, DatasetRef, Http, Viewer
from dataferry.library import rights, rows
from dataferry.library.image_samples import chosen_images, is_image, samples_of, why_none
from dataferry.library.models import Dataset
from dataferry.library.preview import CELL_CHARS, NotATable
from dataferry.library.preview_views import ImageSamples, Preview, PreviewFile, PreviewFiles
from dataferry.library.previews import MAX_LISTED, no_tables, preview_of, tables_among
from dataferry.library.private_urls import PrivateUrls
from dataferry.library.remote_heads import (
    PARQUET_BYTES,
    RemoteHead,
    about_row_count,
    fetch_head,
    local_head,
    read_head,
    read_pictures,
    read_pictures_in,
)
from dataferry.library.selection import matching_paths
from dataferry.sources.base import OpenFiles
from dataferry.sources.catalog import Catalog
from dataferry.sources.shared_calls import SharedCalls
from dataferry.transfer import Governor, Shares
from dataferry.transfer.partial_file import PartialFile

#: Until the rows are fetched, the list of files included.
DEADLINE_S = 5.0
#: Until a dozen pictures are.
IMAGES_DEADLINE_S = 8.0
#: What is kept of files that were looked into.
_KEPT_BYTES = 24 << 20
_KEPT_S = 300.0
#: Of each person; what is remembered costs nothing.
_LIMIT = Limit(30, fade_s=2.0, first_wait_s=2.0, longest_wait_s=30.0)
#: Apart from the downloads' own, which would keep a person who looks waiting.
_SHARES = Shares(connections=12, connections_per_host=8)


@dataclass(frozen=True, slots=True)
class SourceFiles:
    """The files that a source lists for somebody with ``credential``, who asked for ``ref``."""

    ref: DatasetRef
    credential: Credential
    open: OpenFiles

    @property
    def revision(self) -> str:
        """The true one."""
        return self.open.revision


class RemotePreviews:
    """Looks into files at their sources, with the viewer's own credentials. Use it from one event loop."""

    def __init__(
        self,
        database: Database,
        catalog: Catalog,
        credentials: CredentialResolver,
        private_urls: PrivateUrls,
        *,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._database = database
        self._catalog = catalog
        self._credentials = credentials
        self._private_urls = private_urls
        self._deadline_s = deadline_s
        self._governor = Governor(_SHARES)
        self._heads = _Heads()
        self._looks = SharedCalls[RemoteHead]()
        self._limits = TryLimits()

    async def preview(
        self,
        viewer: Viewer,
        key_or_alias: str,
        revision: str | None = None,
        *,
        path: str | None = None,
        row_count: int = 20,
        cell_chars: int = CELL_CHARS,
    ) -> Preview:
        """The first rows of one of the dataset's tables, by default its main one.

        Errors: those of ``Source`` and of ``PartialFile``; ``NotFound`` where it has no table, or not that
        file; ``Unreadable`` for a file that cannot be shown; ``TooManyRequests``.
        """
        until = time.monotonic() + self._deadline_s
        ref, credential, files = await self._files(viewer, key_or_alias, revision, until)
        if path is None:
            path = next(iter(_tables(files)), None)
        if path is None:
            why = _listed(files)
            raise NotFound(why.reason or "There is no table to show.", next_step=why.next_step)
        sizes = {file.path: file.size for file in files.files}
        if path not in sizes:
            raise NotFound(f"The dataset has no file {path[:120]!r}.", next_step="Choose one of its files.")
        head = await self._head(viewer, ref, credential, files, path, sizes[path], until)
        table = await in_thread("table", read_head, head, row_count, cell_chars)
        shown = preview_of(path, table)
        return shown.model_copy(
            update={
                "snippet": "",
                "partial": True,
                "fetched_bytes": head.fetched,
                "fetched_from": ref.label,
                "size_bytes": head.size,
                "about_row_count": about_row_count(head, table),
                "revision": files.revision,
            }
        )

    async def files(self, viewer: Viewer, key_or_alias: str, revision: str | None = None) -> PreviewFiles:
        """The files that can be shown as a table, or why there is none. Errors: those of ``Source``."""
        until = time.monotonic() + self._deadline_s
        _, _, files = await self._files(viewer, key_or_alias, revision, until)
        return _listed(files)

    async def images(
        self, viewer: Viewer, key_or_alias: str, revision: str | None = None, *, count: int
    ) -> ImageSamples:
        """Up to ``count`` of the dataset's pictures, small: files of its own, or values in its main table.
        Empty where it has none.

        Errors: those of ``Source`` and of ``PartialFile``, where no picture could be fetched.
        """
        until = time.monotonic() + IMAGES_DEADLINE_S
        ref, credential, files = await self._files(viewer, key_or_alias, revision, until)
        listed = [(file.path, file.size) for file in files.files]
        if any(is_image(path) for path, _ in listed):
            shown = await self._picture_files(viewer, ref, credential, files, listed, count, until)
        else:
            shown = await self._pictures_in_table(viewer, ref, credential, files, count, until)
        return shown.model_copy(
            update={"partial": True, "fetched_from": ref.label, "revision": files.revision}
        )

    async def files_at_source(
        self, viewer: Viewer, key_or_alias: str, revision: str | None, until: float
    ) -> SourceFiles:
        """What a dataset's source lists, asked with the viewer's own credential. ``until``: monotonic
        seconds.

        Errors: those of ``Source``; ``NotFound`` for a name that stands for no dataset.
        """
        return SourceFiles(*await self._files(viewer, key_or_alias, revision, until))

    async def locate(self, files: SourceFiles, path: str, until: float) -> Http | Bytes:
        """Where one of these files is. Errors: those of ``Source``."""
        return await self._catalog.looks.locate(
            files.open, path, files.credential, asked=files.ref, deadline_s=_left(until)
        )

    async def _picture_files(
        self,
        viewer: Viewer,
        ref: DatasetRef,
        credential: Credential,
        files: OpenFiles,
        listed: Sequence[tuple[str, int | None]],
        count: int,
        until: float,
    ) -> ImageSamples:
        images = [path for path, _ in listed if is_image(path)]
        total = None if files.more else len(images)
        chosen, sizes = chosen_images(listed, count), dict(listed)
        if not chosen:
            return ImageSamples(images=(), image_count=total, notes=(why_none(listed),))
        self._admit(viewer)
        heads = await asyncio.gather(
            *(
                self._head(viewer, ref, credential, files, path, sizes[path], until, admitted=True)
                for path in chosen
            ),
            return_exceptions=True,
        )
        fetched = [head for head in heads if isinstance(head, RemoteHead)]
        failed = [error for error in heads if isinstance(error, BaseException)]
        unexpected = [error for error in failed if not isinstance(error, DataferryError)]
        if failed and (unexpected or not fetched):
            raise (unexpected or failed)[0]
        made = await in_thread("table", read_pictures, fetched)
        found = [(head.path, one) for head, one in zip(fetched, made, strict=True)]
        samples, notes = samples_of([*found, *(("", NotATable(str(error))) for error in failed)])
        return ImageSamples(
            images=samples,
            image_count=total,
            notes=notes,
            fetched_bytes=sum(head.fetched for head in fetched),
        )

    async def _pictures_in_table(
        self,
        viewer: Viewer,
        ref: DatasetRef,
        credential: Credential,
        files: OpenFiles,
        count: int,
        until: float,
    ) -> ImageSamples:
        sizes = {file.path: file.size for file in files.files}
        path = next((path for path in _tables(files) if path.lower().endswith(".parquet")), None)
        if path is None:
            return ImageSamples(images=())
        head = await self._head(viewer, ref, credential, files, path, sizes[path], until)
        try:
            made = await in_thread("table", read_pictures_in, head, count)
        except NotATable:  # the rows tell what is wrong with it
            made = []
        samples, notes = samples_of([(path, one) for one in made])
        return ImageSamples(images=samples, notes=notes, fetched_bytes=head.fetched)

    def _admit(self, viewer: Viewer) -> None:
        self._limits.admit(
            Subject(f"preview:{viewer.user_id}", _LIMIT),
            refusal="You have looked into many files within a short time.",
        )

    async def _files(
        self, viewer: Viewer, key_or_alias: str, revision: str | None, until: float
    ) -> tuple[DatasetRef, Credential, OpenFiles]:
        def name(session: Session) -> tuple[DatasetRef, str | None]:
            row = session.get(Dataset, key_or_alias) if key_or_alias.startswith("ds_") else None
            if row is not None and rights.may_see(session, row, viewer):
                return self._private_urls.ref_of(row), row.revision or None
            ref = rows.resolve_name(session, key_or_alias)
            return self._private_urls.restore(session, ref, viewer), None

        ref, known_revision = await self._database.run_read(name)
        credential = await self._credentials.find(ref.source, viewer.user_id)
        files = await self._catalog.looks.files(
            ref, revision or known_revision, credential, deadline_s=_left(until)
        )
        return ref, credential, files

    async def _head(
        self,
        viewer: Viewer,
        ref: DatasetRef,
        credential: Credential,
        files: OpenFiles,
        path: str,
        size: int | None,
        until: float,
        *,
        admitted: bool = False,
    ) -> RemoteHead:
        """The beginning of the file, remembered or fetched; once for all who ask for it at one time.
        ``admitted``: as a part of a look that was counted already."""
        key = (str(files.ref), ref.url, files.revision, path, credential.fingerprint)
        known = self._heads.get(key)
        if known is not None:
            return known

        async def look() -> RemoteHead:
            if not admitted:
                self._admit(viewer)
            origin = await self._catalog.looks.locate(
                files, path, credential, asked=ref, deadline_s=_left(until)
            )
            if isinstance(origin, Bytes):
                return await in_thread("look", local_head, path, origin)
            try:
                return await self._fetch(viewer, files.ref, path, origin, size, until)
            except (Forbidden, CredentialRejected):
                if SOURCES[ref.source].hub:  # it tells more of the dataset than its file does
                    await self._catalog.check_access(files.ref, files.revision, credential)
                raise

        head = await self._looks.share(key, look)
        self._heads.put(key, head)
        return head

    async def _fetch(
        self, viewer: Viewer, ref: DatasetRef, path: str, origin: Http, size: int | None, until: float
    ) -> RemoteHead:
        """Fetch the beginning of a file; it ends at once where nobody waits any longer."""
        with self._governor.join(viewer.user_id) as member:
            file = PartialFile(ref, path, origin, member, deadline=until, max_bytes=PARQUET_BYTES + (1 << 20))
            looking = asyncio.ensure_future(in_thread("look", _fetched, file, path, size))
            try:
                return await asyncio.wait_for(asyncio.shield(looking), _left(until) + 0.5)
            except TimeoutError:
                raise _late(ref) from None
            except TransferError as error:
                raise (_late(ref) if time.monotonic() >= until else _for_looking(error)) from error
            except SourceRateLimited as error:
                raise _for_looking(error) from error
            finally:
                file.stop()
                looking.add_done_callback(_forget)


def _fetched(file: PartialFile, path: str, size: int | None) -> RemoteHead:
    with file:
        return fetch_head(file, path, size)


def _forget(task: "asyncio.Future[RemoteHead]") -> None:
    """What nobody waits for any longer may have failed."""
    if not task.cancelled():
        task.exception()


def _tables(files: OpenFiles) -> list[str]:
    paths = [(file.path, file.size) for file in files.files]
    try:
        first = matching_paths([path for path, _ in paths], files.main) if files.main else set()
    except NotFound:  # a card may name files that are gone
        first = set()
    return tables_among(paths, first)


def _listed(files: OpenFiles) -> PreviewFiles:
    found = _tables(files)
    if not found:
        paths = [(file.path, file.size) for file in files.files]
        return no_tables(paths, len(paths), here=False).model_copy(update={"partial": True})
    sizes = {file.path: file.size for file in files.files}
    shown = tuple(PreviewFile(path=path, size=sizes[path]) for path in found[:MAX_LISTED])
    return PreviewFiles(files=shown, more=files.more or len(found) > MAX_LISTED, partial=True)


def _left(until: float) -> float:
    return max(0.05, until - time.monotonic())


def _late(ref: DatasetRef) -> SourceTimeout:
    return SourceTimeout(
        f"{ref.label} did not send the first rows in time.", next_step="Try again in a moment."
    )


def _for_looking(error: DataferryError) -> DataferryError:
    """An error of a download, with the next act of a person who only looks."""
    if isinstance(error, SourceRateLimited):
        seconds = f"in {error.retry_after:.0f} s" if error.retry_after else "in a few minutes"
        return SourceRateLimited(
            error.detail, next_step=f"Try again {seconds}.", retry_after=error.retry_after
        )
    if isinstance(error, NetworkFault) or error.next_step == TransferError.usual_step:
        return type(error)(error.detail, next_step="Try again.", retry_after=error.retry_after)
    return error


class _Heads:
    """The files that were looked into last: so many bytes of them, for some minutes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[object, tuple[float, RemoteHead]] = OrderedDict()
        self._bytes = 0

    def get(self, key: object) -> RemoteHead | None:
        expires, head = self._kept.get(key, (0.0, None))
        if head is None or expires <= self._clock():
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return head

    def put(self, key: object, head: RemoteHead) -> None:
        self._drop(key)
        self._kept[key] = (self._clock() + _KEPT_S, head)
        self._bytes += len(head.data)
        while self._bytes > _KEPT_BYTES:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: object) -> None:
        _, head = self._kept.pop(key, (0.0, None))
        self._bytes -= len(head.data) if head is not None else 0
