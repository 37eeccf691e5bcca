"""Search, downloads and the library."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response, status
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from dataferry.api.deps import Current, RequestBody, Services, TokenFirst, Wired
from dataferry.api.idempotency import ONCE
from dataferry.api.pager import Cursor, Paged
from dataferry.api.prefer import WantedWait, applied
from dataferry.api.presence import while_connected
from dataferry.api.problems import Problem, problem_of
from dataferry.core.errors import Conflict, DataferryError, InvalidInput
from dataferry.core.hub_addresses import DatasetAddress, read_address
from dataferry.core.job_types import JobView
from dataferry.core.types import SOURCE_LABELS, SourceName, Viewer
from dataferry.library.card_views import SearchAnswer
from dataferry.library.cards import download_ticket
from dataferry.library.listing import LibraryQuery
from dataferry.library.preview_views import ImageSamples, Preview, PreviewFiles, Readme
from dataferry.library.selection import MAX_PATTERNS, Selection
from dataferry.library.views import (
    DatasetPage,
    DatasetView,
    Deletion,
    DownloadTicket,
    FilePage,
    Receipt,
    SeveralDeletions,
)
from dataferry.sources.base import SearchFilters

router = APIRouter(prefix="/api/datasets", tags=["datasets"], route_class=TokenFirst)

Revision = Annotated[str | None, Query(max_length=200)]
FileLimit = Annotated[int, Query(ge=1, le=1000)]


Pattern = Annotated[str, Field(min_length=1, max_length=1024)]


class SearchRequest(RequestBody):
    """What to search for, and where."""

    query: str = Field(max_length=500)
    sources: list[SourceName] | None = None
    filters: SearchFilters = SearchFilters()
    limit: int = Field(20, ge=1, le=100)
    offset: int = Field(0, ge=0, le=2000)
    #: ``next`` of the answer before, with the same query, sources and filters.
    cursor: str | None = Field(None, max_length=8000)


class DownloadRequest(RequestBody):
    """``dataset_id``: the id as the source writes it (``owner/name``), a full ref (``source:id``), or the
    address of its page at the hub, which may name a revision and a file or folder too."""

    dataset_id: str = Field(min_length=1, max_length=4096)
    revision: str | None = Field(None, max_length=200)
    #: Paths, or patterns as in ``.gitignore``: ``*.parquet``, ``data/**``.
    files: list[Pattern] | None = Field(None, max_length=10_000)
    #: Of these only what one of ``include`` matches and none of ``exclude``, as ``hf download`` has them:
    #: ``*`` takes slashes too.
    include: list[Pattern] | None = Field(None, max_length=MAX_PATTERNS)
    exclude: list[Pattern] | None = Field(None, max_length=MAX_PATTERNS)
    #: In place of files, where the source knows them: a config and a split of it.
    config: str | None = Field(None, max_length=200)
    split: str | None = Field(None, max_length=200)
    #: Leave an archive beside what was in it.
    keep_archives: bool = False
    download_path: str | None = Field(None, max_length=1024)
    force_download: bool = False
    #: Beyond a quota: remove what was not used for the longest time.
    make_room: bool = False


class AnyDownloadRequest(DownloadRequest):
    """``source`` may be left out where ``dataset_id`` is a full ref or a link."""

    source: SourceName | None = None


class BatchRequest(RequestBody):
    """Several downloads at once."""

    datasets: list[AnyDownloadRequest] = Field(min_length=1, max_length=100)


class DatasetName(RequestBody):
    """One dataset of the library, at one of its revisions."""

    #: A key, an alias, or the ``id`` of a row of the library.
    key: str = Field(min_length=1, max_length=4096)
    revision: str | None = Field(None, max_length=200)


class SeveralDeleteRequest(RequestBody):
    """Several datasets whose files are to go."""

    datasets: list[DatasetName] = Field(min_length=1, max_length=1000)
    #: Say what it would free, and delete nothing.
    ask_only: bool = False


class BatchResult(BaseModel):
    """One dataset's outcome: a ticket, or the problem that kept it from starting."""

    dataset_id: str
    success: bool
    ticket: DownloadTicket | None = None
    problem: Problem | None = None


