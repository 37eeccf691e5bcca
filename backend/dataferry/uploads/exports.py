"""Zip files that are made while they are sent: no copy of an upload is left on the disk."""

from collections.abc import Iterator
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from sqlmodel import Session, select

from dataferry.core.db import Database
from dataferry.core.personal_data import Exported, JsonRows
from dataferry.core.types import Viewer
from dataferry.imaging.sandbox import Sandbox
from dataferry.library.archive_stream import Sink
from dataferry.library.exported_zip import zip_of
from dataferry.uploads import rows
from dataferry.uploads.checking import UploadChecks
from dataferry.uploads.models import Upload, UploadConsent, UploadImage
from dataferry.uploads.own_uploads import event_view
from dataferry.uploads.storage import UploadStorage

_PNG = "dataferry.imaging.inspection:as_png"
#: More than anybody has; they are listed page by page.
_PAGE = 200
_EPOCH = (1980, 1, 1, 0, 0, 0)


class UploadExports:
    """What leaves the server on its owner's word."""

    def __init__(
        self, database: Database, storage: UploadStorage, checks: UploadChecks, sandbox: Sandbox
    ) -> None:
        self._database = database
        self._storage = storage
        self._checks = checks
        self._sandbox = sandbox

    # -- everything -----------------------------------------------------------------------------------

    def everything(self, viewer: Viewer) -> Iterator[bytes]:
        """A zip of a person's uploads as they were given, with what is known of each, their consents and what
        was done. Blocks. Errors: ``SealBroken``."""
        return zip_of(self.entries(viewer.user_id))

    def entries(self, user_id: str) -> Iterator[Exported]:
        """The files of that zip. Blocks. Errors: ``SealBroken``."""
        yield Exported("uploads/consents.json", self._database.read(_consents, user_id))
        yield Exported("uploads/events.json", JsonRows(self._events(user_id)))
        for row, image in self._all(user_id):
            view = self._checks.view(row, image)
            folder = f"uploads/{row.category}/{row.id}"
            yield Exported(f"{folder}/about.json", view.model_dump(mode="json"))
            yield Exported(f"{folder}/{view.original_filename}", self._storage.file(row).chunks())

    def _events(self, user_id: str) -> Iterator[dict[str, object]]:
        last = 0
        while found := self._database.read(rows.own_events, user_id, last, _PAGE):
            yield from (event_view(one).model_dump(mode="json") for one in found)
            last = found[-1].id or 0

    def _all(self, user_id: str) -> Iterator[tuple[Upload, UploadImage]]:
        offset = 0
        while True:
            found, total = self._database.read(rows.page, user_id, None, _PAGE, offset)
            yield from found
            offset += _PAGE
            if offset >= total:
                return

    # -- a sequence in KITTI's layout ----------------------------------------------------------------

    def sequence_rows(self, viewer: Viewer, sequence_id: str) -> list[tuple[Upload, UploadImage]]:
        """Its images, in order. Blocks. Errors: ``NotFound``."""
        return self._database.read(rows.sequence, viewer.user_id, sequence_id)

    def kitti(self, found: list[tuple[Upload, UploadImage]]) -> Iterator[bytes]:
        """A zip as KITTI's raw recordings are: ``<date>/<date>_drive_0001_sync/image_02/data/%010d.png`` and
        ``timestamps.txt``. Frames keep their number where one between is missing. GPS is left out. Blocks."""
        date = f"{found[0][0].created_at:%Y_%m_%d}"
        folder = f"{date}/{date}_drive_0001_sync/image_02"
        sink = Sink()
        times = []
        with ZipFile(sink, "w", ZIP_STORED) as archive:
            for row, image in found:
                png = self._sandbox.call(_PNG, self._storage.file(row)).blob
                archive.writestr(ZipInfo(f"{folder}/data/{row.position or 0:010}.png", _EPOCH), png)
                times.append(_timestamp(self._checks.view(row, image).details.taken))
                yield sink.take()
            archive.writestr(ZipInfo(f"{folder}/timestamps.txt", _EPOCH), "\n".join(times) + "\n")
        yield sink.take()


def _consents(session: Session, user_id: str) -> list[dict[str, object]]:
    query = select(UploadConsent).where(UploadConsent.user_id == user_id)
    return [one.model_dump(mode="json", exclude={"user_id"}) for one in session.exec(query)]


def _timestamp(taken: str | None) -> str:
    """EXIF's ``2026:11:30 12:00:00`` as KITTI writes it; an empty line where it is not known."""
    date, _, time = (taken or "").partition(" ")
    parts = date.split(":")
    return f"{'-'.join(parts)} {time}.000000000" if len(parts) == 3 and time else ""
