"""Files as they arrive: whole requests of several files, and single files in pieces."""

import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from dataferry.core.db import Database, new_id
from dataferry.core.errors import (
    BadUpload,
    DataferryError,
    NotFound,
    QuotaExceeded,
    UploadTooLarge,
    WrongOffset,
)
from dataferry.core.files.sealed import SealedWriter
from dataferry.core.problems import ProblemView, words_of
from dataferry.core.threads import in_thread
from dataferry.core.types import Viewer
from dataferry.imaging.sandbox import Sandbox
from dataferry.uploads import consents, rows
from dataferry.uploads.checking import UploadChecks
from dataferry.uploads.models import Upload
from dataferry.uploads.multipart import file_events, readable_name
from dataferry.uploads.quota import UploadQuota
from dataferry.uploads.sequences import gaps_in, notes_on
from dataferry.uploads.storage import UploadStorage, deleted_meanwhile
from dataferry.uploads.views import (
    PartialUpload,
    UploadAnswer,
    UploadAnswers,
    UploadCategory,
    UploadSequence,
    UploadView,
)

MAX_FILE_BYTES = 50_000_000
MAX_FILES = 100
#: What a request may send beyond the limits of its files until it is cut: they are read and thrown away.
_MOST_EXCESS = MAX_FILE_BYTES
#: How often, while bytes arrive, it is asked whether the upload is still wanted.
_LOOK_S = 1.0


@dataclass
class _Incoming:
    """A file of a request: its pending upload, or why it is not taken."""

    name: str
    upload: Upload | None = None
    refusal: DataferryError | None = None


