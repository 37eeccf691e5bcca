"""What is said of an upload: by its pixels, by models, and beside a dataset."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response, status

from dataferry.analysis.views import AnalysisModels, UploadAnalysis
from dataferry.api.deps import Current, TokenFirst, Wired
from dataferry.api.idempotency import ONCE
from dataferry.core.job_types import JobView
from dataferry.uploads.views import UploadCategory

router = APIRouter(prefix="/api", tags=["uploads"], route_class=TokenFirst)

UploadId = Annotated[str, Path(max_length=64)]
Dataset = Annotated[
    str | None,
    Query(max_length=300, description="One of yours to compare with, by its key or name; else the usual one"),
]
_UNDER_WAY: dict[int | str, dict[str, Any]] = {
    202: {
        "model": UploadAnalysis,
        "description": "`job` is at work, or rests as you have said; meanwhile what was found before is told",
    }
}


@router.get("/analyze/{category}/{upload_id}", responses=_UNDER_WAY)
async def analyze_upload(
    category: UploadCategory,
    upload_id: UploadId,
    viewer: Current,
    wired: Wired,
    response: Response,
    dataset: Dataset = None,
) -> UploadAnalysis:
    """What is said of one of your uploads: its quality, what models have found, and the samples of a dataset
    that are most like it. The first look starts the job; one that was cancelled is started again by `POST`
    only. Without a model `model` is `none`, and there is no score. Not for diagnosis."""
    return await _look(category, upload_id, viewer, wired, response, dataset)


@router.get("/uploads/{category}/{upload_id}/analysis", responses=_UNDER_WAY)
async def get_upload_analysis(
    category: UploadCategory,
    upload_id: UploadId,
    viewer: Current,
    wired: Wired,
    response: Response,
    dataset: Dataset = None,
) -> UploadAnalysis:
    """The same as `GET /api/analyze/{category}/{upload_id}`."""
    return await _look(category, upload_id, viewer, wired, response, dataset)


async def _look(
    category: UploadCategory,
    upload_id: str,
    viewer: Current,
    wired: Wired,
    response: Response,
    dataset: str | None,
) -> UploadAnalysis:
    found = await wired.analysis.uploads.look(viewer, category, upload_id, dataset)
    response.headers["Cache-Control"] = "private, no-store"
    if found.state == "computing":
        response.status_code = status.HTTP_202_ACCEPTED
    return found


@router.post(
    "/uploads/{category}/{upload_id}/analysis",
    status_code=status.HTTP_202_ACCEPTED,
    dependencies=[ONCE],
)
async def start_upload_analysis(
    category: UploadCategory, upload_id: UploadId, viewer: Current, wired: Wired
) -> JobView:
    """Analyse it anew, or join the job that does."""
    return await wired.analysis.uploads.compute(viewer, category, upload_id)


@router.get("/analysis/models")
async def list_analysis_models(viewer: Current, wired: Wired) -> AnalysisModels:
    """The models that look at uploads, and those that an admin has named to be brought."""
    return await wired.analysis.models.view(viewer)


@router.post("/analysis/models/{name}/download", status_code=status.HTTP_202_ACCEPTED, dependencies=[ONCE])
async def download_analysis_model(
    name: Annotated[str, Path(max_length=64)], viewer: Current, wired: Wired
) -> JobView:
    """Bring a model of the admin's list, or join the job that does: verified with the list's SHA-256. For
    admins."""
    return await wired.analysis.models.download(viewer, name)
