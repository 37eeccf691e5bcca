"""The addresses of a sample's pictures."""

from typing import Literal
from urllib.parse import quote

from dataferry.explorer.dataset_images import FoundImages

PictureKind = Literal["image", "thumbnail", "mask"]


def picture_address(found: FoundImages, key: str, split: str, number: int, kind: PictureKind) -> str:
    """Another one for each revision: browsers keep what it gives. ``key``: what the request calls the
    dataset."""
    place = f"/api/datasets/{quote(key, safe=':~')}/samples/{quote(split, safe='')}/{number}/{kind}"
    return f"{place}?revision={quote(found.revision, safe='')}" if found.revision else place
