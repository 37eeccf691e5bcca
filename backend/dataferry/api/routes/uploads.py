"""A person's own uploads."""

from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Response, status
from pydantic import Field
from starlette.responses import StreamingResponse

from dataferry.api.deps import Current, RequestBody, TokenFirst, Wired
from dataferry.core.threads import in_thread
from dataferry.library.views import DownloadTicket
from dataferry.uploads.datasets import LabelledXray
from dataferry.uploads.views import (
    ConsentView,
    DicomTags,
    ErasedUploads,
    RetentionView,
    UploadCategory,
    UploadEvents,
    UploadPage,
    UploadView,
)

router = APIRouter(prefix="/api/uploads", tags=["uploads"], route_class=TokenFirst)

UploadId = Annotated[str, Path(max_length=64)]
_LARGEST_EDGE = 2048
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The picture, made anew.", "content": {"image/webp": _BINARY}}
}
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file, to be saved.", "content": {"application/octet-stream": _BINARY}}
}
_ZIP: dict[int | str, dict[str, Any]] = {
    200: {"description": "A zip file.", "content": {"application/zip": _BINARY}}
}
#: Nothing of an upload stays in a browser's cache.
_PRIVATE = {"Cache-Control": "private, no-store"}


class Consent(RequestBody):
    """That somebody agrees to a text."""

    version: str = Field(max_length=40, description="Of the text that was read", examples=["2026-11"])


class Mask(RequestBody):
    """What is painted over."""

    rectangles: list[tuple[int, int, int, int]] = Field(
        max_length=100,
        description="x, y, width and height in pixels, upright; none: looked at, and nothing to paint over",
    )


class XrayDataset(RequestBody):
    """Which X-rays become a dataset."""

    name: str = Field("Chest X-rays", max_length=120, description="What the dataset is called")
    to: str | None = Field(None, max_length=400, description="A dataset of yours that they come to")
    images: list[LabelledXray] = Field(min_length=1, max_length=100, description="At most 100 at a time")


@router.post("/xray/dataset", status_code=status.HTTP_202_ACCEPTED)
async def make_xray_dataset(body: XrayDataset, viewer: Current, wired: Wired) -> DownloadTicket:
    """Make a dataset of X-rays of yours, in the folders NORMAL, PNEUMONIA and unlabelled, as you say.

    It is private. Its pictures are made anew, without names and metadata, **and lie in the library as they
    are: they are no longer encrypted.** They stay there when the upload is deleted.
    """
    return await wired.uploads.datasets.make(viewer, body.images, name=body.name, to=body.to)


@router.get("")
async def list_uploads(
    viewer: Current,
    wired: Wired,
    category: Annotated[UploadCategory | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0, le=1 << 31)] = 0,
) -> UploadPage:
    """Your own uploads, newest first."""
    return await wired.uploads.own.list(viewer, category, limit=limit, offset=offset)


@router.get("/export", response_class=StreamingResponse, responses=_ZIP)
async def export_uploads(viewer: Current, wired: Wired) -> StreamingResponse:
    """All of your uploads as you gave them, what is known of each, your consents, and what was done, in one
    zip file. It is made while it is sent: no copy is left here."""
    headers = {**_PRIVATE, "Content-Disposition": 'attachment; filename="uploads.zip"'}
    pieces = wired.uploads.exports.everything(viewer)
    return StreamingResponse(pieces, media_type="application/zip", headers=headers)


@router.delete("")
async def erase_uploads(
    viewer: Current,
    wired: Wired,
    everything: Annotated[Literal["yes"], Query(description="That this is meant", examples=["yes"])],
) -> ErasedUploads:
    """Erase your uploads, your consents and all that was written down of them. Nothing brings them back."""
    return await wired.uploads.own.erase(viewer)


@router.get("/consent")
async def get_consent(viewer: Current, wired: Wired) -> ConsentView:
    """What is asked before the first medical upload, and whether you have agreed to it."""
    return await wired.uploads.own.consent(viewer)


@router.post("/consent")
async def give_consent(body: Consent, viewer: Current, wired: Wired) -> ConsentView:
    """Agree to how medical images are kept."""
    return await wired.uploads.own.give_consent(viewer, body.version)


@router.delete("/consent")
async def revoke_consent(
    viewer: Current,
    wired: Wired,
    uploads: Annotated[
        str, Query(pattern="^(keep|delete)$", description="What becomes of the medical images that are here")
    ],
) -> ConsentView:
    """Take your consent back. What is arriving is stopped; `uploads=delete` deletes what is here."""
    return await wired.uploads.own.revoke_consent(viewer, delete=uploads == "delete")


