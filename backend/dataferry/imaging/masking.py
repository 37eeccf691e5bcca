"""Rectangles of a picture painted over by hand, in every frame: what stood there is gone from the copy."""

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO

from dataferry.core.errors import BadImage
from dataferry.imaging import images
from dataferry.imaging.inspection import format_at
from dataferry.imaging.pixels import in_eight_bits, upright
from dataferry.imaging.sandbox import Answer

if TYPE_CHECKING:
    from pydicom import FileDataset

#: Of all frames, decoded.
_MOST_BYTES = 400 << 20


def mask(file: BinaryIO, *, rectangles: Sequence[Sequence[int]]) -> Answer:
    """The file with rectangles (x, y, width, height in pixels, upright) painted over: of a DICOM file a DICOM
    file, of the others a PNG without anything else that the file held. ``masked``: how many lie in it."""
    if format_at(file) == "dicom":
        return _masked_dicom(file, rectangles)
    with images.opened(file) as opened:
        if images.page_count(opened) > 1:
            raise BadImage("A file of several pages cannot be masked.", next_step="Split it first.")
        picture = upright(in_eight_bits(opened))
    boxes = [box for one in rectangles if (box := _within(one, picture.width, picture.height))]
    for left, top, right, bottom in boxes:
        picture.paste(
            0 if picture.mode == "L" else (0,) * len(picture.getbands()), (left, top, right, bottom)
        )
    written = BytesIO()
    picture.info.clear()
    picture.save(written, "PNG")
    return Answer({"masked": len(boxes)}, written.getvalue())


def _masked_dicom(file: BinaryIO, rectangles: Sequence[Sequence[int]]) -> Answer:
    from dataferry.imaging import dicom

    dataset = dicom.opened(file)
    dicom.check_pixels(dataset)
    boxes = [box for one in rectangles if (box := _within(one, int(dataset.Columns), int(dataset.Rows)))]
    if boxes:
        _paint(dataset, boxes)
    written = BytesIO()
    dataset.save_as(written, enforce_file_format=True)
    return Answer({"masked": len(boxes)}, written.getvalue())


def _paint(dataset: "FileDataset", boxes: Sequence[tuple[int, int, int, int]]) -> None:
    import numpy as np
    from pydicom.pixels.utils import pixel_array
    from pydicom.uid import ExplicitVRLittleEndian

    from dataferry.imaging import dicom

    frames = dicom.frame_count(dataset)
    samples = int(dataset.get("SamplesPerPixel") or 1)
    size = (
        frames * int(dataset.Rows) * int(dataset.Columns) * samples * (int(dataset.BitsAllocated) // 8 or 1)
    )
    if size > _MOST_BYTES:
        raise BadImage("It has too many frames to be masked here.", next_step="Split it into shorter ones.")
    values = np.array(pixel_array(dataset))
    stacked: Any = values if frames > 1 else values[np.newaxis]
    black = values.max() if dicom.inverted(dataset) else values.min()
    for left, top, right, bottom in boxes:
        stacked[:, top:bottom, left:right] = black
    if samples > 1:
        dataset.PhotometricInterpretation = "RGB"
        dataset.PlanarConfiguration = 0
    dataset.set_pixel_data(
        values, str(dataset.PhotometricInterpretation), int(dataset.BitsStored), generate_instance_uid=False
    )
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian


def _within(rectangle: Sequence[int], width: int, height: int) -> tuple[int, int, int, int] | None:
    """Left, top, right and bottom of its part that lies in the picture."""
    x, y, across, down = rectangle
    left, top = max(0, x), max(0, y)
    right, bottom = min(width, x + across), min(height, y + down)
    return (left, top, right, bottom) if left < right and top < bottom else None
