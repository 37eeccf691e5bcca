"""What the sandbox is asked of an upload, whatever its format: facts, a small picture, a masked copy.

Each function takes the open file and is called by ``Sandbox.call``.
"""

from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO

from dataferry.core.errors import BadImage
from dataferry.imaging import images, plausibility
from dataferry.imaging.pixels import in_eight_bits, upright
from dataferry.imaging.recognise import HEAD_BYTES, MEDIA_TYPES, ImageFormat, format_of
from dataferry.imaging.sandbox import Answer

if TYPE_CHECKING:
    from PIL.Image import Image


def inspect(file: BinaryIO, *, xray: bool = False) -> Answer:
    """``format``, ``mime_type``, ``width`` and ``height`` (upright), ``frames``, ``details``; with ``xray``
    also ``plausibility``. The picture is decoded whole. Errors: ``BadImage``."""
    format = format_at(file)
    found: dict[str, Any] = {"format": format, "mime_type": MEDIA_TYPES[format]}
    if format == "dicom":
        from dataferry.imaging import dicom

        found |= dicom.inspect(file)
        picture = dicom.picture(file)
    else:
        with images.opened(file) as opened:
            frames = images.page_count(opened)
            details = images.facts(opened)
            picture = upright(in_eight_bits(opened))
        found |= {"width": picture.width, "height": picture.height, "frames": frames, "details": details}
    if xray:
        found["plausibility"] = plausibility.chest_xray(picture, found["details"])
    return Answer(found)


def render(
    file: BinaryIO,
    *,
    edge: int,
    frame: int = 0,
    center: float | None = None,
    width: float | None = None,
) -> Answer:
    """A WebP, at most ``edge`` pixels on its longer side; with ``center`` and ``width`` of the window of grey
    values in place of the file's own. Errors: ``BadImage``."""
    picture = upright_picture(file, frame=frame, center=center, width=width)
    webp, shown_width, shown_height = images.encoded(picture, edge)
    return Answer({"width": shown_width, "height": shown_height}, webp)


def upright_picture(
    file: BinaryIO, *, frame: int = 0, center: float | None = None, width: float | None = None
) -> "Image":
    """A frame of an upload as a screen shows it, whatever its format. Errors: ``BadImage``."""
    if format_at(file) == "dicom":
        from dataferry.imaging import dicom

        return dicom.picture(file, frame=frame, center=center, width=width)
    with images.opened(file) as opened:
        if frame >= images.page_count(opened):
            raise BadImage(f"It has no page {frame + 1}.")
        if frame:
            opened.seek(frame)
        return upright(in_eight_bits(opened))


def tags(file: BinaryIO) -> Answer:
    """The elements of a DICOM file, else what the image's own metadata say: see ``dicom.tags``. Errors:
    ``BadImage``."""
    if format_at(file) == "dicom":
        from dataferry.imaging import dicom

        return dicom.tags(file)
    return Answer({"tags": images.tags(file), "more": False})


def as_png(file: BinaryIO) -> Answer:
    """The whole picture as a PNG, upright, without anything else that its file holds. Errors:
    ``BadImage``."""
    with images.opened(file) as opened:
        picture = upright(in_eight_bits(opened))
    picture.info.clear()
    written = BytesIO()
    picture.save(written, "PNG", compress_level=3)
    return Answer({"width": picture.width, "height": picture.height}, written.getvalue())


def format_at(file: BinaryIO) -> ImageFormat:
    """What it is by its first bytes. Errors: ``BadImage`` for what is none of the four."""
    format = format_of(file.read(HEAD_BYTES))
    file.seek(0)
    if format is None:
        raise BadImage("It is no DICOM, JPEG, PNG or TIFF file, whatever its name says.")
    return format
