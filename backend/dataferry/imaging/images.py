"""JPEG, PNG and TIFF files of strangers, as they are opened in the sandbox: see ``inspection``."""

import contextlib
import math
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO

from dataferry.core.errors import BadImage
from dataferry.imaging.pixels import MAX_PIXELS, ORIENTATION, TURNS

if TYPE_CHECKING:
    from PIL.Image import Exif, Image

#: Of a TIFF.
MAX_PAGES = 100
_FORMATS = ("JPEG", "PNG", "TIFF")
_QUALITY = 88
#: Tags of EXIF, and the folders of tags in it.
_DATE_TAKEN, _CAMERA = 0x9003, (0x010F, 0x0110)
_GPS_FOLDER, _EXIF_FOLDER = 0x8825, 0x8769
_LONGEST_TEXT = 200
_MOST_TAGS = 3_000
#: What tags are called that may name a person or a single camera.
_PERSONAL = (
    "Artist",
    "Author",
    "Copyright",
    "Owner",
    "Serial",
    "Comment",
    "XP",
    "Description",
    "HostComputer",
)


@contextmanager
def opened(file: BinaryIO) -> "Iterator[Image]":
    """The picture, not decoded yet. Errors: ``BadImage`` for what is none, or is too large."""
    from PIL import Image, UnidentifiedImageError

    # The size is ours to judge, before anything is decoded.
    Image.MAX_IMAGE_PIXELS = None
    try:
        with Image.open(file, formats=_FORMATS) as picture:
            _check_size(*picture.size)
            yield picture
    except UnidentifiedImageError as error:
        raise BadImage("It is no picture, whatever its name or its beginning says.") from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise BadImage("It is damaged, or cut off.") from error


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise BadImage(
            f"It has {width:,} × {height:,} pixels; {MAX_PIXELS:,} are the most that are decoded.",
            next_step="Make it smaller, or cut it into parts.",
        )


def page_count(picture: "Image") -> int:
    """Pages of a TIFF, each of which is of an acceptable size; 1 for the others. Errors: ``BadImage``."""
    if picture.format != "TIFF":
        return 1
    for page in range(MAX_PAGES + 1):
        try:
            picture.seek(page)
        except EOFError:
            picture.seek(0)
            return page
        _check_size(*picture.size)
    raise BadImage(f"It has more than {MAX_PAGES} pages.", next_step="Split it into several files.")


def orientation(picture: "Image") -> int:
    """EXIF's word, 1 where it has none that makes sense."""
    found = _exif(picture).get(ORIENTATION, 1)
    return found if found in TURNS else 1


def encoded(picture: "Image", edge: int) -> tuple[bytes, int, int]:
    """A WebP of it, without anything else that its file holds, at most ``edge`` pixels on its longer side;
    and its width and height."""
    small = picture.copy() if picture.mode in ("RGB", "RGBA") else picture.convert("RGB")
    small.thumbnail((edge, edge))
    written = BytesIO()
    small.info.clear()
    small.save(written, "WEBP", quality=_QUALITY, method=2, exif=b"", icc_profile=b"")
    return written.getvalue(), small.width, small.height


def facts(picture: "Image") -> dict[str, Any]:
    """What its file says beside the picture: ``taken``, ``camera``, ``gps`` in degrees, and
    ``exif_orientation``."""
    exif = _exif(picture)
    taken = _folder(exif, _EXIF_FOLDER).get(_DATE_TAKEN)
    found: dict[str, Any] = {
        "exif_orientation": orientation(picture),
        "taken": _text(taken),
        "camera": " ".join(filter(None, (_text(exif.get(tag)) for tag in _CAMERA))) or None,
        "gps": _position(_folder(exif, _GPS_FOLDER)),
    }
    return {name: value for name, value in found.items() if value is not None}


def tags(file: BinaryIO) -> list[dict[str, Any]]:
    """What EXIF and the file's own texts say, as rows of ``imaging.dicom.tags``; ``personal``: places, names
    and serial numbers. Errors: ``BadImage``."""
    from PIL.ExifTags import GPSTAGS, TAGS

    rows: list[dict[str, Any]] = []
    with opened(file) as picture:
        exif = _exif(picture)
        rows += [_tag(number, TAGS.get(number), value, 0) for number, value in dict(exif).items()]
        for number, value in _folder(exif, _EXIF_FOLDER).items():
            rows.append(_tag(number, TAGS.get(number), value, 1))
        for number, value in _folder(exif, _GPS_FOLDER).items():
            rows.append(_tag(number, GPSTAGS.get(number), value, 1, gps=True))
        for name, value in picture.info.items():
            if isinstance(name, str) and (isinstance(value, str) or name == "comment"):
                rows.append({**_tag(0, name, value, 0), "tag": "text", "vr": "text", "personal": True})
    return rows[:_MOST_TAGS]


def _tag(number: int, name: str | None, value: Any, depth: int, *, gps: bool = False) -> dict[str, Any]:
    called = (name or "unknown")[:100]
    return {
        "tag": f"0x{number:04X}",
        "name": called,
        "vr": "GPS" if gps else "EXIF",
        "value": _shown(value),
        "depth": depth,
        "personal": gps or any(word in called for word in _PERSONAL),
    }


def _shown(value: Any) -> str:
    if isinstance(value, bytes) and not value.isascii():
        return f"{len(value):,} bytes"
    text = _text(value)
    if text is None and not isinstance(value, bytes | str):
        text = "".join(filter(str.isprintable, str(value)[:_LONGEST_TEXT]))
    return text or ""


def _exif(picture: "Image") -> "Exif":
    from PIL.Image import Exif

    try:
        return picture.getexif()
    except Exception:  # damaged EXIF raises what it likes, and says nothing of the picture
        return Exif()


def _folder(exif: "Exif", number: int) -> dict[int, Any]:
    with contextlib.suppress(Exception):  # as above
        return dict(exif.get_ifd(number))
    return {}


def _text(value: Any) -> str | None:
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    if not isinstance(value, str):
        return None
    return "".join(filter(str.isprintable, value[:_LONGEST_TEXT])).strip() or None


def _position(gps: dict[int, Any]) -> dict[str, float] | None:
    """In degrees; None where latitude and longitude are not both there and sound."""
    north, east = _degrees(gps.get(2)), _degrees(gps.get(4))
    if north is None or east is None or north > 90 or east > 180:
        return None
    south, west = _text(gps.get(1)) == "S", _text(gps.get(3)) == "W"
    return {
        "latitude": round(-north if south else north, 6),
        "longitude": round(-east if west else east, 6),
    }


def _degrees(value: Any) -> float | None:
    try:
        degrees, minutes, seconds = (float(part) for part in value)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    found = degrees + minutes / 60 + seconds / 3600
    return found if math.isfinite(found) and found >= 0 else None
