"""Datasets that people add: announced, received in pieces, and brought into the library by a job."""

import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta

from sqlmodel import Session

from dataferry.accounts.service import Accounts
from dataferry.core.db import Database, new_id, now
from dataferry.core.errors import Conflict, DiskFull, InvalidInput, NotFound
from dataferry.core.files.safe_names import ReservedPaths, UnusablePath
from dataferry.core.periodic import Periodic
from dataferry.core.settings import Settings
from dataferry.core.sizes import readable_bytes
from dataferry.core.threads import in_thread
from dataferry.core.types import DatasetRef, DatasetSummary, Viewer
from dataferry.jobs.service import Jobs
from dataferry.library import file_rows, rights, rows
from dataferry.library.access import Access
from dataferry.library.additions import requests
from dataferry.library.additions.arrivals import Arrivals, Turns
from dataferry.library.additions.file_list import FileList, Totals
from dataferry.library.additions.manifest import ADDITION, UNPACK, revision_of
from dataferry.library.additions.models import Addition
from dataferry.library.additions.names import check_file_path
from dataferry.library.additions.views import (
    AdditionView,
    AnnouncedFile,
    ArrivedFiles,
    NewAddition,
    Received,
)
from dataferry.library.cards import download_ticket
from dataferry.library.disk_space import free_bytes
from dataferry.library.models import Dataset
from dataferry.library.paths import Store
from dataferry.library.quota import Quotas
from dataferry.library.views import DownloadTicket

log = logging.getLogger(__name__)

#: An addition of which nothing arrives any more is removed after so long.
KEPT = timedelta(days=7)
#: Bytes that are written at a time.
_CHUNK_BYTES = 1 << 20
#: Between an addition's folder and its row.
_BEGINS_WITHIN_S = 60.0
#: Missing files that are named.
_NAMED = 3