class BatchAnswer(BaseModel):
    """The outcome of each download that was asked for."""

    results: list[BatchResult]


_DOWNLOAD_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"model": DownloadTicket, "description": "The files are there"},
    202: {"model": DownloadTicket, "description": "Accepted: follow the job"},
}


@router.post("/search-all")
async def search_all(body: SearchRequest, viewer: Current, wired: Wired, pager: Paged) -> SearchAnswer:
    """Search Kaggle, HuggingFace and the built-in datasets at once. What fails is in `source_errors`."""
    asked = body.model_dump_json(include={"query", "sources", "filters"})
    position = pager.position(body.cursor, other_place=body.offset > 0, of=asked)
    offset = position[0] if position else body.offset
    answer = await wired.search.search(
        viewer,
        body.query,
        sources=body.sources,
        filters=body.filters,
        limit=body.limit,
        offset=offset,
    )
    following = (offset + len(answer.datasets),) if answer.more else None
    return answer.model_copy(update={"next": pager.next(following, of=asked)})


@router.post(
    "/download/kaggle",
    status_code=status.HTTP_202_ACCEPTED,
    responses=_DOWNLOAD_RESPONSES,
    dependencies=[ONCE],
)
async def download_kaggle(
    body: DownloadRequest, viewer: Current, wired: Wired, response: Response, wait: WantedWait
) -> DownloadTicket:
    """Start a download from Kaggle. With `Prefer: wait` it answers once the files are there.

    A full ref goes to the source that it names, and `requested_source` of the answer tells of it.
    """
    return await _download(wired, viewer, body, "kaggle", response, wait)


@router.post(
    "/download/huggingface",
    status_code=status.HTTP_202_ACCEPTED,
    responses=_DOWNLOAD_RESPONSES,
    dependencies=[ONCE],
)
async def download_huggingface(
    body: DownloadRequest, viewer: Current, wired: Wired, response: Response, wait: WantedWait
) -> DownloadTicket:
    """Start a download from HuggingFace. With `Prefer: wait` it answers once the files are there.

    A full ref goes to the source that it names, and `requested_source` of the answer tells of it.
    """
    return await _download(wired, viewer, body, "huggingface", response, wait)


@router.post(
    "/download-dataset",
    status_code=status.HTTP_202_ACCEPTED,
    responses=_DOWNLOAD_RESPONSES,
    dependencies=[ONCE],
)
async def download_dataset(
    body: AnyDownloadRequest, viewer: Current, wired: Wired, response: Response, wait: WantedWait
) -> DownloadTicket:
    """Start a download from any source."""
    return await _download(wired, viewer, body, body.source, response, wait)


@router.post("/download-multiple", status_code=status.HTTP_202_ACCEPTED, dependencies=[ONCE])
async def download_multiple(body: BatchRequest, viewer: Current, wired: Wired) -> BatchAnswer:
    """Start several downloads. One that cannot start does not stop the others."""
    results = []
    for request in body.datasets:
        try:
            ticket = await _request(wired, viewer, request, request.source)
            results.append(BatchResult(dataset_id=request.dataset_id, success=True, ticket=ticket))
        except DataferryError as error:
            problem = problem_of(error)
            results.append(BatchResult(dataset_id=request.dataset_id, success=False, problem=problem))
    return BatchAnswer(results=results)


@router.get("")
async def list_datasets(
    viewer: Current, wired: Wired, pager: Paged, wanted: Annotated[LibraryQuery, Query()]
) -> DatasetPage:
    """The library, searched, filtered and sorted; by default newest change first. Pages count from 1."""
    position = pager.position(wanted.cursor, other_place=wanted.page_number > 1)
    page, last = await wired.shelf.page(viewer, wanted, position)
    return page.model_copy(update={"next": pager.next(last)})


