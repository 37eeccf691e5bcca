"""Taking uploads in: several files in one request, or one file in pieces that can be gone on with."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request, Response, status
from fastapi.responses import JSONResponse
from pydantic import Field

from dataferry.analysis.views import AnalyzedUploads
from dataferry.api.deps import Current, RequestBody, TokenFirst, Wired
from dataferry.api.problems import MEDIA_TYPE
from dataferry.core.errors import UploadTooLarge
from dataferry.core.types import Count
from dataferry.uploads.reception import MAX_FILE_BYTES
from dataferry.uploads.views import PartialUpload, UploadAnswers, UploadCategory, UploadView

router = APIRouter(prefix="/api/upload", tags=["uploads"], route_class=TokenFirst)

Deidentify = Annotated[
    bool, Query(description="Keep DICOM files without what names a person; the original is not kept")
]
UploadId = Annotated[str, Path(max_length=64)]
_FILES = {"type": "array", "items": {"type": "string", "format": "binary"}}
_MULTIPART: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {"type": "object", "required": ["files"], "properties": {"files": _FILES}}
            }
        },
    }
}
_OCTETS: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
#: Where the request as a whole cannot be read.
_OR_A_PROBLEM = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    201: {"model": UploadAnswers, "description": "At least one of the files is taken"},
    400: {
        "model": UploadAnswers,
        "description": "None is taken; the request as a whole: a problem",
        "content": _OR_A_PROBLEM,
    },
    413: {
        "model": UploadAnswers,
        "description": "None is taken, for its size; of the request: a problem",
        "content": _OR_A_PROBLEM,
    },
}


_ANALYZED = {
    code: {**one, "model": AnalyzedUploads} if code == status.HTTP_201_CREATED else one
    for code, one in _ANSWERS.items()
}


class NewPartialUpload(RequestBody):
    """A file that comes in pieces."""

    filename: str = Field(min_length=1, max_length=1024, examples=["chest.dcm"])
    size: Count = Field(ge=1, description=f"In bytes, at most {MAX_FILE_BYTES}")


@router.post("/traffic/sequence", status_code=201, responses=_ANSWERS, openapi_extra=_MULTIPART)
async def upload_sequence(request: Request, viewer: Current, wired: Wired) -> Response:
    """Images that were taken one after another, in their order, which is kept; numbers that their names leave
    out are told."""
    return await _receive(request, viewer, wired, "traffic", sequence=True)


@router.post("/xray/analyze", status_code=201, responses=_ANALYZED, openapi_extra=_MULTIPART)
async def upload_and_analyze(
    request: Request, viewer: Current, wired: Wired, deidentify: Deidentify = False
) -> Response:
    """Upload X-rays and start their analysis: the answers, and for each that is taken its job, and where its
    results come."""
    answers = await _received(request, viewer, wired, "xray", deidentify=deidentify)
    taken = [one.upload for one in answers.results if one.upload is not None]
    started = await wired.analysis.uploads.start(viewer, taken)
    return _answered(AnalyzedUploads(results=answers.results, analyses=started))


@router.post("/{category}", status_code=201, responses=_ANSWERS, openapi_extra=_MULTIPART)
async def upload_files(
    category: UploadCategory, request: Request, viewer: Current, wired: Wired, deidentify: Deidentify = False
) -> Response:
    """Upload DICOM, JPEG, PNG or TIFF images, 50 MB each; one answer for each file."""
    return await _receive(request, viewer, wired, category, deidentify=deidentify)


@router.post("/{category}/batch", status_code=201, responses=_ANSWERS, openapi_extra=_MULTIPART)
async def upload_batch(
    category: UploadCategory, request: Request, viewer: Current, wired: Wired, deidentify: Deidentify = False
) -> Response:
    """The same for up to 100 images in one request; more are refused."""
    return await _receive(request, viewer, wired, category, deidentify=deidentify)


async def _receive(
    request: Request,
    viewer: Current,
    wired: Wired,
    category: UploadCategory,
    *,
    deidentify: bool = False,
    sequence: bool = False,
) -> Response:
    return _answered(
        await _received(request, viewer, wired, category, deidentify=deidentify, sequence=sequence)
    )


async def _received(
    request: Request,
    viewer: Current,
    wired: Wired,
    category: UploadCategory,
    *,
    deidentify: bool = False,
    sequence: bool = False,
) -> UploadAnswers:
    return await wired.uploads.reception.receive(
        viewer,
        category,
        request.headers.get("content-type", ""),
        request.stream(),
        deidentify=deidentify,
        sequence=sequence,
    )


def _answered(answers: UploadAnswers | AnalyzedUploads) -> Response:
    taken = any(one.status == status.HTTP_201_CREATED for one in answers.results)
    code = status.HTTP_201_CREATED if taken else min(one.status for one in answers.results)
    return JSONResponse(answers.model_dump(mode="json"), code)


@router.post("/{category}/partial", status_code=201)
async def begin_upload(
    category: UploadCategory, body: NewPartialUpload, viewer: Current, wired: Wired
) -> PartialUpload:
    """Announce a file that comes in pieces: a line that drops loses at most 64 KiB of it."""
    if body.size > MAX_FILE_BYTES:
        raise UploadTooLarge(f"{body.filename[:120]} has more than {MAX_FILE_BYTES // 1_000_000} MB.")
    return await wired.uploads.reception.begin(viewer, category, body.filename, body.size)


@router.get("/{category}/partial/{upload_id}")
async def get_partial_upload(
    category: UploadCategory, upload_id: UploadId, viewer: Current, wired: Wired
) -> PartialUpload:
    """How many bytes of it are kept: the next piece goes there."""
    return await wired.uploads.reception.partial(viewer, category, upload_id)


@router.patch("/{category}/partial/{upload_id}", openapi_extra=_OCTETS)
async def continue_upload(
    category: UploadCategory,
    upload_id: UploadId,
    request: Request,
    viewer: Current,
    wired: Wired,
    upload_offset: Annotated[int, Header(ge=0, le=MAX_FILE_BYTES, description="Where the piece begins")],
    deidentify: Deidentify = False,
) -> PartialUpload | UploadView:
    """The next piece. With the last one it is checked and answered as an upload; 409 `wrong_offset` where it
    was to go on elsewhere."""
    return await wired.uploads.reception.add(
        viewer, category, upload_id, upload_offset, request.stream(), deidentify=deidentify
    )
