"""The analysis of an upload: kept with it, computed when it is first looked at, and computed anew once its
bytes or the models are others."""

from collections.abc import Sequence
from contextlib import suppress

from pydantic import ValidationError
from sqlmodel import Session

from dataferry.analysis.model_files import INSTALL, ModelFiles, has_runtime
from dataferry.analysis.quality_words import quality_words
from dataferry.analysis.views import NO_MODEL, StartedAnalysis, StoredAnalysis, UploadAnalysis
from dataferry.core.db import Database
from dataferry.core.errors import NotFound
from dataferry.core.job_types import JobView
from dataferry.core.threads import in_thread
from dataferry.core.types import DatasetRef, Viewer
from dataferry.explorer.health.likeness import Fingerprint, Likeness
from dataferry.explorer.health.views import LikeSamples
from dataferry.jobs.looked_at import JobsByLooking
from dataferry.jobs.service import Jobs
from dataferry.uploads import rows
from dataferry.uploads.models import Upload
from dataferry.uploads.service import Uploads
from dataferry.uploads.views import UploadCategory, UploadView

_TITLES: dict[UploadCategory, str] = {
    "medical": "Analysis of a medical image",
    "xray": "Analysis of an X-ray",
    "traffic": "Analysis of a traffic image",
}
#: The dataset that an upload is compared with where none is chosen.
_COMPARED_WITH: dict[UploadCategory, tuple[str, str]] = {
    "xray": ("builtin:chest_xray_pneumonia", "Chest X-Ray Images (Pneumonia)"),
    "traffic": ("builtin:kitti", "KITTI object detection"),
}
NEAREST = 6


