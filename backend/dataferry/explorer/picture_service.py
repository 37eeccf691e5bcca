"""Pictures of samples for a browser: drawn in the sandbox, kept on disk, drawn once for all who ask."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from dataferry.core.errors import BadImage, ContentChanged, DamagedFile, NotFound
from dataferry.core.threads import in_thread
from dataferry.core.types import Viewer
from dataferry.explorer.category_colours import colour_of
from dataferry.explorer.dataset_images import DatasetImages, FoundImages
from dataferry.explorer.indexed_images import IndexedImages
from dataferry.imaging.cache import DiskCache, Kept, cache_key
from dataferry.imaging.pictures import MEDIA_TYPES, Format
from dataferry.imaging.sandbox import Sandbox

_DRAWN = "dataferry.imaging.pictures:drawn"
_OBJECTS = "dataferry.imaging.masks:drawn_objects"
_CLASSES = "dataferry.imaging.masks:drawn_classes"


@dataclass(frozen=True, slots=True)
class Picture:
    """The bytes of a picture, their media type, and a validator of them. ``data`` is None where the client
    has it already."""

    data: bytes | None
    type: str
    etag: str


class SamplePictures:
    """Every method takes the viewer, whose right is looked at before the cache is."""

    def __init__(self, images: DatasetImages, sandbox: Sandbox, cache: DiskCache) -> None:
        self._images, self._sandbox, self._cache = images, sandbox, cache

    async def picture(
        self,
        viewer: Viewer,
        key_or_alias: str,
        revision: str | None,
        split: str,
        number: int,
        *,
        edge: int,
        form: Format,
        known: str = "",
    ) -> Picture:
        """The picture of one sample, its longer side ``edge`` pixels at most. ``known``: the header
        ``If-None-Match`` of the request.

        Errors: ``NotFound`` for a number that there is not; ``DamagedFile`` for what is no picture; those of
        ``DatasetImages.look``.
        """
        found = await self._images.look(viewer, key_or_alias, revision)
        key = cache_key(found.source.version, split, number, edge, form)
        return await self._kept(found, key, form, known, lambda: self._draw(found, split, number, edge, form))

    async def mask(
        self,
        viewer: Viewer,
        key_or_alias: str,
        revision: str | None,
        split: str,
        number: int,
        *,
        edge: int,
        known: str = "",
    ) -> Picture:
        """A transparent PNG of the masks of one sample. Errors: as ``picture``, for one without masks too."""
        found = await self._images.look(viewer, key_or_alias, revision)
        key = cache_key("mask", found.source.version, split, number, edge)
        return await self._kept(found, key, "png", known, lambda: self._draw_mask(found, split, number, edge))

    async def _kept(
        self, found: FoundImages, key: str, form: Format, known: str, draw: Callable[[], Kept]
    ) -> Picture:
        if f'"{key}"' in known:
            return Picture(None, MEDIA_TYPES[form], key)
        try:
            kept = await in_thread("sample", self._cache.get, key, draw)
        except ContentChanged:
            self._images.forget(found.source)
            raise
        return Picture(kept.data, MEDIA_TYPES[kept.about["form"]], key)

    # -- in a thread ---------------------------------------------------------------------------------

    def _draw(self, found: FoundImages, split: str, number: int, edge: int, form: Format) -> Kept:
        source = found.source
        data = source.read(split, number)
        annotated = source.boxed or isinstance(source, IndexedImages)
        entries = source.entries(split, offset=number, limit=1) if annotated else ()
        size = entries[0].size if entries else None
        try:
            answer = self._sandbox.call(_DRAWN, data, edge=edge, form=form, size=size)
        except BadImage as error:
            raise _damaged(f"Image {number} of {split}", error) from error
        return Kept(answer.value, answer.blob)

    def _draw_mask(self, found: FoundImages, split: str, number: int, edge: int) -> Kept:
        if not isinstance(found.source, IndexedImages):
            raise NotFound(f"Image {number} of {split} has no mask.")
        mask = found.source.mask(split, number)
        try:
            if isinstance(mask, bytes):
                answer = self._sandbox.call(_CLASSES, mask, edge=edge)
            else:
                objects = [
                    {"size": one.runs.size, "counts": one.runs.counts, "colour": colour_of(one.category)}
                    for one in mask
                ]
                answer = self._sandbox.call(_OBJECTS, json.dumps(objects).encode(), edge=edge)
        except BadImage as error:
            raise _damaged(f"The mask of image {number} of {split}", error) from error
        return Kept(answer.value, answer.blob)


def _damaged(what: str, error: BadImage) -> DamagedFile:
    return DamagedFile(
        f"{what} cannot be shown. {error.detail}",
        next_step="Look at the others; verify the dataset if this is new.",
    )
