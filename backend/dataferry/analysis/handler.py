"""The job that analyses an upload. It blocks, in a worker's thread; all decoding is the sandbox's."""

from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session

from dataferry.analysis.model_files import INSTALL, ModelFile, ModelFiles, has_runtime
from dataferry.analysis.views import (
    AnalysedBytes,
    FoundBy,
    ModelRun,
    StoredAnalysis,
    UploadFinding,
)
from dataferry.core.db import Database, new_id
from dataferry.core.errors import BadImage, Cancelled, Conflict, NotFound
from dataferry.core.settings import Settings
from dataferry.core.types import Progress
from dataferry.imaging.sandbox import TOO_LONG, TOO_MUCH, Sandbox
from dataferry.jobs.service import JobRun, Jobs
from dataferry.uploads.models import Upload
from dataferry.uploads.storage import UploadStorage
from dataferry.uploads.views import UploadCategory

_LOOK = "dataferry.imaging.analysis.looks:look"
_PEDESTRIANS = "dataferry.imaging.analysis.looks:pedestrians"
_RUN_MODEL = "dataferry.imaging.analysis.looks:run_model"
PEDESTRIAN = "pedestrian, classical"


class AnalysisHandler:
    """``sandbox`` decodes; ``model_sandbox`` has the memory and the time of models."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        storage: UploadStorage,
        files: ModelFiles,
        sandbox: Sandbox,
        model_sandbox: Sandbox,
    ) -> None:
        self._database = database
        self._settings = settings
        self._storage = storage
        self._files = files
        self._sandbox = sandbox
        self._model_sandbox = model_sandbox

    def register(self, jobs: Jobs) -> None:
        jobs.register("analysis", self.analyse)

    def analyse(self, run: JobRun) -> None:
        """Errors: ``NotFound`` for an upload that was deleted; ``Conflict`` for one whose bytes became others
        meanwhile; ``BadImage``, ``SealBroken``; ``Cancelled``."""
        upload = self._database.read(lambda session: session.get(Upload, run.params["upload_id"]))
        if upload is None or upload.sha256 is None:
            raise _deleted()
        stored = self._looked_at(run, upload)

        def keep(session: Session) -> None:
            row = session.get(Upload, upload.id)
            if row is None:
                raise _deleted()
            if row.sha256 != stored.of.sha256:
                raise Conflict("The upload was changed while it was analysed.", next_step="Look at it again.")
            row.analysis_results = self._storage.seal_results(stored.model_dump(mode="json"))
            if row.processing_status == "ready":
                row.processing_status = "analyzed"
            session.add(row)

        run.write(keep)

    def _looked_at(self, run: JobRun, upload: Upload) -> StoredAnalysis:
        category: UploadCategory = upload.category  # type: ignore[assignment]  # as it was checked
        file = self._storage.file(upload)
        state, models = self._files.state(category), self._files.of(category)
        steps = _Steps(run, 1 + (category == "traffic") + len(models))
        steps.next("Looking at its pixels")
        looked = self._sandbox.call(_LOOK, file, cancel=run.cancel)
        findings: list[UploadFinding] = []
        people: str | None = None
        if category == "traffic":
            steps.next("Looking for people")
            found = self._sandbox.call(_PEDESTRIANS, file, cancel=run.cancel).value
            people = str(found["version"])
            findings += [_pedestrian(box, people) for box in found["boxes"]]
        runs: list[ModelRun] = []
        for model in models:
            steps.next(f"Running {model.path.stem}")
            told, found_by_it = self._run_model(run, upload, model)
            runs.append(told)
            findings += found_by_it
        return StoredAnalysis(
            of=AnalysedBytes(sha256=upload.sha256 or "", made_at=datetime.now(UTC)),
            models_state=state,
            width=looked.value["width"],
            height=looked.value["height"],
            measures=looked.value["quality"],
            fingerprint=looked.value["hash"],
            greys=looked.blob.hex(),
            findings=tuple(findings),
            models=tuple(runs),
            pedestrians=people,
        )

    def _run_model(
        self, run: JobRun, upload: Upload, model: ModelFile
    ) -> tuple[ModelRun, list[UploadFinding]]:
        """What is wrong with a model is told beside what the others say."""
        told: dict[str, Any] = {"slot": model.slot, "file": model.path.name, "name": model.path.stem}
        if not has_runtime():
            return ModelRun(**told, problem=f"ONNX Runtime is not installed. {INSTALL}"), []
        file = self._storage.file(upload)
        try:
            answer = self._model_sandbox.call(_RUN_MODEL, file, cancel=run.cancel, path=str(model.path)).value
        except BadImage as error:
            return ModelRun(**told, problem=self._words(error)), []
        if "problem" in answer:
            return ModelRun(**told, problem=answer["problem"]), []
        by = FoundBy(name=answer["name"], version=answer["version"])
        findings = [UploadFinding(id=new_id("finding"), by=by, **one) for one in answer.pop("findings")]
        return ModelRun(**{**told, **answer}), findings

    def _words(self, error: BadImage) -> str:
        if error.detail == TOO_LONG:
            return f"It took longer than {self._settings.analysis_timeout_s:g} s, and was ended."
        if error.detail == TOO_MUCH:
            memory = self._settings.analysis_memory_bytes / (1 << 30)
            return f"Its process ended: it needs more than {memory:.1f} GiB of memory, or has crashed."
        return error.detail


class _Steps:
    """What of an analysis is done, and whether it is still wanted."""

    def __init__(self, run: JobRun, total: int) -> None:
        self._run, self._total, self._done = run, total, -1

    def next(self, note: str) -> None:
        """Errors: ``Cancelled``."""
        if self._run.cancel.is_set():
            raise Cancelled
        self._done += 1
        self._run.progress(
            Progress(phase="measuring", files_done=self._done, files_total=self._total, note=note)
        )


def _pedestrian(box: Any, version: str) -> UploadFinding:
    """Without a confidence: the distance from a plane is none."""
    by = FoundBy(name="HOG people detector", version=f"OpenCV {version}")
    return UploadFinding(id=new_id("finding"), kind="box", label=PEDESTRIAN, box=tuple(box), by=by)


def _deleted() -> NotFound:
    return NotFound("The upload was deleted before it was analysed.", next_step="Upload it again.")
