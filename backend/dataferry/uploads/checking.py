"""What is looked at in a file that has been received, before it is anybody's upload."""

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlmodel import Session

from dataferry.core.db import Database, now
from dataferry.core.errors import BadUpload, DataferryError
from dataferry.core.files.sealed import SealedFile, SealedWriter
from dataferry.core.settings import Settings
from dataferry.imaging.sandbox import Sandbox
from dataferry.uploads import consents, rows
from dataferry.uploads.models import Upload, UploadImage
from dataferry.uploads.scanning import Scanner
from dataferry.uploads.storage import UploadStorage, deleted_meanwhile
from dataferry.uploads.views import ImageDetails, UploadView

_INSPECT = "dataferry.imaging.inspection:inspect"
_DEIDENTIFY = "dataferry.imaging.dicom_identity:deidentify"


class UploadChecks:
    """Scans, decodes and, where asked, de-identifies a received file. Blocks."""

    def __init__(
        self, database: Database, settings: Settings, storage: UploadStorage, sandbox: Sandbox
    ) -> None:
        self._database = database
        self._days = settings.upload_retention_days
        self._storage = storage
        self._sandbox = sandbox
        self._scanner = Scanner(settings.clamav_socket)

    def accept(self, upload: Upload, *, deidentify: bool) -> UploadView:
        """The pending upload is the person's from now on. Errors: ``BadImage``, ``InfectedFile``,
        ``ScanFailed``, ``ConsentNeeded``; it is then gone."""
        try:
            with self._storage.writing():
                return self._accept(upload, deidentify=deidentify)
        except DataferryError:
            self.refuse(upload)
            raise

    def _accept(self, upload: Upload, *, deidentify: bool) -> UploadView:
        file = self._storage.file(upload)
        digest, size = _digest(file)
        if not size:
            raise BadUpload("The file is empty.")
        scan = self._scanner.scan(file.chunks())
        facts = self._sandbox.call(_INSPECT, file, xray=upload.category == "xray").value
        details = details_of(facts)
        status = "ready"
        if deidentify and facts["format"] == "dicom":
            details, digest, size = self.deidentified(upload, details)
            status = "quarantined" if details.burned_in else "ready"
        image = UploadImage(
            id=upload.id,
            filename=upload.stored_filename,
            file_path=upload.file_path,
            file_size=size,
            mime_type=facts["mime_type"],
            width=facts["width"],
            height=facts["height"],
            details=self._storage.seal(details.model_dump_json()),
        )
        values = {"processing_status": status, "scan": scan, "sha256": digest, "file_size": size}
        return self._database.call(self._keep, upload.id, image, values)

    def deidentified(self, upload: Upload, details: ImageDetails) -> tuple[ImageDetails, str, int]:
        """Put the de-identified file in the place of a DICOM file; what is true of it. Errors: ``BadImage``,
        ``OSError``."""
        file = self._storage.file(upload)
        answer = self._sandbox.call(_DEIDENTIFY, file, uid_key=self._storage.uid_key(upload.user_id))
        digest, size = replace_content(file, answer.blob)
        of_file = self._sandbox.call(_INSPECT, file, xray=upload.category == "xray").value
        report = {
            "profile": answer.value["profile"],
            "removed": answer.value["report"],
            "burned_in": answer.value["burned_in"],
        }
        return details_of(of_file, report), digest, size

    def _keep(
        self, session: Session, upload_id: str, image: UploadImage, values: Mapping[str, Any]
    ) -> UploadView:
        row = session.get(Upload, upload_id)
        if row is None:
            raise deleted_meanwhile()
        consents.check(session, row.user_id, row.category)
        for name, value in values.items():
            setattr(row, name, value)
        if self._days is not None:
            row.expires_at = now() + timedelta(days=self._days)
        session.add(image)
        rows.note(session, row, "received", row.user_id)
        session.flush()
        return self.view(row, image)

    def refuse(self, upload: Upload) -> None:
        """Nothing of it stays but that it was refused."""

        def forget(session: Session) -> None:
            row = session.get(Upload, upload.id)
            if row is not None:
                rows.note(session, row, "refused", row.user_id)
                session.delete(row)

        self._database.call(forget)
        self._storage.remove(upload.id)

    def view(self, row: Upload, image: UploadImage) -> UploadView:
        return UploadView.model_validate(
            {
                "id": row.id,
                "category": row.category,
                "original_filename": self._storage.unseal(row.original_filename),
                "mime_type": image.mime_type,
                "file_size": row.file_size,
                "width": image.width,
                "height": image.height,
                "processing_status": row.processing_status,
                "scan": row.scan,
                "sha256": row.sha256,
                "sequence_id": row.sequence_id,
                "position": row.position,
                "created_at": row.created_at,
                "expires_at": row.expires_at,
                "details": ImageDetails.model_validate_json(self._storage.unseal(image.details)),
                "analysis_results": self._storage.unseal_results(row.analysis_results),
            }
        )


def details_of(facts: Mapping[str, Any], more: Mapping[str, Any] | None = None) -> ImageDetails:
    """From what the sandbox has found."""
    beside = {name: facts[name] for name in ("frames", "plausibility") if name in facts}
    return ImageDetails.model_validate({**facts["details"], **beside, **(more or {})})


def replace_content(file: SealedFile, content: bytes) -> tuple[str, int]:
    """Put other content in the place of a sealed file's, in one step; its digest and size."""
    beside = SealedFile(file.path.with_suffix(".new"), file.file_id, file.key)
    with SealedWriter(beside) as writer:
        writer.write(content)
        writer.finish()
    beside.path.replace(file.path)
    return hashlib.sha256(content).hexdigest(), len(content)


def _digest(file: SealedFile) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    for chunk in file.chunks():
        digest.update(chunk)
        size += len(chunk)
    return digest.hexdigest(), size
