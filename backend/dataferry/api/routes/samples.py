"""The samples of datasets: images with labels and boxes, rows of text; on this machine or at their source."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request, Response, status
from fastapi.responses import JSONResponse

from dataferry.api.deps import Current, Reader, Services, Signed, TokenFirst, Wired
from dataferry.api.presence import while_connected
from dataferry.api.routes.datasets import Revision
from dataferry.core.types import Viewer
from dataferry.explorer.class_tree import ClassNode
from dataferry.explorer.picture_service import Picture
from dataferry.explorer.sample_views import SampleClasses, SamplePage
from dataferry.explorer.samples import MAX_SAMPLES
from dataferry.imaging.pictures import (
    MEDIA_TYPES,
    THUMBNAIL_EDGE,
    THUMBNAIL_EDGES,
    WHOLE_EDGE,
    wanted_format,
)

router = APIRouter(prefix="/api/datasets", tags=["datasets"], route_class=TokenFirst)
images = APIRouter(prefix="/api/images", tags=["datasets"], route_class=TokenFirst)

_MAX_OFFSET = 1 << 53
_PICTURE = {"schema": {"type": "string", "format": "binary"}}
_PICTURES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The picture.", "content": dict.fromkeys(MEDIA_TYPES.values(), _PICTURE)}
}
#: Clients that were written for these names read an array.
_OLDER_NAMES = frozenset({"chest-xray", "tiny-imagenet"})

SampleNumber = Annotated[int, Path(ge=0, le=_MAX_OFFSET, description="`index` of the list of samples")]
SplitText = Annotated[str, Path(max_length=200, description="`name` of one of its splits")]
ImageId = Annotated[str, Path(max_length=300, description="`id` of the list of samples, or its file's name")]
ClassId = Annotated[str, Path(max_length=200, description="`id` of the list of classes, or its name")]
WantedSplit = Annotated[str | None, Query(max_length=200, description="By default the first that there is")]
Edge = Annotated[
    int,
    Query(
        ge=1,
        le=100_000,
        description=f"The longer side, in pixels: {', '.join(map(str, THUMBNAIL_EDGES))} or less",
    ),
]
Accept = Annotated[str, Header(include_in_schema=False)]
Known = Annotated[str, Header(alias="If-None-Match", include_in_schema=False)]


@router.get(
    "/{key}/samples",
    responses={202: {"model": SamplePage, "description": "It is not here: `job` brings it."}},
)
async def list_samples(
    request: Request,
    key: str,
    signed_in: Signed,
    wired: Wired,
    response: Response,
    revision: Revision = None,
    split: WantedSplit = None,
    class_name: Annotated[
        str | None,
        Query(alias="class", max_length=200, description="Those of a class, or with such an object"),
    ] = None,
    offset: Annotated[int, Query(ge=0, le=_MAX_OFFSET)] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_SAMPLES)] = 20,
    start: Annotated[
        bool | None,
        Query(description="Whether to download it where it cannot be shown before; by default yes"),
    ] = None,
) -> SamplePage:
    """Samples of a dataset, by split and class: images with their label, or with boxes in pixels and the
    names of their categories; or rows of text. Of one that is not here, those that can be shown from its
    source; where none can, its download begins.

    By the short names `chest-xray` and `tiny-imagenet`, and without `start`, the answer is the array of
    samples alone.
    """
    look = wired.samples.page(
        signed_in.viewer,
        key,
        revision,
        split=split,
        class_name=class_name,
        offset=offset,
        limit=limit,
        may_start=start is not False and signed_in.may("download"),
    )
    page = await while_connected(request, look)
    if page.job is not None:
        response.status_code = status.HTTP_202_ACCEPTED
        response.headers["Location"] = f"/api/jobs/{page.job.id}"
    if key in _OLDER_NAMES and start is None and page.job is None:
        return _array(page)  # type: ignore[return-value]
    return page


@router.get("/{key}/samples/{class_id}")
async def list_samples_of_class(
    key: str,
    class_id: ClassId,
    viewer: Current,
    wired: Wired,
    revision: Revision = None,
    split: WantedSplit = None,
    offset: Annotated[int, Query(ge=0, le=_MAX_OFFSET)] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_SAMPLES)] = 20,
) -> SamplePage:
    """Samples of one class, by its id or name. By the short name `tiny-imagenet` the array of them alone."""
    name = await wired.samples.class_name(viewer, key, class_id, revision)
    page = await wired.samples.page(
        viewer, key, revision, split=split, class_name=name, offset=offset, limit=limit
    )
    return _array(page) if key in _OLDER_NAMES else page  # type: ignore[return-value]


@router.get("/{key}/categories")
async def list_categories(
    key: str, viewer: Current, wired: Wired, revision: Revision = None, split: WantedSplit = None
) -> SampleClasses:
    """The classes of a dataset's images, or the categories of their objects, and how many images have
    each."""
    return await wired.samples.classes(viewer, key, revision, split)


@router.get("/{key}/classes")
async def list_classes(
    key: str,
    viewer: Current,
    wired: Wired,
    revision: Revision = None,
    split: WantedSplit = None,
    parent: Annotated[
        str | None, Query(max_length=200, description="Those below this node of WordNet, or below `root`")
    ] = None,
    words: Annotated[
        str | None, Query(alias="q", min_length=1, max_length=100, description="Those whose name has it")
    ] = None,
) -> list[ClassNode]:
    """Every class; where they are WordNet's, also as a tree: `parents` lead up, `parent` leads down."""
    nodes = wired.samples.class_nodes(viewer, key, revision, split, parent=parent, words=words)
    return list(await nodes)


