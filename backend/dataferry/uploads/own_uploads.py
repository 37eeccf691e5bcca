"""What a person does with their uploads: look, download, de-identify, mask, delete."""

import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from sqlmodel import Session

from dataferry.core.db import Database, now
from dataferry.core.errors import Conflict, InvalidInput
from dataferry.core.files.sealed import SealedFile
from dataferry.core.threads import in_thread
from dataferry.core.types import Viewer
from dataferry.imaging.sandbox import Answer, Sandbox
from dataferry.uploads import consents, rows
from dataferry.uploads.checking import UploadChecks, details_of, replace_content
from dataferry.uploads.models import Upload, UploadEvent, UploadImage
from dataferry.uploads.storage import UploadStorage
from dataferry.uploads.views import (
    MEDICAL,
    ConsentView,
    DicomTags,
    ErasedUploads,
    ImageDetails,
    UploadAction,
    UploadCategory,
    UploadEvents,
    UploadEventView,
    UploadPage,
    UploadView,
)

_DICOM = "application/dicom"
_RENDER = "dataferry.imaging.inspection:render"
_INSPECT = "dataferry.imaging.inspection:inspect"
_TAGS = "dataferry.imaging.inspection:tags"
_MASK = "dataferry.imaging.masking:mask"
_EVENTS = 500
#: A picture is asked for again and again while it is looked at: that is one view.
_ONE_VIEW = timedelta(minutes=1)
#: How long the database's log is tried to be emptied.
_LOG_S = 10.0


