"""Datasets from a bundle: each comes as a download does, from a file in place of a source."""

from functools import partial
from pathlib import Path
from typing import Any

from pydantic import Field
from sqlmodel import Session

from dataferry.core.db import Database
from dataferry.core.errors import Forbidden, InvalidInput
from dataferry.core.threads import in_thread
from dataferry.core.types import (
    Bytes,
    Checksum,
    DatasetRef,
    DatasetSummary,
    FileEntry,
    Manifest,
    View,
    Viewer,
)
from dataferry.jobs.service import Jobs
from dataferry.library import rights, rows
from dataferry.library.bundle_format import BundledDataset, BundledFile, open_bundle
from dataferry.library.cards import download_ticket
from dataferry.library.paths import Store
from dataferry.library.selection import Selection
from dataferry.library.views import DownloadTicket


class BundleImport(View):
    """A bundle whose datasets are on their way into the library."""

    digest: str = Field(description="SHA-256 of the bundle's manifest", examples=["sha256:9f86d0…"])
    made_by: str = Field(description="What exported the bundle", examples=["Dataferry 0.1.0"])
    downloads: tuple[DownloadTicket, ...] = Field(description="One for each dataset, in the bundle's order")


class Imports:
    """Takes bundles in."""

    def __init__(self, database: Database, store: Store, jobs: Jobs) -> None:
        self._database = database
        self._store = store
        self._jobs = jobs

    async def request(self, viewer: Viewer, path: str, digest: str | None = None) -> BundleImport:
        """Start a job for each dataset of the bundle at ``path``, a file of this machine. One that is here,
        or on its way, is left as it is. Errors: ``Forbidden`` for who is no admin; as ``open_bundle``."""
        if not viewer.admin:
            raise Forbidden(
                "Only an admin brings bundles in: their path may be any file of this machine's.",
                next_step="Ask an admin of this server.",
            )
        if not Path(path).is_absolute():
            raise InvalidInput("The bundle's path is not absolute.", next_step="Name it from the root on.")
        bundle = await in_thread("disk", open_bundle, Path(path), digest)
        tickets = []
        for place, dataset in enumerate(bundle.manifest.datasets):
            params = {"bundle": path, "bundle_digest": bundle.digest, "bundle_place": place}
            job_id = await self._database.run(self._submit, viewer, dataset, params)
            self._jobs.wake(job_id)
            tickets.append(download_ticket(await self._jobs.get(viewer, job_id), dataset.ref))
        return BundleImport(digest=bundle.digest, made_by=bundle.manifest.made_by, downloads=tuple(tickets))

    def _submit(
        self, session: Session, viewer: Viewer, bundled: BundledDataset, params: dict[str, Any]
    ) -> str:
        ref = DatasetRef.parse(bundled.ref)
        chosen = () if bundled.whole else tuple(sorted(file.path for file in bundled.files))
        selection = Selection(chosen)
        dataset = rows.upsert(
            session,
            ref,
            _summary(ref, bundled),
            revision=bundled.revision,
            selection=selection.digest,
            encrypted_url=None,
        )
        rights.record_access(session, dataset.id, viewer.user_id)
        rights.own(session, dataset.id, [viewer.user_id])
        job_id, created = self._jobs.submit(
            session,
            kind="download",
            ref=ref,
            title=dataset.title,
            dataset_id=dataset.id,
            params={"force": False, "revision": bundled.revision, **params},
            requester_id=viewer.user_id,
            single_flight_key=f"download:{dataset.id}",
            revision=bundled.revision,
            file_path=str(self._store.target(ref, bundled.revision, dataset.selection)),
        )
        if created and not dataset.downloaded:
            rows.set_status(session, dataset.id, "queued", job_id=job_id)
        return job_id


def _summary(ref: DatasetRef, bundled: BundledDataset) -> DatasetSummary:
    return DatasetSummary(
        ref=bundled.ref,
        source=ref.source,
        id=ref.id,
        title=bundled.title,
        description=bundled.description,
        url=bundled.original_url,
        license=bundled.license,
        private=bundled.restricted,
        size_bytes=sum(file.size for file in bundled.files),
        file_count=len(bundled.files),
        revision=bundled.revision,
    )


def bundled_manifest(params: dict[str, Any]) -> Manifest:
    """The files of a job whose ``params`` name a bundle. Errors: those of ``open_bundle``."""
    bundle = open_bundle(Path(params["bundle"]), params["bundle_digest"])
    dataset = bundle.manifest.datasets[params["bundle_place"]]

    def entry(file: BundledFile) -> FileEntry:
        return FileEntry(
            file.path,
            Bytes(partial(bundle.open, file, dataset.folder)),
            size=file.size,
            # That the bytes are the bundle's makes no publisher's checksum of a recorded one.
            checksum=Checksum("sha256", file.sha256, file.grade),
        )

    return Manifest(DatasetRef.parse(dataset.ref), dataset.revision, tuple(map(entry, dataset.files)))