class Analyses:
    """Every method takes the viewer: another's upload answers ``NotFound``, to an admin too."""

    def __init__(
        self, database: Database, jobs: Jobs, uploads: Uploads, files: ModelFiles, likeness: Likeness
    ) -> None:
        self._database = database
        self._jobs = jobs
        self._uploads = uploads
        self._files = files
        self._likeness = likeness
        self._looks = JobsByLooking(jobs)

    async def look(
        self, viewer: Viewer, category: UploadCategory, upload_id: str, dataset: str | None = None
    ) -> UploadAnalysis:
        """What is said of it, or the job that finds out, which the first look starts. A job that was
        cancelled or failed is not started again by looking. ``dataset``: the key of one to compare with. A
        look at a medical one is written down.

        Errors: ``NotFound``, also for a dataset that is not here.
        """
        await self._uploads.own.opened(viewer, category, upload_id, "viewed")
        models_state = await in_thread("disk", self._files.state, category)

        def read(session: Session) -> tuple[JobView | None, Upload]:
            # The job first: one that has just ended has left its results.
            job = self._looks.known(session, viewer, upload_id, "analysis")
            upload = rows.own(session, viewer, category, upload_id)
            if job is None or job.active:
                return job, upload
            same = self._jobs.params(session, job.id) == _params(upload, models_state)
            return job if same else None, upload

        job, upload = await self._database.run_read(read)
        stored = self._stored(upload)
        if stored is not None and _is_current(stored, upload, models_state):
            nearest = await self._nearest(viewer, category, stored, dataset)
            return self._told(category, upload, stored).model_copy(
                update={"state": "ready", "current": True, "nearest": nearest}
            )
        state = "computing"
        if job is None:
            job = await self._looks.started_soon(self._submitted(viewer, upload, models_state))
        elif not job.active:
            state = "stopped"
        return self._told(category, upload, stored).model_copy(update={"state": state, "job": job})

    async def compute(self, viewer: Viewer, category: UploadCategory, upload_id: str) -> JobView:
        """Start the job, or join the one under way: also where it was cancelled, or all is known. Errors:
        ``NotFound``."""
        upload, _image = await self._uploads.own.opened(viewer, category, upload_id, "viewed")
        models_state = await in_thread("disk", self._files.state, category)
        return await self._submitted(viewer, upload, models_state)

    async def start(self, viewer: Viewer, uploads: Sequence[UploadView]) -> tuple[StartedAnalysis, ...]:
        """Start those of uploads that have just come."""
        started = []
        for one in uploads:
            job = await self.compute(viewer, one.category, one.id)
            results = f"/api/analyze/{one.category}/{one.id}"
            started.append(StartedAnalysis(upload_id=one.id, job=job, results=results))
        return tuple(started)

    # -- what is kept, and what computes it ----------------------------------------------------------

    def _stored(self, upload: Upload) -> StoredAnalysis | None:
        kept = self._uploads.storage.unseal_results(upload.analysis_results)
        with suppress(ValidationError):  # of another version
            return None if kept is None else StoredAnalysis.model_validate(kept)
        return None

    def _told(
        self, category: UploadCategory, upload: Upload, stored: StoredAnalysis | None
    ) -> UploadAnalysis:
        """What is kept, in words; the state is the caller's to say."""
        told = UploadAnalysis(upload_id=upload.id, category=category, state="computing")
        if stored is None:
            return told
        ran = [one for one in stored.models if one.problem is None]
        return told.model_copy(
            update={
                "of": stored.of,
                "model": ", ".join(f"{one.name} {one.version}" for one in ran) or NO_MODEL,
                "models": stored.models,
                "findings": stored.findings,
                "width": stored.width,
                "height": stored.height,
                "quality": quality_words(category, stored.measures),
                "notes": tuple(_notes(category, stored)),
            }
        )

    async def _submitted(self, viewer: Viewer, upload: Upload, models_state: str) -> JobView:
        def submit(session: Session) -> str:
            category: UploadCategory = upload.category  # type: ignore[assignment]  # as it was checked
            job_id, _created = self._jobs.submit(
                session,
                kind="analysis",
                # A job has a ref: this one says what kind of upload it is about, and nothing else of it.
                ref=DatasetRef("builtin", f"upload-{category}"),
                title=_TITLES[category],
                dataset_id=upload.id,
                params=_params(upload, models_state),
                requester_id=viewer.user_id,
                single_flight_key=f"analysis-{upload.id}",
            )
            return job_id

        job_id = await self._database.run(submit)
        self._jobs.wake(job_id)
        return await self._jobs.get(viewer, job_id)

    # -- beside a dataset -----------------------------------------------------------------------------

    async def _nearest(
        self, viewer: Viewer, category: UploadCategory, stored: StoredAnalysis, dataset: str | None
    ) -> LikeSamples | None:
        """Errors: ``NotFound`` where the dataset was named; the usual one that is not here is told of."""
        wanted = Fingerprint(bytes.fromhex(stored.fingerprint), bytes.fromhex(stored.greys))
        if dataset is not None:
            return await self._likeness.find(viewer, dataset, wanted, limit=NEAREST)
        if category not in _COMPARED_WITH:
            return None
        key, title = _COMPARED_WITH[category]
        try:
            return await self._likeness.find(viewer, key, wanted, limit=NEAREST)
        except NotFound:
            return LikeSamples(
                key=key,
                title=title,
                state="absent",
                reason=f"{title} is not here.",
                next_step="Download it to compare, or choose another dataset of yours.",
            )


def _params(upload: Upload, models_state: str) -> dict[str, str]:
    return {"upload_id": upload.id, "sha256": upload.sha256 or "", "models_state": models_state}


def _is_current(stored: StoredAnalysis, upload: Upload, models_state: str) -> bool:
    return stored.of.sha256 == upload.sha256 and stored.models_state == models_state


def _notes(category: UploadCategory, stored: StoredAnalysis) -> list[str]:
    """What was not looked for, and what would be needed."""
    missing = {
        "xray": "Pneumonia was not looked for",
        "traffic": "Vehicles and signs were not looked for",
        "medical": "Nothing in it was looked for",
    }[category]
    notes = []
    if not stored.models:
        notes.append(
            f"{missing}: no model is set up. An admin puts an ONNX model in the folder models/{category} of"
            " the data folder, or names it in the settings."
        )
        if not has_runtime():
            notes.append(f"ONNX Runtime, which runs models, is not installed. {INSTALL}")
    if category == "traffic":
        notes.append("People were looked for by their outlines, without a model: some are missed.")
    return notes
