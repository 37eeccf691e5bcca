"""Datasets as other tools read their descriptions."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from dataferry.api.deps import Current, TokenFirst, Wired
from dataferry.api.routes.datasets import Revision

router = APIRouter(prefix="/api/datasets", tags=["datasets"], route_class=TokenFirst)

_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "JSON-LD", "content": {"application/ld+json": {"schema": {"type": "object"}}}}
}


@router.get("/{key}/croissant", response_class=StreamingResponse, responses=_ANSWERS)
async def get_croissant(
    request: Request,
    key: str,
    viewer: Current,
    wired: Wired,
    revision: Revision = None,
    relative: Annotated[bool, Query(description="Files by their paths, not by addresses here")] = False,
) -> StreamingResponse:
    """The dataset's description as Croissant 1.0: its files with their SHA-256, and the columns of its plain
    tables."""
    address = None if relative else f"{request.base_url}api/datasets/{quote(key, safe=':~')}/files/"
    pieces = await wired.croissants.describe(viewer, key, revision, address=address)
    return StreamingResponse(pieces, media_type="application/ld+json")
