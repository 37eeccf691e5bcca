"""What analysis returns, and what it keeps of an upload."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from dataferry.core.job_types import JobView
from dataferry.core.types import View
from dataferry.explorer.health.views import LikeSamples
from dataferry.uploads.views import UploadAnswer, UploadCategory

AnalysisState = Literal["computing", "stopped", "ready"]
Slot = Literal["pneumonia", "vehicles", "signs", "folder"]
#: Where no model has looked at an upload.
NO_MODEL = "none"


class AnalysedBytes(View):
    """Of which bytes of the upload, and when."""

    sha256: str
    made_at: datetime


class FoundBy(View):
    """The model or method that found something."""

    name: str
    version: str


class UploadFinding(View):
    """Something that was found in a picture: a label for the whole of it, or a box in it."""

    id: str
    kind: Literal["label", "box"]
    label: str
    confidence: float | None = Field(None, description="The model's own, 0 to 1; null where it has none")
    box: tuple[float, float, float, float] | None = Field(
        None, description="x, y, width and height in pixels of the upright picture"
    )
    by: FoundBy


class LabelScore(View):
    """What a classifier gives one of its labels."""

    label: str
    confidence: float


class ModelRun(View):
    """What became of one model. ``problem``: why it said nothing."""

    slot: Slot
    file: str
    name: str
    version: str | None = None
    task: str | None = None
    licence: str | None = None
    prepared: str | None = Field(None, description="How the picture was given to it, as it declares")
    scores: tuple[LabelScore, ...] = Field((), description="Of a classifier's labels, the most likely first")
    problem: str | None = None


class StoredAnalysis(View):
    """As it is kept, encrypted, with the upload. ``models_state``: of which models and programs it is;
    ``measures``: see ``imaging.analysis.quality``; ``fingerprint`` and ``greys``: in hexadecimal, see
    ``imaging.measures``."""

    of: AnalysedBytes
    models_state: str
    width: int
    height: int
    measures: dict[str, float]
    fingerprint: str
    greys: str
    findings: tuple[UploadFinding, ...]
    models: tuple[ModelRun, ...]
    pedestrians: str | None = Field(None, description="The version of what looked for people; null: nothing")


class QualityMeasure(View):
    """How good a picture is in one respect, from its pixels."""

    name: Literal["exposure", "contrast", "sharpness", "size"]
    verdict: Literal["good", "doubtful", "poor"]
    says: str


class UploadAnalysis(View):
    """What is said of an upload. ``state``: ``computing`` while ``job`` is at work or rests; ``stopped``
    where it was cancelled or failed, and looking starts it no more. ``current``: it is of the upload's bytes
    and of the models that there are now. ``model``: the models that have looked at it; ``none`` where there
    is none, and then there is no score. Not for diagnosis."""

    upload_id: str
    category: UploadCategory
    state: AnalysisState
    current: bool = False
    of: AnalysedBytes | None = None
    job: JobView | None = None
    model: str = NO_MODEL
    models: tuple[ModelRun, ...] = ()
    findings: tuple[UploadFinding, ...] = ()
    width: int | None = None
    height: int | None = None
    quality: tuple[QualityMeasure, ...] = ()
    nearest: LikeSamples | None = None
    notes: tuple[str, ...] = Field((), description="What was not looked for, and what would be needed")


class StartedAnalysis(View):
    """The job that analyses an upload, and where its results come."""

    upload_id: str
    job: JobView
    results: str = Field(examples=["/api/analyze/xray/upload_01"])


class AnalyzedUploads(View):
    """One answer for each file, in the order of the request, and the jobs of those that are taken."""

    results: tuple[UploadAnswer, ...]
    analyses: tuple[StartedAnalysis, ...]


class CatalogModel(View):
    """A model that an admin of this server has named to be downloaded. ``here``: it is in the folder."""

    name: str
    category: UploadCategory
    url: str
    sha256: str
    licence: str
    size: int | None = None
    here: bool
    job: JobView | None = None


class ModelPlace(View):
    """A model that is looked for: in a setting, or in the folder. ``there``: its file is."""

    slot: Slot
    category: UploadCategory
    file: str
    there: bool


class AnalysisModels(View):
    """The models for uploads. ``runtime``: whether ONNX Runtime is installed; ``next_step``: what to do where
    it is not, or where there is no model. ``catalog_problem``: why the admin's list cannot be read."""

    runtime: bool
    models: tuple[ModelPlace, ...]
    catalog: tuple[CatalogModel, ...]
    catalog_problem: str | None = None
    next_step: str | None = None