class Additions:
    """Every method takes the viewer: another's addition is not there. Use it from one event loop."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        store: Store,
        jobs: Jobs,
        accounts: Accounts,
        access: Access,
        quotas: Quotas,
    ) -> None:
        self._database = database
        self._store = store
        self._jobs = jobs
        self._accounts = accounts
        self._access = access
        self._quotas = quotas
        self._min_free_bytes = settings.min_free_bytes
        self._turns = Turns()
        self._sweeps = Periodic("additions", settings.cleanup_every_s, self._sweep)

    def start(self) -> None:
        """Remove every now and then what nobody goes on with."""
        self._sweeps.start()

    def stop(self) -> None:
        self._sweeps.stop()

    def _sweep(self) -> None:
        try:
            self.sweep()
        except Exception:  # the database is away, or a folder cannot be removed: the next sweep is soon
            log.warning("additions that nobody goes on with cannot be removed now", exc_info=True)

    def sweep(self) -> None:
        """Remove additions of which nothing has arrived for ``KEPT``, and what the library has taken over.
        Blocks."""
        self._database.call(requests.forget_stale, now() - KEPT)
        folders = self._store.additions()
        known = self._database.read(requests.all_ids)
        for folder in folders:
            if folder.name not in known and folder.stat().st_mtime < now().timestamp() - _BEGINS_WITHIN_S:
                self._store.discard(folder)

    async def begin(self, viewer: Viewer, wanted: NewAddition) -> AdditionView:
        """Make room for a dataset whose files come next; with ``wanted.to`` for a new revision of one, and
        with ``wanted.go_on`` for what has not arrived of one that was begun.

        Errors: ``Conflict`` for a name that is in use; ``DiskFull``, ``QuotaExceeded`` and ``RoomNeeded``
        with the sums; ``NotFound`` for a dataset that is not theirs.
        """
        await self._access.renew(viewer)
        emails = await self._accounts.emails([viewer.user_id])
        former = None
        if wanted.go_on:
            former = await self._database.run_read(requests.begun, viewer, wanted)
        more = max(0, wanted.size - (former.size if former else 0))
        await in_thread("disk", self._check_room, more)
        await self._quotas.admit(viewer, None, more, make_room=wanted.make_room)
        if former is not None:
            await self._receiving(viewer, former.id)
            row = await self._database.run(requests.go_on, former.id, wanted)
            return await in_thread("disk", self._counted, row)
        addition_id = new_id("add")

        def write(session: Session) -> Addition:
            row = requests.new_row(session, viewer, wanted, addition_id, emails[viewer.user_id])
            session.add(row)
            return row

        row = await self._database.run(write)
        with requests.writing(self._store.root):
            await in_thread("disk", self._files(row.id).create)
        return self._view(row, Totals(0, 0, 0, 0))

    def _check_room(self, size: int) -> None:
        """Errors: ``DiskFull`` with the sums."""
        coming = sum(self._left(row) for row in self._database.read(requests.unfinished))
        needed, free = size + coming + self._min_free_bytes, free_bytes(self._store)
        if needed > free:
            others = f", other files that are being added {readable_bytes(coming)}" if coming else ""
            raise DiskFull(
                f"The files need {readable_bytes(size)}{others}, and"
                f" {readable_bytes(max(0, free - self._min_free_bytes))} may still be written to"
                f" {self._store.root}.",
                next_step=f"Free {readable_bytes(needed - free)} there.",
            )

    def _left(self, row: Addition) -> int:
        """Bytes of an addition that are still to come."""
        try:
            return max(0, row.size - self._files(row.id).totals().bytes_here)
        except NotFound:
            return 0

    async def list(self, viewer: Viewer) -> list[AdditionView]:
        """What is on its way of the viewer's, newest first."""
        found = await self._database.run_read(requests.of_user, viewer.user_id)
        return [await in_thread("disk", self._counted, row) for row in found]

    async def get(self, viewer: Viewer, addition_id: str) -> AdditionView:
        """Errors: ``NotFound``."""
        return await in_thread("disk", self._counted, await self._own(viewer, addition_id))

    async def announce(
        self, viewer: Viewer, addition_id: str, files: Sequence[AnnouncedFile], *, first: bool
    ) -> ArrivedFiles:
        """Take down a page of the files that are to come; says which of them are here, whole or in part. The
        ``first`` page begins the list anew, whatever was announced before.

        Errors: ``InvalidInput`` for a path that no dataset can have; ``Conflict`` for more than was said.
        """
        for file in files:
            check_file_path(file.path)
        row = await self._receiving(viewer, addition_id)

        def announce() -> ArrivedFiles:
            with requests.writing(self._store.root):
                arrived = self._files(row.id).announce(files, first=first)
            totals = self._files(row.id).totals()
            if totals.files > row.file_count or totals.size > row.size:
                raise Conflict(
                    f"It was begun for {row.file_count} files of {readable_bytes(row.size)}, and now there"
                    f" are {totals.files} of {readable_bytes(totals.size)}.",
                    next_step="The folder has changed: begin again.",
                )
            return ArrivedFiles(arrived=tuple(arrived))

        return await in_thread("disk", announce)

    async def receive(self, viewer: Viewer, addition_id: str, body: AsyncIterator[bytes]) -> Received:
        """Take in pieces of files, as ``arrivals`` describes. A line that drops keeps what has come.

        Errors: ``BadUpload``, ``WrongOffset``, ``DiskFull``; ``NotFound`` where it was removed meanwhile.
        """
        row = await self._receiving(viewer, addition_id)
        files = self._files(row.id)
        arrivals = await in_thread("arrival", Arrivals, files, self._turns)
        try:
            with requests.writing(self._store.root):
                async for data in _gathered(body):
                    await in_thread("arrival", arrivals.take, data)
                arrivals.finish()
        finally:
            with requests.writing(self._store.root):
                await in_thread("arrival", arrivals.close)
        await self._database.run(requests.touch, row.id)
        totals = await in_thread("disk", files.totals)
        return Received(files_here=totals.files_here, bytes_here=totals.bytes_here)

    async def finish(self, viewer: Viewer, addition_id: str) -> DownloadTicket:
        """All has been sent: start the job that verifies it and brings it into the library.

        Errors: ``Conflict`` naming files that have not arrived; ``InvalidInput`` for paths that collide.
        """
        row = await self._own(viewer, addition_id)
        ref = DatasetRef("upload", row.source_id)
        former = await self._database.run_read(requests.newest, ref) if row.mode != "new" else None
        running = row.job_id is not None and await self._is_running(viewer, row.job_id)
        if row.job_id is None or not running:
            revision = await in_thread("disk", self._completed, row, former)
            job_id = await self._database.run(self._submit, viewer, row, revision)
            self._jobs.wake(job_id)
        else:
            job_id = row.job_id
        return download_ticket(await self._jobs.get(viewer, job_id), str(ref))

    async def _is_running(self, viewer: Viewer, job_id: str) -> bool:
        job = await self._jobs.get(viewer, job_id)
        return job.active or job.state == "succeeded"

    def _completed(self, row: Addition, former: Dataset | None) -> str:
        """The revision that the files are. Errors: as ``finish``."""
        files = self._files(row.id)
        totals = files.totals()
        if totals.files_here < row.file_count:
            names = ", ".join(files.missing(_NAMED))
            raise Conflict(
                f"{row.file_count - totals.files_here} of {row.file_count} files have not arrived"
                f"{f': {names[:200]} …' if names else ''}.",
                next_step="Send them, and finish then.",
            )
        if totals.size != row.size:
            raise Conflict(
                f"{readable_bytes(totals.size)} have arrived, and {readable_bytes(row.size)} were announced.",
                next_step="The folder has changed: begin again.",
            )
        files.complete(self._kept(row, former))
        reserved = ReservedPaths()
        for file in files.files():
            try:
                reserved.add(file.path)
            except UnusablePath as error:
                raise InvalidInput(f"The files collide: {error}.", next_step="Rename one of them.") from error
        return revision_of(files, unpack=row.unpack)

    def _kept(self, row: Addition, former: Dataset | None) -> Iterator[tuple[str, int, str]]:
        """The files of the revision that others are added to."""
        if former is None or row.mode != "add":
            return
        for page in file_rows.pages(self._database, former.id):
            yield from ((file.path, file.size, file.sha256) for file in page)

    def _submit(self, session: Session, viewer: Viewer, row: Addition, revision: str) -> str:
        """The id of the job."""
        ref = DatasetRef("upload", row.source_id)
        totals = self._files(row.id).sums()
        summary = DatasetSummary(
            ref=str(ref),
            source="upload",
            id=ref.id,
            title=row.title,
            description=row.description,
            license=row.license,
            private=row.visibility == "restricted",
            size_bytes=totals[1],
            file_count=totals[0],
            revision=revision,
        )
        dataset = rows.upsert(session, ref, summary, revision=revision, selection="", encrypted_url=None)
        rights.record_access(session, dataset.id, row.user_id)
        rights.own(session, dataset.id, [row.user_id])
        job_id, created = self._jobs.submit(
            session,
            kind="download",
            ref=ref,
            title=row.title,
            dataset_id=dataset.id,
            params={"force": False, "revision": revision, ADDITION: row.id, UNPACK: row.unpack},
            requester_id=viewer.user_id,
            single_flight_key=f"download:{dataset.id}",
            revision=revision,
            file_path=str(self._store.target(ref, revision)),
        )
        if created and not dataset.downloaded:
            rows.set_status(session, dataset.id, "queued", job_id=job_id)
        row = session.get_one(Addition, row.id)
        row.job_id = job_id
        session.add(row)
        return job_id

    async def remove(self, viewer: Viewer, addition_id: str) -> None:
        """Forget what has arrived. Errors: ``NotFound``; ``Conflict`` while its job is at work."""
        row = await self._own(viewer, addition_id)
        if row.job_id is not None and (await self._jobs.get(viewer, row.job_id)).active:
            raise Conflict("It is on its way into the library.", next_step="Cancel its job first.")
        await self._database.run(requests.forget, row.id)
        await in_thread("disk", self._store.discard_soon, self._store.addition(row.id))

    # -- what they share ------------------------------------------------------------------------------

    async def _own(self, viewer: Viewer, addition_id: str) -> Addition:
        return await self._database.run_read(requests.own, viewer, addition_id)

    async def _receiving(self, viewer: Viewer, addition_id: str) -> Addition:
        row = await self._own(viewer, addition_id)
        if row.job_id is not None and await self._is_running(viewer, row.job_id):
            raise Conflict("All of it has arrived already.", next_step="Add other files to the dataset.")
        return row

    def _files(self, addition_id: str) -> FileList:
        return FileList(self._store.addition(addition_id))

    def _counted(self, row: Addition) -> AdditionView:
        try:
            totals = self._files(row.id).totals()
        except NotFound:  # its folder is not made yet, or gone already
            totals = Totals(0, 0, 0, 0)
        return self._view(row, totals)

    def _view(self, row: Addition, totals: Totals) -> AdditionView:
        ref = DatasetRef("upload", row.source_id)
        return AdditionView.model_validate(
            {
                **row.model_dump(
                    include={
                        *("id", "title", "license", "visibility", "mode", "unpack"),
                        *("file_count", "size", "job_id", "created_at"),
                    }
                ),
                "ref": str(ref),
                "key": ref.key,
                "files_here": totals.files_here,
                "bytes_here": totals.bytes_here,
                "kept_until": row.touched_at + KEPT,
            }
        )


async def _gathered(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The body in chunks that are worth a thread's work. What came before a line broke comes out first."""
    held = bytearray()
    try:
        async for chunk in body:
            held += chunk
            if len(held) >= _CHUNK_BYTES:
                yield bytes(held)
                held.clear()
    except Exception:
        if held:
            yield bytes(held)
        raise
    if held:
        yield bytes(held)