@router.get("/{key}/samples/{split}/{index}/thumbnail", response_class=Response, responses=_PICTURES)
async def get_sample_thumbnail(
    key: str,
    split: SplitText,
    index: SampleNumber,
    viewer: Reader,
    wired: Wired,
    revision: Revision = None,
    edge: Edge = THUMBNAIL_EDGE,
    accept: Accept = "",
    known: Known = "",
) -> Response:
    """The image of a sample, small: AVIF or WebP for who accepts it by name, else JPEG."""
    place = (split, index)
    return await _picture(viewer, wired, key, revision, place, accept, known, edge=_thumbnail_edge(edge))


@router.get(
    "/{key}/samples/{split}/{index}/mask",
    response_class=Response,
    responses={200: {"description": "The masks.", "content": {"image/png": _PICTURE}}},
)
async def get_sample_mask(
    key: str,
    split: SplitText,
    index: SampleNumber,
    viewer: Reader,
    wired: Wired,
    revision: Revision = None,
    edge: Edge = WHOLE_EDGE,
    known: Known = "",
) -> Response:
    """The masks of a sample as a transparent PNG, to be laid over its image: of its objects, each in the
    colour of its category, or of a picture of classes as that has them."""
    wanted = WHOLE_EDGE if edge >= WHOLE_EDGE else _thumbnail_edge(edge)
    picture = await wired.sample_pictures.mask(viewer, key, revision, split, index, edge=wanted, known=known)
    return _answer(picture, kept=revision is not None)


@router.get("/{key}/samples/{split}/{index}/image", response_class=Response, responses=_PICTURES)
async def get_sample_image(
    key: str,
    split: SplitText,
    index: SampleNumber,
    viewer: Reader,
    wired: Wired,
    revision: Revision = None,
    accept: Accept = "",
    known: Known = "",
) -> Response:
    """The image of a sample as its annotations are meant: upright, in pixels that its boxes count. Small ones
    are PNG, without loss."""
    return await _picture(viewer, wired, key, revision, (split, index), accept, known, edge=WHOLE_EDGE)


@images.get("/{key}/{image_id}", response_class=Response, responses=_PICTURES)
async def get_image(
    key: str, image_id: ImageId, viewer: Reader, wired: Wired, accept: Accept = "", known: Known = ""
) -> Response:
    """An image of a dataset, by its id (`train-12`) or the name of its file."""
    place = await wired.samples.place(viewer, key, image_id)
    return await _picture(viewer, wired, key, None, place, accept, known, edge=WHOLE_EDGE)


@images.get("/{key}/{class_id}/{image_id}", response_class=Response, responses=_PICTURES)
async def get_image_of_class(
    key: str,
    class_id: ClassId,
    image_id: ImageId,
    viewer: Reader,
    wired: Wired,
    accept: Accept = "",
    known: Known = "",
) -> Response:
    """An image of a class, by the name of its file."""
    place = await wired.samples.place(viewer, key, image_id, class_id)
    return await _picture(viewer, wired, key, None, place, accept, known, edge=WHOLE_EDGE)


async def _picture(
    viewer: Viewer,
    wired: Services,
    key: str,
    revision: str | None,
    place: tuple[str, int],
    accept: str,
    known: str,
    *,
    edge: int,
) -> Response:
    picture = await wired.sample_pictures.picture(
        viewer, key, revision, *place, edge=edge, form=wanted_format(accept), known=known
    )
    return _answer(picture, kept=revision is not None)


def _thumbnail_edge(wanted: int) -> int:
    """The least of the sizes that are drawn which is enough."""
    return next((edge for edge in THUMBNAIL_EDGES if edge >= wanted), THUMBNAIL_EDGES[-1])


def _answer(picture: Picture, *, kept: bool) -> Response:
    """``kept``: the address names the revision, so that its bytes stay the same."""
    headers = {
        "Cache-Control": "private, max-age=31536000, immutable" if kept else "private, no-cache",
        "ETag": f'"{picture.etag}"',
        "Vary": "Accept",
    }
    if picture.data is None:
        return Response(status_code=status.HTTP_304_NOT_MODIFIED, headers=headers)
    return Response(picture.data, media_type=picture.type, headers=headers)


def _array(page: SamplePage) -> JSONResponse:
    samples = [sample.model_dump(mode="json") for sample in page.samples]
    return JSONResponse(samples, headers={"X-Total-Count": str(page.total)})
