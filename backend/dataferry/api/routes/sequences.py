"""Recordings of cameras, laser scanner and GPS in step, as KITTI has them."""

from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Path, Query, Response, status

from dataferry.api.deps import Current, Reader, Signed, TokenFirst, Wired
from dataferry.api.routes.datasets import Revision
from dataferry.explorer.media import Media
from dataferry.explorer.sequence_views import FramePage, SequenceDetail, SequenceList
from dataferry.explorer.sequences import KITTI, MAX_FRAMES

router = APIRouter(prefix="/api/datasets", tags=["datasets"], route_class=TokenFirst)
images = APIRouter(prefix="/api/images", tags=["datasets"], route_class=TokenFirst)

Answer = TypeVar("Answer", SequenceDetail, FramePage)

_BYTES = {"schema": {"type": "string", "format": "binary"}}
_STARTED: dict[int | str, dict[str, Any]] = {
    202: {"description": "It is not here: `job` brings it, and nothing else is told yet."}
}


def _content(*types: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"description": "The bytes.", "content": dict.fromkeys(types, _BYTES)}}


Camera = Annotated[
    Literal["image_00", "image_01", "image_02", "image_03"],
    Query(description="0 and 1 are the grey pair, 2 and 3 the colour one; the first of each is the left"),
]
SequenceId = Annotated[str, Path(max_length=300, description="`id` of the list of sequences")]
FrameId = Annotated[str, Path(max_length=40, description="The name that the frame's files have in common")]


@router.get("/{key}/sequences")
async def list_sequences(key: str, viewer: Current, wired: Wired, revision: Revision = None) -> SequenceList:
    """The recordings of a dataset; `kitti` has those of its raw drives and of its object benchmark. Reading
    the list starts nothing."""
    return await wired.sequences.list(viewer, key, revision)


@router.get("/{key}/sequence/{sequence_id}", responses={202: {**_STARTED[202], "model": SequenceDetail}})
async def get_sequence(
    key: str,
    sequence_id: SequenceId,
    signed_in: Signed,
    wired: Wired,
    response: Response,
    revision: Revision = None,
) -> SequenceDetail:
    """A recording: its frames, calibration, and the way that the car drove. One that is not here is
    downloaded."""
    found = await wired.sequences.detail(
        signed_in.viewer, key, sequence_id, revision, may_start=signed_in.may("download")
    )
    return _begun(found, response)


@router.get("/{key}/frames/{sequence_id}", responses={202: {**_STARTED[202], "model": FramePage}})
async def list_frames(
    key: str,
    sequence_id: SequenceId,
    signed_in: Signed,
    wired: Wired,
    response: Response,
    revision: Revision = None,
    offset: Annotated[int, Query(ge=0, le=1 << 53)] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_FRAMES)] = 20,
) -> FramePage:
    """Frames of a recording: the images of its cameras, its scan, GPS and IMU, and the objects in it. What a
    sensor did not record is null."""
    found = await wired.sequences.frames(
        signed_in.viewer,
        key,
        sequence_id,
        revision,
        offset=offset,
        limit=limit,
        may_start=signed_in.may("download"),
    )
    return _begun(found, response)


@router.get(
    "/{key}/frames/{sequence_id}/{frame_id}/image",
    response_class=Response,
    responses=_content("image/png", "image/jpeg"),
)
async def get_frame_image(
    key: str,
    sequence_id: SequenceId,
    frame_id: FrameId,
    viewer: Reader,
    wired: Wired,
    revision: Revision = None,
    camera: Camera = "image_02",
) -> Response:
    """A camera's image of a frame, its own bytes."""
    return _picture(await wired.sequences.image(viewer, key, sequence_id, frame_id, camera, revision))


@router.get(
    "/{key}/frames/{sequence_id}/{frame_id}/points",
    response_class=Response,
    responses=_content("application/octet-stream"),
)
async def get_frame_points(
    key: str,
    sequence_id: SequenceId,
    frame_id: FrameId,
    viewer: Reader,
    wired: Wired,
    revision: Revision = None,
) -> Response:
    """The scan of a frame, one point of each cube of 0.2 m: four little-endian 16-bit integers each, x, y and
    z in centimetres, and the light that came back, 0 to 255."""
    data = await wired.sequences.points(viewer, key, sequence_id, frame_id, revision)
    return _picture(Media(data, "application/octet-stream"))


@router.get(
    "/{key}/frames/{sequence_id}/{frame_id}/from-above",
    response_class=Response,
    responses=_content("image/png"),
)
async def get_frame_from_above(
    key: str,
    sequence_id: SequenceId,
    frame_id: FrameId,
    viewer: Reader,
    wired: Wired,
    revision: Revision = None,
) -> Response:
    """The scan of a frame from above, 40 m to each side, the way that the car drives upwards, with the
    outlines of objects."""
    data = await wired.sequences.above(viewer, key, sequence_id, frame_id, revision)
    return _picture(Media(data, "image/png"))


@images.get(
    "/kitti/{sequence_id}/{frame_id}",
    response_class=Response,
    responses=_content("image/png", "image/jpeg"),
)
async def get_kitti_image(
    sequence_id: SequenceId,
    frame_id: FrameId,
    viewer: Current,
    wired: Wired,
    camera: Camera = "image_02",
) -> Response:
    """A camera's image of one of KITTI's frames, its own bytes."""
    return _picture(await wired.sequences.image(viewer, KITTI, sequence_id, frame_id, camera))


def _begun(found: Answer, response: Response) -> Answer:
    if found.job is not None:
        response.status_code = status.HTTP_202_ACCEPTED
    return found


def _picture(media: Media) -> Response:
    headers = {"Cache-Control": "private, max-age=3600"}
    return Response(media.data, media_type=media.type, headers=headers)
