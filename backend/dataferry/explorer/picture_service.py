"""Pictures of samples for a browser: drawn in the sandbox, kept on disk, drawn once for all who ask."""

from dataclasses import dataclass

from dataferry.core.errors import BadImage, ContentChanged, DamagedFile
from dataferry.core.threads import in_thread
from dataferry.core.types import Viewer
from dataferry.explorer.dataset_images import DatasetImages, FoundImages
from dataferry.imaging.cache import DiskCache, Kept, cache_key
from dataferry.imaging.pictures import MEDIA_TYPES, THUMBNAIL_EDGE, WHOLE_EDGE, Format
from dataferry.imaging.sandbox import Sandbox

_DRAWN = "dataferry.imaging.pictures:drawn"


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
        small: bool,
        form: Format,
        known: str = "",
    ) -> Picture:
        """The picture of one sample. ``known``: the header ``If-None-Match`` of the request.

        Errors: ``NotFound`` for a number that there is not; ``DamagedFile`` for what is no picture; those of
        ``DatasetImages.look``.
        """
        found = await self._images.look(viewer, key_or_alias, revision)
        edge = THUMBNAIL_EDGE if small else WHOLE_EDGE
        key = cache_key(found.source.version, split, number, edge, form)
        if f'"{key}"' in known:
            return Picture(None, MEDIA_TYPES[form], key)
        try:
            kept = await in_thread(
                "sample", self._cache.get, key, lambda: self._draw(found, split, number, edge, form)
            )
        except ContentChanged:
            self._images.forget(found.source)
            raise
        return Picture(kept.data, MEDIA_TYPES[kept.about["form"]], key)

    def _draw(self, found: FoundImages, split: str, number: int, edge: int, form: Format) -> Kept:
        source = found.source
        data = source.read(split, number)
        entries = source.entries(split, offset=number, limit=1) if source.boxed else ()
        size = entries[0].size if entries else None
        try:
            answer = self._sandbox.call(_DRAWN, data, edge=edge, form=form, size=size)
        except BadImage as error:
            raise DamagedFile(
                f"Image {number} of {split} cannot be shown. {error.detail}",
                next_step="Look at the others; verify the dataset if this is new.",
            ) from error
        return Kept(answer.value, answer.blob)