class OwnUploads:
    """Every method takes the viewer: another's upload answers ``NotFound``, to an admin too."""

    def __init__(
        self, database: Database, storage: UploadStorage, checks: UploadChecks, sandbox: Sandbox
    ) -> None:
        self._database = database
        self._storage = storage
        self._checks = checks
        self._sandbox = sandbox

    # -- looking --------------------------------------------------------------------------------------

    async def list(
        self, viewer: Viewer, category: UploadCategory | None, *, limit: int, offset: int
    ) -> UploadPage:
        def read(session: Session) -> UploadPage:
            found, total = rows.page(session, viewer.user_id, category, limit, offset)
            return UploadPage(uploads=tuple(self._checks.view(*one) for one in found), total=total)

        return await self._database.run_read(read)

    async def get(self, viewer: Viewer, category: UploadCategory, upload_id: str) -> UploadView:
        """Errors: ``NotFound``."""
        return self._checks.view(*await self.opened(viewer, category, upload_id, "viewed"))

    async def picture(
        self,
        viewer: Viewer,
        category: UploadCategory,
        upload_id: str,
        *,
        edge: int,
        frame: int,
        center: float | None,
        width: float | None,
    ) -> bytes:
        """A WebP made anew, without what else the file holds. Errors: ``NotFound``, ``BadImage``,
        ``SealBroken``."""
        row, _image = await self.opened(viewer, category, upload_id, "viewed")
        asked = {"edge": edge, "frame": frame, "center": center, "width": width}
        return (await self._call(_RENDER, row, **asked)).blob

    async def tags(self, viewer: Viewer, category: UploadCategory, upload_id: str) -> DicomTags:
        """Of what is no DICOM file its own metadata. Errors: ``NotFound``."""
        row, _image = await self.opened(viewer, category, upload_id, "viewed")
        return DicomTags.model_validate((await self._call(_TAGS, row)).value)

    async def file(
        self, viewer: Viewer, category: UploadCategory, upload_id: str
    ) -> tuple[UploadView, Iterator[bytes]]:
        """The upload and its own bytes. Errors: ``NotFound``; ``Conflict`` while it is in quarantine."""
        row, image = await self.opened(viewer, category, upload_id, "downloaded")
        if row.processing_status == "quarantined":
            raise Conflict(
                "It is de-identified, but text may stand in its pixels.",
                next_step="Look at it, mask what names a person, or say that there is nothing.",
            )
        return self._checks.view(row, image), self._storage.file(row).chunks()

    async def events(self, viewer: Viewer, upload_id: str | None = None) -> UploadEvents:
        """What was done with one's own uploads; to an admin also with all medical ones."""

        def read(session: Session) -> UploadEvents:
            found = rows.events(session, viewer, upload_id, _EVENTS)
            return UploadEvents(events=tuple(event_view(one) for one in found))

        return await self._database.run_read(read)

    async def opened(
        self, viewer: Viewer, category: UploadCategory, upload_id: str, action: UploadAction | None
    ) -> tuple[Upload, UploadImage]:
        """The rows of an upload; that a medical one was opened is written down. Errors: ``NotFound``."""

        def read(session: Session) -> tuple[Upload, UploadImage]:
            row = rows.own(session, viewer, category, upload_id)
            return row, rows.image(session, upload_id)

        def read_and_note(session: Session, of: UploadAction) -> tuple[Upload, UploadImage]:
            row, image = read(session)
            rows.note(session, row, of, viewer.user_id)
            return row, image

        def is_noted(session: Session) -> bool:
            return rows.was_viewed(session, upload_id, viewer.user_id, now() - _ONE_VIEW)

        found = await self._database.run_read(read)
        if action is None or (category not in MEDICAL and action == "viewed"):
            return found
        if action == "viewed" and await self._database.run_read(is_noted):
            return found
        return await self._database.run(read_and_note, action)

    async def _call(self, function: str, row: Upload, **arguments: Any) -> Answer:
        def call() -> Answer:
            return self._sandbox.call(function, self._storage.file(row), **arguments)

        return await in_thread("upload", call)

    # -- changing -------------------------------------------------------------------------------------

    async def deidentify(self, viewer: Viewer, category: UploadCategory, upload_id: str) -> UploadView:
        """Put the de-identified file in the original's place. Errors: ``NotFound``; ``InvalidInput`` for what
        is no DICOM file; ``BadImage``."""
        row, image = await self.opened(viewer, category, upload_id, None)
        _check_dicom(image)
        found, digest, size = await in_thread("upload", self._checks.deidentified, row, self._details(image))
        status = "quarantined" if found.burned_in else "ready"
        return await self._changed(viewer, row, found, digest, size, status, "deidentified")

    async def mask(
        self,
        viewer: Viewer,
        category: UploadCategory,
        upload_id: str,
        rectangles: Sequence[tuple[int, int, int, int]],
    ) -> UploadView:
        """Paint rectangles over in every frame; without any, say that somebody has looked and there is
        nothing to paint over. Errors: ``NotFound``, ``BadImage``."""
        row, image = await self.opened(viewer, category, upload_id, None)
        details = self._details(image)
        digest, size, mime_type = row.sha256 or "", row.file_size or 0, image.mime_type
        masked = 0
        if rectangles:
            answer = await self._call(_MASK, row, rectangles=list(rectangles))
            masked = answer.value["masked"]
            file: SealedFile = self._storage.file(row)
            digest, size = await in_thread("upload", replace_content, file, answer.blob)
            facts = (await self._call(_INSPECT, row, xray=category == "xray")).value
            mime_type = facts["mime_type"]
            details = details_of(facts, {"profile": details.profile, "removed": details.removed})
        details = details.model_copy(update={"masked": masked + (details.masked or 0)})
        return await self._changed(viewer, row, details, digest, size, "ready", "masked", mime_type)

    async def _changed(
        self,
        viewer: Viewer,
        upload: Upload,
        details: ImageDetails,
        digest: str,
        size: int,
        status: str,
        action: UploadAction,
        mime_type: str | None = None,
    ) -> UploadView:
        def write(session: Session) -> UploadView:
            row = rows.own(session, viewer, upload.category, upload.id)
            image = rows.image(session, upload.id)
            row.sha256, row.file_size, row.processing_status = digest, size, status
            row.analysis_results = None  # of what it was before
            image.details, image.file_size = self._storage.seal(details.model_dump_json()), size
            image.mime_type = mime_type or image.mime_type
            rows.note(session, row, action, viewer.user_id)
            session.add_all([row, image])
            return self._checks.view(row, image)

        return await self._database.run(write)

    async def delete(self, viewer: Viewer, category: UploadCategory, upload_id: str) -> None:
        """Also one that is still being received. Errors: ``NotFound``."""

        def write(session: Session) -> None:
            row = session.get(Upload, upload_id)
            if row is None or row.processing_status != "pending" or row.user_id != viewer.user_id:
                rows.own(session, viewer, category, upload_id)
            rows.remove(session, [upload_id], "deleted", viewer.user_id)

        await self._database.run(write)
        await in_thread("upload", self._storage.remove, upload_id)

    async def erase(self, viewer: Viewer) -> ErasedUploads:
        """Everything of the viewer's: uploads, consents, what was done; in the database's log too. Nothing
        is written down of it."""

        def write(session: Session) -> list[str]:
            return rows.erase(session, viewer.user_id)

        ids = await self._database.run(write)
        for upload_id in ids:
            await in_thread("upload", self._storage.remove, upload_id)
        emptied = await in_thread("upload", self._empty_log)
        return ErasedUploads(uploads=len(ids), log_emptied=emptied)

    def _empty_log(self) -> bool:
        """Readers end within moments: it is tried again while they do."""
        deadline = time.monotonic() + _LOG_S
        while not self._database.empty_log():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    # -- consent --------------------------------------------------------------------------------------

    async def consent(self, viewer: Viewer) -> ConsentView:
        return await self._database.run_read(consents.view, viewer)

    async def give_consent(self, viewer: Viewer, version: str) -> ConsentView:
        """Errors: ``InvalidInput`` where another version was read."""
        if version != consents.VERSION:
            raise InvalidInput(
                "That is not the text that is asked for now.",
                next_step="Read it again, and agree to that one.",
            )
        await self._database.run(consents.give, viewer)
        return await self.consent(viewer)

    async def revoke_consent(self, viewer: Viewer, *, delete: bool) -> ConsentView:
        """No medical image is taken in any more, not even one that is arriving; ``delete``: those that are
        here go too."""

        def write(session: Session) -> list[str]:
            consents.revoke(session, viewer.user_id)
            if not delete:
                return []
            ids = rows.ids_of(session, viewer.user_id, MEDICAL)
            rows.remove(session, ids, "deleted", viewer.user_id)
            return ids

        for upload_id in await self._database.run(write):
            await in_thread("upload", self._storage.remove, upload_id)
        return await self.consent(viewer)

    def _details(self, image: UploadImage) -> ImageDetails:
        return ImageDetails.model_validate_json(self._storage.unseal(image.details))


def _check_dicom(image: UploadImage) -> None:
    if image.mime_type != _DICOM:
        raise InvalidInput("It is no DICOM file.", next_step="Choose one that is.")


def event_view(event: UploadEvent) -> UploadEventView:
    """What was done with an upload, without the ids of persons."""
    by = "server" if not event.actor_id else "owner" if event.actor_id == event.user_id else "other"
    return UploadEventView.model_validate(
        {
            "at": event.at,
            "upload_id": event.upload_id,
            "category": event.category,
            "action": event.action,
            "by": by,
            "size": event.size,
        }
    )