class Reception:
    """Takes files in for their owner. What ends in an error leaves nothing behind."""

    def __init__(
        self,
        database: Database,
        storage: UploadStorage,
        checks: UploadChecks,
        sandbox: Sandbox,
        quota: UploadQuota,
    ) -> None:
        self._database = database
        self._storage = storage
        self._checks = checks
        self._sandbox = sandbox
        self._quota = quota
        #: Who writes to a partial upload now: a request whose line has died must not write after the next.
        self._turns: dict[str, object] = {}

    # -- several files in one request -----------------------------------------------------------------

    async def receive(
        self,
        viewer: Viewer,
        category: UploadCategory,
        content_type: str,
        body: AsyncIterator[bytes],
        *,
        deidentify: bool = False,
        sequence: bool = False,
    ) -> UploadAnswers:
        """One answer for each file of a multipart body. Errors: ``ConsentNeeded``; ``BadUpload`` and
        ``UploadTooLarge`` for the request as a whole, of which then nothing is kept."""
        await self._database.run_read(consents.check, viewer.user_id, category)
        self._sandbox.warm()
        sequence_id = new_id("sequence") if sequence else None
        incoming: list[_Incoming] = []
        try:
            with self._storage.writing():
                await self._receive_all(viewer, category, content_type, body, incoming, sequence_id)
            if not incoming:
                raise BadUpload("The request holds no file.", next_step="Choose at least one.")
        except BaseException:
            for one in incoming:
                if one.upload is not None:
                    await in_thread("upload", self._checks.refuse, one.upload)
            raise
        results = [await self._checked(one, deidentify=deidentify) for one in incoming]
        return UploadAnswers(results=tuple(results), sequence=_sequence(sequence_id, results))

    async def _receive_all(
        self,
        viewer: Viewer,
        category: UploadCategory,
        content_type: str,
        body: AsyncIterator[bytes],
        incoming: list[_Incoming],
        sequence_id: str | None,
    ) -> None:
        writer: SealedWriter | None = None
        excess, looked_at = 0, time.monotonic()
        try:
            async for event in file_events(content_type, body):
                if event.kind == "begin":
                    if len(incoming) == MAX_FILES:
                        raise UploadTooLarge(f"A request may hold {MAX_FILES} files; this one has more.")
                    position = len(incoming) if sequence_id else None
                    incoming.append(_Incoming(event.name))
                    upload = await self._database.run(
                        self._begin, viewer, category, event.name, None, sequence_id, position
                    )
                    incoming[-1].upload = upload
                    writer = SealedWriter(self._storage.file(upload))
                elif event.kind == "data" and writer is not None:
                    if writer.size + len(event.data) > MAX_FILE_BYTES:
                        incoming[-1].refusal = _too_large(event.name or incoming[-1].name)
                        writer.close()
                        writer = None
                        continue
                    writer.write(event.data)
                    if time.monotonic() - looked_at > _LOOK_S:
                        await self._database.run_read(self._check_wanted, incoming[-1].upload)
                        looked_at = time.monotonic()
                elif event.kind == "data":
                    excess += len(event.data)
                    if excess > _MOST_EXCESS:
                        raise _too_large(incoming[-1].name)
                elif writer is not None:
                    size = writer.size
                    await in_thread("upload", writer.finish)
                    writer.close()
                    incoming[-1].refusal = await self._over_quota(viewer, size)
                    writer = None
        finally:
            if writer is not None:
                writer.close()

    async def _over_quota(self, viewer: Viewer, size: int) -> DataferryError | None:
        """Why a file whose size nobody had told is not taken."""
        try:
            await self._database.run_read(self._quota.check, viewer.user_id, size)
        except QuotaExceeded as error:
            return error
        return None

    def _begin(
        self,
        session: Session,
        viewer: Viewer,
        category: UploadCategory,
        name: str,
        size: int | None,
        sequence_id: str | None = None,
        position: int | None = None,
    ) -> Upload:
        consents.check(session, viewer.user_id, category)
        self._storage.check_room(size)
        self._quota.check(session, viewer.user_id, size or 0)
        upload_id = new_id("upload")
        stored = self._storage.new_name(upload_id)
        row = Upload(
            id=upload_id,
            user_id=viewer.user_id,
            category=category,
            original_filename=self._storage.seal(name),
            stored_filename=stored,
            file_path=stored,
            file_size=size,
            sequence_id=sequence_id,
            position=position,
        )
        session.add(row)
        return row

    def _check_wanted(self, session: Session, upload: Upload | None) -> None:
        """Errors: ``ConsentNeeded`` where that was taken back meanwhile; ``NotFound``."""
        if upload is None or session.get(Upload, upload.id) is None:
            raise deleted_meanwhile()
        consents.check(session, upload.user_id, upload.category)

    async def _checked(self, incoming: _Incoming, *, deidentify: bool) -> UploadAnswer:
        assert incoming.upload is not None
        try:
            if incoming.refusal is not None:
                await in_thread("upload", self._checks.refuse, incoming.upload)
                raise incoming.refusal
            view = await in_thread("upload", self._checks.accept, incoming.upload, deidentify=deidentify)
        except DataferryError as error:
            problem = ProblemView(**words_of(error), status=error.status)
            return UploadAnswer(filename=incoming.name, status=error.status, problem=problem)
        return UploadAnswer(filename=incoming.name, status=201, upload=view)

    # -- one file in pieces ----------------------------------------------------------------------------

    async def begin(self, viewer: Viewer, category: UploadCategory, name: str, size: int) -> PartialUpload:
        """Room for a file whose pieces come next. Errors: ``ConsentNeeded``, ``UploadTooLarge``."""
        name = readable_name(name)
        if size > MAX_FILE_BYTES:
            raise _too_large(name)
        row = await self._database.run(self._begin, viewer, category, name, size)
        self._sandbox.warm()
        return self._partial(row)

    async def partial(self, viewer: Viewer, category: UploadCategory, upload_id: str) -> PartialUpload:
        """How much of it is kept. Errors: ``NotFound``."""
        return self._partial(await self._database.run_read(self._pending, viewer, category, upload_id))

    def _pending(self, session: Session, viewer: Viewer, category: UploadCategory, upload_id: str) -> Upload:
        consents.check(session, viewer.user_id, category)
        row = rows.own(session, viewer, category, upload_id, whole=False)
        if row.file_size is None:
            raise NotFound("There is no such upload.", next_step="Upload it again.")
        return row

    def _partial(self, row: Upload) -> PartialUpload:
        assert row.file_size is not None
        return PartialUpload.model_validate(
            {
                "id": row.id,
                "category": row.category,
                "filename": self._storage.unseal(row.original_filename),
                "size": row.file_size,
                "offset": min(self._storage.file(row).received, row.file_size),
            }
        )

    async def add(
        self,
        viewer: Viewer,
        category: UploadCategory,
        upload_id: str,
        offset: int,
        body: AsyncIterator[bytes],
        *,
        deidentify: bool = False,
    ) -> PartialUpload | UploadView:
        """Take in a piece from ``offset`` on; with the last one the upload, checked. A line that drops keeps
        what has come of it, in steps of 64 KiB.

        Errors: ``WrongOffset``, ``NotFound``, ``ConsentNeeded``; those of a check, after which it is gone.
        """
        row = await self._database.run_read(self._pending, viewer, category, upload_id)
        assert row.file_size is not None
        file = self._storage.file(row)
        turn = self._turns[upload_id] = object()
        if offset != file.received:
            raise WrongOffset(f"{file.received} bytes of it are kept, and it was to go on at {offset}.")
        try:
            with self._storage.writing(), SealedWriter(file, go_on=True) as writer:
                await self._write(row, writer, body, turn)
                if writer.size < row.file_size:
                    writer.keep()
                    return self._partial(row)
                await in_thread("upload", writer.finish)
        finally:
            if self._turns.get(upload_id) is turn:
                del self._turns[upload_id]
        return await in_thread("upload", self._checks.accept, row, deidentify=deidentify)

    async def _write(
        self, row: Upload, writer: SealedWriter, body: AsyncIterator[bytes], turn: object
    ) -> None:
        assert row.file_size is not None
        looked_at = time.monotonic()
        async for chunk in body:
            if self._turns.get(row.id) is not turn:
                raise WrongOffset("Another request goes on with this upload.")
            if writer.size + len(chunk) > row.file_size:
                raise BadUpload("More bytes have come than the file was said to have.")
            writer.write(chunk)
            if time.monotonic() - looked_at > _LOOK_S:
                await self._database.run_read(self._check_wanted, row)
                looked_at = time.monotonic()


def _too_large(name: str) -> UploadTooLarge:
    return UploadTooLarge(f"{name[:120]} has more than {MAX_FILE_BYTES // 1_000_000} MB.")


def _sequence(sequence_id: str | None, results: Sequence[UploadAnswer]) -> UploadSequence | None:
    taken = [one.filename for one in results if one.upload is not None]
    if sequence_id is None or not taken:
        return None
    return UploadSequence(id=sequence_id, frames=len(taken), gaps=gaps_in(taken), notes=notes_on(taken))
