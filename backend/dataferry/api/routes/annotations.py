"""Boxes and labels that people give to images of datasets, and to their own uploads."""

import re
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response, status
from fastapi.responses import StreamingResponse
from pydantic import Field

from dataferry.annotations.service import StaleAnnotation
from dataferry.annotations.views import (
    MAX_LABEL,
    AgreementView,
    AnnotationFormat,
    AnnotationKind,
    AnnotationPage,
    AnnotationView,
    Box,
    Finding,
    ImagePlace,
    NewAnnotation,
    Target,
)
from dataferry.api.deps import Current, RequestBody, Services, TokenFirst, Wired
from dataferry.api.problems import Problem, problem_of, problem_response
from dataferry.api.routes.datasets import Revision
from dataferry.api.routes.uploads import UploadId
from dataferry.core.errors import Conflict, NotFound
from dataferry.core.threads import in_thread
from dataferry.core.types import Viewer
from dataferry.explorer.source_pages import sized_entry
from dataferry.uploads.views import UploadCategory

router = APIRouter(prefix="/api/datasets", tags=["annotations"], route_class=TokenFirst)
uploads = APIRouter(prefix="/api/uploads", tags=["annotations"], route_class=TokenFirst)

_MAX_NUMBER = 1 << 53
_ID_PATTERN = "^annotation_[0-9a-f]{20,40}$"
_ZIP: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A zip file.",
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
    }
}

AnnotationId = Annotated[str, Path(max_length=80, description="Of the list of annotations")]
Author = Annotated[str | None, Query(max_length=320, description="An address; by default everybody")]
Person = Annotated[str, Query(max_length=320, description="An address")]
Format = Annotated[AnnotationFormat, Query(description="Whose files they are to be")]
Limit = Annotated[int, Query(ge=1, le=1000)]
Offset = Annotated[int, Query(ge=0, le=_MAX_NUMBER)]
Version = Annotated[str, Query(max_length=40, description="That it is known to have")]
Frame = Annotated[int, Query(ge=0, le=100_000, description="Of several frames or pages, from 0")]
Label = Annotated[str, Field(min_length=1, max_length=MAX_LABEL)]


class _NewAnnotation(RequestBody):
    """A box or a label. ``id`` is a new random one: what is sent again is kept once."""

    id: str = Field(pattern=_ID_PATTERN, examples=["annotation_1f0c9d2e7a5b4c3d8e6f"])
    kind: AnnotationKind
    label: Label
    box: Box | None = Field(None, description="x, y, width and height in pixels, upright; none for a label")


class DatasetAnnotation(_NewAnnotation):
    """Of an image of a dataset."""

    split: str = Field(max_length=200, description="`name` of one of its splits")
    image: int = Field(ge=0, le=_MAX_NUMBER, description="`index` of the list of samples")


class UploadAnnotation(_NewAnnotation):
    """Of an upload."""

    frame: int = Field(0, ge=0, le=100_000, description="Of several frames or pages, from 0")
    finding: str | None = Field(
        None, max_length=100, description="`id` of a finding of its analysis, which is accepted by this"
    )


class AnnotationChange(RequestBody):
    """What an annotation is to be, and the version that it is known to have."""

    version: str = Field(max_length=40)
    label: Label
    box: Box | None = Field(None, description="x, y, width and height in pixels, upright; none for a label")


class StaleProblem(Problem):
    """The annotation is another one by now; nothing was written. ``current``: what it is."""

    current: AnnotationView


_STALE: dict[int | str, dict[str, Any]] = {
    409: {"model": StaleProblem, "description": "It is another one by now."}
}


# -- of datasets -----------------------------------------------------------------------------------------


@router.get("/{key}/annotations")
async def list_annotations(
    key: str,
    viewer: Current,
    wired: Wired,
    revision: Revision = None,
    split: Annotated[str | None, Query(max_length=200, description="By default all")] = None,
    image: Annotated[
        int | None, Query(ge=0, le=_MAX_NUMBER, description="Of one image, by its `index`; with its split")
    ] = None,
    author: Author = None,
    limit: Limit = 500,
    offset: Offset = 0,
) -> AnnotationPage:
    """What people have drawn on the images of a dataset's revision. All who see the dataset see it, also
    while its files are not here."""
    target = await wired.annotations.dataset(viewer, key, revision)
    place = None
    if image is not None:
        place = await _place(wired, viewer, key, revision, split or "", image)
    return await wired.annotations.page(
        viewer, target, place=place, split=split, author=author, limit=limit, offset=offset
    )


