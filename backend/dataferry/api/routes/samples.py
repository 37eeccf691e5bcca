"""The samples of built-in datasets: images with labels and boxes, rows of text."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from dataferry.api.deps import Current, Reader, TokenFirst, Wired
from dataferry.api.presence import while_connected
from dataferry.api.routes.datasets import Revision
from dataferry.explorer.sample_pictures import Picture
from dataferry.explorer.sample_views import SamplePage
from dataferry.explorer.samples import MAX_SAMPLES
from dataferry.plugins.contract import SplitName

router = APIRouter(prefix="/api/datasets", tags=["datasets"], route_class=TokenFirst)

_MAX_OFFSET = 1 << 53
_PICTURE = {"schema": {"type": "string", "format": "binary"}}
_PICTURES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The picture.",
        "content": dict.fromkeys(("image/webp", "image/png", "image/jpeg"), _PICTURE),
    }
}

SampleNumber = Annotated[int, Path(ge=0, le=_MAX_OFFSET, description="`index` of the list of samples")]


@router.get("/{key}/samples")
async def list_samples(
    request: Request,
    key: str,
    viewer: Current,
    wired: Wired,
    revision: Revision = None,
    split: Annotated[SplitName | None, Query(description="By default the first that there is")] = None,
    class_name: Annotated[
        str | None,
        Query(alias="class", max_length=200, description="Those of a class, or with such an object"),
    ] = None,
    offset: Annotated[int, Query(ge=0, le=_MAX_OFFSET)] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_SAMPLES)] = 60,
) -> SamplePage:
    """Samples of a built-in dataset that is here, by split and class: images with their label, or with boxes
    in pixels and the names of their categories; or rows of text."""
    look = wired.samples.page(
        viewer, key, revision, split=split, class_name=class_name, offset=offset, limit=limit
    )
    return await while_connected(request, look)


@router.get("/{key}/samples/{split}/{index}/thumbnail", response_class=Response, responses=_PICTURES)
async def get_sample_thumbnail(
    key: str, split: SplitName, index: SampleNumber, viewer: Reader, wired: Wired, revision: Revision = None
) -> Response:
    """The image of a sample, small."""
    return _answer(await wired.samples.picture(viewer, key, revision, split, index, small=True))


@router.get("/{key}/samples/{split}/{index}/image", response_class=Response, responses=_PICTURES)
async def get_sample_image(
    key: str, split: SplitName, index: SampleNumber, viewer: Reader, wired: Wired, revision: Revision = None
) -> Response:
    """The image of a sample as its annotations are meant: upright, in pixels that its boxes count."""
    return _answer(await wired.samples.picture(viewer, key, revision, split, index, small=False))


def _answer(picture: Picture) -> Response:
    headers = {"Cache-Control": "private, max-age=3600"}
    return Response(picture.data, media_type=picture.type, headers=headers)
