"""Questions to the tables of a dataset that is here: in SQL."""

import asyncio
import os
from collections.abc import AsyncIterator
from typing import Annotated, Any, BinaryIO

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import Field
from starlette.types import Receive, Scope, Send

from dataferry.api.deps import Current, RequestBody, TokenFirst, Wired
from dataferry.api.presence import while_connected
from dataferry.api.routes.datasets import Revision
from dataferry.api.routes.tables import TableId
from dataferry.explorer.asking import MAX_ROWS
from dataferry.explorer.sql_processes import ExportFormat
from dataferry.explorer.sql_views import AskableTables, QueryAnswer, TableAnswer

router = APIRouter(prefix="/api/datasets", tags=["tables"], route_class=TokenFirst)

MAX_SQL_CHARS = 20_000
_TYPES = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_PIECE = 1 << 20


class QueryRequest(RequestBody):
    """``limit``: rows of the answer."""

    sql: str = Field(max_length=MAX_SQL_CHARS, description="One SELECT of DuckDB's SQL")
    limit: int = Field(1_000, ge=1, le=MAX_ROWS)


class AskRequest(RequestBody):
    """``limit``: rows of the answer."""

    question: str = Field(min_length=1, max_length=2_000, description="In words; or SQL, which is run")
    limit: int = Field(1_000, ge=1, le=MAX_ROWS)


class ExportRequest(RequestBody):
    """A query whose rows are wanted as a file."""

    sql: str = Field(max_length=MAX_SQL_CHARS, description="One SELECT of DuckDB's SQL")


@router.get("/{key}/tables/{table}/questions")
async def get_askable(
    key: str, table: TableId, viewer: Current, wired: Wired, revision: Revision = None
) -> AskableTables:
    """What this table, and the dataset's others, are called in SQL, and what can be asked of it."""
    return await wired.asking.askable(viewer, key, table, revision)


@router.post("/{key}/tables/{table}/ask")
async def ask_table(
    request: Request,
    key: str,
    table: TableId,
    asked: AskRequest,
    viewer: Current,
    wired: Wired,
    revision: Revision = None,
) -> TableAnswer:
    """Answer a question in words with SQL, which is in the answer: a language model writes it where one is
    set, which is told the tables' columns and a few of their values; else rules do."""
    work = wired.asking.ask(viewer, key, table, asked.question, revision, limit=asked.limit)
    return await while_connected(request, work)


@router.post("/{key}/tables/{table}/query")
async def query_table(
    request: Request,
    key: str,
    table: TableId,
    asked: QueryRequest,
    viewer: Current,
    wired: Wired,
    revision: Revision = None,
) -> QueryAnswer:
    """Run one SELECT over the dataset's tables. Nothing else can be read, changed or called, and a query that
    takes too long is ended, as is one whose client leaves."""
    work = wired.asking.query(viewer, key, table, asked.sql, revision, limit=asked.limit)
    return await while_connected(request, work)


@router.post("/{key}/tables/{table}/query/export", response_class=StreamingResponse, responses=_FILE)
async def export_query(
    request: Request,
    key: str,
    table: TableId,
    asked: ExportRequest,
    viewer: Current,
    wired: Wired,
    format: Annotated[ExportFormat, Query()] = "csv",
    revision: Revision = None,
) -> StreamingResponse:
    """All rows of a query as a file, with whole cells."""
    work = wired.asking.export(viewer, key, table, asked.sql, format, revision)
    return _OpenedFile(await while_connected(request, work), format)


class _OpenedFile(StreamingResponse):
    """A file that has no name any more: it is gone once it is closed."""

    def __init__(self, file: BinaryIO, format: ExportFormat) -> None:
        headers = {
            "Content-Disposition": f'attachment; filename="answer.{format}"',
            "Content-Length": str(os.fstat(file.fileno()).st_size),
        }
        super().__init__(_pieces(file), media_type=_TYPES[format], headers=headers)
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._file.close()


async def _pieces(file: BinaryIO) -> AsyncIterator[bytes]:
    while piece := await asyncio.to_thread(file.read, _PIECE):
        yield piece
