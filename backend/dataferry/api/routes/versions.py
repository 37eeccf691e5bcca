"""Versions of a dataset: recorded, compared, and brought back."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, status
from fastapi.responses import StreamingResponse
from pydantic import Field

from dataferry.api.deps import Current, Reader, RequestBody, TokenFirst, Wired
from dataferry.api.idempotency import ONCE
from dataferry.api.pager import Cursor, Paged
from dataferry.api.routes.datasets import Revision
from dataferry.core.job_types import JobView
from dataferry.library.versions.service import MAX_PICTURES
from dataferry.library.versions.views import (
    Change,
    VersionComparison,
    VersionDetail,
    VersionPage,
    VersionPictures,
)

router = APIRouter(prefix="/api/datasets", tags=["datasets"], route_class=TokenFirst)

_OCTETS = "application/octet-stream"
_ARCHIVE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The archive.",
        "content": {_OCTETS: {"schema": {"type": "string", "format": "binary"}}},
    }
}
_NAME = "Its id, the beginning of that, its number, or HEAD for the newest"
VersionName = Annotated[str, Path(max_length=60, description=_NAME)]
Limit = Annotated[int, Query(ge=1, le=200)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class VersionRequest(RequestBody):
    """A version that is to be recorded, or brought back."""

    message: str = Field("", max_length=2000, description="What has changed, and why; in your own words")


@router.get("/{key}/versions")
async def list_versions(
    key: str, viewer: Current, wired: Wired, pager: Paged, cursor: Cursor = None, limit: Limit = 50
) -> VersionPage:
    """The dataset's versions, newest first: who recorded which when, and what changed."""
    page, last = await wired.versions.page(viewer, key, pager.position(cursor), limit)
    return page.model_copy(update={"next": pager.next(last)})


@router.post("/{key}/versions", status_code=status.HTTP_202_ACCEPTED, dependencies=[ONCE])
async def record_version(
    key: str, body: VersionRequest, viewer: Current, wired: Wired, revision: Revision = None
) -> JobView:
    """Record the files that are here as the next version. A dataset that has none becomes a versioned one: a
    git repository with an index file."""
    return await wired.versions.record(viewer, key, body.message, revision)


@router.get("/{key}/versions/diff")
async def compare_versions(
    key: str,
    viewer: Current,
    wired: Wired,
    pager: Paged,
    older: Annotated[str, Query(alias="from", max_length=60, description=_NAME)],
    newer: Annotated[str, Query(alias="to", max_length=60, description=_NAME)] = "HEAD",
    table: Annotated[
        str | None, Query(max_length=200, description="By default the first that differs")
    ] = None,
    change: Annotated[Change | None, Query(description="Rows of this change alone")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> VersionComparison:
    """What differs between two versions: rows that were added, removed or changed, with their cells."""
    compared, last = await wired.versions.compare(
        viewer,
        key,
        older,
        newer,
        table=table,
        change=change,
        position=pager.position(cursor),
        limit=limit,
    )
    return compared.model_copy(update={"next": pager.next(last)})


@router.get("/{key}/versions/pictures")
async def get_version_pictures(
    key: str,
    viewer: Current,
    wired: Wired,
    sha256: Annotated[list[Digest], Query(min_length=1, max_length=MAX_PICTURES)],
) -> VersionPictures:
    """Pictures of any version, small. What is no picture is left out."""
    return await wired.versions.pictures(viewer, key, sha256)


@router.get("/{key}/versions/bundle", response_class=StreamingResponse, responses=_ARCHIVE)
async def get_version_bundle(key: str, viewer: Reader, wired: Wired) -> StreamingResponse:
    """The repository with the files of all versions, as one tar file. Where it is unpacked,
    `git datasets init` makes the folders."""
    archive = await wired.versions.bundle(viewer, key)
    headers = {
        "Content-Length": str(archive.length),
        "Content-Disposition": f'attachment; filename="{archive.name}"',
    }
    return StreamingResponse(archive.pieces, media_type=_OCTETS, headers=headers)


@router.get("/{key}/versions/{version}")
async def get_version(key: str, version: VersionName, viewer: Current, wired: Wired) -> VersionDetail:
    """A version, with its tables and its index file."""
    return await wired.versions.get(viewer, key, version)


@router.post("/{key}/versions/{version}/restore", status_code=status.HTTP_202_ACCEPTED, dependencies=[ONCE])
async def restore_version(
    key: str, version: VersionName, body: VersionRequest, viewer: Current, wired: Wired
) -> JobView:
    """Bring a version's files back, as a new version. What is here stays until they are verified."""
    return await wired.versions.restore(viewer, key, version, body.message)