@router.post("/delete-multiple", status_code=status.HTTP_202_ACCEPTED)
async def delete_multiple(body: SeveralDeleteRequest, viewer: Current, wired: Wired) -> SeveralDeletions:
    """Delete several datasets' files, or with `ask_only` say what that would free. One that cannot be deleted
    does not keep the others."""
    targets = [(one.key, one.revision) for one in body.datasets]
    return await wired.shelf.delete_several(viewer, targets, ask_only=body.ask_only)


@router.get("/{key}")
async def get_dataset(key: str, viewer: Current, wired: Wired, revision: Revision = None) -> DatasetView:
    """One dataset of the library, by key (`kaggle:uciml~iris`) or alias (`imdb`)."""
    await wired.checks.look(viewer, key, revision)
    return await wired.shelf.get(viewer, key, revision)


@router.get("/{key}/receipt", response_model=Receipt)
async def get_receipt(
    key: str,
    viewer: Current,
    wired: Wired,
    revision: Revision = None,
    files: Annotated[bool, Query(description="With the list of its files")] = True,
) -> StreamingResponse:
    """What arrived: files, checksums and who vouches for them, licence, date, requesters."""
    pieces = await wired.shelf.receipt(viewer, key, revision, files=files)
    return StreamingResponse(pieces, media_type="application/json")


@router.get("/{key}/preview")
async def get_preview(
    request: Request,
    key: str,
    viewer: Current,
    wired: Wired,
    revision: Revision = None,
    path: Annotated[str | None, Query(max_length=4096)] = None,
    rows: Annotated[int, Query(ge=1, le=200)] = 20,
    cell_chars: Annotated[int, Query(ge=1, le=1_000_000)] = 1_000,
) -> Preview:
    """The first rows of one of the dataset's tables, by default its main one. Of a dataset that is not here
    only these are fetched from its source, and the answer is `partial`."""
    look = wired.previews.preview(viewer, key, revision, path=path, row_count=rows, cell_chars=cell_chars)
    return await while_connected(request, look)


@router.get("/{key}/preview/files")
async def get_preview_files(
    key: str, viewer: Current, wired: Wired, revision: Revision = None
) -> PreviewFiles:
    """The dataset's files that can be shown as a table, here or at its source; where there is none, why."""
    return await wired.previews.files(viewer, key, revision)


@router.get("/{key}/preview/images")
async def get_preview_images(
    request: Request,
    key: str,
    viewer: Current,
    wired: Wired,
    revision: Revision = None,
    count: Annotated[int, Query(ge=1, le=24, description="How many pictures", examples=[12])] = 12,
) -> ImageSamples:
    """Some of the dataset's pictures, small: files from each of its folders, or values of its main table. Of
    a dataset that is not here only these are fetched from its source, and the answer is `partial`."""
    return await while_connected(request, wired.previews.images(viewer, key, revision, count=count))


@router.get("/{key}/files")
async def get_files(
    key: str,
    viewer: Current,
    wired: Wired,
    pager: Paged,
    revision: Revision = None,
    after: Annotated[str | None, Query(max_length=4096)] = None,
    page_size: Annotated[int, Query(ge=1, le=1000)] = 200,
    limit: Annotated[int | None, Query(ge=1, le=1000, description="The same, and before it")] = None,
    cursor: Cursor = None,
) -> FilePage:
    """The dataset's files by path, some at a time, those behind the path `after` at first."""
    position = pager.position(cursor, other_place=after is not None)
    begin = position[0] if position else after
    page = await wired.shelf.files(viewer, key, revision, after=begin, page_size=limit or page_size)
    return page.model_copy(update={"next": pager.next((page.next,) if page.next else None)})