@router.post("/{key}/annotations", status_code=status.HTTP_201_CREATED)
async def create_annotation(
    key: str, body: DatasetAnnotation, viewer: Current, wired: Wired, revision: Revision = None
) -> AnnotationView:
    """Keep a box or a label, as yours. The same one sent again is kept once."""
    target = await wired.annotations.dataset(viewer, key, revision)
    place = await _place(wired, viewer, key, revision, body.split, body.image)
    return await wired.annotations.create(viewer, target, place, _new(body))


@router.put("/{key}/annotations/{annotation_id}", responses=_STALE)
async def change_annotation(
    key: str,
    annotation_id: AnnotationId,
    body: AnnotationChange,
    viewer: Current,
    wired: Wired,
    revision: Revision = None,
) -> AnnotationView:
    """Move or rename one of your own. Where it is another one by now, 409 tells what it is."""
    target = await wired.annotations.dataset(viewer, key, revision)
    return await _changed(wired, viewer, target, annotation_id, body)


@router.delete("/{key}/annotations/{annotation_id}", status_code=status.HTTP_204_NO_CONTENT, responses=_STALE)
async def delete_annotation(
    key: str,
    annotation_id: AnnotationId,
    version: Version,
    viewer: Current,
    wired: Wired,
    revision: Revision = None,
) -> Response:
    """Delete one of your own. Where it is another one by now, 409 tells what it is."""
    target = await wired.annotations.dataset(viewer, key, revision)
    return await _deleted(wired, viewer, target, annotation_id, version)


@router.get("/{key}/annotations/export", response_class=StreamingResponse, responses=_ZIP)
async def export_annotations(
    key: str,
    viewer: Current,
    wired: Wired,
    format: Format,
    revision: Revision = None,
    author: Author = None,
) -> StreamingResponse:
    """Annotations as a zip of COCO's, YOLO's or KITTI's files, without the images. The dataset's own classes
    keep their numbers while its files are here."""
    target = await wired.annotations.dataset(viewer, key, revision)
    classes = await _classes(wired, viewer, key, revision)
    return await _zip(wired, target, format, author, classes)


@router.get("/{key}/annotations/agreement")
async def compare_annotators(
    key: str,
    viewer: Current,
    wired: Wired,
    a: Person,
    b: Person,
    revision: Revision = None,
    iou: Annotated[float, Query(gt=0, le=1, description="Boxes that overlap less are no match")] = 0.5,
) -> AgreementView:
    """How far two people agree on the images that both have annotated: boxes matched by their overlap, and
    Cohen's kappa of labels."""
    target = await wired.annotations.dataset(viewer, key, revision)
    return await wired.annotations.agreement(target, a, b, iou)


# -- of uploads ------------------------------------------------------------------------------------------


@uploads.get("/{category}/{upload_id}/annotations")
async def list_upload_annotations(
    category: UploadCategory, upload_id: UploadId, viewer: Current, wired: Wired, frame: Frame = 0
) -> AnnotationPage:
    """What you have drawn on a frame of an upload; nobody else sees it."""
    target, place = await _upload(wired, viewer, category, upload_id, frame)
    return await wired.annotations.page(viewer, target, place=place, limit=1000, offset=0)


@uploads.post("/{category}/{upload_id}/annotations", status_code=status.HTTP_201_CREATED)
async def create_upload_annotation(
    category: UploadCategory, upload_id: UploadId, body: UploadAnnotation, viewer: Current, wired: Wired
) -> AnnotationView:
    """Keep a box or a label, or accept a finding of the analysis as one: then it bears the model's name,
    version and confidence. The same one sent again is kept once."""
    target, place = await _upload(wired, viewer, category, upload_id, body.frame)
    new = _new(body)
    if body.finding is not None:
        new = replace(new, finding=await _finding(wired, viewer, category, upload_id, body.finding))
    return await wired.annotations.create(viewer, target, place, new)


@uploads.put("/{category}/{upload_id}/annotations/{annotation_id}", responses=_STALE)
async def change_upload_annotation(
    category: UploadCategory,
    upload_id: UploadId,
    annotation_id: AnnotationId,
    body: AnnotationChange,
    viewer: Current,
    wired: Wired,
) -> AnnotationView:
    """Move or rename one. Where it is another one by now, 409 tells what it is."""
    target, _ = await _upload(wired, viewer, category, upload_id, 0)
    return await _changed(wired, viewer, target, annotation_id, body)


