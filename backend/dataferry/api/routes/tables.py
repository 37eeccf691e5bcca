"""The tables of a dataset that is here, over all their rows."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response, status
from pydantic import TypeAdapter, ValidationError

from dataferry.api.deps import Current, Reader, TokenFirst, Wired
from dataferry.api.idempotency import ONCE
from dataferry.api.presence import while_connected
from dataferry.api.routes.datasets import Revision
from dataferry.core.errors import InvalidInput
from dataferry.core.types import Count
from dataferry.explorer.media import UNKNOWN
from dataferry.explorer.named_pictures import MAX_NAMES, NamedPictures
from dataferry.explorer.queries import CELL_CHARS, Filter, Selection
from dataferry.explorer.service import MAX_ROWS
from dataferry.explorer.views import TableList, TableRows, TableStatistics, TableView

router = APIRouter(prefix="/api/datasets", tags=["tables"], route_class=TokenFirst)

_MAX_OFFSET = 1 << 53
_MAX_FILTERS = 50
_BYTES = {"content": {UNKNOWN: {"schema": {"type": "string", "format": "binary"}}}}
_CELL_ANSWERS: dict[int | str, dict[str, Any]] = {200: {"description": "The bytes of the cell.", **_BYTES}}

TableId = Annotated[str, Path(max_length=64, description="`id` of the list of tables")]
ColumnPlaces = Annotated[
    list[Count] | None,
    Query(alias="column", max_length=2_000, description="Places of columns, from 0; by default the first"),
]


def _selection(
    filter: Annotated[
        list[str] | None,
        Query(
            max_length=_MAX_FILTERS,
            description='JSON, and all must hold: `{"column": 2, "op": "between", "values": ["1", "9"]}`;'
            " `op` is one of eq, ne, lt, le, gt, ge, between, contains, is_null, not_null, in",
        ),
    ] = None,
    search: Annotated[str, Query(max_length=500, description="Rows with this text in any column")] = "",
    sort: Annotated[Count | None, Query(description="The place of a column")] = None,
    descending: bool = False,
) -> Selection:
    try:
        filters = tuple(TypeAdapter(Filter).validate_json(one) for one in filter or ())
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidInput(
            f"A filter cannot be read: {first['msg']}.",
            next_step='Write it as {"column": 0, "op": "eq", "values": ["…"]}.',
        ) from error
    return Selection(filters=filters, search=search, sort=sort, descending=descending)


Chosen = Annotated[Selection, Depends(_selection)]


@router.get("/{key}/tables")
async def list_tables(key: str, viewer: Current, wired: Wired, revision: Revision = None) -> TableList:
    """The dataset's tables with their columns and rows, and whether they are prepared; where there is none,
    why."""
    return await wired.tables.list(viewer, key, revision)


@router.post("/{key}/tables", status_code=status.HTTP_202_ACCEPTED, dependencies=[ONCE])
async def prepare_tables(key: str, viewer: Current, wired: Wired, revision: Revision = None) -> TableList:
    """Start the job that prepares the dataset's tables, once for all who look at them: every row can be read,
    filtered and sorted then."""
    return await wired.tables.prepare(viewer, key, revision)


@router.get("/{key}/tables/{table}")
async def get_table(
    key: str, table: TableId, viewer: Current, wired: Wired, revision: Revision = None
) -> TableView:
    """One table, with all its columns."""
    return await wired.tables.get(viewer, key, table, revision)


@router.get("/{key}/tables/{table}/rows")
async def get_table_rows(
    request: Request,
    key: str,
    table: TableId,
    viewer: Current,
    wired: Wired,
    selection: Chosen,
    revision: Revision = None,
    offset: Annotated[int, Query(ge=0, le=_MAX_OFFSET)] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_ROWS)] = 100,
    columns: ColumnPlaces = None,
    cell_chars: Annotated[int, Query(ge=1, le=1_000_000)] = CELL_CHARS,
) -> TableRows:
    """A page of all rows, or of those that are filtered and searched for, in the file's order or sorted."""
    look = wired.tables.rows(
        viewer, key, table, selection, revision, offset=offset, limit=limit, columns=columns, chars=cell_chars
    )
    return await while_connected(request, look)


@router.get("/{key}/tables/{table}/statistics")
async def get_table_statistics(
    request: Request,
    key: str,
    table: TableId,
    viewer: Current,
    wired: Wired,
    selection: Chosen,
    revision: Revision = None,
    columns: ColumnPlaces = None,
) -> TableStatistics:
    """Statistics of columns over all rows, with their date; or over those that are filtered and searched
    for."""
    look = wired.tables.statistics(viewer, key, table, selection, revision, columns=columns)
    return await while_connected(request, look)


@router.get("/{key}/tables/{table}/media", response_class=Response, responses=_CELL_ANSWERS)
async def get_table_media(
    request: Request,
    key: str,
    table: TableId,
    viewer: Reader,
    wired: Wired,
    selection: Chosen,
    row: Annotated[int, Query(ge=0, le=_MAX_OFFSET)],
    column: Annotated[Count, Query()],
    revision: Revision = None,
) -> Response:
    """The picture, the sound or the bytes of one cell; `row` counts those that are filtered and sorted."""
    look = wired.tables.media(viewer, key, table, selection, revision, row=row, column=column)
    media = await while_connected(request, look)
    headers = {"Cache-Control": "private, max-age=3600"}
    if media.type == UNKNOWN:
        headers["Content-Disposition"] = "attachment"
    return Response(media.data, media_type=media.type, headers=headers)


@router.get("/{key}/tables/{table}/pictures")
async def get_table_pictures(
    request: Request,
    key: str,
    table: TableId,
    viewer: Current,
    wired: Wired,
    name: Annotated[
        list[Annotated[str, Query(max_length=1024)]],
        Query(max_length=MAX_NAMES, description="Cells of the table that name files of the dataset"),
    ],
    revision: Revision = None,
) -> NamedPictures:
    """The pictures that cells of a table name, small: files in the table's folder, from the top of the
    dataset, or the only one that ends so. Names that are no picture's are left out."""
    return await while_connected(request, wired.pictures.find(viewer, key, table, name, revision))