@router.get("/{key}/readme")
async def get_readme(key: str, viewer: Current, wired: Wired, revision: Revision = None) -> Readme:
    """What its author says of the dataset: untrusted Markdown, from its files or else from its source."""
    return await wired.readmes.get(viewer, key, revision)


@router.post("/{key}/opened", status_code=status.HTTP_204_NO_CONTENT)
async def mark_opened(key: str, viewer: Current, wired: Wired, revision: Revision = None) -> None:
    """Write down that somebody looked into the dataset now: the library tells what has not been used."""
    await wired.shelf.opened(viewer, key, revision)


@router.post("/{key}/update", status_code=status.HTTP_202_ACCEPTED, dependencies=[ONCE])
async def update_dataset(key: str, viewer: Current, wired: Wired) -> DownloadTicket:
    """Fetch the newest revision; the old copy stays until the new one is verified, and for others who asked
    for it."""
    return await wired.downloads.update(viewer, key)


@router.delete("/{key}/data", status_code=status.HTTP_202_ACCEPTED)
async def delete_dataset_data(key: str, viewer: Current, wired: Wired, revision: Revision = None) -> Deletion:
    """Delete a dataset's files from this machine: `folders` names what goes. Where others asked for it too
    only your part ends, and `stays` is true; an admin deletes for all."""
    return await wired.shelf.delete(viewer, key, revision)


def selection_of(body: DownloadRequest, address: DatasetAddress) -> Selection:
    """What of the dataset is wanted. Errors: ``InvalidInput`` where the address names a file or folder and
    the request others."""
    files = body.files
    if address.path:
        if files or body.config or body.split:
            raise InvalidInput(
                "The address names a file or folder, and the request others.",
                next_step="Give the address of the whole dataset.",
            )
        files = [address.path]
    return Selection.of(files, body.config, body.split, body.keep_archives, body.include, body.exclude)


async def _request(
    wired: Services, viewer: Viewer, body: DownloadRequest, source: str | None
) -> DownloadTicket:
    """Ask for the dataset; ``source`` is what the route or the request names."""
    address = read_address(body.dataset_id, source)
    ticket = await wired.downloads.request(
        viewer,
        address.ref,
        revision=body.revision or address.revision,
        selection=selection_of(body, address),
        download_path=body.download_path,
        force=body.force_download,
        make_room=body.make_room,
    )
    if address.ref.source != "url":  # Older clients compare it with what they sent.
        ticket = ticket.model_copy(update={"dataset_id": body.dataset_id})
    return _told_of_source(ticket, source)


def _told_of_source(ticket: DownloadTicket, source: str | None) -> DownloadTicket:
    """The ticket, which says so where its ref has led to another source than the one that was named."""
    if source is None or source == ticket.source_name:
        return ticket
    label = SOURCE_LABELS[source]
    words = f"{ticket.message} The ref names {ticket.source_label}, so {label} was not asked."
    return ticket.model_copy(update={"message": words, "requested_source": label})


async def _download(
    wired: Services,
    viewer: Viewer,
    body: DownloadRequest,
    source: str | None,
    response: Response,
    wait: float | None,
) -> DownloadTicket:
    ticket = await _request(wired, viewer, body, source)
    if wait is not None:
        job = await wired.jobs.wait(viewer, ticket.job_id, wait)
        ticket = download_ticket(job, ticket.dataset_id, ticket.file_path, ticket.disk_space)
        raise_if_unsuccessful(job)
        ticket = _told_of_source(ticket, source)
        response.headers["Preference-Applied"] = applied(wait)
    if ticket.status == "succeeded":
        response.status_code = status.HTTP_200_OK
    return ticket


def raise_if_unsuccessful(job: JobView) -> None:
    """Turn a job that ended badly into the error that says why."""
    if job.state == "cancelled":
        raise Conflict("The download was cancelled.", next_step="Start it again.")
    if job.state == "failed":
        problem = job.problem
        if problem is None:
            raise DataferryError("The download failed.", next_step="Try it again.")
        raise problem.restore()