@uploads.delete(
    "/{category}/{upload_id}/annotations/{annotation_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=_STALE,
)
async def delete_upload_annotation(
    category: UploadCategory,
    upload_id: UploadId,
    annotation_id: AnnotationId,
    version: Version,
    viewer: Current,
    wired: Wired,
) -> Response:
    """Delete one. Where it is another one by now, 409 tells what it is."""
    target, _ = await _upload(wired, viewer, category, upload_id, 0)
    return await _deleted(wired, viewer, target, annotation_id, version)


@uploads.get("/{category}/{upload_id}/annotations/export", response_class=StreamingResponse, responses=_ZIP)
async def export_upload_annotations(
    category: UploadCategory, upload_id: UploadId, viewer: Current, wired: Wired, format: Format
) -> StreamingResponse:
    """Annotations as a zip of COCO's, YOLO's or KITTI's files, without the image."""
    target, _ = await _upload(wired, viewer, category, upload_id, 0)
    return await _zip(wired, target, format, None, ())


# -- both ------------------------------------------------------------------------------------------------


async def _place(
    wired: Services, viewer: Viewer, key: str, revision: str | None, split: str, number: int
) -> ImagePlace:
    """An image of a dataset that is here. Errors: ``NotFound``, ``DamagedFile``."""
    found = await wired.images.found(viewer, key, revision)
    entry, (width, height) = await in_thread("sample", sized_entry, found, split, number)
    return ImagePlace(split, entry.name, entry.number, width, height)


async def _classes(wired: Services, viewer: Viewer, key: str, revision: str | None) -> list[str]:
    try:
        found = await wired.images.found(viewer, key, revision)
    except NotFound:  # its files are gone; what people have drawn is not
        return []
    return await in_thread("sample", lambda: [*found.source.classes(next(iter(found.source.splits)).name)])


async def _upload(
    wired: Services, viewer: Viewer, category: UploadCategory, upload_id: str, frame: int
) -> tuple[Target, ImagePlace]:
    """One of the viewer's own; that a medical one was looked at is written down. Errors: ``NotFound``."""
    view = await wired.uploads.own.get(viewer, category, upload_id)
    if frame >= view.details.frames:
        raise NotFound(f"It has no frame {frame + 1}.", next_step=f"It has {view.details.frames}.")
    return Target(upload_id=upload_id, name=category), ImagePlace("", "", frame, view.width, view.height)


async def _finding(
    wired: Services, viewer: Viewer, category: UploadCategory, upload_id: str, finding_id: str
) -> Finding:
    """As the analysis says it: nobody may say it for a model. Errors: ``NotFound``."""
    analysis = await wired.analysis.uploads.look(viewer, category, upload_id)
    for one in analysis.findings:
        if one.id == finding_id:
            return Finding(one.id, one.by.name, one.by.version, one.confidence)
    raise NotFound("The analysis has no such finding.", next_step="Look at the analysis again.")


def _new(body: _NewAnnotation) -> NewAnnotation:
    return NewAnnotation(id=body.id, kind=body.kind, label=body.label, box=body.box)


async def _changed(
    wired: Services, viewer: Viewer, target: Target, annotation_id: str, body: AnnotationChange
) -> AnnotationView:
    try:
        return await wired.annotations.change(
            viewer, target, annotation_id, body.version, body.label, body.box
        )
    except StaleAnnotation as error:
        return _stale(error)  # type: ignore[return-value]


async def _deleted(
    wired: Services, viewer: Viewer, target: Target, annotation_id: str, version: str
) -> Response:
    try:
        await wired.annotations.delete(viewer, target, annotation_id, version)
    except StaleAnnotation as error:
        return _stale(error)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


def _stale(error: StaleAnnotation) -> Response:
    conflict = Conflict(
        "The annotation was changed since you loaded it.",
        next_step="Look at what it is now, and change that.",
    )
    return problem_response(problem_of(conflict), current=error.current.model_dump(mode="json"))


async def _zip(
    wired: Services,
    target: Target,
    format: AnnotationFormat,
    author: str | None,
    classes: list[str] | tuple[()],
) -> StreamingResponse:
    pieces = await wired.annotations.export(target, format, author=author, classes=classes)
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", target.name).strip("-") or "annotations"
    headers = {
        "Cache-Control": "private, no-store",
        "Content-Disposition": f'attachment; filename="{name}-{format}.zip"',
    }
    return StreamingResponse(pieces, media_type="application/zip", headers=headers)
