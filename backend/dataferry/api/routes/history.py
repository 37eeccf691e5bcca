"""What a person downloaded, also when it is gone."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from dataferry.api.deps import Current, TokenFirst, Wired
from dataferry.api.pager import Paged
from dataferry.core.types import View
from dataferry.library.history import ExportFormat, HistoryPage
from dataferry.library.history_rows import HistoryQuery

router = APIRouter(prefix="/api/history", tags=["datasets"], route_class=TokenFirst)

#: A file to be saved, whatever it holds: clients are generated for bytes and for JSON alone.
_BYTES = "application/octet-stream"


class ClearedHistory(View):
    """``deleted_count``: entries that are gone."""

    deleted_count: int


@router.get("")
async def list_history(
    viewer: Current, wired: Wired, pager: Paged, wanted: Annotated[HistoryQuery, Query()]
) -> HistoryPage:
    """Your downloads, updates and deletions, newest first, and what the automatic clean-up removed of yours.
    Nobody else sees them."""
    position = pager.position(wanted.cursor, other_place=bool(wanted.offset))
    page, last = await wired.history.page(viewer, wanted, position)
    return page.model_copy(update={"next": pager.next(last)})


@router.get(
    "/export",
    response_class=StreamingResponse,
    responses={200: {"content": {_BYTES: {"schema": {"type": "string", "format": "binary"}}}}},
)
async def export_history(
    viewer: Current,
    wired: Wired,
    format: Annotated[ExportFormat, Query(description="A table for a spreadsheet, or JSON")] = "csv",
) -> StreamingResponse:
    """All of your history as one file."""
    headers = {"Content-Disposition": f'attachment; filename="dataferry-history.{format}"'}
    pieces = wired.history.export(viewer, format)
    return StreamingResponse(pieces, media_type=_BYTES, headers=headers)


@router.delete("")
async def clear_history(
    viewer: Current,
    wired: Wired,
    job_id: Annotated[str | None, Query(max_length=64, description="This entry; by default all")] = None,
) -> ClearedHistory:
    """Delete your history, or one entry of it. The datasets stay as they are."""
    return ClearedHistory(deleted_count=await wired.history.clear(viewer, job_id))