@router.get("/retention")
async def get_upload_retention(viewer: Current, wired: Wired) -> RetentionView:
    """How long uploads are kept, when that was last looked after, and what of yours went by itself."""
    return await wired.uploads.retention.view(viewer)


@router.get("/events")
async def list_upload_events(viewer: Current, wired: Wired) -> UploadEvents:
    """What was done with your uploads, newest first; for an admin with everybody's medical ones too."""
    return await wired.uploads.own.events(viewer)


@router.get("/traffic/sequences/{sequence_id}/export", response_class=StreamingResponse, responses=_ZIP)
async def export_sequence(
    sequence_id: Annotated[str, Path(max_length=64)], viewer: Current, wired: Wired
) -> StreamingResponse:
    """A sequence of traffic images in KITTI's layout, without GPS."""
    found = await in_thread("upload", wired.uploads.exports.sequence_rows, viewer, sequence_id)
    headers = {**_PRIVATE, "Content-Disposition": 'attachment; filename="sequence.zip"'}
    return StreamingResponse(
        wired.uploads.exports.kitti(found), media_type="application/zip", headers=headers
    )


@router.get("/{category}/{upload_id}")
async def get_upload(
    category: UploadCategory, upload_id: UploadId, viewer: Current, wired: Wired
) -> UploadView:
    """One of your uploads."""
    return await wired.uploads.own.get(viewer, category, upload_id)


@router.delete("/{category}/{upload_id}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_upload(category: UploadCategory, upload_id: UploadId, viewer: Current, wired: Wired) -> None:
    """Delete one of your uploads, also one that is still arriving."""
    await wired.uploads.own.delete(viewer, category, upload_id)


@router.get("/{category}/{upload_id}/image", response_class=Response, responses=_PICTURE)
async def get_upload_image(
    category: UploadCategory,
    upload_id: UploadId,
    viewer: Current,
    wired: Wired,
    edge: Annotated[int, Query(ge=16, le=_LARGEST_EDGE, description="Pixels of its longer side")] = 1024,
    frame: Annotated[int, Query(ge=0, le=100_000, description="Of several, from 0")] = 0,
    center: Annotated[float | None, Query(description="Of the window of grey values (DICOM)")] = None,
    width: Annotated[float | None, Query(gt=0, description="Of the window")] = None,
) -> Response:
    """Its picture, made anew: nothing else that the file holds is in it."""
    webp = await wired.uploads.own.picture(
        viewer, category, upload_id, edge=edge, frame=frame, center=center, width=width
    )
    return Response(webp, media_type="image/webp", headers=_PRIVATE)


@router.get("/{category}/{upload_id}/file", response_class=StreamingResponse, responses=_FILE)
async def get_upload_file(
    category: UploadCategory, upload_id: UploadId, viewer: Current, wired: Wired
) -> StreamingResponse:
    """The file itself, to be saved and never to be shown; 409 while it is in quarantine."""
    view, chunks = await wired.uploads.own.file(viewer, category, upload_id)
    headers = {
        **_PRIVATE,
        "Content-Length": str(view.file_size),
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(view.original_filename, safe='')}",
    }
    return StreamingResponse(chunks, media_type="application/octet-stream", headers=headers)


@router.get("/{category}/{upload_id}/tags")
async def get_dicom_tags(
    category: UploadCategory, upload_id: UploadId, viewer: Current, wired: Wired
) -> DicomTags:
    """The elements of a DICOM file, else the image's own metadata (EXIF and texts); the personal ones are
    marked."""
    return await wired.uploads.own.tags(viewer, category, upload_id)


@router.get("/{category}/{upload_id}/events")
async def list_events_of_upload(
    category: UploadCategory, upload_id: UploadId, viewer: Current, wired: Wired
) -> UploadEvents:
    """What was done with one upload, also after it is deleted."""
    return await wired.uploads.own.events(viewer, upload_id)


@router.post("/{category}/{upload_id}/deidentify")
async def deidentify_upload(
    category: UploadCategory, upload_id: UploadId, viewer: Current, wired: Wired
) -> UploadView:
    """Remove from a DICOM file what names a person, in place of the original; `details.removed` tells what.
    Where text may stand in its pixels, it is quarantined until somebody has looked."""
    return await wired.uploads.own.deidentify(viewer, category, upload_id)


@router.post("/{category}/{upload_id}/mask")
async def mask_upload(
    category: UploadCategory, upload_id: UploadId, body: Mask, viewer: Current, wired: Wired
) -> UploadView:
    """Paint over what names a person, in every frame; this ends a quarantine."""
    return await wired.uploads.own.mask(viewer, category, upload_id, body.rectangles)
